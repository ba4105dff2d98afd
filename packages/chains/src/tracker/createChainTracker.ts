import { invariant } from '@lawbook/exchange/failures/invariant';
import { ChainFault } from '../chainFault.ts';
import type { EndpointPool } from '../endpoints/endpointPool.ts';
import type { Environment } from '../environment.ts';
import { BlockReader, readableBlock } from './blockReader.ts';
import { peekHash, unreadable } from './chainBlock.ts';
import type {
  BlockReference,
  ChainBlock,
  ChainTracker,
  FinalityTarget,
  Passage,
} from './chainTracker.ts';
import { ChangeSignal, closedFault } from './changeSignal.ts';
import type { Finality } from './finalityTags.ts';
import { FinalityTags } from './finalityTags.ts';
import type { DoubtfulSighting } from './headDoubt.ts';
import { blockIntervalMs, HeadDoubt, reachedByAll, sightingOf } from './headDoubt.ts';
import { HeaderRing, RING_BLOCKS } from './headerRing.ts';
import { isBuried } from './isBuried.ts';

/** Pace and bounds of a tracker; counts and milliseconds, each under 2^53. */
export interface ChainTrackerOptions {
  /** Between two polls of an endpoint in good health; 1,000 otherwise. */
  readonly pollIntervalMs?: number;
  /** Canonical blocks that are kept; 512 otherwise. */
  readonly ringBlocks?: number;
  /** Blocks below the first head that are read at once, for older cursors; 32 otherwise. */
  readonly historyBlocks?: number;
  /** Endpoints that have to contradict our head (see `HeadDoubt`); 2, or all of a smaller pool. */
  readonly quorum?: number;
  /** Whether to ask for the `safe` and `finalized` tags; true otherwise. */
  readonly finalityTags?: boolean;
  /**
   * For a chain that goes back when its own process crashes: the newest block that it comes back
   * with, undefined for none. Blocks above it are not final, however deep they are buried.
   */
  readonly durable?: () => BlockReference | undefined;
}

/** Something that knows earlier than the next poll: calls back, and returns what ends that. */
export type Wake = (wakeUp: () => void) => () => void;

/** What a tracker stands on. */
export interface ChainTrackerDependencies {
  readonly pool: EndpointPool;
  readonly environment: Environment;
  /** Makes it poll sooner and carries no news: losing, repeating or reordering is harmless. */
  readonly wake?: Wake;
}

/**
 * Starts to follow a chain by polling `pool`. It never throws for endpoints: while none answers,
 * the head stays and it tries again, at most twice a second and at least every four seconds.
 *
 * `stats().lastPollMs` is the time (`Clock.nowMs`) of the last poll that succeeded.
 */
export function createChainTracker(
  options: ChainTrackerOptions,
  dependencies: ChainTrackerDependencies,
): ChainTracker {
  return new PollingTracker(options, dependencies);
}

/** Never more than two polls a second while they fail. */
const FAILING_SPACING_MS = 500;
/** With jitter of a quarter, four seconds: recovery is noticed within five. */
const FAILING_DELAY_MS_MAX = 3_200;
/** Between two polls that a wake asked for. */
const WAKE_SPACING_MS = 100;
/** Polls that try to read the history before it is left as it is. */
const HISTORY_TRIES = 5;
/** Blocks off our chain that are remembered; a walk adds as many as two rings are long. */
const STRAYS_MAX = 4_096;
/** How reads end for parents that nobody can show. */
const UNPROVEN: ReadonlySet<string> = new Set(['CHAIN_ENDPOINTS_BEHIND', 'CHAIN_TRANSPORT_FAILED']);

class PollingTracker implements ChainTracker {
  readonly #environment: Environment;
  readonly #pool: EndpointPool;
  readonly #ring: HeaderRing;
  readonly #reader: BlockReader;
  readonly #tags: FinalityTags;
  readonly #doubt = new HeadDoubt();
  readonly #strays = new Set<string>();
  readonly #changes = new ChangeSignal();
  readonly #closing = new AbortController();
  readonly #options: Required<Omit<ChainTrackerOptions, 'durable'>>;
  readonly #durable: ChainTrackerOptions['durable'];
  readonly #loop: Promise<void>;
  readonly #stopWake: (() => void) | undefined;
  #running: Promise<void> | undefined;
  #nap = new AbortController();
  #isWoken = false;
  #failures = 0;
  #historyTries = 0;
  #lastStartMs: number;
  #lastPollMs: number | undefined;
  #reorganisations = 0;
  #deepest = 0;

  constructor(options: ChainTrackerOptions, dependencies: ChainTrackerDependencies) {
    const { pool, environment, wake } = dependencies;
    this.#options = {
      pollIntervalMs: options.pollIntervalMs ?? 1_000,
      ringBlocks: options.ringBlocks ?? RING_BLOCKS,
      historyBlocks: options.historyBlocks ?? 32,
      quorum: options.quorum ?? 2,
      finalityTags: options.finalityTags ?? true,
    };
    checkOptions(this.#options);
    this.#durable = options.durable;
    this.#environment = environment;
    this.#pool = pool;
    this.#ring = new HeaderRing(this.#options.ringBlocks);
    const { signal } = this.#closing;
    this.#reader = new BlockReader(pool, { priority: 'high', signal });
    this.#tags = new FinalityTags(pool, signal);
    this.#lastStartMs = environment.clock.elapsedMs() - FAILING_SPACING_MS;
    this.#stopWake = wake?.(() => this.#wakeUp());
    this.#loop = this.#run();
  }

  head(): ChainBlock | undefined {
    return this.#ring.head();
  }

  finality(): Finality {
    return this.#tags.current();
  }

  blockAt(number: bigint): ChainBlock | undefined {
    return this.#ring.blockAt(number);
  }

  isCanonical(block: BlockReference): boolean | undefined {
    return this.#ring.isCanonical(block);
  }

  isFinal(block: BlockReference, target: FinalityTarget): boolean {
    if (this.#ring.isCanonical(block) === false) return false;
    if (!this.#isDurable(block)) return false;
    return isBuried(block.number, target, { ...this.#tags.current(), head: this.#ring.head() });
  }

  /** A block that lies below one which is canonical and outlives a crash does so too. */
  #isDurable(block: BlockReference): boolean {
    if (this.#durable === undefined) return true;
    const newest = this.#durable();
    if (newest === undefined || block.number > newest.number) return false;
    return this.#ring.isCanonical(newest) === true;
  }

  passageFrom(cursor: BlockReference | undefined): Passage {
    if (cursor === undefined) return { kind: 'known', dropped: [], adopted: [] };
    return this.#ring.passageFrom(cursor);
  }

  changed(signal?: AbortSignal): Promise<void> {
    return this.#changes.next(signal);
  }

  poll(): Promise<void> {
    if (this.#closing.signal.aborted) return Promise.reject(closedFault());
    this.#running ??= this.#pollOnce();
    return this.#running;
  }

  stats(): ReturnType<ChainTracker['stats']> {
    return {
      reorganisations: this.#reorganisations,
      deepest: this.#deepest,
      ringBlocks: this.#ring.size(),
      lastPollMs: this.#lastPollMs,
    };
  }

  async close(): Promise<void> {
    if (!this.#closing.signal.aborted) {
      this.#stopWake?.();
      this.#closing.abort(closedFault());
      this.#nap.abort(closedFault());
      this.#changes.close();
    }
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        await this.poll();
      } catch (error) {
        if (!signal.aborted && !(error instanceof ChainFault)) throw error;
      }
      if (!signal.aborted) await this.#rest();
    }
  }

  /** Waits for the next turn, or for a wake. */
  async #rest(): Promise<void> {
    const delayMs = this.#delayMs();
    if (this.#nap.signal.aborted) this.#nap = new AbortController();
    const nap = this.#nap;
    try {
      if (!this.#isWoken) await this.#environment.clock.sleep(delayMs, nap.signal);
    } catch (error) {
      if (!nap.signal.aborted) throw error;
    }
    if (!this.#isWoken || this.#closing.signal.aborted) return;
    this.#isWoken = false;
    await this.#space(Math.min(WAKE_SPACING_MS, this.#options.pollIntervalMs));
  }

  #delayMs(): number {
    const { pollIntervalMs } = this.#options;
    if (this.#failures === 0) {
      return this.#doubt.isFresh() ? Math.ceil(pollIntervalMs / 4) : pollIntervalMs;
    }
    const doublings = Math.min(this.#failures - 1, 10);
    const delayMs = Math.min(FAILING_SPACING_MS * 2 ** doublings, FAILING_DELAY_MS_MAX);
    return Math.ceil(delayMs * (1 + this.#environment.random.next() / 4));
  }

  /** Lets at least so much time pass between the starts of two polls. */
  async #space(spacingMs: number): Promise<void> {
    const { clock } = this.#environment;
    const leftMs = this.#lastStartMs + spacingMs - clock.elapsedMs();
    if (leftMs <= 0) return;
    try {
      await clock.sleep(leftMs, this.#closing.signal);
    } catch (error) {
      if (!this.#closing.signal.aborted) throw error;
    }
  }

  #wakeUp(): void {
    this.#isWoken = true;
    this.#nap.abort();
  }

  async #pollOnce(): Promise<void> {
    const { clock } = this.#environment;
    try {
      if (this.#failures > 0) await this.#space(FAILING_SPACING_MS);
      this.#lastStartMs = clock.elapsedMs();
      await this.#look();
      this.#failures = 0;
      this.#lastPollMs = clock.nowMs();
    } catch (error) {
      this.#failures += 1;
      throw this.#closing.signal.aborted ? closedFault() : error;
    } finally {
      this.#running = undefined;
    }
  }

  async #look(): Promise<void> {
    const answer = await this.#reader.latest();
    const head = this.#ring.head();
    if (head !== undefined && peekHash(answer) === head.hash && !this.#isOutvoted()) {
      this.#doubt.clear();
    } else {
      await this.#consider(readableBlock(answer));
      if (head !== this.#ring.head() && this.#options.finalityTags) await this.#refreshTags();
    }
    if (this.#historyTries < HISTORY_TRIES) await this.#readHistory();
  }

  /** Whether the pool's best head lies off all that we hold, whoever stands on our head. */
  #isOutvoted(): boolean {
    const head = this.#ring.head();
    const base = this.#ring.base();
    const best = this.#pool.bestHead();
    if (head === undefined || base === undefined || best === undefined) return false;
    return best < base.number || best - head.number > BigInt(this.#options.ringBlocks);
  }

  async #consider(seen: ChainBlock | undefined): Promise<void> {
    if (this.#ring.head() === undefined) return this.#begin(seen);
    const sighting = seen === undefined ? 'astray' : sightingOf(seen, this.#ring);
    if (seen !== undefined && sighting === 'ahead' && (await this.#climb(seen)) === 'climbed') {
      return;
    }
    // Who stands on our head while the pool is elsewhere speaks for nobody.
    const doubtful = sighting === 'ahead' || sighting === 'own' ? 'astray' : sighting;
    if (this.#doubt.raise(seen, doubtful, this.#pace())) await this.#hear();
  }

  /** Takes a first head: the highest that a quorum has reached of the endpoints that answer. */
  async #begin(seen: ChainBlock | undefined): Promise<void> {
    const told = this.#pool.stats().length > 1 ? await this.#reader.latestOfAll() : [];
    const heads = told.length === 0 && seen !== undefined ? [seen] : told;
    const head = reachedByAll(heads, Math.min(this.#quorum(), heads.length));
    if (head === undefined) throw unreadable('a block');
    await this.#restart(head);
    this.#changes.fire();
  }

  /** Asks every endpoint for its head, because one that speaks against ours may only lag. */
  async #hear(): Promise<void> {
    const blocks = await this.#reader.latestOfAll();
    blocks.sort((a, b) => Number(b.number - a.number));
    const hearing: Record<DoubtfulSighting, ChainBlock[]> & { own: number } = {
      own: 0,
      astray: [],
      elsewhere: [],
      behind: [],
      below: [],
    };
    let unproven = 0;
    for (const block of blocks) {
      const sighting = sightingOf(block, this.#ring);
      if (sighting === 'own') hearing.own += 1;
      else if (sighting !== 'ahead') hearing[sighting].push(block);
      else {
        const ascent = await this.#climb(block);
        if (ascent === 'climbed') return;
        if (ascent === 'astray') hearing.astray.push(block);
        else unproven += 1;
      }
    }
    const next = this.#doubt.judge(hearing, { ...this.#pace(), quorum: this.#quorum() });
    if (next !== undefined) await this.#leaveFor(next);
    else if (unproven === blocks.length) throw unreadable('a block that its parents bear out');
  }

  #pace(): { elapsedMs: number; blockIntervalMs: number } {
    const elapsedMs = this.#environment.clock.elapsedMs();
    return { elapsedMs, blockIntervalMs: blockIntervalMs(this.#ring) };
  }

  /**
   * A pool with fewer endpoints than the quorum decides with those that ever told a head of this
   * chain: not a relay for broadcasts, nor an endpoint of another chain.
   */
  #quorum(): number {
    let endpoints = 0;
    for (const { ejected, headNumber } of this.#pool.stats()) {
      if (headNumber !== undefined && ejected !== 'unauthorized') endpoints += 1;
    }
    return Math.max(1, Math.min(this.#options.quorum, endpoints));
  }

  /**
   * Makes a higher block the head, once its parents are known down to a block that we have.
   * @returns `astray` when it lies further off than the ring is long, above or by its branch;
   *   `unproven` when nobody has its parents, so that it may be invented.
   * @throws ChainFault when endpoints fail on the way.
   */
  async #climb(block: ChainBlock): Promise<'climbed' | 'astray' | 'unproven'> {
    const head = this.#ring.head();
    if (head === undefined) return 'astray';
    if (block.number - head.number > BigInt(this.#options.ringBlocks)) return 'astray';
    try {
      if (!(await this.#connect(block, head))) return 'astray';
    } catch (error) {
      if (!(error instanceof ChainFault) || !UNPROVEN.has(error.code)) throw error;
      return 'unproven';
    }
    this.#follow(block);
    return 'climbed';
  }

  /** Makes a block the head that a hearing decided for, wherever it lies. */
  async #leaveFor(block: ChainBlock): Promise<void> {
    const head = this.#ring.head();
    const base = this.#ring.base();
    invariant(head !== undefined && base !== undefined, 'a hearing is about a head');
    const isFar = block.number - head.number > BigInt(this.#options.ringBlocks);
    if (!isFar && block.number >= base.number && (await this.#connect(block, head))) {
      this.#follow(block);
      return;
    }
    await this.#restart(block);
    // Deeper than the ring: at least all of it was undone, and below it nothing is known.
    if (!isFar) {
      const isBelow = block.number < base.number;
      this.#countReorg(Number(head.number - base.number), isBelow ? -1n : base.number);
    }
    this.#changes.fire();
  }

  #follow(block: ChainBlock): void {
    this.#doubt.clear();
    const { commonAncestor, dropped } = this.#ring.follow(block.hash);
    if (dropped.length > 0) this.#countReorg(dropped.length, commonAncestor.number);
    this.#changes.fire();
  }

  /** Begins again at a block. One that is invented has no parent that somebody could show. */
  async #restart(block: ChainBlock): Promise<void> {
    if (block.number > 0n) requireParent(block, await this.#reader.byHash(block.parentHash));
    this.#doubt.clear();
    this.#ring.restart(block);
    this.#strays.clear();
    this.#historyTries = 0;
  }

  #countReorg(depth: number, commonAncestor: bigint): void {
    this.#reorganisations += 1;
    this.#deepest = Math.max(this.#deepest, depth);
    this.#tags.forgetAbove(commonAncestor);
  }

  /**
   * Brings everything between the ring and a block into the ring.
   * @returns false when the branches part below the ring.
   * @throws ChainFault CHAIN_ENDPOINTS_BEHIND or CHAIN_TRANSPORT_FAILED when its parents are not
   *   to be had or do not fit; what `EndpointPool.read` throws.
   */
  async #connect(block: ChainBlock, head: ChainBlock): Promise<boolean> {
    const ring = this.#ring;
    const ahead = new Map<string, ChainBlock>();
    if (block.number > head.number + 1n && !ring.reaches(block.parentHash)) {
      if (this.#strays.has(block.parentHash)) return false;
      // The parent first: for an invented block nothing else has to be read.
      const parent = await this.#reader.byHash(block.parentHash);
      requireParent(block, parent);
      ahead.set(parent.hash, parent);
      for (const told of await this.#reader.byNumbers(head.number + 1n, parent.number - 1n)) {
        // What fits already stays, so that a long way is not walked twice after a failure.
        if (!ring.attach(told)) ahead.set(told.hash, told);
      }
    }
    const path = [block];
    let lowest = block;
    while (!ring.reaches(lowest.parentHash)) {
      const isLost = this.#strays.has(lowest.parentHash);
      if (isLost || lowest.number <= (ring.base()?.number ?? 0n) + 1n) return this.#stray(path);
      const parent = ahead.get(lowest.parentHash) ?? (await this.#reader.byHash(lowest.parentHash));
      requireParent(lowest, parent);
      path.push(parent);
      lowest = parent;
    }
    const base = ring.base();
    requireParent(lowest, ring.blockOf(lowest.parentHash) ?? base ?? head);
    return path.reverse().every((step) => ring.attach(step));
  }

  /** Remembers blocks that part below the ring, so that nobody walks that way again. */
  #stray(path: readonly ChainBlock[]): false {
    if (this.#strays.size > STRAYS_MAX) this.#strays.clear();
    for (const { hash } of path) this.#strays.add(hash);
    return false;
  }

  async #refreshTags(): Promise<void> {
    if (await this.#tags.refresh(this.#ring)) this.#changes.fire();
  }

  /** Reads blocks below the first head. Worth having, not worth failing for. */
  async #readHistory(): Promise<void> {
    this.#historyTries += 1;
    const head = this.#ring.head();
    const base = this.#ring.base();
    if (head === undefined || base === undefined) return;
    const wanted = head.number - BigInt(this.#options.historyBlocks);
    const lowest = wanted > 0n ? wanted : 0n;
    if (base.number < lowest) {
      this.#historyTries = HISTORY_TRIES;
      return;
    }
    const blocks = await this.#reader.byNumbers(lowest, base.number);
    // With more of the past in the ring, what seemed astray may lead into it.
    this.#strays.clear();
    for (const block of blocks.reverse()) if (!this.#ring.prepend(block)) return;
  }
}

/** @throws ChainFault CHAIN_TRANSPORT_FAILED where this is not one block below. */
function requireParent(block: ChainBlock, parent: BlockReference): void {
  if (parent.number !== block.number - 1n) throw unreadable('the parent of a block');
}

/** @throws ChainFault CHAIN_CONFIG_INVALID. */
function checkOptions(options: Required<Omit<ChainTrackerOptions, 'durable'>>): void {
  const { pollIntervalMs, ringBlocks, historyBlocks, quorum } = options;
  requireAtLeast('pollIntervalMs', pollIntervalMs, 1);
  requireAtLeast('ringBlocks', ringBlocks, 2);
  requireAtLeast('historyBlocks', historyBlocks, 0);
  requireAtLeast('quorum', quorum, 1);
}

function requireAtLeast(name: string, count: number, least: number): void {
  if (Number.isSafeInteger(count) && count >= least) return;
  throw new ChainFault(
    'CHAIN_CONFIG_INVALID',
    `${name} has to be a whole number from ${least}; it is ${count}.`,
    { fields: { option: name, least } },
  );
}
