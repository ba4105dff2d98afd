import type { FuzzTarget } from '../fuzzTarget.ts';
import { EXCHANGE_TARGETS } from './exchangeTargets.ts';

/** Every decoder that reads bytes which it did not write itself. */
export const ALL_TARGETS: readonly FuzzTarget[] = [...EXCHANGE_TARGETS];
