import type { Attack } from './attack.ts';
import { ENCODING_ATTACKS } from './encodingAttacks.ts';
import { FIGURE_ATTACKS } from './figureAttacks.ts';
import { ORDER_ATTACKS } from './orderAttacks.ts';
import { PERMISSION_ATTACKS } from './permissionAttacks.ts';
import { PLACE_ATTACKS } from './placeAttacks.ts';
import { LATE_ATTACKS, PROOF_ATTACKS } from './proofAttacks.ts';

/** Every attack on a sealed epoch: one altered unit each. Those that come late stand last. */
export const ATTACKS: readonly Attack[] = [
  ...FIGURE_ATTACKS,
  ...ORDER_ATTACKS,
  ...PERMISSION_ATTACKS,
  ...PLACE_ATTACKS,
  ...ENCODING_ATTACKS,
  ...PROOF_ATTACKS,
  ...LATE_ATTACKS,
];
