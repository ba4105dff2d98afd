import type { Address, Hash, Hex } from 'viem';

/** An EIP-1559 transaction before it is signed. */
export interface UnsignedTransaction {
  readonly chainId: number;
  /** The account's transaction count at which this one executes; chains keep it under 2^53. */
  readonly chainNonce: number;
  /** Undefined creates a contract. */
  readonly to: Address | undefined;
  /** Wei sent along. */
  readonly amount: bigint;
  readonly callData: Hex;
  readonly gasLimit: bigint;
  /** Wei per gas. */
  readonly maxFeePerGas: bigint;
  /** Wei per gas. */
  readonly maxPriorityFeePerGas: bigint;
}

/** Bytes that are safe to send again and again: whatever happens, they execute at most once. */
export interface SignedTransaction {
  readonly raw: Hex;
  readonly hash: Hash;
}

/**
 * Signs for one address. A key file, the environment, a signing service or a wallet stands behind
 * it; the engine never sees the key.
 */
export interface TransactionSigner {
  readonly address: Address;
  /**
   * @throws ChainFault CHAIN_SIGNER_FAILED when it refuses or cannot sign now.
   */
  sign(transaction: UnsignedTransaction, signal?: AbortSignal): Promise<SignedTransaction>;
}
