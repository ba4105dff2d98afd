import { ChainFault } from '../chainFault.ts';
import type { Environment } from '../environment.ts';
import type { ErrorVerdict } from './classifyError.ts';
import type { ReadPriority } from './endpointPool.ts';
import type { HeadMonitor } from './headMonitor.ts';
import { methodRow } from './methods.ts';
import type { Attempt, PoolEndpoint } from './poolEndpoint.ts';
import type { RpcCall } from './transport.ts';
import { RpcError } from './transport.ts';

/** Pace of reads. */
export interface ReadSettings {
  readonly hedgeAfterMs: number;
  readonly tryTimeoutMs: number;
}

/** What a read stands on. */
export interface ReadDependencies {
  readonly endpoints: readonly PoolEndpoint[];
  readonly monitor: HeadMonitor;
  readonly environment: Environment;
  /** Called whenever the standing of an endpoint may have changed; reads that wait sign in. */
  readonly changes: Set<() => void>;
  /** Hears every result with the endpoint that gave it. */
  readonly onAnswer: (endpoint: PoolEndpoint, result: unknown) => void;
}

/** Reads that may wait for endpoints to come back, at most. */
const WAITING_MAX = 10_000;
/** Pause before everybody is asked again, doubled each time, with full jitter. */
const ROUND_MS = 100;
const ROUND_MS_MAX = 2_000;
/** Heavy methods are given this many times the usual pause before a second endpoint is asked. */
const HEAVY_PATIENCE = 4;

/**
 * One read: asks the best endpoint, the next best after a pause, and others at once when one fails.
 *
 * The first result wins and ends the other tries. An application error that may be one node's own
 * is only believed once every endpoint that can be asked has failed to do better. When nobody can
 * be asked it waits for a breaker to half-open, until its time is up. One timer serves all of it.
 */
export class HedgedRead {
  readonly result: Promise<unknown>;
  readonly #call: RpcCall;
  readonly #settings: ReadSettings;
  readonly #dependencies: ReadDependencies;
  readonly #atLeastBlock: bigint | undefined;
  readonly #deadlineMs: number;
  readonly #heavy: boolean;
  readonly #priority: ReadPriority | undefined;
  readonly #ending: AbortController = new AbortController();
  readonly #tried: Set<PoolEndpoint> = new Set();
  readonly #refusals: Refused[] = [];
  #running = 0;
  #tries = 0;
  #rounds = 0;
  #refreshed = false;
  #waiting = false;
  #settled = false;
  #lastFailure: unknown;
  #hedgeAtMs = Number.POSITIVE_INFINITY;
  #wakeAtMs = Number.POSITIVE_INFINITY;
  #timerAtMs = Number.POSITIVE_INFINITY;
  #resolve: (result: unknown) => void = () => undefined;
  #reject: (reason: unknown) => void = () => undefined;

  constructor(
    call: RpcCall,
    options: ReadSettings & {
      readonly timeoutMs: number;
      readonly atLeastBlock: bigint | undefined;
      readonly priority: ReadPriority | undefined;
    },
    dependencies: ReadDependencies,
  ) {
    this.#call = call;
    this.#settings = options;
    this.#dependencies = dependencies;
    this.#atLeastBlock = options.atLeastBlock;
    this.#priority = options.priority;
    this.#deadlineMs = this.#nowMs() + options.timeoutMs;
    this.#heavy = methodRow(call.method).heavy === true;
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  start(): void {
    this.#advance();
  }

  /** Ends the read from outside, with this reason. */
  cancel(reason: unknown): void {
    if (!this.#settled) this.#finish(() => this.#reject(reason));
  }

  /** Asks the next endpoint, or decides what it means that there is none. */
  #advance(): void {
    if (this.#settled) return;
    const next = this.#choose();
    if (next !== undefined) this.#launch(next);
    else if (this.#running === 0) this.#endRound();
    this.#arm();
  }

  #choose(): PoolEndpoint | undefined {
    const { method } = this.#call;
    const admission = { method, methodClass: 'read', priority: this.#priority } as const;
    let best: PoolEndpoint | undefined;
    let bestScore = 0;
    for (const endpoint of this.#dependencies.endpoints) {
      if (this.#tried.has(endpoint) || !this.#canAsk(endpoint)) continue;
      if (this.#isBehind(endpoint)) continue;
      const score = endpoint.score(admission);
      if (score > bestScore) {
        best = endpoint;
        bestScore = score;
      }
    }
    return best;
  }

  #canAsk(endpoint: PoolEndpoint): boolean {
    if (!endpoint.usable || !endpoint.breaker.admits()) return false;
    return !endpoint.lacks(this.#call.method);
  }

  #isBehind({ headNumber }: PoolEndpoint): boolean {
    if (this.#atLeastBlock === undefined) return false;
    return headNumber === undefined || headNumber < this.#atLeastBlock;
  }

  #launch(endpoint: PoolEndpoint): void {
    const nowMs = this.#nowMs();
    const { hedgeAfterMs, tryTimeoutMs } = this.#settings;
    const leftMs = Math.max(1, this.#deadlineMs - nowMs);
    const timeoutMs = this.#heavy ? leftMs : Math.min(tryTimeoutMs, leftMs);
    this.#tried.add(endpoint);
    this.#running += 1;
    this.#tries += 1;
    // Where everybody is slow, a second request to each would only make it slower.
    const usualMs = Math.min(endpoint.latency.p90() ?? 0, HEAVY_PATIENCE * hedgeAfterMs);
    const pauseMs = this.#heavy ? HEAVY_PATIENCE * hedgeAfterMs : Math.max(hedgeAfterMs, usualMs);
    this.#hedgeAtMs = nowMs + pauseMs;
    const { signal } = this.#ending;
    const priority = this.#priority;
    endpoint.attempt(this.#call, { methodClass: 'read', priority, timeoutMs, signal }).then(
      (outcome) => this.#onOutcome(endpoint, outcome),
      (bug) => this.cancel(bug),
    );
  }

  #onOutcome(endpoint: PoolEndpoint, outcome: Attempt): void {
    if (this.#settled) return;
    this.#running -= 1;
    if (outcome.kind === 'answered') {
      this.#dependencies.onAnswer(endpoint, outcome.result);
      for (const refused of this.#refusals) refused.endpoint.onContradicted();
      this.#finish(() => this.#resolve(outcome.result));
      announce(this.#dependencies.changes);
      return;
    }
    if (outcome.kind === 'failed') {
      const { error, verdict } = outcome;
      if (!(error instanceof RpcError)) this.#lastFailure = error;
      else if (verdict.advice === 'never') {
        this.#finish(() => this.#reject(error));
        return;
      } else this.#refusals.push({ endpoint, error, verdict });
    }
    this.#advance();
  }

  /** Everybody that can be asked was asked. */
  #endRound(): void {
    const firm = this.#refusals.find(({ verdict }) => verdict.advice === 'otherEndpoint');
    if (this.#atLeastBlock !== undefined && !this.#refreshed) {
      this.#refreshed = true;
      if (this.#refreshHeads()) return;
    }
    if (firm !== undefined) this.#finish(() => this.#reject(this.#refusalOf(firm)));
    else if (this.#nobodyOffers()) this.#finish(() => this.#reject(this.#unsupported()));
    else if (this.#everybodyIsBehind()) this.#finish(() => this.#reject(this.#behind()));
    else if (this.#isHopeless()) this.#finish(() => this.#reject(this.#unavailable()));
    else this.#await();
  }

  /** Asks those that are behind for their heads, then goes on. @returns whether there are any. */
  #refreshHeads(): boolean {
    const { endpoints, monitor } = this.#dependencies;
    const behind = endpoints.filter((one) => this.#canAsk(one) && this.#isBehind(one));
    if (behind.length === 0) return false;
    this.#running += 1;
    const goOn = (): void => {
      this.#running -= 1;
      this.#advance();
    };
    Promise.all(behind.map((endpoint) => monitor.refresh(endpoint))).then(goOn, goOn);
    return true;
  }

  /** Signs in for changes, and sets the next look. */
  #await(): void {
    const { changes, endpoints, environment } = this.#dependencies;
    if (changes.size >= WAITING_MAX) {
      this.#finish(() => this.#reject(this.#unavailable()));
      return;
    }
    const nowMs = this.#nowMs();
    this.#tried.clear();
    this.#rounds += 1;
    this.#hedgeAtMs = Number.POSITIVE_INFINITY;
    if (endpoints.some((endpoint) => this.#canAsk(endpoint) && !this.#isBehind(endpoint))) {
      const pauseMs = Math.min(ROUND_MS * 2 ** this.#rounds, ROUND_MS_MAX);
      this.#wakeAtMs = nowMs + Math.max(1, pauseMs * environment.random.next());
      return;
    }
    this.#waiting = true;
    changes.add(this.#onChange);
    const closed = endpoints.filter(({ usable, breaker }) => usable && !breaker.admits());
    const trialMs = Math.min(...closed.map(({ breaker }) => breaker.waitMs()));
    this.#wakeAtMs = nowMs + Math.max(1, trialMs);
  }

  readonly #onChange = (): void => {
    if (this.#isHopeless()) this.cancel(this.#unavailable());
    if (this.#settled || this.#choose() === undefined) return;
    this.#stopWaiting();
    this.#advance();
  };

  #stopWaiting(): void {
    this.#wakeAtMs = Number.POSITIVE_INFINITY;
    if (!this.#waiting) return;
    this.#waiting = false;
    this.#dependencies.changes.delete(this.#onChange);
  }

  /** Sleeps until the next of hedge, look and deadline; one timer at a time does. */
  #arm(): void {
    if (this.#settled) return;
    const atMs = Math.min(this.#hedgeAtMs, this.#wakeAtMs, this.#deadlineMs);
    if (this.#timerAtMs <= atMs) return;
    this.#timerAtMs = atMs;
    const pauseMs = Math.max(0, atMs - this.#nowMs());
    const { clock } = this.#dependencies.environment;
    clock.sleep(pauseMs, this.#ending.signal).then(
      () => this.#onTimer(atMs),
      // The end of the read ends its timers.
      () => undefined,
    );
  }

  #onTimer(atMs: number): void {
    if (this.#settled) return;
    if (this.#timerAtMs === atMs) this.#timerAtMs = Number.POSITIVE_INFINITY;
    const nowMs = Math.max(this.#nowMs(), atMs);
    if (nowMs >= this.#deadlineMs) {
      const [refused] = this.#refusals;
      const reason = refused === undefined ? this.#unavailable() : this.#refusalOf(refused);
      this.#finish(() => this.#reject(reason));
    } else if (nowMs >= this.#wakeAtMs) {
      this.#stopWaiting();
      this.#refusals.length = 0;
      this.#advance();
    } else if (nowMs >= this.#hedgeAtMs) {
      this.#hedgeAtMs = Number.POSITIVE_INFINITY;
      this.#advance();
    } else this.#arm();
  }

  #finish(settle: () => void): void {
    this.#settled = true;
    this.#stopWaiting();
    settle();
    this.#ending.abort(ENDED);
  }

  #nobodyOffers(): boolean {
    const usable = this.#dependencies.endpoints.filter((endpoint) => endpoint.usable);
    return usable.length > 0 && usable.every((endpoint) => endpoint.lacks(this.#call.method));
  }

  /** Whether endpoints can be asked, and none of them has the block. */
  #everybodyIsBehind(): boolean {
    const askable = this.#dependencies.endpoints.filter((endpoint) => this.#canAsk(endpoint));
    return askable.length > 0 && askable.every((endpoint) => this.#isBehind(endpoint));
  }

  #isHopeless(): boolean {
    return this.#dependencies.endpoints.every(({ ejected }) => ejected !== undefined);
  }

  #refusalOf({ error, verdict }: Refused): ChainFault {
    return verdict.meaning === 'methodUnsupported' ? this.#unsupported(error) : error;
  }

  #unsupported(cause?: RpcError): ChainFault {
    const { method } = this.#call;
    const sentence = `no endpoint offers ${method}: add one that does, or do without`;
    const fields = { method };
    return new ChainFault('CHAIN_METHOD_UNSUPPORTED', sentence, { fields, cause });
  }

  #behind(): ChainFault {
    const { method } = this.#call;
    const best = this.#dependencies.monitor.bestHead();
    const sentence = `no endpoint has block ${this.#atLeastBlock} that ${method} asks for yet`;
    const fields = { method, atLeastBlock: `${this.#atLeastBlock}`, bestHead: `${best}` };
    return new ChainFault('CHAIN_ENDPOINTS_BEHIND', sentence, { fields });
  }

  #unavailable(): ChainFault {
    const { method } = this.#call;
    const { endpoints } = this.#dependencies;
    const standing = endpoints.map(({ name, ejected, breaker, chain }) => {
      return `${name} ${ejected ?? (chain === 'right' ? breaker.state : chain)}`;
    });
    const sentence = `${method}: no endpoint answered after ${this.#tries} tries`;
    const detail = { fields: { method, tries: this.#tries, endpoints: standing.join(', ') } };
    const cause = this.#lastFailure;
    const rest = cause === undefined ? detail : { ...detail, cause };
    return new ChainFault('CHAIN_ENDPOINTS_UNAVAILABLE', sentence, rest);
  }

  #nowMs(): number {
    return this.#dependencies.environment.clock.elapsedMs();
  }
}

/** Tells every read that waits; those that go on sign out meanwhile. */
export function announce(changes: ReadonlySet<() => void>): void {
  if (changes.size === 0) return;
  for (const listener of [...changes]) listener();
}

/** Why tries and timers end with their read; no error object, which would record a stack. */
const ENDED = 'the read has ended';

interface Refused {
  readonly endpoint: PoolEndpoint;
  readonly error: RpcError;
  readonly verdict: ErrorVerdict;
}
