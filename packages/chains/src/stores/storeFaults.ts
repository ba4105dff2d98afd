import type { FaultFields } from '@lawbook/exchange/failures/fault';
import { ChainFault } from '../chainFault.ts';
import type { Lease } from './chainStore.ts';

/** The fault of a call after `close`. */
export function closedFault(): ChainFault {
  return new ChainFault('CHAIN_CLOSED', 'The store of intents was closed.');
}

/** The fault of a store that cannot be used now; `advice` says what an operator can do. */
export function unavailableFault(
  sentence: string,
  { advice, ...detail }: { advice: string; fields: FaultFields; cause?: unknown },
): ChainFault {
  return new ChainFault('CHAIN_STORE_UNAVAILABLE', `${sentence} ${advice}`, detail);
}

/** What a fence in the store says about a lease. */
export function judgeFence(lease: Lease, stored: number | undefined): 'current' | ChainFault {
  if (stored === lease.fence) return 'current';
  const { name, owner, fence } = lease;
  const fields = { lease: name, owner, fence, stored: stored ?? 0 };
  if (stored !== undefined && stored > fence) {
    return new ChainFault(
      'CHAIN_LANE_FENCED',
      `The lease of ${name} was taken over or released: its fence is ${stored}, not ${fence}.`,
      { fields },
    );
  }
  // A fence never shrinks, so a store that knows a lower one has lost what was acknowledged.
  return new ChainFault(
    'CHAIN_STORE_CORRUPT',
    `The store has forgotten the lease of ${name}: its fence is ${stored ?? 'gone'}, ` +
      `after ${fence}. It was emptied, restored from a backup, or lost acknowledged writes. ` +
      'Compare the chain with what is stored before you start again.',
    { fields },
  );
}

/**
 * Whether a lease is still the one of its name.
 * @throws ChainFault CHAIN_STORE_CORRUPT when the store has forgotten it.
 */
export function isCurrent(lease: Lease, stored: number | undefined): boolean {
  const verdict = judgeFence(lease, stored);
  if (verdict === 'current') return true;
  if (verdict.code === 'CHAIN_LANE_FENCED') return false;
  throw verdict;
}

/** Text of a failure from below that is fit to be shown: its message, or its code without one. */
export function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const code = codeOf(cause);
  return cause.message === '' ? (code ?? cause.name) : cause.message;
}

/** The `code` of an error of Node or of a driver. */
export function codeOf(cause: unknown): string | undefined {
  if (typeof cause !== 'object' || cause === null || !('code' in cause)) return undefined;
  return typeof cause.code === 'string' ? cause.code : undefined;
}
