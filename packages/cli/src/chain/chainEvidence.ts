import type { Hash } from '@lawbook/exchange/codec/hash';
import { ZERO_HASH } from '@lawbook/exchange/codec/hash';
import type { VenueDomain } from '@lawbook/exchange/orders/typedData';
import type { EpochShape } from '@lawbook/proofs/circuits/epochCircuit';
import type { Hex } from '@lawbook/proofs/statements/epoch/diffList';
import type { BaseLayer, SettledList } from '@lawbook/settlement/baseLayer/baseLayer';
import type { DomainAgreement } from '@lawbook/settlement/baseLayer/domainAgreement';
import { ChainReader } from '@lawbook/settlement/baseLayer/evm/chainReader';
import { openEvmBaseLayer } from '@lawbook/settlement/baseLayer/evm/openEvmBaseLayer';
import { BASE_LAYER_ABI } from '../../../../contracts/generated/baseLayerAbi.ts';
import { finalityOf, withChain } from './openChain.ts';

/** What a chain says about the list of an epoch. */
export interface ChainEvidence {
  readonly agreement: DomainAgreement | undefined;
  /** Code of the verifier that the agreement names for the circuit; undefined without one. */
  readonly verifierCode: Hex | undefined;
  /** Hash of the list before; undefined while the chain does not hold it. */
  readonly previousListHash: Hash | undefined;
  /** The settlement of the list's number; undefined while there is none. */
  readonly settled: SettledList | undefined;
}

/** Which list is asked about. */
export interface EvidenceQuestion {
  readonly rpcUrl: string;
  /** The chain and contract that users signed for: it is taken from their orders. */
  readonly domain: VenueDomain;
  readonly shard: number;
  readonly marketId: number;
  readonly listNumber: bigint;
  readonly shape: EpochShape;
}

/**
 * Asks an endpoint what the contract that users signed for holds. Whoever answers at the endpoint
 * is taken at its word: it should be the reader's own, or one that the reader trusts.
 * @throws SettlementFault SETTLEMENT_UNAVAILABLE, SETTLEMENT_CONFIG_INVALID.
 */
export async function chainEvidence(question: EvidenceQuestion): Promise<ChainEvidence> {
  const { rpcUrl, domain, shard, marketId, listNumber, shape } = question;
  const chainId = Number(domain.chainId);
  const finality = finalityOf(chainId);
  return await withChain({ rpcUrl, chainId }, async (stands) => {
    const reader = new ChainReader(stands, finality);
    const contract = domain.address as string as Hex;
    const registry = await reader.atHead((block) => {
      const call = { address: contract, abi: BASE_LAYER_ABI, functionName: 'registry' } as const;
      return reader.view({ ...call, args: [] }, block);
    });
    const deployment = {
      chainId,
      registry,
      baseLayer: contract,
      verifiers: [],
      tokens: [],
      deployedAtBlock: 0n,
    };
    const place = { deployment, shard, marketId, operator: contract, finality };
    const layer = openEvmBaseLayer(place, stands);
    const agreement = await layer.agreement();
    const verifier = agreement === undefined ? undefined : verifierFor(agreement, shape);
    const code =
      verifier === undefined
        ? undefined
        : await reader.atHead((block) => reader.codeAt(verifier, block));
    return {
      agreement,
      verifierCode: code === '0x' ? undefined : code,
      previousListHash: await hashOf(layer, listNumber - 1n),
      settled: await layer.settled(listNumber),
    };
  });
}

async function hashOf(layer: BaseLayer, listNumber: bigint): Promise<Hash | undefined> {
  if (listNumber === 0n) return ZERO_HASH;
  return (await layer.settled(listNumber))?.listHash;
}

/** The verifier of the agreed circuit that has just this room. */
function verifierFor({ circuits }: DomainAgreement, shape: EpochShape): Hex | undefined {
  const circuit = circuits.find(
    ({ batches, orders, vaults, assetWords }) =>
      batches === shape.batches &&
      orders === shape.orders &&
      vaults === shape.vaults &&
      assetWords === shape.assetWords,
  );
  return circuit === undefined ? undefined : (circuit.verifier as Hex);
}
