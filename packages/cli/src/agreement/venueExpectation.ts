import type { LawbookClient } from '@lawbook/api/client/lawbookClient';
import { decodeBundle } from '@lawbook/exchange/bundle';
import { at } from '@lawbook/exchange/failures/invariant';
import type { BatchParameters } from '@lawbook/exchange/markets/batch/parameters';
import { parameterHash } from '@lawbook/exchange/markets/batch/parameters';
import { openPoseidon2 } from '@lawbook/proofs/barretenberg/poseidon2';
import { EPOCH_SHAPES } from '@lawbook/proofs/circuits/epochCircuit';
import type { Hex } from '@lawbook/proofs/statements/epoch/diffList';
import { parameterCommitment } from '@lawbook/proofs/statements/epoch/parameterVector';
import type {
  AgreementPlan,
  PlannedMarket,
  PlannedParameters,
} from '@lawbook/settlement/baseLayer/evm/agreementPlan';
import type { DeployedToken, DeployedVerifier } from '@lawbook/settlement/baseLayer/evm/deployment';
import { baseLayerOf } from '../chain/chainFlags.ts';
import { CommandFault } from '../terminal/cliFault.ts';
import { granted } from '../trading/granted.ts';

/** What a venue says of itself and the chain has to agree with. */
export interface VenueExpectation {
  readonly operator: Hex;
  readonly verifiers: readonly DeployedVerifier[];
  /** With the decimals that the ledger keeps. */
  readonly tokens: readonly DeployedToken[];
  readonly markets: AgreementPlan['markets'];
  /** Those of the last epoch; none before the first one is sealed. */
  readonly parameters: AgreementPlan['parameters'];
}

/**
 * Asks a venue what it expects.
 * @throws CommandFault CLI_EPOCH_NOT_SETTLED without an agreement.
 */
export async function venueExpectation(
  client: LawbookClient,
  marketId: string,
): Promise<VenueExpectation> {
  const layer = await baseLayerOf(client);
  const agreement = await granted(client.readAgreement());
  const { operator, circuits } = agreement;
  if (operator === undefined || circuits === undefined) {
    throw new CommandFault('CLI_EPOCH_NOT_SETTLED', `no agreement holds: ${agreement.detail}`);
  }
  const { assets } = await granted(client.listAssets());
  const { products } = await granted(client.market(marketId));
  const idOf = (symbol: string): number => {
    return Number(assets.find((asset) => asset.symbol === symbol)?.assetId ?? -1);
  };
  const market: PlannedMarket = {
    marketId: Number(marketId),
    assetIds: products.filter(({ kind }) => kind === 'asset').map(({ symbol }) => idOf(symbol)),
    epochNumber: 0,
    batchNumber: 0,
  };
  return {
    operator: operator.toLowerCase() as Hex,
    verifiers: circuits.map(({ verifier, orders }) => {
      const circuit = EPOCH_SHAPES.find((shape) => shape.orders === orders)?.name ?? 'unknown';
      return { circuit, address: verifier.toLowerCase() as Hex };
    }),
    tokens: layer.tokens.map((address, id) => {
      const { symbol = '?', decimals = 0 } = assets.find(({ assetId }) => +assetId === id) ?? {};
      return { symbol, decimals, address: address.toLowerCase() as Hex };
    }),
    markets: [market],
    parameters: await lastParameters(client, marketId),
  };
}

/** The parameters of the last sealed epoch: the circuit opened them, so the chain knows them. */
async function lastParameters(
  client: LawbookClient,
  marketId: string,
): Promise<AgreementPlan['parameters']> {
  const { epochs } = await granted(client.listEpochs(marketId, { limit: 1 }));
  const [last] = epochs;
  if (last === undefined) return [];
  const bundle = decodeBundle(await granted(client.readBundle(marketId, last.epochNumber)));
  const { parameters } = at(bundle.batches, bundle.batches.length - 1);
  return [await planned(parameters)];
}

async function planned(parameters: BatchParameters): Promise<PlannedParameters> {
  // Every size opens the same vector of parameters: it depends on words and baskets alone.
  const room = at(EPOCH_SHAPES, 0);
  return {
    marketId: parameters.marketId,
    commitment: parameterCommitment(parameters, room, await openPoseidon2()),
    parameterHash: parameterHash(parameters),
  };
}
