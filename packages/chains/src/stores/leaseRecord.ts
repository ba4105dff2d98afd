import { invariant } from '@lawbook/exchange/failures/invariant';

/** What a store keeps of a lease. Times are milliseconds of the store's clock. */
export interface LeaseRecord {
  /** Undefined once it was released. */
  readonly owner: string | undefined;
  readonly fence: number;
  readonly takenMs: number;
  readonly untilMs: number;
}

/** Who wants a lease, when, and for how long. */
export interface LeaseClaim {
  readonly owner: string;
  readonly nowMs: number;
  readonly durationMs: number;
}

/**
 * Answers a claim.
 * @returns what to store now, and whether the claim was granted.
 */
export function claimLease(
  record: LeaseRecord | undefined,
  { owner, nowMs, durationMs }: LeaseClaim,
): { readonly record: LeaseRecord; readonly granted: boolean } {
  const isOthers = record?.owner !== undefined && record.owner !== owner;
  if (isOthers && nowMs < record.takenMs) {
    // The clock was put back: waiting for the old end could take hours, so the time runs anew.
    const untilMs = nowMs + (record.untilMs - record.takenMs);
    return { record: { ...record, takenMs: nowMs, untilMs }, granted: false };
  }
  if (isOthers && nowMs < record.untilMs) return { record, granted: false };
  const fence = (record?.fence ?? 0) + 1;
  invariant(Number.isSafeInteger(fence), 'a fence stays under 2^53');
  return {
    record: { owner, fence, takenMs: nowMs, untilMs: nowMs + durationMs },
    granted: true,
  };
}

/** The record after its holder gave it up: nobody's, and fenced off from who had it. */
export function releasedRecord(record: LeaseRecord): LeaseRecord {
  return { owner: undefined, fence: record.fence + 1, takenMs: 0, untilMs: 0 };
}
