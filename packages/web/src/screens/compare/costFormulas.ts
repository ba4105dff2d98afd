/**
 * Cost of paying d dollars into a constant-product pool, bps of the mid.
 *
 * Reserves (x, y) worth the same at mid: received = (1 - f) y d / (x + d), which is worth
 * (1 - f) x d / (x + d) at mid, so the cost is 10^4 (1 - (1 - f) x / (x + d)).
 */
export function constantProductBps(paidUsd: number, reserveUsd: number, feeBps: number): number {
  const kept = 1 - feeBps / 1e4;
  return 1e4 * (1 - (kept * reserveUsd) / (reserveUsd + paidUsd));
}

/** Cost of crossing a posted spread at any size: half of it. */
export function postedSpreadBps(spreadBps: number): number {
  return spreadBps / 2;
}
