/** Lamports per signature, whatever the transaction does. */
export const SIGNATURE_FEE = 5_000n;

/** Compute units that one transaction may ask for at most. */
export const UNIT_LIMIT_MAX = 1_400_000;

/** Numbers that are told apart by what the lane adds to unit limits: 0 to 4,095. */
export const UNIT_MARKS = 4_096;

/** Compute units that an intent may ask for: what the lane adds has to fit on top. */
export const UNIT_LIMIT_ASKABLE: number = UNIT_LIMIT_MAX - UNIT_MARKS;

/** Micro-lamports in a lamport: the unit of compute-unit prices. */
const MICRO = 1_000_000n;

/** What decides the fee of a transaction. */
export interface FeeTerms {
  readonly signatures: number;
  /** Compute units asked for; they are paid for whether used or not. Under 2^21. */
  readonly unitLimit: number;
  /** Micro-lamports per compute unit. */
  readonly unitPrice: bigint;
}

/**
 * Lamports that a transaction costs once it lands, failed or not. Rounded up, as the runtime does:
 *
 *   fee = 5000 s + ceil(u p / 10^6)      s signatures, u unit limit, p unit price
 */
export function solanaFee({ signatures, unitLimit, unitPrice }: FeeTerms): bigint {
  const priority = (BigInt(unitLimit) * unitPrice + MICRO - 1n) / MICRO;
  return SIGNATURE_FEE * BigInt(signatures) + priority;
}

/** The highest unit price (micro-lamports, rounded down) whose fee is within `feeCap` lamports. */
export function priceWithin(feeCap: bigint, terms: Omit<FeeTerms, 'unitPrice'>): bigint {
  const left = feeCap - SIGNATURE_FEE * BigInt(terms.signatures);
  if (left <= 0n || terms.unitLimit === 0) return 0n;
  return (left * MICRO) / BigInt(terms.unitLimit);
}
