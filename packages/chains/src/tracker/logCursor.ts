import { at, invariant } from '@lawbook/exchange/failures/invariant';
import type { Hash } from 'viem';
import { ChainFault } from '../chainFault.ts';
import type { EndpointPool } from '../endpoints/endpointPool.ts';
import { RpcError } from '../endpoints/transport.ts';
import type { Environment } from '../environment.ts';
import { Ancestry } from './ancestry.ts';
import { unreadable } from './chainBlock.ts';
import type { BlockReference, ChainBlock, ChainTracker } from './chainTracker.ts';
import { RING_BLOCKS } from './headerRing.ts';
import type { ChainLog } from './logReader.ts';
import { LogReader } from './logReader.ts';
import type { LogFilter } from './logsBloom.ts';

/** The next thing that happened to the logs of a filter. */
export type LogBatch = AdoptedLogs | DroppedLogs | RewoundLogs;

/** Logs of a block that is on the chain. Blocks come lowest first, each once. */
export interface AdoptedLogs {
  readonly kind: 'adopted';
  readonly block: BlockReference;
  /** In the order of the block; at least one. */
  readonly logs: readonly ChainLog[];
  readonly cursor: BlockReference;
}

/** Logs that were adopted before and whose block left the chain. Highest block first. */
export interface DroppedLogs {
  readonly kind: 'dropped';
  readonly block: BlockReference;
  /** The same logs in the same order; undo them from the last to the first. */
  readonly logs: readonly ChainLog[];
  readonly cursor: BlockReference;
}

/**
 * The cursor's branch left the chain and nobody can tell any more what it held: undo everything
 * from blocks above `cursor.number`. It is delivered anew as far as it is on the chain.
 */
export interface RewoundLogs {
  readonly kind: 'rewound';
  readonly cursor: BlockReference;
}

/** What to follow, and from where. */
export interface LogCursorOptions {
  readonly filter: LogFilter;
  /**
   * - A reference: after this block, with everything up to it done. What a restart resumes from.
   *   A chain whose head is lower is waited for: it may only lag, until it has grown that far.
   * - A number: this block is the first; nothing below it is delivered, or ever taken back.
   * - `undefined`: after the head at the first call of `next`.
   */
  readonly from: BlockReference | bigint | undefined;
}

/** What a log cursor stands on. */
export interface LogCursorDependencies {
  readonly pool: EndpointPool;
  readonly tracker: ChainTracker;
  readonly environment: Environment;
}

/** Logs of a filter, each exactly once per canonical block and in order. One reader at a time. */
export interface LogCursor {
  /**
   * The next batch; asking for it acknowledges the one before. Waits as long as nothing happens,
   * and tries again by itself while endpoints fail.
   * @throws ChainFault CHAIN_CLOSED; CHAIN_RPC_ERROR and others that asking again does not mend.
   *   The reason of the signal. No batch is lost by a failure: ask again.
   */
  next(signal?: AbortSignal): Promise<LogBatch>;
  /** The batches one after the other; taking the next one acknowledges the one before. */
  batches(signal?: AbortSignal): AsyncGenerator<LogBatch, never, undefined>;
  /**
   * Where a restart resumes: everything up to this block is delivered and acknowledged. Two plain
   * members, to store as JSON with the number in decimal. A batch's own `cursor` belongs to the
   * same store transaction as what the batch led to; then each log has its effect once. Undefined
   * while the block is known by its number only.
   */
  cursor(): BlockReference | undefined;
}

/** Follows the logs of a filter. Needs no WebSocket; starts nothing until it is asked. */
export function createLogCursor(
  options: LogCursorOptions,
  dependencies: LogCursorDependencies,
): LogCursor {
  return new PollingLogCursor(options, dependencies);
}

/** A block of which only the number may be known: the one below the first. */
interface Position {
  readonly number: bigint;
  readonly hash: Hash | undefined;
}

/** Blocks whose logs are read at once while the cursor is behind. */
const WINDOW_BLOCKS = 8;
/** Blocks whose delivered logs are remembered, to be taken back. */
const REMEMBERED_BLOCKS = 2 * RING_BLOCKS;
/** Refusals of the same call before they reach the caller; silence is waited out instead. */
const REFUSALS_MAX = 8;
const RETRY_MS_MIN = 250;
const RETRY_MS_MAX = 4_000;

class PollingLogCursor implements LogCursor {
  readonly #tracker: ChainTracker;
  readonly #environment: Environment;
  readonly #reader: LogReader;
  readonly #ancestry: Ancestry;
  /** The lowest block that is delivered. */
  #first: bigint;
  /** Everything up to here is delivered and acknowledged, or holds no logs. */
  #position: Position | undefined;
  #unacknowledged: Position | undefined;
  /** Batches of a range that was read at once, and the block at its end. */
  #buried: AdoptedLogs[] = [];
  #buriedEnd: Position | undefined;
  #fetched: Map<Hash, readonly ChainLog[]> = new Map();
  readonly #delivered: Map<Hash, readonly ChainLog[]> = new Map();
  #isBusy = false;

  constructor({ filter, from }: LogCursorOptions, dependencies: LogCursorDependencies) {
    this.#tracker = dependencies.tracker;
    this.#environment = dependencies.environment;
    this.#reader = new LogReader(filter, dependencies.pool);
    this.#ancestry = new Ancestry(dependencies.pool);
    if (typeof from === 'bigint') {
      this.#first = from;
      this.#position = { number: from - 1n, hash: undefined };
    } else {
      this.#first = 0n;
      this.#position = from === undefined ? undefined : { number: from.number, hash: from.hash };
    }
  }

  async next(signal?: AbortSignal): Promise<LogBatch> {
    invariant(!this.#isBusy, 'a log cursor has one reader');
    this.#isBusy = true;
    try {
      this.#acknowledge();
      return await this.#nextBatch(signal);
    } finally {
      this.#isBusy = false;
    }
  }

  async *batches(signal?: AbortSignal): AsyncGenerator<LogBatch, never, undefined> {
    for (;;) yield await this.next(signal);
  }

  cursor(): BlockReference | undefined {
    const { number, hash } = this.#position ?? {};
    return number === undefined || hash === undefined ? undefined : { number, hash };
  }

  #acknowledge(): void {
    if (this.#unacknowledged !== undefined) this.#position = this.#unacknowledged;
    this.#unacknowledged = undefined;
  }

  async #nextBatch(signal: AbortSignal | undefined): Promise<LogBatch> {
    let failures = 0;
    let refusals = 0;
    for (;;) {
      signal?.throwIfAborted();
      try {
        const batch = await this.#step(signal);
        if (batch !== undefined) {
          this.#unacknowledged = this.#belowFirst(batch.cursor);
          return batch;
        }
        failures = 0;
        refusals = 0;
      } catch (error) {
        if (error instanceof RpcError) refusals += 1;
        else if (!(error instanceof ChainFault) || !error.retryable) throw error;
        if (refusals >= REFUSALS_MAX) throw error;
        await this.#retryLater(failures, signal);
        failures += 1;
      }
    }
  }

  /** News of the tracker end the wait: endpoints are back, or what was refused left the chain. */
  async #retryLater(failures: number, signal: AbortSignal | undefined): Promise<void> {
    const { clock, random } = this.#environment;
    const backoffMs = Math.min(RETRY_MS_MIN * 2 ** Math.min(failures, 10), RETRY_MS_MAX);
    const delayMs = Math.ceil(backoffMs * (1 + random.next() / 4));
    const over = new AbortController();
    const either = signal === undefined ? over.signal : AbortSignal.any([signal, over.signal]);
    try {
      await Promise.race([clock.sleep(delayMs, either), this.#tracker.changed(either)]);
    } finally {
      over.abort();
    }
  }

  /** One move towards the head. @returns undefined when there was nothing to deliver on the way. */
  async #step(signal: AbortSignal | undefined): Promise<LogBatch | undefined> {
    const buried = this.#nextBuried();
    if (buried !== undefined) return buried;
    const head = this.#tracker.head();
    if (head === undefined) {
      await this.#tracker.changed(signal);
      return undefined;
    }
    this.#position ??= this.#startAt(head);
    const { number, hash } = this.#position;
    const canonical = hash === undefined ? undefined : this.#tracker.isCanonical({ number, hash });
    if (hash !== undefined && canonical === false) return this.#undo({ number, hash }, signal);
    const block = this.#tracker.blockAt(number + 1n);
    if (block !== undefined && (hash === undefined || canonical === true)) {
      this.#ancestry.forget();
      return this.#adopt(this.#windowFrom(block), signal);
    }
    if (number < head.number) return this.#digUp(this.#position, head, signal);
    await this.#tracker.changed(signal);
    return undefined;
  }

  #startAt(head: BlockReference): Position {
    this.#first = head.number + 1n;
    return { number: head.number, hash: undefined };
  }

  /** Below the first block nothing is delivered, so nothing there has to be taken back either. */
  #belowFirst({ number, hash }: BlockReference): Position {
    return number < this.#first ? { number: this.#first - 1n, hash: undefined } : { number, hash };
  }

  /** Delivers the first block of a window; the others are those after it, to be read with it. */
  async #adopt(
    window: readonly ChainBlock[],
    signal: AbortSignal | undefined,
  ): Promise<LogBatch | undefined> {
    const block = at(window, 0);
    if (!this.#fetched.has(block.hash)) await this.#fetch(window, signal);
    const logs = this.#fetched.get(block.hash) ?? [];
    // While it was read the chain may have left it: then the next step finds the way.
    if (this.#tracker.isCanonical(block) === false) return undefined;
    const cursor = { number: block.number, hash: block.hash };
    this.#remember(block.hash, logs);
    if (logs.length > 0) return { kind: 'adopted', block: cursor, logs, cursor };
    this.#position = cursor;
    return undefined;
  }

  /** A block of the ring, and those after it while the cursor is behind. */
  #windowFrom(block: ChainBlock): readonly ChainBlock[] {
    const window = [block];
    while (window.length < WINDOW_BLOCKS) {
      const following = this.#tracker.blockAt(block.number + BigInt(window.length));
      if (following === undefined) break;
      window.push(following);
    }
    return window;
  }

  /** @throws ChainFault when the first block of the window cannot be read. */
  async #fetch(window: readonly ChainBlock[], signal: AbortSignal | undefined): Promise<void> {
    this.#fetched.clear();
    const reads = window.map((each) => this.#reader.ofBlock(each, signal));
    for (const [index, read] of (await Promise.allSettled(reads)).entries()) {
      const each = window[index];
      if (read.status === 'fulfilled' && each !== undefined) {
        this.#fetched.set(each.hash, read.value);
      } else if (read.status === 'rejected' && index === 0) {
        throw read.reason;
      }
    }
  }

  #remember(hash: Hash, logs: readonly ChainLog[]): void {
    this.#delivered.delete(hash);
    this.#delivered.set(hash, logs);
    if (this.#delivered.size <= REMEMBERED_BLOCKS) return;
    for (const oldest of this.#delivered.keys()) {
      this.#delivered.delete(oldest);
      return;
    }
  }

  /** Takes back the block that the cursor stands on. */
  async #undo(
    position: BlockReference,
    signal: AbortSignal | undefined,
  ): Promise<LogBatch | undefined> {
    const passage = this.#tracker.passageFrom(position);
    let top = passage.kind === 'known' ? passage.dropped[0] : undefined;
    if (top === undefined) {
      const found = await this.#reader.droppedBlock(position, signal);
      if (found.answers === 0) throw silence();
      top = found.block;
    }
    const logs =
      this.#delivered.get(position.hash) ??
      (top === undefined ? undefined : await this.#reader.ofDropped(top, signal));
    if (top === undefined || logs === undefined) return this.#rewind(position, signal);
    this.#fetched.clear();
    const cursor = { number: top.number - 1n, hash: top.parentHash };
    if (logs.length > 0) return { kind: 'dropped', block: position, logs, cursor };
    this.#position = this.#belowFirst(cursor);
    return undefined;
  }

  /** Goes back to a block that cannot have been undone: finalized, or as deep as a ring. */
  async #rewind(position: BlockReference, signal: AbortSignal | undefined): Promise<RewoundLogs> {
    const { finalized } = this.#tracker.finality();
    this.#fetched.clear();
    if (finalized !== undefined && finalized.number <= position.number) {
      return { kind: 'rewound', cursor: finalized };
    }
    const below = position.number - BigInt(RING_BLOCKS);
    const number = below > 0n ? below : 0n;
    const held = this.#tracker.blockAt(number);
    const hash = held?.hash ?? (await this.#reader.canonicalHash(number, number, signal));
    return { kind: 'rewound', cursor: { number, hash } };
  }

  /** Moves on below the ring: by parent hashes where blocks may still leave the chain. */
  async #digUp(
    position: Position,
    head: ChainBlock,
    signal: AbortSignal | undefined,
  ): Promise<LogBatch | undefined> {
    const { number, hash } = position;
    const lowest = this.#lowestHeld(number, head);
    const settled = this.#settledBelow(lowest.number);
    if (number < settled) return this.#digUpRange(position, settled, signal);
    const path = await this.#ancestry.of(lowest, number + 1n, signal);
    // While it was read the chain may have left it: then the next step starts from the new one.
    if (this.#tracker.isCanonical(lowest) === false) return undefined;
    if (hash !== undefined && at(path, 0).parentHash !== hash) {
      return this.#undo({ number, hash }, signal);
    }
    return this.#adopt(path.slice(0, WINDOW_BLOCKS), signal);
  }

  /** The highest block below the ring that cannot be undone: finalized, or as deep as a ring. */
  #settledBelow(lowest: bigint): bigint {
    const { finalized } = this.#tracker.finality();
    const deep = lowest - BigInt(RING_BLOCKS);
    const settled = finalized === undefined || finalized.number < deep ? deep : finalized.number;
    return settled < lowest ? settled : lowest - 1n;
  }

  /** Reads a range of settled blocks: there every endpoint is on the same branch. */
  async #digUpRange(
    { number, hash }: Position,
    settled: bigint,
    signal: AbortSignal | undefined,
  ): Promise<LogBatch | undefined> {
    if (hash !== undefined && number >= 0n) {
      const canonical = await this.#reader.canonicalHash(number, settled, signal);
      if (canonical !== hash) return this.#undo({ number, hash }, signal);
    }
    const { to, logs } = await this.#reader.ofRange({ from: number + 1n, to: settled }, signal);
    const above = this.#tracker.blockAt(to + 1n);
    const end = above?.parentHash ?? (await this.#reader.canonicalHash(to, settled, signal));
    const batches = batchesOf(logs);
    const last = batches.at(-1)?.block;
    if (last?.number === to && last.hash !== end) throw unreadable('logs of one branch');
    this.#buried = batches;
    this.#buriedEnd = { number: to, hash: end };
    return undefined;
  }

  #nextBuried(): AdoptedLogs | undefined {
    const batch = this.#buried.shift();
    if (batch !== undefined) {
      this.#remember(batch.block.hash, batch.logs);
      return batch;
    }
    if (this.#buriedEnd !== undefined) this.#position = this.#buriedEnd;
    this.#buriedEnd = undefined;
    return undefined;
  }

  /** The lowest canonical block that the tracker holds, between one it lacks and its head. */
  #lowestHeld(lacking: bigint, head: ChainBlock): ChainBlock {
    let below = lacking;
    let lowest = head;
    while (lowest.number - below > 1n) {
      const middle = (below + lowest.number) >> 1n;
      const held = this.#tracker.blockAt(middle);
      if (held === undefined) below = middle;
      else lowest = held;
    }
    return lowest;
  }
}

/** @throws ChainFault CHAIN_TRANSPORT_FAILED where two blocks share a height. */
function batchesOf(logs: readonly ChainLog[]): AdoptedLogs[] {
  const batches: AdoptedLogs[] = [];
  let block: { cursor: BlockReference; logs: ChainLog[] } | undefined;
  for (const log of logs) {
    if (block === undefined || block.cursor.hash !== log.blockHash) {
      if (block?.cursor.number === log.blockNumber) throw unreadable('logs of one branch');
      const cursor = { number: log.blockNumber, hash: log.blockHash };
      block = { cursor, logs: [] };
      batches.push({ kind: 'adopted', block: cursor, logs: block.logs, cursor });
    }
    block.logs.push(log);
  }
  return batches;
}

function silence(): ChainFault {
  return new ChainFault(
    'CHAIN_ENDPOINTS_UNAVAILABLE',
    'No endpoint told whether it knows a block that left the chain; they are asked again.',
  );
}
