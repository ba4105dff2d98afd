import type { BlockReference, ChainTracker } from '@lawbook/chains/tracker/chainTracker';
import type { ChainLog } from '@lawbook/chains/tracker/logReader';
import { LogReader } from '@lawbook/chains/tracker/logReader';
import type { Hash } from '@lawbook/exchange/codec/hash';
import type { Address, Hex } from 'viem';
import { numberToHex, toEventSelector } from 'viem';
import { SettlementFault } from '../../settlementFault.ts';
import type { EvmStands } from './chainReader.ts';
import { decodeLog } from './decodeLog.ts';

/** Where and how a list was settled. */
export interface SettledPlace {
  readonly listNumber: bigint;
  readonly listHash: Hash;
  readonly epochNumber: number;
  readonly transaction: string;
  readonly block: BlockReference;
}

/** Places that are remembered; others are looked up again. */
const REMEMBERED_MAX = 1_024;
/** Blocks of one look into the past, newest first: a list that is asked for is a recent one. */
const WINDOW_BLOCKS = 2_000n;

const SETTLED = toEventSelector('Settled(uint32,uint64,uint32,uint64,bytes32,uint256)');

/** Finds the settlements of a shard in the logs of the contract. */
export class SettledLists {
  readonly #stands: EvmStands;
  readonly #place: { readonly baseLayer: Address; readonly shard: number; readonly from: bigint };
  readonly #known = new Map<bigint, SettledPlace>();

  constructor(
    place: { readonly baseLayer: Address; readonly shard: number; readonly from: bigint },
    stands: EvmStands,
  ) {
    this.#place = place;
    this.#stands = stands;
  }

  /**
   * The settlement of a list that the contract counts as settled at `head`.
   * @returns undefined where the chain has no logs of so long ago any more.
   * @throws SettlementFault SETTLEMENT_UNAVAILABLE when no endpoint shows its log.
   */
  async find(listNumber: bigint, head: BlockReference): Promise<SettledPlace | undefined> {
    const known = this.#known.get(listNumber);
    // A place older than the tracker's memory was looked up when it was within it.
    if (known !== undefined && this.#tracker().isCanonical(known.block) !== false) return known;
    this.#known.delete(listNumber);
    const { baseLayer, shard, from } = this.#place;
    const topics = [SETTLED, wordOf(BigInt(shard)), wordOf(listNumber)];
    const reader = new LogReader({ address: baseLayer, topics }, this.#stands.engine.pool);
    for (let end = head.number; end >= from; end -= WINDOW_BLOCKS) {
      const start = end - WINDOW_BLOCKS + 1n > from ? end - WINDOW_BLOCKS + 1n : from;
      const log = await this.#lastIn(reader, start, end);
      if (log !== undefined) return this.#remember(placeOf(log, baseLayer));
    }
    if (await this.#hasForgotten(from)) return undefined;
    throw new SettlementFault(
      'SETTLEMENT_UNAVAILABLE',
      `List ${listNumber} counts as settled, but no endpoint shows its log; it is asked again.`,
      { fields: { listNumber: String(listNumber) } },
    );
  }

  /** Whether the chain goes on without its first blocks, as a development chain may. */
  async #hasForgotten(first: bigint): Promise<boolean> {
    const call = { method: 'eth_getBlockByNumber', params: [numberToHex(first), false] };
    return (await this.#stands.engine.pool.read(call)) === null;
  }

  /** The last canonical log of a range. A range belongs to no branch, so each log is looked at. */
  async #lastIn(reader: LogReader, from: bigint, to: bigint): Promise<ChainLog | undefined> {
    let last: ChainLog | undefined;
    for (let start = from; start <= to; ) {
      const range = await reader.ofRange({ from: start, to }, undefined);
      for (const log of range.logs) {
        const block = { number: log.blockNumber, hash: log.blockHash };
        if (this.#tracker().isCanonical(block) !== false) last = log;
      }
      start = range.to + 1n;
    }
    return last;
  }

  #remember(place: SettledPlace): SettledPlace {
    this.#known.set(place.listNumber, place);
    if (this.#known.size > REMEMBERED_MAX) {
      const [oldest] = this.#known.keys();
      if (oldest !== undefined) this.#known.delete(oldest);
    }
    return place;
  }

  #tracker(): ChainTracker {
    return this.#stands.engine.tracker;
  }
}

function placeOf(log: ChainLog, baseLayer: Address): SettledPlace {
  const { eventName, args } = decodeLog(log, baseLayer);
  if (eventName !== 'Settled') throw unasked(log);
  return {
    listNumber: args.number,
    listHash: args.listHash as Hash & Hex,
    epochNumber: Number(args.epochNumber),
    transaction: log.transactionHash,
    block: { number: log.blockNumber, hash: log.blockHash },
  };
}

function unasked({ blockNumber }: ChainLog): SettlementFault {
  return new SettlementFault(
    'SETTLEMENT_UNAVAILABLE',
    'An endpoint answered with another event than was asked for; it is asked again.',
    { fields: { blockNumber: String(blockNumber) } },
  );
}

function wordOf(number: bigint): Hex {
  return numberToHex(number, { size: 32 });
}
