import type { Environment } from '../environment.ts';
import { Breaker } from './breaker.ts';
import type { Admission } from './broadcastReserve.ts';
import type { ErrorVerdict } from './classifyError.ts';
import { classifyError } from './classifyError.ts';
import type { Capability, EndpointStats, MethodClass, ReadPriority } from './endpointPool.ts';
import { Latency } from './latency.ts';
import type { Refusal } from './limiter.ts';
import { Limiter } from './limiter.ts';
import { methodRow } from './methods.ts';
import type { EndpointLimits } from './presets.ts';
import type { RpcCall, Transport, TryOptions } from './transport.ts';
import { TransportError } from './transport.ts';

/** How one try at one endpoint ended. */
export type Attempt =
  | { readonly kind: 'answered'; readonly result: unknown }
  | { readonly kind: 'failed'; readonly error: unknown; readonly verdict: ErrorVerdict }
  /** Nothing was sent. */
  | { readonly kind: 'skipped'; readonly refusal: Refusal | 'breaker' };

/** What a try may take. */
export interface AttemptOptions {
  readonly methodClass: MethodClass;
  readonly priority?: ReadPriority | undefined;
  /** From the moment it is sent; the wait in the queue ends with the signal. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Latency assumed before the first answer. */
const LATENCY_GUESS_MS = 50;
/** Latency, queue included, at which the score is halved: the pace of the hedge. */
const HALF_SCORE_MS = 150;
/** Methods that an endpoint is known not to have, at most, and for how long that is believed. */
const UNSUPPORTED_MAX = 256;
const UNSUPPORTED_MS = 600_000;

/** One endpoint of the pool: its limits, its breaker, and what is known of its health. */
export class PoolEndpoint {
  readonly name: string;
  readonly transport: Transport;
  readonly limiter: Limiter;
  readonly breaker: Breaker;
  readonly latency: Latency = new Latency();
  /** What probes found. */
  readonly capabilities: Map<Capability, boolean> = new Map();
  /** Nothing is asked of an endpoint before it told the right chain. */
  chain: 'unverified' | 'right' | 'wrong' = 'unverified';
  /** Polls were refused for want of a key. Other calls prove nothing: plans lack methods. */
  unauthorized = false;
  headStuck = false;
  headNumber: bigint | undefined;
  /** Blocks behind the best head when it last told its own. */
  headLag: number | undefined;

  readonly #environment: Environment;
  /** Methods that it refused as unknown, and until when they are not asked again. */
  readonly #unsupported: Map<string, number> = new Map();
  readonly #weight: number;
  readonly #lagTolerance: number;
  #requests = 0;
  #errors = 0;
  /** 1 while its answers stand; less after others answered what it refused. */
  #credit = 1;

  constructor(
    options: {
      readonly transport: Transport;
      readonly limits: EndpointLimits;
      readonly weight: number;
      readonly lagTolerance: number;
    },
    environment: Environment,
  ) {
    this.name = options.transport.name;
    this.transport = options.transport;
    this.limiter = new Limiter(options.limits, environment.clock);
    this.breaker = new Breaker(environment);
    this.#weight = options.weight;
    this.#lagTolerance = options.lagTolerance;
    this.#environment = environment;
  }

  get ejected(): EndpointStats['ejected'] {
    if (this.chain === 'wrong') return 'wrongChain';
    if (this.unauthorized) return 'unauthorized';
    return this.headStuck ? 'headStuck' : undefined;
  }

  /** Whether calls may go here at all, leaving the breaker aside. */
  get usable(): boolean {
    return this.chain === 'right' && !this.unauthorized && !this.headStuck;
  }

  /** Whether it refused this method as unknown a short while ago. */
  lacks(method: string): boolean {
    const untilMs = this.#unsupported.get(method);
    if (untilMs === undefined) return false;
    if (untilMs > this.#environment.clock.elapsedMs()) return true;
    this.#unsupported.delete(method);
    return false;
  }

  /** 0 to 1: expected latency, lag, credit and breaker in one number. */
  score(admission: Admission): number {
    if (!this.usable) return 0;
    const waitMs = this.limiter.waitMs(admission);
    const latencyMs = (this.latency.expected() ?? LATENCY_GUESS_MS) + waitMs;
    const lag = Math.max(0, (this.headLag ?? 0) - this.#lagTolerance);
    const trial = this.breaker.state === 'closed' ? 1 : 0.01;
    const pace = HALF_SCORE_MS / (HALF_SCORE_MS + latencyMs);
    return (this.#weight * this.#credit * trial * pace) / (1 + lag);
  }

  /** Tries once. Never rejects; books what came of it. */
  async attempt(call: RpcCall, options: AttemptOptions): Promise<Attempt> {
    const { methodClass, priority, signal } = options;
    const leave = this.limiter.acquire({ method: call.method, methodClass, priority }, signal);
    if (leave !== undefined) {
      const refusal = await leave;
      if (refusal !== undefined) return { kind: 'skipped', refusal };
    }
    if (!this.breaker.enter()) {
      this.limiter.release();
      return { kind: 'skipped', refusal: 'breaker' };
    }
    this.#requests += 1;
    const sentAtMs = this.#environment.clock.elapsedMs();
    const tryOptions: TryOptions = { timeoutMs: options.timeoutMs, signal };
    try {
      const result = await this.transport.request(call, tryOptions);
      this.#onResult(call, sentAtMs);
      return { kind: 'answered', result };
    } catch (error) {
      return this.#onError(call, error, { methodClass, sentAtMs });
    } finally {
      this.limiter.release();
    }
  }

  /** Another endpoint answered what this one refused. */
  onContradicted(): void {
    this.#credit = Math.max(0.01, this.#credit * 0.7);
  }

  stats(): EndpointStats {
    const { queued, running, debt } = this.limiter.stats();
    const offered = [...this.capabilities].filter(([, offers]) => offers);
    return {
      endpoint: this.name,
      requests: this.#requests,
      errors: this.#errors,
      queued,
      running,
      breaker: this.breaker.state,
      ejected: this.ejected,
      headNumber: this.headNumber,
      headLag: this.headLag,
      score: this.score({ method: '', methodClass: 'read' }),
      latencyMsMedian: this.latency.median(),
      limiterDebt: debt,
      capabilities: offered.map(([capability]) => capability),
    };
  }

  #onResult(call: RpcCall, sentAtMs: number): void {
    this.breaker.onAnswered();
    this.limiter.onAnswered();
    this.unauthorized = false;
    this.#credit = Math.min(1, this.#credit + 0.1);
    if (methodRow(call.method).heavy === true) return;
    this.latency.add(this.#environment.clock.elapsedMs() - sentAtMs);
  }

  #onError(
    call: RpcCall,
    error: unknown,
    sent: { readonly methodClass: MethodClass; readonly sentAtMs: number },
  ): Attempt {
    const verdict = classifyError(error, sent.methodClass);
    const isSilence = error instanceof TransportError;
    const isAbandoned = isSilence && error.failure === 'aborted';
    if (!isAbandoned) this.#errors += 1;
    if (isSilence && (isAbandoned || error.failure === 'timeout')) {
      this.#onSilence(call, sent.sentAtMs);
    }
    if (isAbandoned) this.breaker.onAbandoned();
    else if (verdict.countsAgainstEndpoint) this.breaker.onFailed();
    else this.breaker.onAnswered();
    if (verdict.meaning === 'rateLimited') {
      this.limiter.onRateLimited(isSilence ? error.retryAfterMs : undefined);
    } else if (!isSilence) this.limiter.onAnswered();
    if (verdict.meaning === 'methodUnsupported') {
      const untilMs = this.#environment.clock.elapsedMs() + UNSUPPORTED_MS;
      if (this.#unsupported.size < UNSUPPORTED_MAX) this.#unsupported.set(call.method, untilMs);
    }
    return { kind: 'failed', error, verdict };
  }

  /** Somebody stopped waiting: the answer would have taken longer, so twice the wait is booked. */
  #onSilence(call: RpcCall, sentAtMs: number): void {
    if (methodRow(call.method).heavy === true) return;
    const boundMs = 2 * (this.#environment.clock.elapsedMs() - sentAtMs);
    if (boundMs > (this.latency.expected() ?? LATENCY_GUESS_MS)) this.latency.add(boundMs);
  }
}
