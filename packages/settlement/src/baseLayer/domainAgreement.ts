import type { Hash } from '@lawbook/exchange/codec/hash';
import type { AccountId } from '@lawbook/exchange/ledger/account';

/** A circuit that an agreement accepts, by its place in the agreement's list. */
export interface AgreedCircuit {
  /** Address of its verifier, or the key's hash where no contract stands behind it. */
  readonly verifier: string;
  readonly batches: number;
  readonly orders: number;
  readonly vaults: number;
  /** Words of three assets. */
  readonly assetWords: number;
}

/**
 * The record that binds an operator, a shard and the laws' verifying keys. Changed by registering
 * another one only, which holds from a boundary of base epochs.
 */
export interface DomainAgreement {
  readonly agreementId: bigint;
  readonly shard: number;
  readonly operator: AccountId;
  /** Hash over the verifying keys of all circuits, in order. */
  readonly verifyingKeyHash: Hash;
  readonly circuits: readonly AgreedCircuit[];
  /** First base epoch in which it holds, and the present one. */
  readonly activeFrom: bigint;
  readonly baseEpoch: bigint;
  /** Blocks of a base epoch, and between a requested exit and the unlocking of the vault. */
  readonly baseEpochBlocks: bigint;
  readonly exitBlocks: bigint;
  /** What follows it, once registered. */
  readonly next: { readonly agreementId: bigint; readonly activeFrom: bigint } | undefined;
}

/** Whether an agreement holds now. */
export function isActive({ activeFrom, baseEpoch }: DomainAgreement): boolean {
  return activeFrom <= baseEpoch;
}
