import { LRUCache } from 'lru-cache';
import { ChainFault } from '../chainFault.ts';
import type { EndpointPool, ReadOptions } from '../endpoints/endpointPool.ts';
import type { RpcCall } from '../endpoints/transport.ts';
import type { Environment } from '../environment.ts';
import type { CachePlan, ChainView } from './cacheRules.ts';
import { FINAL_ANCHOR, isFinalAnswer, planOf } from './cacheRules.ts';

/** What the cache did. Counts stay under 2^53. */
export interface ReadCacheStats {
  /** Answered from memory. */
  readonly hits: number;
  /** Joined a read that was already under way. */
  readonly shared: number;
  readonly misses: number;
  /** Never cached: nonces, pending state, estimates, and everything before the first head. */
  readonly bypassed: number;
  readonly entries: number;
  /** (hits + shared) of all reads that may be cached; undefined before the first. */
  readonly hitRate: number | undefined;
}

/** Reads of a pool, remembered while they are true. Answers are shared: do not change them. */
export interface ReadCache {
  /** As `EndpointPool.read`; the options of a caller bound its own wait, not the shared read. */
  read(call: RpcCall, options?: ReadOptions): Promise<unknown>;
  stats(): ReadCacheStats;
  clear(): void;
}

/** Size of a cache. */
export interface ReadCacheOptions {
  readonly chainId: number;
  /** Answers at most, of whatever size; the longest unused go first. */
  readonly entriesMax?: number;
}

/** What a cache stands on. */
export interface ReadCacheDependencies {
  readonly pool: Pick<EndpointPool, 'read'>;
  readonly tracker: ChainView;
  readonly environment: Environment;
}

/**
 * Keeps answers by chain, method, parameters and the hash of the block they belong to, so that a
 * new head or a reorganisation needs no invalidation: the key is another one.
 */
export function createReadCache(
  options: ReadCacheOptions,
  dependencies: ReadCacheDependencies,
): ReadCache {
  return new KeyedCache(options, dependencies);
}

type KeptPlan = Extract<CachePlan, { kind: 'kept' }>;

/** Boxed, so that `null` and absence are told apart. */
interface Answer {
  readonly result: unknown;
  readonly keep: boolean;
}

interface Question {
  readonly call: RpcCall;
  readonly plan: KeptPlan;
}

const ENTRIES_MAX = 5_000;

class KeyedCache implements ReadCache {
  readonly #options: ReadCacheOptions;
  readonly #dependencies: ReadCacheDependencies;
  /** Made at the first read: its tables are allocated in full. */
  #answers: LRUCache<string, Answer, Question> | undefined;
  #hits = 0;
  #shared = 0;
  #misses = 0;
  #bypassed = 0;

  constructor(options: ReadCacheOptions, dependencies: ReadCacheDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  async read(call: RpcCall, options: ReadOptions = {}): Promise<unknown> {
    const { pool, tracker } = this.#dependencies;
    const plan = planOf(call, tracker);
    if (plan.kind === 'never' || !isRecentEnough(plan, options, tracker)) {
      this.#bypassed += 1;
      return pool.read(call, options);
    }
    options.signal?.throwIfAborted();
    this.#answers ??= this.#open();
    const finalKey = this.#keyOf(call, FINAL_ANCHOR);
    const key = this.#answers.has(finalKey) ? finalKey : this.#keyOf(call, plan.anchor);
    const status: LRUCache.Status<string, Answer, Question> = {};
    const fetching = this.#answers.fetch(key, { context: { call, plan }, status });
    if (status.fetch === 'hit') this.#hits += 1;
    else if (status.fetch === 'inflight') this.#shared += 1;
    else this.#misses += 1;
    const answer = await this.#within(fetching, call, options);
    if (answer === undefined) return pool.read(call, options);
    if (!answer.keep && this.#answers.peek(key) === answer) this.#answers.delete(key);
    else if (key !== finalKey && isFinalAnswer(answer.result, tracker)) {
      this.#answers.set(finalKey, answer, { ttl: 0 });
    }
    return answer.result;
  }

  stats(): ReadCacheStats {
    const [hits, shared, misses] = [this.#hits, this.#shared, this.#misses];
    const all = hits + shared + misses;
    return {
      hits,
      shared,
      misses,
      bypassed: this.#bypassed,
      entries: this.#answers?.size ?? 0,
      hitRate: all === 0 ? undefined : (hits + shared) / all,
    };
  }

  clear(): void {
    this.#answers?.clear();
  }

  #open(): LRUCache<string, Answer, Question> {
    const { clock } = this.#dependencies.environment;
    return new LRUCache<string, Answer, Question>({
      max: this.#options.entriesMax ?? ENTRIES_MAX,
      // Zero is how the library says "no start": a clock that begins there would never let go.
      perf: { now: () => clock.elapsedMs() + 1 },
      // With a resolution it would cache the time under a timer of its own.
      ttlResolution: 0,
      // An answer that was crowded out while it was fetched still goes to those who wait for it.
      ignoreFetchAbort: true,
      fetchMethod: async (_key, _stale, { options, context: { call, plan } }) => {
        const answer = await this.#fetch(call, plan);
        options.ttl = plan.ttlMs;
        return answer;
      },
    });
  }

  async #fetch(call: RpcCall, plan: KeptPlan): Promise<Answer> {
    const { pool, tracker } = this.#dependencies;
    const { atLeastBlock } = plan;
    const result = await pool.read(call, atLeastBlock === undefined ? {} : { atLeastBlock });
    // Absence may be a matter of minutes; a head that moved leaves open which one was answered.
    const isAbsent = result === null || result === undefined;
    const isOpen = plan.head !== undefined && tracker.head()?.hash !== plan.head;
    return { result, keep: !isAbsent && !isOpen };
  }

  #keyOf({ method, params }: RpcCall, anchor: string): string {
    // Hexadecimal digits come in both cases, and nothing else here has any.
    const rest = JSON.stringify(params).toLowerCase();
    return `${this.#options.chainId} ${method} ${anchor} ${rest}`;
  }

  /** One caller's patience; the read goes on for the others. */
  async #within<T>(reading: Promise<T>, call: RpcCall, options: ReadOptions): Promise<T> {
    const { signal, timeoutMs } = options;
    if (signal === undefined && timeoutMs === undefined) return reading;
    const { clock } = this.#dependencies.environment;
    const ending = new AbortController();
    const leave = (): void => ending.abort(signal?.reason);
    signal?.addEventListener('abort', leave, { once: true });
    const expired = clock.sleep(timeoutMs ?? NO_TIMEOUT_MS, ending.signal).then(() => {
      const sentence = `${call.method} was not answered within ${timeoutMs} ms`;
      const fields = { method: call.method };
      throw new ChainFault('CHAIN_ENDPOINTS_UNAVAILABLE', sentence, { fields });
    });
    try {
      return await Promise.race([reading, expired]);
    } finally {
      signal?.removeEventListener('abort', leave);
      ending.abort(ENDED);
    }
  }
}

/** Far beyond any read of a pool, which ends by itself. */
const NO_TIMEOUT_MS = 600_000;
const ENDED = 'the read has ended';

/** Whether the plan serves somebody who asks for a block at least this high. */
function isRecentEnough(plan: KeptPlan, options: ReadOptions, view: ChainView): boolean {
  const { atLeastBlock } = options;
  if (atLeastBlock === undefined || plan.anchor === FINAL_ANCHOR) return true;
  const head = view.head();
  return plan.head !== undefined && head !== undefined && head.number >= atLeastBlock;
}
