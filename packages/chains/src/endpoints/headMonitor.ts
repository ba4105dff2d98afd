import type { Clock } from '../environment.ts';
import type { ChainDialect } from './dialect.ts';
import type { PoolEndpoint } from './poolEndpoint.ts';
import { withDeadline } from './withDeadline.ts';

/** Pace and patience of the monitor. */
export interface HeadMonitorSettings {
  /** Between two polls of one endpoint, at least. */
  readonly headPollMs: number;
  readonly tryTimeoutMs: number;
}

/** Polls without progress, all of them while others were ahead, that eject an endpoint. */
const STUCK_POLLS = 3;
/**
 * Polls without progress that do so once others are this far ahead. With the poll that saw its last
 * block these are three; a node that is merely the last to hear of a block passes.
 */
const IDLE_POLLS = 2;
const FAR_BEHIND = 2;
/** Blocks by which one of two endpoints may lead the other and still be believed. */
const PLAUSIBLE_LEAD = 1_024n;
/** No head is as high; a number keeps what is lower exact. */
const HEAD_MAX = BigInt(Number.MAX_SAFE_INTEGER);
/** Every so many polls the chain is asked for again. */
const IDENTITY_POLLS = 3;
/** Between two looks at an endpoint whose breaker is open, at least. */
const TRIAL_MS_MIN = 100;
/** Between two polls of an endpoint that has not told its chain yet: calls may be waiting. */
const UNVERIFIED_MS = 500;

/**
 * Polls every endpoint for its head and, now and then, for its chain.
 *
 * A head that lags demotes an endpoint, one that stands still while others move ejects it, and so
 * does another chain; all of it is taken back when a later poll says so. Polls go through limiter
 * and breaker like any read, and are the trials by which a breaker closes again.
 */
export class HeadMonitor {
  readonly #endpoints: readonly PoolEndpoint[];
  readonly #dialect: ChainDialect;
  readonly #settings: HeadMonitorSettings;
  readonly #clock: Clock;
  readonly #onChange: () => void;
  readonly #watches: Map<PoolEndpoint, Watch> = new Map();
  readonly #closing: AbortController = new AbortController();
  readonly #loops: Promise<void>[] = [];

  constructor(
    options: HeadMonitorSettings & {
      readonly endpoints: readonly PoolEndpoint[];
      readonly dialect: ChainDialect;
      /** Called after every poll, which may have changed the standing of an endpoint. */
      readonly onChange: () => void;
    },
    clock: Clock,
  ) {
    this.#endpoints = options.endpoints;
    this.#dialect = options.dialect;
    this.#settings = options;
    this.#onChange = options.onChange;
    this.#clock = clock;
    for (const endpoint of options.endpoints) {
      const advancedAtMs = Number.NEGATIVE_INFINITY;
      const running = undefined;
      const counts = { polls: 0, idlePolls: 0, stuckPolls: 0 };
      this.#watches.set(endpoint, { ...counts, advancedAtMs, forced: false, running });
    }
  }

  /** Begins to poll. */
  start(): void {
    for (const [endpoint, watch] of this.#watches) this.#loops.push(this.#follow(endpoint, watch));
  }

  /**
   * The highest head among endpoints in good standing that is not one endpoint's word alone: of
   * three or more the second highest. Of two the higher, unless it is implausibly far off.
   */
  bestHead(): bigint | undefined {
    const heads: bigint[] = [];
    for (const { headNumber, usable, breaker } of this.#endpoints) {
      if (headNumber !== undefined && usable && breaker.state === 'closed') heads.push(headNumber);
    }
    heads.sort((a, b) => (a < b ? 1 : a > b ? -1 : 0));
    const [highest, second] = heads;
    if (highest === undefined || second === undefined) return highest;
    return heads.length > 2 || highest - second > PLAUSIBLE_LEAD ? second : highest;
  }

  /** Polls one endpoint now, or joins the poll that is running. Never rejects. */
  refresh(endpoint: PoolEndpoint): Promise<void> {
    const watch = this.#watches.get(endpoint);
    if (watch === undefined) return Promise.resolve();
    watch.forced = true;
    return this.#join(endpoint, watch);
  }

  /** A read told of a head in passing. Only progress counts: a read is no poll. */
  observe(endpoint: PoolEndpoint, head: bigint): void {
    const watch = this.#watches.get(endpoint);
    if (watch === undefined || head > HEAD_MAX || head <= (endpoint.headNumber ?? -1n)) return;
    this.#record(endpoint, watch, head);
  }

  async close(): Promise<void> {
    this.#closing.abort('the pool was closed');
    await Promise.all(this.#loops);
  }

  async #follow(endpoint: PoolEndpoint, watch: Watch): Promise<void> {
    const { signal } = this.#closing;
    const { headPollMs } = this.#settings;
    while (!signal.aborted) {
      await this.#join(endpoint, watch);
      const trialMs = endpoint.breaker.waitMs();
      const isDown = endpoint.breaker.state === 'open' && trialMs < headPollMs;
      const usualMs =
        endpoint.chain === 'unverified' ? Math.min(headPollMs, UNVERIFIED_MS) : headPollMs;
      const pauseMs = isDown ? Math.max(trialMs, TRIAL_MS_MIN) : usualMs;
      await this.#clock.sleep(pauseMs, signal).catch(() => undefined);
    }
  }

  #join(endpoint: PoolEndpoint, watch: Watch): Promise<void> {
    watch.running ??= this.#poll(endpoint, watch).finally(() => {
      watch.running = undefined;
    });
    return watch.running;
  }

  async #poll(endpoint: PoolEndpoint, watch: Watch): Promise<void> {
    watch.polls += 1;
    const asksIdentity = endpoint.chain !== 'right' || watch.polls % IDENTITY_POLLS === 0;
    if (asksIdentity && !(await this.#checkIdentity(endpoint))) return;
    const sinceMs = this.#clock.elapsedMs() - watch.advancedAtMs;
    // Reads have seen its head move within this period: nothing to ask.
    const isKnown = sinceMs < this.#settings.headPollMs && !watch.forced;
    watch.forced = false;
    if (isKnown) return;
    const outcome = await this.#ask(endpoint, this.#dialect.head);
    if (outcome === undefined) return;
    const head = this.#dialect.headOf(this.#dialect.head, outcome.result);
    // An answer that is no head is as unreadable as no answer.
    if (head === undefined || head > HEAD_MAX) endpoint.breaker.onFailed();
    else this.#onPolled(endpoint, watch, head);
    this.#onChange();
  }

  /** @returns whether the endpoint is on the right chain. */
  async #checkIdentity(endpoint: PoolEndpoint): Promise<boolean> {
    const outcome = await this.#ask(endpoint, this.#dialect.identity);
    if (outcome !== undefined) {
      const isRight = this.#dialect.isRightChain(outcome.result);
      endpoint.chain = isRight ? 'right' : 'wrong';
      // What another chain told of its head means nothing on this one.
      if (!isRight) endpoint.headNumber = undefined;
    }
    this.#onChange();
    return outcome !== undefined && endpoint.chain === 'right';
  }

  async #ask(
    endpoint: PoolEndpoint,
    call: ChainDialect['head'],
  ): Promise<{ readonly result: unknown } | undefined> {
    const { signal } = this.#closing;
    const { tryTimeoutMs: timeoutMs } = this.#settings;
    // Lanes and trackers wait for heads.
    const rank = { methodClass: 'read', priority: 'high' } as const;
    const options = { ...rank, timeoutMs };
    const isBusy = endpoint.limiter.waitMs({ method: call.method, ...rank }) > 0;
    // A poll that has to queue gives up after a while; the next one comes anyway.
    const outcome = isBusy
      ? await withDeadline({ timeoutMs: 2 * timeoutMs, signals: [signal] }, this.#clock, (ending) =>
          endpoint.attempt(call, { ...options, signal: ending }),
        )
      : await endpoint.attempt(call, { ...options, signal });
    if (outcome.kind === 'answered') return outcome;
    if (outcome.kind === 'failed') {
      const { verdict } = outcome;
      if (verdict.meaning === 'unauthorized') endpoint.unauthorized = true;
      else if (!verdict.countsAgainstEndpoint) endpoint.onContradicted();
      this.#onChange();
    }
    return undefined;
  }

  #onPolled(endpoint: PoolEndpoint, watch: Watch, head: bigint): void {
    const advanced = endpoint.headNumber === undefined || head > endpoint.headNumber;
    this.#record(endpoint, watch, head);
    const lag = endpoint.headLag ?? 0;
    watch.idlePolls = advanced ? 0 : watch.idlePolls + 1;
    watch.stuckPolls = advanced || lag === 0 ? 0 : watch.stuckPolls + 1;
    const isFarBehind = lag >= FAR_BEHIND && watch.idlePolls >= IDLE_POLLS;
    endpoint.headStuck = isFarBehind || watch.stuckPolls >= STUCK_POLLS;
  }

  /** The lag is taken now, against heads that may be a poll old: it errs towards too small. */
  #record(endpoint: PoolEndpoint, watch: Watch, head: bigint): void {
    const advanced = endpoint.headNumber === undefined || head > endpoint.headNumber;
    if (advanced) watch.advancedAtMs = this.#clock.elapsedMs();
    endpoint.headNumber = head;
    const best = this.bestHead();
    endpoint.headLag = best === undefined || best <= head ? 0 : Number(best - head);
  }
}

interface Watch {
  polls: number;
  /** Polls in a row without progress, and those of them while others were ahead. */
  idlePolls: number;
  stuckPolls: number;
  advancedAtMs: number;
  /** Somebody needs to know now, whatever reads have seen. */
  forced: boolean;
  running: Promise<void> | undefined;
}
