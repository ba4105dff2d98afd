import { at } from '@lawbook/exchange/failures/invariant';
import { ChainFault } from '../chainFault.ts';
import type { Environment } from '../environment.ts';
import { probeCapability } from './capabilityProbe.ts';
import type { ChainDialect } from './dialect.ts';
import { evmDialect } from './dialect.ts';
import type {
  AskOptions,
  BroadcastOptions,
  Capability,
  EndpointAnswer,
  EndpointPool,
  EndpointStats,
  MethodClass,
  ReadOptions,
  ReadPriority,
} from './endpointPool.ts';
import { fanOut } from './fanOut.ts';
import { HeadMonitor } from './headMonitor.ts';
import { announce, HedgedRead } from './hedgedRead.ts';
import { methodClass } from './methods.ts';
import { PoolEndpoint } from './poolEndpoint.ts';
import type { EndpointLimits, PresetName } from './presets.ts';
import { ENDPOINT_PRESETS } from './presets.ts';
import type { RpcCall, Transport } from './transport.ts';
import { withDeadline } from './withDeadline.ts';

/** One endpoint as it is configured. */
export interface EndpointOptions {
  readonly transport: Transport;
  /** `public` where nothing is said: the tightest of the presets. */
  readonly limits?: PresetName | EndpointLimits;
  /** In (0, 1]: below 1 the endpoint is used less than its speed deserves. */
  readonly weight?: number;
  /** A WebSocket to the same node; the pool asks it whether it is there, and closes it. */
  readonly webSocket?: Transport;
}

/** A pool as it is configured; what is left out has the default below. */
export interface EndpointPoolOptions extends Partial<EndpointPoolSettings> {
  readonly chainId: number;
  readonly endpoints: readonly EndpointOptions[];
  /** Where private broadcasts go; it is asked nothing else, its chain included. */
  readonly privateRelay?: Transport;
  /** How the chain is told from others; Ethereum's way with `chainId` where nothing is said. */
  readonly dialect?: ChainDialect;
}

/** Pace and bounds of a pool. */
export interface EndpointPoolSettings {
  /** Pause after which a second endpoint is asked the same. */
  readonly hedgeAfterMs: number;
  /** One try of a read or a broadcast; heavy reads may use all of the read's time. */
  readonly tryTimeoutMs: number;
  /** A read as a whole, hedges and retries included. */
  readonly readTimeoutMs: number;
  /** Endpoints that a broadcast goes to. */
  readonly broadcastTo: number;
  /** Between two polls of one endpoint's head, at least. */
  readonly headPollMs: number;
  /** Blocks that an endpoint may be behind without being used less. */
  readonly headLagTolerance: number;
  /** Tries at once within one fan-out. */
  readonly concurrency: number;
}

/** The defaults. */
export const DEFAULT_POOL_SETTINGS: EndpointPoolSettings = {
  hedgeAfterMs: 150,
  tryTimeoutMs: 3_000,
  readTimeoutMs: 10_000,
  broadcastTo: 2,
  headPollMs: 2_000,
  headLagTolerance: 1,
  concurrency: 10,
};

/**
 * Makes several endpoints of one chain into one, and starts to watch their heads.
 *
 * An endpoint is asked nothing before it told that it is on the right chain. The pool closes the
 * transports that it was given.
 *
 * @throws ChainFault CHAIN_CONFIG_INVALID for no endpoints, two of one name, or a setting that
 *   cannot work.
 */
export function createEndpointPool(
  options: EndpointPoolOptions,
  dependencies: { readonly environment: Environment },
): EndpointPool {
  checkOptions(options);
  const pool = new Pool(options, dependencies.environment);
  pool.start();
  return pool;
}

class Pool implements EndpointPool {
  readonly #settings: EndpointPoolSettings;
  readonly #environment: Environment;
  readonly #endpoints: readonly PoolEndpoint[];
  readonly #relay: PoolEndpoint | undefined;
  readonly #webSockets: Map<PoolEndpoint, Transport> = new Map();
  readonly #dialect: ChainDialect;
  readonly #monitor: HeadMonitor;
  readonly #changes: Set<() => void> = new Set();
  readonly #reads: Set<HedgedRead> = new Set();
  readonly #closing: AbortController = new AbortController();

  constructor(options: EndpointPoolOptions, environment: Environment) {
    const settings = { ...DEFAULT_POOL_SETTINGS, ...options };
    this.#settings = settings;
    this.#environment = environment;
    this.#dialect = options.dialect ?? evmDialect(options.chainId);
    const lagTolerance = settings.headLagTolerance;
    this.#endpoints = options.endpoints.map(
      ({ transport, limits = 'public', weight = 1, ...rest }) => {
        const endpoint = new PoolEndpoint(
          { transport, limits: limitsOf(limits), weight, lagTolerance },
          environment,
        );
        if (rest.webSocket !== undefined) this.#webSockets.set(endpoint, rest.webSocket);
        return endpoint;
      },
    );
    this.#relay = options.privateRelay && relayOf(options.privateRelay, environment);
    const { headPollMs, tryTimeoutMs } = settings;
    this.#monitor = new HeadMonitor(
      {
        headPollMs,
        tryTimeoutMs,
        endpoints: this.#endpoints,
        dialect: this.#dialect,
        onChange: () => announce(this.#changes),
      },
      environment.clock,
    );
  }

  start(): void {
    this.#monitor.start();
  }

  async read(call: RpcCall, options: ReadOptions = {}): Promise<unknown> {
    this.#checkOpen();
    if (methodClass(call.method) !== 'read') throw notARead(call.method);
    const { signal } = options;
    signal?.throwIfAborted();
    const { hedgeAfterMs, tryTimeoutMs, readTimeoutMs } = this.#settings;
    const timeoutMs = options.timeoutMs ?? readTimeoutMs;
    const { atLeastBlock, priority } = options;
    const read = new HedgedRead(
      call,
      { hedgeAfterMs, tryTimeoutMs, timeoutMs, atLeastBlock, priority },
      {
        endpoints: this.#endpoints,
        monitor: this.#monitor,
        environment: this.#environment,
        changes: this.#changes,
        onAnswer: (endpoint, result) => this.#observe(endpoint, call, result),
      },
    );
    const cancel = (): void => read.cancel(signal?.reason);
    signal?.addEventListener('abort', cancel, { once: true });
    this.#reads.add(read);
    read.start();
    try {
      return await read.result;
    } finally {
      this.#reads.delete(read);
      signal?.removeEventListener('abort', cancel);
    }
  }

  async ask(call: RpcCall, options: AskOptions = {}): Promise<readonly EndpointAnswer[]> {
    this.#checkOpen();
    const wanted = options.endpoints ?? this.#endpoints.length;
    const { atLeastBlock, priority } = options;
    const isAhead = ({ headNumber = -1n }: PoolEndpoint): boolean =>
      atLeastBlock === undefined || headNumber >= atLeastBlock;
    const choose = (): readonly PoolEndpoint[] => {
      const fit = this.#fitFor(call, 'read', priority).filter(
        (endpoint) => !endpoint.lacks(call.method),
      );
      return fit.filter(isAhead).slice(0, wanted);
    };
    const refresh = async (): Promise<void> => {
      await this.#verifyFirst();
      const behind = this.#fitFor(call, 'read', priority).filter((endpoint) => !isAhead(endpoint));
      await Promise.all(behind.map((endpoint) => this.#monitor.refresh(endpoint)));
    };
    const enough = atLeastBlock === undefined ? 1 : wanted;
    return this.#fanOut(call, 'read', { ...options, choose, enough, refresh });
  }

  async broadcast(call: RpcCall, options: BroadcastOptions): Promise<readonly EndpointAnswer[]> {
    this.#checkOpen();
    const wanted = options.endpoints ?? this.#settings.broadcastTo;
    const relay = this.#relay;
    if (options.route === 'private' && relay === undefined) throw noRelay();
    const choose = (): readonly PoolEndpoint[] => {
      if (options.route === 'private') return relay === undefined ? [] : [relay];
      return this.#fitFor(call, 'broadcast').slice(0, wanted);
    };
    const refresh = (): Promise<void> => this.#verifyFirst();
    return this.#fanOut(call, 'broadcast', { ...options, choose, enough: 1, refresh });
  }

  bestHead(): bigint | undefined {
    return this.#monitor.bestHead();
  }

  async offers(capability: Capability): Promise<boolean> {
    this.#checkOpen();
    await this.#verifyFirst();
    const usable = this.#endpoints.filter((endpoint) => endpoint.usable);
    if (usable.some(({ capabilities }) => capabilities.get(capability) === true)) return true;
    const probe = (endpoint: PoolEndpoint): Promise<boolean | undefined> =>
      capability === 'webSocket'
        ? this.#probeWebSocket(endpoint)
        : probeCapability(endpoint, capability, this.#tryOptions());
    return (await Promise.all(usable.map(probe))).includes(true);
  }

  stats(): readonly EndpointStats[] {
    const relay = this.#relay === undefined ? [] : [this.#relay];
    return [...this.#endpoints, ...relay].map((endpoint) => endpoint.stats());
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    const reason = closed();
    this.#closing.abort(reason);
    for (const read of [...this.#reads]) read.cancel(reason);
    await this.#monitor.close();
    const all = this.#relay === undefined ? this.#endpoints : [...this.#endpoints, this.#relay];
    for (const { limiter } of all) limiter.close();
    const transports = [...all.map(({ transport }) => transport), ...this.#webSockets.values()];
    await Promise.all(transports.map((transport) => transport.close?.()));
  }

  /** At the start nobody is verified yet: a call that cannot wait for changes waits for a poll. */
  async #verifyFirst(): Promise<void> {
    if (this.#endpoints.some(({ usable }) => usable)) return;
    const unverified = this.#endpoints.filter(({ chain }) => chain === 'unverified');
    if (unverified.length === 0) return;
    await Promise.race(unverified.map((endpoint) => this.#monitor.refresh(endpoint)));
    if (this.#endpoints.some(({ usable }) => usable)) return;
    await Promise.all(unverified.map((endpoint) => this.#monitor.refresh(endpoint)));
  }

  /** Endpoints that may be asked now, best first. */
  #fitFor(
    { method }: RpcCall,
    asClass: MethodClass,
    priority?: ReadPriority,
  ): readonly PoolEndpoint[] {
    const admission = { method, methodClass: asClass, priority };
    return this.#endpoints
      .filter(({ usable, breaker }) => usable && breaker.admits())
      .map((endpoint) => ({ endpoint, score: endpoint.score(admission) }))
      .sort((a, b) => b.score - a.score)
      .map(({ endpoint }) => endpoint);
  }

  /** Chooses endpoints within half of the time, and puts the call to them within the rest. */
  async #fanOut(
    call: RpcCall,
    asClass: MethodClass,
    options: Fan,
  ): Promise<readonly EndpointAnswer[]> {
    const { timeoutMs = this.#settings.tryTimeoutMs, signal } = options;
    const { clock } = this.#environment;
    const deadlineMs = clock.elapsedMs() + timeoutMs;
    const signals = [this.#closing.signal, signal];
    let chosen = options.choose();
    if (chosen.length < options.enough) {
      const half = { timeoutMs: timeoutMs / 2, signals };
      await withDeadline(half, clock, (ending) => Promise.race([options.refresh(), ended(ending)]));
      chosen = options.choose();
    }
    this.#checkOpen();
    signal?.throwIfAborted();
    if (chosen.length === 0) return [];
    const leftMs = Math.max(1, deadlineMs - clock.elapsedMs());
    const { concurrency } = this.#settings;
    const { priority } = options;
    const rest = { methodClass: asClass, priority, timeoutMs: leftMs, concurrency };
    const answers = await withDeadline({ timeoutMs: leftMs, signals }, clock, (ending) =>
      fanOut(chosen, call, { ...rest, signal: ending }),
    );
    this.#checkOpen();
    signal?.throwIfAborted();
    for (const [index, answer] of answers.entries()) {
      if (answer.ok) this.#observe(at(chosen, index), call, answer.result);
    }
    announce(this.#changes);
    return answers;
  }

  /** Whatever an answer tells of the head saves a poll. */
  #observe(endpoint: PoolEndpoint, call: RpcCall, result: unknown): void {
    const head = this.#dialect.headOf(call, result);
    if (head !== undefined) this.#monitor.observe(endpoint, head);
  }

  async #probeWebSocket(endpoint: PoolEndpoint): Promise<boolean> {
    const webSocket = this.#webSockets.get(endpoint);
    if (webSocket === undefined) return false;
    try {
      const result = await webSocket.request(this.#dialect.identity, this.#tryOptions());
      const isRight = this.#dialect.isRightChain(result);
      endpoint.capabilities.set('webSocket', isRight);
      return isRight;
    } catch {
      // Not now; the next question asks again.
      return false;
    }
  }

  #tryOptions(): { readonly timeoutMs: number; readonly signal: AbortSignal } {
    return { timeoutMs: this.#settings.tryTimeoutMs, signal: this.#closing.signal };
  }

  #checkOpen(): void {
    if (this.#closing.signal.aborted) throw closed();
  }
}

/** How endpoints for a fan-out are chosen. */
interface Fan {
  readonly priority?: ReadPriority;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly choose: () => readonly PoolEndpoint[];
  /** Endpoints below which it is worth to ask for heads and chains first. */
  readonly enough: number;
  readonly refresh: () => Promise<void>;
}

/** Resolves once the signal aborts. */
function ended(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function limitsOf(limits: PresetName | EndpointLimits): EndpointLimits {
  return typeof limits === 'string' ? ENDPOINT_PRESETS[limits] : limits;
}

function relayOf(transport: Transport, environment: Environment): PoolEndpoint {
  const limits = ENDPOINT_PRESETS.public;
  const relay = new PoolEndpoint({ transport, limits, weight: 1, lagTolerance: 0 }, environment);
  relay.chain = 'right';
  return relay;
}

function checkOptions(options: EndpointPoolOptions): void {
  const { endpoints } = options;
  if (endpoints.length === 0) throw invalid('a pool needs at least one endpoint', 'endpoints');
  const names = new Set(endpoints.map(({ transport }) => transport.name));
  if (names.size < endpoints.length) {
    throw invalid('two endpoints have the same name: name their transports apart', 'endpoints');
  }
  for (const { weight = 1 } of endpoints) {
    if (!(weight > 0 && weight <= 1)) throw invalid('a weight lies in (0, 1]', 'weight');
  }
  const settings = { ...DEFAULT_POOL_SETTINGS, ...options };
  for (const name of Object.keys(DEFAULT_POOL_SETTINGS) as (keyof EndpointPoolSettings)[]) {
    const least = name === 'headLagTolerance' ? 0 : 1;
    if (!(settings[name] >= least)) throw invalid(`${name} is at least ${least}`, name);
  }
}

function invalid(sentence: string, setting: string): ChainFault {
  return new ChainFault('CHAIN_CONFIG_INVALID', sentence, { fields: { setting } });
}

function noRelay(): ChainFault {
  return invalid('a private broadcast needs a private relay: configure one', 'privateRelay');
}

function notARead(method: string): ChainFault {
  const sentence = `${method} is no read: broadcast it, or subscribe over a WebSocket`;
  return new ChainFault('CHAIN_METHOD_UNSUPPORTED', sentence, { fields: { method } });
}

function closed(): ChainFault {
  return new ChainFault('CHAIN_CLOSED', 'the endpoint pool was closed');
}
