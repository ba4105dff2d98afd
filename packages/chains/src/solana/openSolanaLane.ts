import { createHash } from 'node:crypto';
import { Fault } from '@lawbook/exchange/failures/fault';
import { ChainFault } from '../chainFault.ts';
import { toDurable } from '../intents/durableJson.ts';
import type { WaitLevel, WaitOptions } from '../lanes/lane.ts';
import type { Lease } from '../stores/chainStore.ts';
import type { SolanaIntentRequest, SolanaLife } from './solanaIntent.ts';
import type {
  SolanaIntentHandle,
  SolanaLane,
  SolanaLaneDependencies,
  SolanaLaneOptions,
  SolanaLaneStats,
  SolanaOutcome,
} from './solanaLane.ts';
import { openAttempt, verdictAt } from './solanaLife.ts';
import type { StoredSolanaRequest } from './solanaLog.ts';
import { SolanaLog } from './solanaLog.ts';
import { resendSolana } from './solanaOffer.ts';
import { checkSolanaRequest } from './solanaRules.ts';
import { startSolanaIntents } from './solanaStart.ts';
import type { SolanaTally } from './solanaTenure.ts';
import { SolanaTenure } from './solanaTenure.ts';
import { buryExpired, followStatuses } from './solanaWatch.ts';
import { grantCancels, withdrawSolana } from './solanaWithdraw.ts';

/** Rest after a failed beat, at most. */
const REST_MS_MAX = 5_000;

/**
 * Opens the lane of one signer on one Solana cluster and starts its loop.
 *
 * How an intent lands exactly once. An account on Solana has no count of its transactions, so
 * nothing makes two signed versions of one payment exclude each other: whoever signs again too
 * early pays twice. The lane therefore stores the signed bytes before it sends them, sends the same
 * bytes until they land, and signs anew only once it is proven that they never did and never can
 * (`solanaExpiry.ts`). Whatever it cannot prove it leaves open, and says so.
 *
 * The house's words: a `chainNonce` has no counterpart here; a blockhash bounds the life of an
 * attempt instead. Solana's commitments become `Finality` (`finality.ts`). A slot is a turn of a
 * leader and may stay empty; a block's height counts blocks, and expiry is told in heights.
 *
 * @throws ChainFault CHAIN_CONFIG_INVALID when fewer endpoints are given than have to agree.
 * @throws ChainFault CHAIN_STORE_UNAVAILABLE when the store cannot be read now.
 */
export async function openSolanaLane(
  options: SolanaLaneOptions,
  stands: SolanaLaneDependencies,
): Promise<SolanaLane> {
  const endpoints = stands.endpoints.stats().length;
  const { quorum } = options.settings;
  if (quorum < 1 || quorum > endpoints) {
    const sentence =
      `The lane wants ${quorum} endpoints to agree and was given ${endpoints}: ` +
      'name more endpoints, or lower settings.quorum knowing what that trusts.';
    throw new ChainFault('CHAIN_CONFIG_INVALID', sentence, { fields: { quorum, endpoints } });
  }
  const lane = new Lane(options, stands);
  await lane.open();
  return lane;
}

class Lane implements SolanaLane {
  readonly name: string;
  readonly address: string;
  readonly #options: SolanaLaneOptions;
  readonly #stands: SolanaLaneDependencies;
  readonly #log: SolanaLog;
  readonly #closing: AbortController = new AbortController();
  readonly #tally: SolanaTally = {
    attempts: 0,
    resends: 0,
    expiries: 0,
    unincluded: 0,
    expiriesUnproven: 0,
    ended: {},
  };
  #tenure: SolanaTenure | undefined;
  #lease: Lease | undefined;
  #failures = 0;
  /** Woken by every commit, and by the end of the lane. */
  readonly #listeners: Set<() => void> = new Set();
  #rouse: () => void = () => undefined;
  #ending: Promise<void> = Promise.resolve();

  constructor(options: SolanaLaneOptions, stands: SolanaLaneDependencies) {
    this.#options = options;
    this.#stands = stands;
    this.address = options.signer.address;
    this.name = `${options.genesisHash.slice(0, 32)}/${this.address}`;
    this.#log = new SolanaLog(this.name, stands.store);
  }

  async open(): Promise<void> {
    await this.#log.signings();
    this.#ending = this.#run();
  }

  async submit(request: SolanaIntentRequest): Promise<SolanaIntentHandle> {
    this.#closing.signal.throwIfAborted();
    checkSolanaRequest(request, this.address);
    const { openMax } = this.#options.settings;
    if ((this.#tenure?.intents.size ?? 0) >= openMax) throw laneFull(openMax);
    const asked: StoredSolanaRequest = { request, createdAtMs: this.#clock().nowMs() };
    const stored = await this.#log.insert(asked);
    if (digest(stored.request) !== digest(request)) throw keyReused(request.key);
    this.#rouse();
    return this.#handleOf(stored);
  }

  async intent(key: string): Promise<SolanaIntentHandle> {
    return this.#handleOf(await this.#stored(key));
  }

  async cancel(key: string): Promise<void> {
    await this.#stored(key);
    await this.#log.wishToCancel(key);
    this.#rouse();
  }

  stats(): SolanaLaneStats {
    const intents = [...(this.#tenure?.intents.values() ?? [])];
    const nowMs = this.#clock().nowMs();
    const oldest = intents.reduce((ms, { createdAtMs }) => Math.min(ms, createdAtMs), nowMs);
    return {
      ...this.#tally,
      ended: { ...this.#tally.ended },
      lane: this.name,
      owner: this.#tenure !== undefined,
      depth: intents.length,
      inFlight: intents.filter(({ life }) => openAttempt(life) !== undefined).length,
      oldestAgeMs: nowMs - oldest,
    };
  }

  async close(): Promise<void> {
    this.#closing.abort(new ChainFault('CHAIN_CLOSED', 'The lane was closed.'));
    this.#tell();
    await this.#ending;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const roused = new Promise<void>((resolve) => {
        this.#rouse = resolve;
      });
      await this.#turn();
      if (signal.aborted) break;
      await this.#nap(roused, { napMs: this.#restMs(), signal });
    }
    await this.#giveBack();
  }

  #restMs(): number {
    const { beatMs } = this.#options.settings;
    if (this.#failures === 0) return beatMs;
    const backoff = Math.min(beatMs * 2 ** Math.min(this.#failures, 6), REST_MS_MAX);
    return backoff * (0.5 + this.#stands.environment.random.next() / 2);
  }

  /** One turn of the loop. Faults of the world end the turn, never the loop. */
  async #turn(): Promise<void> {
    try {
      const tenure = await this.#own();
      if (tenure !== undefined) await beat(tenure);
      this.#failures = 0;
    } catch (failure) {
      if (!(failure instanceof Fault)) throw failure;
      this.#failures += 1;
      this.#yieldTo(failure);
    }
  }

  /** What a fault means for the ownership. */
  #yieldTo({ code, message: sentence }: Fault): void {
    const isFenced = code === 'CHAIN_LANE_FENCED';
    if (!isFenced && !code.startsWith('CHAIN_STORE')) return;
    if (isFenced) this.#tenure?.alert('laneLost', { severity: 'warning', sentence });
    else this.#tenure?.alert('storeUnavailable', { severity: 'critical', sentence });
    if (isFenced) this.#lease = undefined;
    // Nobody knows which of the latest writes took effect: load everything anew.
    this.#tenure = undefined;
  }

  /** The tenure of a lease that is surely ours; undefined while another process has it. */
  async #own(): Promise<SolanaTenure | undefined> {
    const { store } = this.#stands;
    const { leaseMs } = this.#options.settings;
    if (this.#tenure !== undefined) {
      await this.#tenure.keepLease();
      return this.#tenure;
    }
    const asked = this.#clock().elapsedMs();
    if (this.#lease !== undefined && !(await store.renewLease(this.#lease, leaseMs))) {
      this.#lease = undefined;
    }
    this.#lease ??= await store.acquireLease(this.#log.leaseName, this.#options.owner, leaseMs);
    if (this.#lease === undefined) return undefined;
    const tenure = new SolanaTenure({
      lane: this.name,
      lease: this.#lease,
      leaseUntil: asked + leaseMs,
      signings: await this.#log.signings(),
      log: this.#log,
      options: this.#options,
      stands: this.#stands,
      tally: this.#tally,
      onLife: () => this.#tell(),
    });
    this.#tenure = tenure;
    return tenure;
  }

  async #giveBack(): Promise<void> {
    const lease = this.#lease;
    this.#tenure = undefined;
    this.#lease = undefined;
    if (lease === undefined) return;
    try {
      await this.#stands.store.releaseLease(lease);
    } catch (failure) {
      // The store is away: the lease runs out by itself.
      if (!(failure instanceof Fault)) throw failure;
    }
  }

  #handleOf(stored: StoredSolanaRequest): SolanaIntentHandle {
    return {
      key: stored.request.key,
      life: () => this.#log.life(stored),
      wait: (level, options = {}) => this.#wait(stored, level, options),
    };
  }

  /** A wait reads what is durable, so it is as true after a take-over as before. */
  async #wait(
    stored: StoredSolanaRequest,
    level: WaitLevel,
    { timeoutMs = Infinity, signal }: WaitOptions,
  ): Promise<SolanaOutcome> {
    const until = this.#clock().elapsedMs() + timeoutMs;
    const { beatMs } = this.#options.settings;
    for (;;) {
      signal?.throwIfAborted();
      let wake = (): void => undefined;
      const told = new Promise<void>((resolve) => {
        wake = resolve;
      });
      this.#listeners.add(wake);
      try {
        const life = await this.#readLife(stored);
        const verdict = life === undefined ? undefined : verdictAt(life, level);
        if (life !== undefined && verdict !== undefined) return { verdict, life };
        const leftMs = until - this.#clock().elapsedMs();
        if (leftMs <= 0 || this.#closing.signal.aborted) {
          return { verdict: 'unknown', life: life ?? (await this.#log.life(stored)) };
        }
        await this.#nap(told, { napMs: Math.min(leftMs, beatMs * 4), signal });
      } finally {
        this.#listeners.delete(wake);
      }
    }
  }

  /** Undefined while the store is away: a wait outlives that. */
  async #readLife(stored: StoredSolanaRequest): Promise<SolanaLife | undefined> {
    try {
      return await this.#log.life(stored);
    } catch (failure) {
      if (failure instanceof Fault && failure.retryable) return undefined;
      throw failure;
    }
  }

  /** Ends with whichever comes first: the news, the time, or the signal. Never rejects for them. */
  async #nap(
    news: Promise<void>,
    limit: { readonly napMs: number; readonly signal: AbortSignal | undefined },
  ): Promise<void> {
    const resting = new AbortController();
    const stop = (): void => resting.abort();
    limit.signal?.addEventListener('abort', stop, { once: true });
    const sleep = this.#clock().sleep(limit.napMs, resting.signal);
    const rest = sleep.catch((failure: unknown) => {
      // Cut short because the other one came first.
      if (!resting.signal.aborted) throw failure;
    });
    try {
      await Promise.race([news, rest]);
    } finally {
      limit.signal?.removeEventListener('abort', stop);
      resting.abort();
    }
  }

  #tell(): void {
    for (const wake of this.#listeners) wake();
    this.#listeners.clear();
  }

  async #stored(key: string): Promise<StoredSolanaRequest> {
    this.#closing.signal.throwIfAborted();
    const stored = await this.#log.request(key);
    if (stored !== undefined) return stored;
    throw new ChainFault(
      'CHAIN_INTENT_UNKNOWN',
      `No intent of lane ${this.name} has the key ${key.slice(0, 128)}: submit it first.`,
      { fields: { lane: this.name } },
    );
  }

  #clock(): SolanaLaneDependencies['environment']['clock'] {
    return this.#stands.environment.clock;
  }
}

/**
 * One beat: take in, look at the chain, bury what expired, take back, send again, start. Each step
 * commits before it acts, so it may end anywhere: the next beat, or the next process, goes on.
 */
async function beat(tenure: SolanaTenure): Promise<void> {
  for (const key of await tenure.log.openKeys()) await tenure.takeIn(key);
  await grantCancels(tenure);
  await followStatuses(tenure);
  await buryExpired(tenure);
  await withdrawSolana(tenure);
  await resendSolana(tenure);
  await startSolanaIntents(tenure);
}

function digest(request: SolanaIntentRequest): string {
  return createHash('sha256').update(toDurable(request)).digest('hex');
}

function keyReused(key: string): ChainFault {
  return new ChainFault(
    'CHAIN_KEY_REUSED',
    `key ${key} names an intent with another request: use a new key for a new wish.`,
    { fields: { key } },
  );
}

function laneFull(openMax: number): ChainFault {
  return new ChainFault(
    'CHAIN_INTENT_INVALID',
    `The lane holds ${openMax} open intents, as many as it takes: submit again when some ended.`,
    { fields: { openMax } },
  );
}
