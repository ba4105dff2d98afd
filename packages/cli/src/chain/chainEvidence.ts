import type { Hash } from '@lawbook/exchange/codec/hash';
import { ZERO_HASH } from '@lawbook/exchange/codec/hash';
import { at } from '@lawbook/exchange/failures/invariant';
import type { EpochShape } from '@lawbook/proofs/circuits/epochCircuit';
import type { Hex } from '@lawbook/proofs/statements/epoch/diffList';
import type { BaseLayer, SettledList } from '@lawbook/settlement/baseLayer/baseLayer';
import type { DomainAgreement } from '@lawbook/settlement/baseLayer/domainAgreement';
import type { ContractQuestion, ContractView } from './contractView.ts';
import { circuitPlaceFor, withContract } from './contractView.ts';

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
export interface EvidenceQuestion extends ContractQuestion {
  readonly listNumber: bigint;
  readonly shape: EpochShape;
}

/**
 * Asks an endpoint what the contract that users signed for holds of a list.
 * @throws SettlementFault SETTLEMENT_UNAVAILABLE, SETTLEMENT_CONFIG_INVALID.
 */
export async function chainEvidence(question: EvidenceQuestion): Promise<ChainEvidence> {
  const { domain, listNumber, shape } = question;
  return await withContract(question, async (view) => {
    const layer = view.layerFor(domain.address);
    return {
      agreement: view.agreement,
      verifierCode: await verifierCode(view, shape),
      previousListHash: await hashOf(layer, listNumber - 1n),
      settled: await layer.settled(listNumber),
    };
  });
}

async function hashOf(layer: BaseLayer, listNumber: bigint): Promise<Hash | undefined> {
  if (listNumber === 0n) return ZERO_HASH;
  return (await layer.settled(listNumber))?.listHash;
}

async function verifierCode(
  { agreement, reader }: ContractView,
  shape: EpochShape,
): Promise<Hex | undefined> {
  const place = agreement === undefined ? undefined : circuitPlaceFor(agreement, shape);
  if (agreement === undefined || place === undefined) return undefined;
  const { verifier } = at(agreement.circuits, place);
  const code = await reader.atHead((block) => reader.codeAt(verifier as Hex, block));
  return code === '0x' ? undefined : code;
}
