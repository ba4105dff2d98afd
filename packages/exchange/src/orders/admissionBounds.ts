/**
 * What is asked of a new input before it is sequenced, and never of one that a journal holds. These
 * bounds keep accounts and operators from harm by slips of their own; no law depends on them, and
 * they can change without a journal that no longer replays.
 */
export interface AdmissionBounds {
  /** Longest time from the venue's clock to the expiry of an order, milliseconds. */
  readonly orderLifeMsMax: number;
  /** Largest step of an order nonce above `nonceLead`. */
  readonly nonceStepMax: bigint;
  /** Most that one unit of a basket may be worth at the mids, whole units of the numeraire. */
  readonly basketUnitWorthMax: bigint;
  /** Shortest time from the venue's clock to the expiry of a withdrawal, milliseconds. */
  readonly withdrawalLifeMsMin: number;
  /** Most withdrawals that wait for an epoch: of one owner, and of all. */
  readonly ownPendingWithdrawalsMax: number;
  readonly pendingWithdrawalsMax: number;
  /**
   * Whether the venue settles on a base layer. Then a market does not mix assets that settle there
   * with others, and a book trades only others: its fills have no statement that settles.
   */
  readonly settlesAssets: boolean;
}

/**
 * The bounds of every venue. Thirty days are far above the one batch for which an order lives, and
 * far below what microseconds sent as milliseconds come to. At 2^32 a step, no account reaches the
 * last nonce with fewer than 10^9 orders. Rule 2 refuses a fill whose rounding to whole units
 * misses its limit, so coarse basket units lose orders, and very coarse ones all of them. Within
 * ten minutes an epoch is sealed wherever people trade, so that few withdrawals come back expired.
 */
export const ADMISSION_BOUNDS: AdmissionBounds = {
  orderLifeMsMax: 30 * 86_400_000,
  nonceStepMax: 1n << 32n,
  basketUnitWorthMax: 1n,
  withdrawalLifeMsMin: 600_000,
  ownPendingWithdrawalsMax: 16,
  pendingWithdrawalsMax: 4096,
  settlesAssets: true,
};

/** The bounds of a venue that settles nowhere: everything may trade. */
export const UNSETTLED_BOUNDS: AdmissionBounds = { ...ADMISSION_BOUNDS, settlesAssets: false };

const NANOSECONDS_PER_MS = 1_000_000n;

/**
 * The place from which a step of nonces is measured: the highest one used or the venue's time in
 * nanoseconds, whichever is more. So nonces may be counted, or read from a clock of a common unit.
 */
export function nonceLead(highest: bigint, timeMs: number): bigint {
  const byClock = BigInt(timeMs) * NANOSECONDS_PER_MS;
  return highest > byClock ? highest : byClock;
}
