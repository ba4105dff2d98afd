import type { BlockReference } from '@lawbook/chains/tracker/chainTracker';
import type { Hash } from '@lawbook/exchange/codec/hash';
import { accountId } from '@lawbook/exchange/ledger/account';
import type { Address, Hex } from 'viem';
import { AGREEMENT_REGISTRY_ABI } from '../../../../../contracts/generated/agreementRegistryAbi.ts';
import type { DomainAgreement } from '../domainAgreement.ts';
import type { ChainReader } from './chainReader.ts';

/** An agreement as the registry keeps it. */
type StoredAgreement = Awaited<ReturnType<typeof readStored>>;

/** Where an agreement is read. */
export interface AgreementPlace {
  readonly registry: Address;
  readonly shard: number;
  readonly block: BlockReference;
  /** The newest agreement's, to be told of it although it does not hold yet. */
  readonly agreementId?: bigint;
}

/** The agreement of a shard that holds at a block, or the first one while it waits. */
export async function readAgreement(
  reader: ChainReader,
  place: AgreementPlace,
): Promise<DomainAgreement | undefined> {
  const { registry, shard, block } = place;
  const contract = { address: registry, abi: AGREEMENT_REGISTRY_ABI } as const;
  const { current, next } = await reader.view(
    { ...contract, functionName: 'shardAgreements', args: [shard] },
    block,
  );
  if (next === 0n) return undefined;
  const [baseEpoch, baseEpochBlocks, exitBlocks, newest] = await Promise.all([
    reader.view({ ...contract, functionName: 'baseEpoch', args: [] }, block),
    reader.view({ ...contract, functionName: 'baseEpochBlocks', args: [] }, block),
    reader.view({ ...contract, functionName: 'exitBlocks', args: [] }, block),
    readStored(reader, place, next),
  ]);
  const isAsked = place.agreementId === next;
  const holdsNewest = isAsked || current === 0n || newest.activeFrom <= baseEpoch;
  const terms = holdsNewest ? newest : await readStored(reader, place, current);
  const following = { agreementId: next, activeFrom: newest.activeFrom };
  return {
    agreementId: holdsNewest ? next : current,
    shard,
    ...termsOf(terms),
    baseEpoch,
    baseEpochBlocks,
    exitBlocks,
    next: holdsNewest ? undefined : following,
  };
}

function readStored(
  reader: ChainReader,
  { registry, block }: AgreementPlace,
  agreementId: bigint,
): Promise<{
  readonly operator: Address;
  readonly activeFrom: bigint;
  readonly verifyingKeyHash: Hex;
  readonly circuits: readonly {
    readonly verifier: Address;
    readonly batches: number;
    readonly assetWords: number;
    readonly orders: number;
    readonly vaults: number;
  }[];
}> {
  const contract = { address: registry, abi: AGREEMENT_REGISTRY_ABI } as const;
  return reader.view({ ...contract, functionName: 'agreement', args: [agreementId] }, block);
}

function termsOf(
  stored: StoredAgreement,
): Pick<DomainAgreement, 'operator' | 'verifyingKeyHash' | 'circuits' | 'activeFrom'> {
  return {
    operator: accountId(stored.operator),
    verifyingKeyHash: stored.verifyingKeyHash as Hash & Hex,
    activeFrom: stored.activeFrom,
    circuits: stored.circuits.map((circuit) => ({
      verifier: circuit.verifier.toLowerCase(),
      batches: circuit.batches,
      orders: circuit.orders,
      vaults: circuit.vaults,
      assetWords: circuit.assetWords,
    })),
  };
}
