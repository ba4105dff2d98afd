import type { Honest } from './attackWorld.ts';
import type { Forgery } from './forgery.ts';

/** One altered unit, and who must refuse it by which name. */
export interface Attack {
  readonly name: string;
  /** What of the epoch is altered. */
  readonly part: AlteredPart;
  readonly apply: (honest: Honest) => Forgery;
  /** Laws, findings or steps of the proof that `lawbook verify` names. */
  readonly refusedOffline: string | Unseen;
  /** Name of the contract's error. */
  readonly refusedOnChain: string | Unseen;
  /** Tried after the honest epoch was settled. */
  readonly isLate?: boolean;
}

/** There is nothing to refuse on this side, and why: what it is asked is honest. */
export interface Unseen {
  readonly unseen: string;
}

/** The parts that the issue names, and those beside them. */
export const ALTERED_PARTS = [
  'fill',
  'price',
  'diff',
  'nonce',
  'order',
  'signature',
  'previous hash',
  'oracle',
  'parameters',
  'verifying key',
  'shard',
  'operator',
  'grant',
  'cancel',
  'withdrawal',
  'number',
  'time',
  'encoding',
  'proof',
  'chain',
] as const;
export type AlteredPart = (typeof ALTERED_PARTS)[number];

/** Says why a side sees nothing. */
export function unseen(why: string): Unseen {
  return { unseen: why };
}
