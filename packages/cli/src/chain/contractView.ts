import type { AccountId } from '@lawbook/exchange/ledger/account';
import type { VenueDomain } from '@lawbook/exchange/orders/typedData';
import type { EpochShape } from '@lawbook/proofs/circuits/epochCircuit';
import type { Hex } from '@lawbook/proofs/statements/epoch/diffList';
import type { BaseLayer } from '@lawbook/settlement/baseLayer/baseLayer';
import type { DomainAgreement } from '@lawbook/settlement/baseLayer/domainAgreement';
import { ChainReader } from '@lawbook/settlement/baseLayer/evm/chainReader';
import { openEvmBaseLayer } from '@lawbook/settlement/baseLayer/evm/openEvmBaseLayer';
import { BASE_LAYER_ABI } from '../../../../contracts/generated/baseLayerAbi.ts';
import { finalityOf, withChain } from './openChain.ts';

/** The contract that users signed for, with a shard and a market of it. */
export interface ContractQuestion {
  readonly rpcUrl: string;
  /** Chain and contract are taken from signed orders: nobody else's word is needed. */
  readonly domain: VenueDomain;
  readonly shard: number;
  readonly marketId: number;
}

/** The contract as somebody sees it who cannot sign. */
export interface ContractView {
  readonly reader: ChainReader;
  readonly agreement: DomainAgreement | undefined;
  /** As its operator, or whoever is named, would see it. */
  readonly layerFor: (operator: AccountId) => BaseLayer;
}

/**
 * Looks at the contract that users signed for. Whoever answers at the endpoint is taken at its
 * word: it should be the reader's own, or one that the reader trusts.
 * @throws SettlementFault SETTLEMENT_UNAVAILABLE, SETTLEMENT_CONFIG_INVALID.
 */
export async function withContract<T>(
  { rpcUrl, domain, shard, marketId }: ContractQuestion,
  use: (view: ContractView) => Promise<T>,
): Promise<T> {
  const chainId = Number(domain.chainId);
  const finality = finalityOf(chainId);
  return await withChain({ rpcUrl, chainId }, async (stands) => {
    const reader = new ChainReader(stands, finality);
    const baseLayer = domain.address as AccountId & Hex;
    const registry = await reader.atHead((block) => {
      const call = { address: baseLayer, abi: BASE_LAYER_ABI, functionName: 'registry' } as const;
      return reader.view({ ...call, args: [] }, block);
    });
    const nothing = { verifiers: [], tokens: [], deployedAtBlock: 0n } as const;
    const deployment = { chainId, registry, baseLayer, ...nothing };
    const layerFor = (operator: AccountId): BaseLayer => {
      const place = { deployment, shard, marketId, finality };
      return openEvmBaseLayer({ ...place, operator: operator as AccountId & Hex }, stands);
    };
    const agreement = await layerFor(domain.address).agreement();
    return await use({ reader, agreement, layerFor });
  });
}

/** Place of the agreed circuit that has just this room; undefined where there is none. */
export function circuitPlaceFor(
  { circuits }: DomainAgreement,
  shape: EpochShape,
): number | undefined {
  const place = circuits.findIndex(
    ({ batches, orders, vaults, assetWords }) =>
      batches === shape.batches &&
      orders === shape.orders &&
      vaults === shape.vaults &&
      assetWords === shape.assetWords,
  );
  return place < 0 ? undefined : place;
}
