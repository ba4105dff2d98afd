import type { BlockReference, FinalityTarget } from '@lawbook/chains/tracker/chainTracker';
import type { Hash } from '@lawbook/exchange/codec/hash';
import { at } from '@lawbook/exchange/failures/invariant';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import type { Hex } from 'viem';
import { concat, keccak256, numberToHex } from 'viem';
import { AGREEMENT_REGISTRY_ABI } from '../../../../../contracts/generated/agreementRegistryAbi.ts';
import { BASE_LAYER_ABI } from '../../../../../contracts/generated/baseLayerAbi.ts';
import { SettlementFault } from '../../settlementFault.ts';
import type { SettledProgress } from '../baseLayer.ts';
import type { EvmStands } from './chainReader.ts';
import { ChainReader } from './chainReader.ts';
import type { Deployment } from './deployment.ts';
import type { KnownOwners } from './readOwners.ts';
import { readOwners } from './readOwners.ts';

/** Which shard and market, and how sure its block has to be. */
export interface VaultsQuestion {
  readonly deployment: Deployment;
  readonly shard: number;
  readonly marketId: number;
  readonly finality: FinalityTarget;
  /** What older logs told that the chain no longer has. */
  readonly known?: KnownOwners | undefined;
  readonly signal?: AbortSignal;
}

/** Everything that a venue without its journal goes on from, as of one final block. */
export interface VaultsSnapshot {
  readonly block: BlockReference;
  readonly progress: SettledProgress;
  /** Ascending by owner; the market's pool and fees are among them once they hold something. */
  readonly vaults: readonly SettledVault[];
  /** Deposits into the shard, and payments of exits from it, up to the block. */
  readonly depositCount: bigint;
  readonly exitCount: bigint;
}

/** A vault with the highest nonces that the chain has seen; zero for none. */
export interface SettledVault {
  readonly owner: AccountId;
  /** Ledger units by asset id; none is zero. */
  readonly balances: ReadonlyMap<number, bigint>;
  readonly exitDueBlock: bigint | undefined;
  /** Of the market's lane, and of the owner's lane of withdrawals. */
  readonly orderNonceHighest: bigint;
  readonly withdrawalNonceHighest: bigint;
}

/** Vaults whose words are read together. */
const VAULTS_AT_ONCE = 256;
/**
 * Where `_balances`, `_exits` and `_nonces` lie in the storage of BaseLayer, which nothing changes
 * once it is deployed. A test compares what is read here with what the contract tells.
 */
const BALANCES_SLOT = 1n;
const EXITS_SLOT = 2n;
const NONCES_SLOT = 6n;
/** Balances to a word. @see contracts/src/VaultBook.sol */
const BALANCES_PER_WORD = 4;
const AMOUNT_MAX = (1n << 63n) - 1n;
const RING_PLACES = 3;
const WORD_BITS = 192n;
const WITHDRAWAL_LANE = 1n << 32n;

/**
 * Rebuilds all vaults of a shard from the chain alone: owners from the logs, balances and nonces by
 * reading at one final block.
 *
 * @throws SettlementFault SETTLEMENT_UNAVAILABLE, also while no block is final; endpoints have to
 *   serve the state of that block. The reason of the signal.
 */
export async function readVaults(
  question: VaultsQuestion,
  stands: EvmStands,
): Promise<VaultsSnapshot> {
  const reader = new ChainReader(stands, question.finality, true);
  const snapshot = await reader.atFinal(async (block) => {
    const found = await readOwners(question, stands, block.number);
    const reading = { question, reader, block };
    const progress = await readProgress(reading);
    const assets = await readAssetCount(reading);
    const vaults: SettledVault[] = [];
    const owners = [...found.owners].sort();
    for (let first = 0; first < owners.length; first += VAULTS_AT_ONCE) {
      question.signal?.throwIfAborted();
      const some = owners.slice(first, first + VAULTS_AT_ONCE);
      vaults.push(...(await readSome(reading, some, assets)));
    }
    const { depositCount, exitCount } = found;
    return { block, progress, vaults: vaults.filter(isUsed), depositCount, exitCount };
  });
  if (snapshot !== undefined) return snapshot;
  throw new SettlementFault(
    'SETTLEMENT_UNAVAILABLE',
    'No block is final yet; the vaults are read once one is.',
  );
}

interface Reading {
  readonly question: VaultsQuestion;
  readonly reader: ChainReader;
  readonly block: BlockReference;
}

async function readProgress({ question, reader, block }: Reading): Promise<SettledProgress> {
  const contract = { address: question.deployment.baseLayer, abi: BASE_LAYER_ABI } as const;
  const [[listNumber, listHash], [epochNumber, batchNumber, closedAtMs]] = await Promise.all([
    reader.view({ ...contract, functionName: 'listChains', args: [question.shard] }, block),
    reader.view({ ...contract, functionName: 'marketProgress', args: [question.marketId] }, block),
  ]);
  return {
    listNumber,
    listHash: listHash as Hash & Hex,
    epochNumber: Number(epochNumber),
    batchNumber: Number(batchNumber),
    closedAtMs: Number(closedAtMs),
  };
}

async function readAssetCount({ question, reader, block }: Reading): Promise<number> {
  const count = await reader.view(
    {
      address: question.deployment.registry,
      abi: AGREEMENT_REGISTRY_ABI,
      functionName: 'assetCount',
      args: [question.shard],
    },
    block,
  );
  return Number(count);
}

/** Reads the storage of some vaults: balances, exit, and the rings of both lanes. */
async function readSome(
  { question, reader, block }: Reading,
  owners: readonly AccountId[],
  assets: number,
): Promise<readonly SettledVault[]> {
  const slots = owners.map((owner) => slotsOf(question, owner, assets));
  const { baseLayer } = question.deployment;
  const words = await reader.wordsAt(baseLayer, slots.flat(), block);
  const width = slots[0]?.length ?? 0;
  return owners.map((owner, index) => {
    return vaultOf(owner, words.slice(index * width, (index + 1) * width), assets);
  });
}

/** Slots of a vault: words of balances, the exit, the ring of orders, that of withdrawals. */
function slotsOf(
  { shard, marketId }: VaultsQuestion,
  owner: AccountId,
  assets: number,
): readonly Hex[] {
  const account = BigInt(owner);
  const balances = entryOf(entryOf(BALANCES_SLOT, BigInt(shard)), account);
  const balanceWords = Array.from({ length: Math.ceil(assets / BALANCES_PER_WORD) }, (_, word) => {
    return entryOf(balances, BigInt(word));
  });
  const exit = entryOf(entryOf(EXITS_SLOT, BigInt(shard)), account);
  const lanes = entryOf(NONCES_SLOT, account);
  const rings = [BigInt(marketId), WITHDRAWAL_LANE | BigInt(shard)].flatMap((lane) => {
    const ring = entryOf(lanes, lane);
    return Array.from({ length: RING_PLACES }, (_, place) => ring + BigInt(place));
  });
  return [...balanceWords, exit, ...rings].map((slot) => numberToHex(slot, { size: 32 }));
}

function vaultOf(owner: AccountId, words: readonly bigint[], assets: number): SettledVault {
  const balances = new Map<number, bigint>();
  for (let assetId = 0; assetId < assets; assetId += 1) {
    const word = at(words, Math.floor(assetId / BALANCES_PER_WORD));
    const units = (word >> BigInt(64 * (assetId % BALANCES_PER_WORD))) & AMOUNT_MAX;
    if (units > 0n) balances.set(assetId, units);
  }
  const rings = words.slice(-2 * RING_PLACES);
  const due = at(words, words.length - 2 * RING_PLACES - 1);
  return {
    owner,
    balances,
    exitDueBlock: due === 0n ? undefined : due,
    orderNonceHighest: highestIn(rings.slice(0, RING_PLACES)),
    withdrawalNonceHighest: highestIn(rings.slice(RING_PLACES)),
  };
}

/**
 * The highest nonce that a lane has used. Each word of the ring covers 192 nonces and says which:
 * `w << 192 | used bits`. @see contracts/src/OrderNonces.sol
 */
function highestIn(ring: readonly bigint[]): bigint {
  let highest = 0n;
  for (const word of ring) {
    const used = word & ((1n << WORD_BITS) - 1n);
    if (used === 0n) continue;
    const top = (word >> WORD_BITS) * WORD_BITS + BigInt(used.toString(2).length - 1);
    if (top > highest) highest = top;
  }
  return highest;
}

/** Place of an entry of a mapping. @see Solidity documentation, "Mappings and Dynamic Arrays" */
function entryOf(mapping: bigint, key: bigint): bigint {
  const words = [key, mapping].map((word) => numberToHex(word, { size: 32 }));
  return BigInt(keccak256(concat(words)));
}

/** A vault that says something: others belong to other shards, or were emptied without a trace. */
function isUsed(vault: SettledVault): boolean {
  const { balances, exitDueBlock, orderNonceHighest, withdrawalNonceHighest } = vault;
  if (balances.size > 0 || exitDueBlock !== undefined) return true;
  return orderNonceHighest > 0n || withdrawalNonceHighest > 0n;
}
