import type { Hash } from 'viem';
import type { EndpointPool } from '../endpoints/endpointPool.ts';
import { BlockReader } from './blockReader.ts';
import { unreadable } from './chainBlock.ts';
import type { ChainBlock } from './chainTracker.ts';
import { RING_BLOCKS } from './headerRing.ts';

/** Headers that are read ahead by their numbers. */
const AHEAD_BLOCKS = 10;

/**
 * Headers below the blocks that a tracker holds, found by parent hashes: a number names a block of
 * whichever branch an endpoint stands on, a parent hash names one block only.
 */
export class Ancestry {
  readonly #pool: EndpointPool;
  /** What was read stays, so that a failure half way and a ring that moved on cost little. */
  readonly #read = new Map<Hash, ChainBlock>();

  constructor(pool: EndpointPool) {
    this.#pool = pool;
  }

  /**
   * The ancestors of a block from height `from` up to its parent, lowest first, each the parent of
   * the next: at most as many as a ring is long.
   * @throws ChainFault CHAIN_ENDPOINTS_BEHIND or CHAIN_TRANSPORT_FAILED when a parent is not to be
   *   had or does not fit; what `EndpointPool.read` throws.
   */
  async of(
    block: ChainBlock,
    from: bigint,
    signal: AbortSignal | undefined,
  ): Promise<readonly ChainBlock[]> {
    if (this.#read.size > 2 * RING_BLOCKS) this.forget();
    const reader = new BlockReader(this.#pool, signal === undefined ? {} : { signal });
    const path: ChainBlock[] = [];
    let lowest = block;
    while (lowest.number > from) {
      if (!this.#read.has(lowest.parentHash)) await this.#readAhead(reader, lowest, from);
      const parent = this.#read.get(lowest.parentHash) ?? (await reader.byHash(lowest.parentHash));
      if (parent.number !== lowest.number - 1n) throw unreadable('the parent of a block');
      this.#read.set(parent.hash, parent);
      path.push(parent);
      lowest = parent;
    }
    return path.reverse();
  }

  /** Gives up what was read: the cursor has left it behind. */
  forget(): void {
    this.#read.clear();
  }

  /** Reads several by number at once. Those of another branch are nobody's parents here. */
  async #readAhead(reader: BlockReader, block: ChainBlock, from: bigint): Promise<void> {
    const parent = block.number - 1n;
    const wanted = block.number - BigInt(AHEAD_BLOCKS);
    for (const told of await reader.byNumbers(wanted > from ? wanted : from, parent)) {
      this.#read.set(told.hash, told);
    }
  }
}
