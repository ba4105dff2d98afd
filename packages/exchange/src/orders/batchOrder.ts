import type { Hash } from '../codec/hash.ts';
import type { AccountId } from '../ledger/account.ts';
import type { Amount } from '../numbers/amount.ts';

/**
 * An order for one batch: sell up to `budget` for a product, at or better than a limit.
 *
 * It lives for the next batch of its market; what is not filled there is released.
 */
export interface BatchOrder {
  readonly owner: AccountId;
  readonly marketId: number;
  /** Market index of the asset paid. */
  readonly pay: number;
  /** Product received: a market asset index, or asset count + basket index. */
  readonly receive: number;
  /** Most that may be spent, ledger units of the pay asset. */
  readonly budget: Amount;
  /**
   * Least net receipt per unit paid, in ledger units of the product per ledger unit of the pay
   * asset, as numerator / denominator. 0 / 1 is a market order.
   */
  readonly limitNumerator: bigint;
  readonly limitDenominator: bigint;
  /** Least fraction of the budget to spend if any, parts per million. */
  readonly minFillPpm: number;
  readonly orderNonce: bigint;
  /** The order is void from this time on, milliseconds since 1970. */
  readonly expiresAtMs: number;
}

/** An order with the proof that its owner wants it. */
export interface AuthorisedOrder {
  readonly order: BatchOrder;
  /** EIP-712 digest of the order: its id. */
  readonly orderId: Hash;
  /**
   * 65 bytes. With a last byte of 27 or 28: r, s, v by the owner or a delegate of a session grant.
   * With a last byte of 0: the 32-byte id of a session grant whose transport authenticated the
   * order.
   */
  readonly authorisation: Uint8Array;
}

/** Width of an authorisation. */
export const AUTHORISATION_BYTES = 65;
