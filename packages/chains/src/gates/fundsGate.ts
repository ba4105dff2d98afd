import type { Address } from 'viem';
import type { Reason } from '../intents/intent.ts';
import type { UnsignedTransaction } from '../signers/transactionSigner.ts';

/** Wei that one transaction may take at worst, by what takes it. */
export interface Reservation {
  readonly amount: bigint;
  /** gasLimit x maxFeePerGas. */
  readonly gas: bigint;
  /** Data fee of chains that take one; else 0. */
  readonly dataFee: bigint;
}

/** Whether the balance carries one more transaction on top of what is in flight. */
export type FundsVerdict =
  | { readonly kind: 'covered'; readonly reservation: Reservation }
  /** The reason's fields: balance, inFlight, amount, gas, dataFee, shortfall, in wei. */
  | { readonly kind: 'short'; readonly reason: Reason };

/** Reads balances and data fees; the sums are pure (`coverWith`). */
export interface FundsGate {
  /**
   * Wei after a block: pinned, because a balance that is newer than what the caller knows to be
   * mined would count a transaction twice. @throws what `EndpointPool.read` throws.
   */
  balance(account: Address, block: bigint): Promise<bigint>;
  /** The worst case of one transaction. @throws what `EndpointPool.read` throws. */
  reservation(transaction: UnsignedTransaction): Promise<Reservation>;
}
