/** How a lane prices its transactions. Percentages are integers over 100. */
export interface FeePolicy {
  /** Percentile of the tips of recent blocks: for those who wait, and for the urgent. */
  readonly tipPercentile: { readonly patient: number; readonly urgent: number };
  /** maxFeePerGas = baseFee x this / 100 + tip. 200 rides out six full blocks of rises. */
  readonly baseFeeHeadroom: { readonly patient: number; readonly urgent: number };
  /** Least raise of both fee fields for a replacement; nodes refuse less than 110. */
  readonly bump: number;
  /** Attempts at one nonce at most, after which the lane waits and alerts. */
  readonly attemptsMax: number;
  /** Wei per gas: never tip less, whatever the history says. */
  readonly leastTip: bigint;
}

/** The defaults, with their reasons in docs of the fee module. */
export const DEFAULT_FEE_POLICY: FeePolicy = {
  tipPercentile: { patient: 50, urgent: 90 },
  baseFeeHeadroom: { patient: 200, urgent: 150 },
  bump: 112,
  attemptsMax: 8,
  leastTip: 1n,
};

/** What the chain charges now, from eth_feeHistory. */
export interface FeeQuote {
  /** Base fee of the next block, wei per gas. */
  readonly baseFeePerGas: bigint;
  /** Wei per gas. */
  readonly tip: { readonly patient: bigint; readonly urgent: bigint };
  /** The block that the quote was taken at. */
  readonly blockNumber: bigint;
}
