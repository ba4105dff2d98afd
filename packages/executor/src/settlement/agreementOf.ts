import { at } from '@lawbook/exchange/failures/invariant';
import type { BatchParameters } from '@lawbook/exchange/markets/batch/parameters';
import { parameterHash } from '@lawbook/exchange/markets/batch/parameters';
import { EPOCH_SHAPES } from '@lawbook/proofs/circuits/epochCircuit';
import type { VerifyingKey } from '@lawbook/proofs/keys/verifyingKey';
import type { FieldHash } from '@lawbook/proofs/statements/epoch/fieldHash';
import { parameterCommitment } from '@lawbook/proofs/statements/epoch/parameterVector';
import type { AgreementPlan } from '@lawbook/settlement/baseLayer/evm/agreementPlan';
import type { AgreedKey } from '@lawbook/settlement/baseLayer/evm/checkAgreement';
import { hashVerifyingKeys } from '@lawbook/settlement/baseLayer/evm/checkAgreement';
import type { Deployment } from '@lawbook/settlement/baseLayer/evm/deployment';
import type { Address } from 'viem';
import { circuitPlace } from './epochProver.ts';

/** What the agreement of a venue follows from. */
export interface AgreementParts {
  readonly deployment: Deployment;
  readonly shard: number;
  readonly operator: Address;
  readonly keys: readonly VerifyingKey[];
  readonly parameters: BatchParameters;
  readonly hash: FieldHash;
}

/**
 * What a venue registers: its circuits, assets and market from their beginning, and the parameters
 * that it starts with.
 */
export function agreementOf(parts: AgreementParts): AgreementPlan {
  const { deployment, shard, operator, keys, parameters, hash } = parts;
  // Every size opens the same vector of parameters: it depends on words and baskets alone.
  const room = at(EPOCH_SHAPES, 0);
  return {
    registry: deployment.registry,
    shard,
    operator,
    verifyingKeyHash: hashVerifyingKeys(keys.map(agreedKey)),
    circuits: EPOCH_SHAPES.map(({ name, batches, orders, vaults, assetWords }) => {
      const { address } = at(deployment.verifiers, circuitPlace(keys, name));
      return { verifier: address, batches, orders, vaults, assetWords };
    }),
    assets: deployment.tokens.map(({ address, decimals }) => {
      return { token: address, ledgerDecimals: decimals };
    }),
    markets: [
      {
        marketId: parameters.marketId,
        assetIds: parameters.assets.map(({ assetId }) => assetId),
        epochNumber: 0,
        batchNumber: 0,
      },
    ],
    parameters: [
      {
        marketId: parameters.marketId,
        commitment: parameterCommitment(parameters, room, hash),
        parameterHash: parameterHash(parameters),
      },
    ],
  };
}

/** A key as agreements compare it. */
export function agreedKey(key: VerifyingKey): AgreedKey {
  return { ...key, verifierCreationCode: `0x${key.verifierCreationCode}` };
}
