import type { Hash } from '@lawbook/exchange/codec/hash';
import type { Address } from 'viem';
import type { AgreedCircuit } from '../domainAgreement.ts';

/** What a venue wants its shard to be: the terms, the assets by id, the markets, the parameters. */
export interface AgreementPlan {
  readonly registry: Address;
  readonly shard: number;
  readonly operator: Address;
  /** Over the verifying keys of all circuits; see `hashVerifyingKeys`. */
  readonly verifyingKeyHash: Hash;
  readonly circuits: readonly AgreedCircuit[];
  /** Place k is asset id k. Listed once and for all: a plan may only grow at its end. */
  readonly assets: readonly PlannedAsset[];
  readonly markets: readonly PlannedMarket[];
  readonly parameters: readonly PlannedParameters[];
}

/** A token as an asset of the shard. */
export interface PlannedAsset {
  readonly token: Address;
  /** Decimals of the ledger, 0 to 9 and at most those of the token. */
  readonly ledgerDecimals: number;
}

/** A market with its columns, and where its settled epochs begin. */
export interface PlannedMarket {
  readonly marketId: number;
  /** Asset ids by column. */
  readonly assetIds: readonly number[];
  /** The last epoch and batch before those that settle here. */
  readonly epochNumber: number;
  readonly batchNumber: number;
}

/** A parameter set: what the circuit opens, and the exchange's own hash of the same. */
export interface PlannedParameters {
  readonly marketId: number;
  readonly commitment: bigint;
  readonly parameterHash: Hash;
}
