import type { Address, Hash, Hex } from 'viem';
import { isHex, numberToHex } from 'viem';
import { ChainFault } from '../chainFault.ts';
import type { EndpointPool, ReadOptions } from '../endpoints/endpointPool.ts';
import type { RpcCall } from '../endpoints/transport.ts';
import { RpcError } from '../endpoints/transport.ts';
import { isHash, isRecord, parseBlock, parseQuantity, unreadable } from './chainBlock.ts';
import type { BlockReference, ChainBlock } from './chainTracker.ts';
import type { LogFilter } from './logsBloom.ts';
import { bloomCheck } from './logsBloom.ts';

/** An event of a contract, shaped for viem's `decodeEventLog`. */
export interface ChainLog {
  readonly address: Address;
  readonly topics: readonly Hex[];
  readonly data: Hex;
  readonly blockNumber: bigint;
  readonly blockHash: Hash;
  readonly transactionHash: Hash;
  /** Counts within the block, under 2^53. */
  readonly transactionIndex: number;
  readonly logIndex: number;
}

/** Reads logs through the pool, and does not take an empty answer for proof. */
export class LogReader {
  readonly #pool: EndpointPool;
  readonly #filter: LogFilter;
  readonly #mayMatch: (bloom: Hex) => boolean;
  #span = SPAN_FIRST;

  constructor(filter: LogFilter, pool: EndpointPool) {
    this.#pool = pool;
    this.#filter = filter;
    this.#mayMatch = bloomCheck(filter);
  }

  /**
   * The logs of one block, in their order. Some nodes answer a hash that they do not know with no
   * logs, so an empty answer that the block's bloom does not explain is put to others as well.
   * @throws ChainFault what `EndpointPool.read` throws.
   */
  async ofBlock(block: ChainBlock, signal: AbortSignal | undefined): Promise<readonly ChainLog[]> {
    const call = this.#call({ blockHash: block.hash });
    const options: ReadOptions = withSignal({ atLeastBlock: block.number }, signal);
    const logs = parseLogs(await this.#pool.read(call, options));
    requireBlock(logs, block);
    if (logs.length > 0 || !this.#isSuspicious(block)) return logs;
    return (await this.#askForMore(call, block, options)).logs;
  }

  /**
   * The logs of a block that is off the chain, from whichever endpoint still has them.
   * @returns undefined when nobody can tell.
   */
  async ofDropped(
    block: ChainBlock,
    signal: AbortSignal | undefined,
  ): Promise<readonly ChainLog[] | undefined> {
    const options = withSignal({}, signal);
    const call = this.#call({ blockHash: block.hash });
    const { logs, answers } = await this.#askForMore(call, block, options);
    if (logs.length > 0) return logs;
    // Without a bloom, "none" and "forgotten" look the same.
    const isExplained = block.logsBloom !== undefined && !this.#isSuspicious(block);
    return answers > 0 && isExplained ? logs : undefined;
  }

  /**
   * The logs of a range of numbers, from `from` to an end that is at most `to`: as many blocks as
   * endpoints serve at once. Ranges belong to no branch, so they are for buried blocks only.
   * @throws ChainFault what `EndpointPool.read` throws for a single block.
   */
  async ofRange(
    range: { readonly from: bigint; readonly to: bigint },
    signal: AbortSignal | undefined,
  ): Promise<{ readonly to: bigint; readonly logs: readonly ChainLog[] }> {
    for (;;) {
      const end = range.from + BigInt(this.#span) - 1n;
      const to = end < range.to ? end : range.to;
      const call = this.#call({ fromBlock: numberToHex(range.from), toBlock: numberToHex(to) });
      try {
        // A node that has not reached the end of a range cuts it off without a word.
        const answer = await this.#pool.read(call, withSignal({ atLeastBlock: to }, signal));
        const logs = parseLogs(answer);
        if (logs.some((log) => log.blockNumber < range.from || log.blockNumber > to)) {
          throw unreadable('logs of the range that was asked for');
        }
        this.#span = Math.min(this.#span * 2, SPAN_MAX);
        return { to, logs };
      } catch (error) {
        if (!isMaybeTooWide(error) || to === range.from) throw error;
        this.#span = Math.max(1, Math.floor(Number(to - range.from + 1n) / 2));
      }
    }
  }

  /** A block off the chain, from whichever endpoint still has it; and how many answered. */
  async droppedBlock(
    { number, hash }: BlockReference,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly block: ChainBlock | undefined; readonly answers: number }> {
    const call = { method: 'eth_getBlockByHash', params: [hash, false] };
    let answers = 0;
    for (const answer of await this.#pool.ask(call, withSignal({}, signal))) {
      if (!answer.ok) continue;
      answers += 1;
      const block = parseBlock(answer.result);
      if (block?.hash === hash && block.number === number) return { block, answers };
    }
    return { block: undefined, answers };
  }

  /**
   * The canonical hash of a height that is buried, by one endpoint at `atLeastBlock` or beyond.
   * @throws ChainFault CHAIN_ENDPOINTS_BEHIND when it does not have that height after all.
   */
  async canonicalHash(
    number: bigint,
    atLeastBlock: bigint,
    signal: AbortSignal | undefined,
  ): Promise<Hash> {
    const call = { method: 'eth_getBlockByNumber', params: [numberToHex(number), false] };
    const block = parseBlock(await this.#pool.read(call, withSignal({ atLeastBlock }, signal)));
    if (block?.number === number) return block.hash;
    throw new ChainFault(
      'CHAIN_ENDPOINTS_BEHIND',
      `An endpoint does not have block ${number} yet; it is asked again.`,
    );
  }

  #call(blocks: Readonly<Record<string, Hex>>): RpcCall {
    const { address, topics } = this.#filter;
    const query = {
      ...blocks,
      ...(address === undefined ? {} : { address }),
      ...(topics === undefined ? {} : { topics }),
    };
    return { method: 'eth_getLogs', params: [query] };
  }

  #isSuspicious({ logsBloom }: ChainBlock): boolean {
    return logsBloom !== undefined && this.#mayMatch(logsBloom);
  }

  async #askForMore(
    call: RpcCall,
    block: ChainBlock,
    options: ReadOptions,
  ): Promise<{ readonly logs: readonly ChainLog[]; readonly answers: number }> {
    let answers = 0;
    for (const answer of await this.#pool.ask(call, options)) {
      if (!answer.ok) continue;
      answers += 1;
      const logs = parseLogs(answer.result);
      requireBlock(logs, block);
      if (logs.length > 0) return { logs, answers };
    }
    return { logs: [], answers };
  }
}

/** Blocks of one range: at first, and at most. Providers allow from 10 to 10,000. */
const SPAN_FIRST = 500;
const SPAN_MAX = 2_000;

/**
 * Providers refuse wide ranges in many words, or fall silent over them, so every refusal and every
 * silence counts until a single block is left.
 */
function isMaybeTooWide(error: unknown): boolean {
  if (error instanceof RpcError) return true;
  return error instanceof ChainFault && error.code === 'CHAIN_ENDPOINTS_UNAVAILABLE';
}

function withSignal(options: ReadOptions, signal: AbortSignal | undefined): ReadOptions {
  return signal === undefined ? options : { ...options, signal };
}

function requireBlock(logs: readonly ChainLog[], block: BlockReference): void {
  for (const log of logs) {
    // A cursor goes on from the number, so a wrong one would skip what lies between.
    const isOfBlock = log.blockHash === block.hash && log.blockNumber === block.number;
    if (!isOfBlock) throw unreadable('logs of the block that was asked for');
  }
}

/** @throws ChainFault CHAIN_TRANSPORT_FAILED when the answer is no list of logs. */
function parseLogs(answer: unknown): ChainLog[] {
  if (!Array.isArray(answer)) throw unreadable('a list of logs');
  const logs = answer.map(parseLog);
  return logs.sort((a, b) =>
    a.blockNumber === b.blockNumber
      ? a.logIndex - b.logIndex
      : a.blockNumber < b.blockNumber
        ? -1
        : 1,
  );
}

function parseLog(log: unknown): ChainLog {
  if (!isRecord(log)) throw unreadable('a log');
  const { address, topics, blockHash, transactionHash } = log;
  const payload = log['data'];
  if (!isHex(address) || !isHex(payload)) throw unreadable('the address and bytes of a log');
  if (!Array.isArray(topics) || !topics.every(isHash)) throw unreadable('the topics of a log');
  if (!isHash(blockHash) || !isHash(transactionHash)) throw unreadable('the hashes of a log');
  if (log['removed'] === true) throw unreadable('a log of the chain');
  return {
    address,
    topics,
    data: payload,
    blockNumber: parseQuantity(log['blockNumber'], 'the block number of a log'),
    blockHash,
    transactionHash,
    transactionIndex: Number(parseQuantity(log['transactionIndex'], 'an index of a log')),
    logIndex: Number(parseQuantity(log['logIndex'], 'an index of a log')),
  };
}
