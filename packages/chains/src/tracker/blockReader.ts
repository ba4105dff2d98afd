import pLimit from 'p-limit';
import type { Hash } from 'viem';
import { numberToHex } from 'viem';
import { ChainFault } from '../chainFault.ts';
import type { EndpointPool, ReadOptions } from '../endpoints/endpointPool.ts';
import type { RpcCall } from '../endpoints/transport.ts';
import { parseBlock } from './chainBlock.ts';
import type { ChainBlock } from './chainTracker.ts';

/** Requests at once where many blocks are missing. */
const BLOCKS_AT_ONCE = 10;

/** Reads headers through the pool, each as urgently as the options say; the signal ends all. */
export class BlockReader {
  readonly #pool: EndpointPool;
  readonly #options: ReadOptions;

  constructor(pool: EndpointPool, options: ReadOptions) {
    this.#pool = pool;
    this.#options = options;
  }

  /** One endpoint's answer to what its newest block is, unread. */
  latest(): Promise<unknown> {
    return this.#pool.read(LATEST, this.#options);
  }

  /** The newest block of every endpoint that answers. An unreadable answer is no answer. */
  async latestOfAll(): Promise<ChainBlock[]> {
    const answers = await this.#pool.ask(LATEST, this.#options);
    const blocks: ChainBlock[] = [];
    for (const answer of answers) {
      const block = answer.ok ? readableBlock(answer.result) : undefined;
      if (block !== undefined) blocks.push(block);
    }
    return blocks;
  }

  /**
   * The block of a hash. An endpoint that lags does not have it, so all are asked before it counts
   * as missing.
   * @throws ChainFault CHAIN_ENDPOINTS_BEHIND when none has it; what `EndpointPool.read` throws.
   */
  async byHash(hash: Hash): Promise<ChainBlock> {
    const call = { method: 'eth_getBlockByHash', params: [hash, false] };
    const block = parseBlock(await this.#pool.read(call, this.#options));
    if (block?.hash === hash) return block;
    for (const answer of await this.#pool.ask(call, this.#options)) {
      const told = answer.ok ? readableBlock(answer.result) : undefined;
      if (told?.hash === hash) return told;
    }
    throw new ChainFault(
      'CHAIN_ENDPOINTS_BEHIND',
      'No endpoint has a block that another one named; the next poll asks again.',
      { fields: { block: hash } },
    );
  }

  /**
   * Blocks of a range of numbers, both ends included, lowest first. Best effort: what could not be
   * read is left out, and after the first failure nothing more is asked. The blocks may belong to
   * different branches, so parent hashes have the last word.
   */
  async byNumbers(from: bigint, to: bigint): Promise<ChainBlock[]> {
    const limit = pLimit(BLOCKS_AT_ONCE);
    let failed = false;
    const readOne = async (number: bigint): Promise<ChainBlock | undefined> => {
      if (failed) return undefined;
      try {
        const call = { method: 'eth_getBlockByNumber', params: [numberToHex(number), false] };
        const block = parseBlock(await this.#pool.read(call, this.#options));
        return block?.number === number ? block : undefined;
      } catch (error) {
        if (!(error instanceof ChainFault)) throw error;
        failed = true;
        return undefined;
      }
    };
    const reads: Promise<ChainBlock | undefined>[] = [];
    for (let number = from; number <= to; number += 1n) reads.push(limit(readOne, number));
    const blocks = await Promise.all(reads);
    return blocks.filter((block) => block !== undefined);
  }
}

const LATEST: RpcCall = { method: 'eth_getBlockByNumber', params: ['latest', false] };

/** The block that an answer names; undefined where it names none. */
export function readableBlock(answer: unknown): ChainBlock | undefined {
  try {
    return parseBlock(answer);
  } catch (error) {
    if (error instanceof ChainFault) return undefined;
    throw error;
  }
}
