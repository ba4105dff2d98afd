import { Fault } from '@lawbook/exchange/failures/fault';
import type { Address } from 'viem';
import { ChainFault } from '../chainFault.ts';
import { requestHash } from '../gates/approvals.ts';
import type { IntentLife, IntentRequest } from '../intents/intent.ts';
import { checkRequest, isKey } from '../intents/intentRules.ts';
import { newLife } from '../intents/lifeSteps.ts';
import type { Lease } from '../stores/chainStore.ts';
import { beat } from './beat.ts';
import type {
  IntentHandle,
  LaneDependencies,
  LaneOptions,
  LaneStats,
  Outcome,
  SignerLane,
  WaitLevel,
  WaitOptions,
} from './lane.ts';
import type { StoredRequest } from './laneLog.ts';
import { LaneLog } from './laneLog.ts';
import { LaneMemory } from './laneMemory.ts';
import { laneStats } from './laneStats.ts';
import { LaneTally } from './laneTally.ts';
import { LifeWatch } from './lifeWatch.ts';
import { outcomeAt } from './outcomeAt.ts';
import { checkSameWish } from './sameWish.ts';
import { StallWatch } from './stallWatch.ts';
import { Tenure } from './tenure.ts';

/** Rest after a failed beat, at most. */
const REST_MS_MAX = 5_000;
/** Without a poll that succeeded for so long the chain is out of sight. */
const BLIND_MS = 10_000;
/** Characters of the name of a person who approves. */
const NAME_MAX = 128;

/**
 * Opens the lane of one signer on one chain and starts its loop.
 *
 * @throws ChainFault CHAIN_STORE_UNAVAILABLE when the store cannot be read now.
 * @example see packages/chains/README.md
 */
export async function openSignerLane(
  options: LaneOptions,
  stands: LaneDependencies,
): Promise<SignerLane> {
  const lane = new Lane(options, stands);
  await lane.open();
  return lane;
}

class Lane implements SignerLane {
  readonly name: string;
  readonly address: Address;
  readonly #options: LaneOptions;
  readonly #stands: LaneDependencies;
  readonly #log: LaneLog;
  readonly #tally = new LaneTally();
  readonly #watch = new LifeWatch();
  readonly #stall: StallWatch;
  readonly #closing = new AbortController();
  #tenure: Tenure | undefined;
  #lease: Lease | undefined;
  #leaseUntil = 0;
  #failures = 0;
  /** Being stored just now. */
  #inserting = 0;
  /** Submitted here and not yet taken in by the loop. */
  #arrivals: StoredRequest[] = [];
  #wake: (() => void) | undefined;
  #ending: Promise<void> = Promise.resolve();
  #keeping: Promise<unknown> = Promise.resolve();

  constructor(options: LaneOptions, stands: LaneDependencies) {
    this.#options = options;
    this.#stands = stands;
    this.address = options.signer.address;
    this.name = `${options.chainId}/${options.signer.address.toLowerCase()}`;
    this.#log = new LaneLog(this.name, stands.store);
    this.#stall = new StallWatch(stands.environment.clock, (sentence) => {
      const told = { kind: 'laneStalled', severity: 'critical', sentence } as const;
      const alert = { ...told, lane: this.name, key: undefined, fields: {} };
      this.#tally.tell(options.onAlert, alert);
    });
  }

  async open(): Promise<void> {
    await this.#log.record();
    this.#ending = this.#run();
  }

  async submit(request: IntentRequest): Promise<IntentHandle> {
    this.#checkOpen();
    checkRequest(request, this.#nowMs());
    const asked: StoredRequest = { request, createdAtMs: this.#nowMs() };
    const stored = this.#isFull()
      ? await this.#log.request(request.key)
      : await this.#insert(asked);
    if (stored === undefined) throw laneFull(this.#options.settings.openMax);
    if (stored !== asked) {
      checkSameWish(stored.request, request);
    } else this.#arrivals.push(stored);
    this.#rouse();
    return this.#follow(stored);
  }

  async #insert(asked: StoredRequest): Promise<StoredRequest> {
    this.#inserting += 1;
    try {
      return await this.#log.insert(asked);
    } finally {
      this.#inserting -= 1;
    }
  }

  /** Only the owner knows how many are open. */
  #isFull(): boolean {
    const known = this.#tenure?.memory.intents.size ?? 0;
    const coming = this.#arrivals.length + this.#inserting;
    return known + coming >= this.#options.settings.openMax;
  }

  async intent(key: string): Promise<IntentHandle> {
    return this.#follow(await this.#stored(key));
  }

  async cancel(key: string): Promise<void> {
    await this.#stored(key);
    await this.#log.wish({ kind: 'cancel', key });
    this.#rouse();
  }

  async approve(key: string, approval: { requestHash: string; by: string }): Promise<void> {
    const stored = await this.#stored(key);
    const limit = requestHash(stored.request);
    if (approval.requestHash !== limit) {
      const sentence =
        `requestHash names the request that is approved; for ${key} that is ${limit}, and ` +
        `${approval.requestHash} was given: read the request again before you approve it.`;
      throw new ChainFault('CHAIN_INTENT_INVALID', sentence, { fields: { key, limit } });
    }
    if (approval.by.length === 0 || approval.by.length > NAME_MAX) {
      const sentence = `by has 1 to ${NAME_MAX} characters: name the person who approves.`;
      throw new ChainFault('CHAIN_INTENT_INVALID', sentence, { fields: { key, field: 'by' } });
    }
    // Whoever approves has to have seen what the simulation showed when approval was asked.
    if ((await this.#log.life(stored)).approval === undefined) {
      const sentence = `No approval of ${key} was asked for: wait until it is awaitingApproval.`;
      throw new ChainFault('CHAIN_INTENT_INVALID', sentence, { fields: { key } });
    }
    await this.#log.wish({ kind: 'approve', key, ...approval });
    this.#rouse();
  }

  async resume(): Promise<void> {
    this.#checkOpen();
    await this.#log.wish({ kind: 'resume' });
    this.#rouse();
  }

  stats(): LaneStats {
    return laneStats({
      lane: this.name,
      tenure: this.#tenure,
      tally: this.#tally,
      nowMs: this.#nowMs(),
    });
  }

  async close(): Promise<void> {
    if (!this.#closing.signal.aborted) {
      this.#closing.abort(new ChainFault('CHAIN_CLOSED', 'The lane was closed.'));
    }
    await this.#ending;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    try {
      while (!signal.aborted) {
        await this.#turn();
        await this.#rest(signal);
      }
    } catch (failure) {
      if (failure === signal.reason) return;
      this.#closing.abort(failure); // A bug: nothing may keep the lease for a loop that is dead.
      throw failure;
    } finally {
      await this.#keeping;
      await this.#giveBack();
    }
  }

  /** One turn of the loop. Faults of the world end the turn, never the loop. */
  async #turn(): Promise<void> {
    try {
      const tenure = await this.#own();
      const arrivals = this.#arrivals;
      // Whoever owns the lane finds them in the store as well.
      this.#arrivals = [];
      if (tenure === undefined) return;
      await beat(tenure, arrivals);
      this.#failures = 0;
      this.#stall.note(this.#blindness(tenure));
    } catch (failure) {
      if (!(failure instanceof Fault)) throw failure;
      this.#failures += 1;
      this.#stall.note(failure.message);
      this.#yieldTo(failure);
    }
  }

  /** A beat needs no endpoint while it only waits, so it does not fail when all are away. */
  #blindness(tenure: Tenure): string | undefined {
    const { lastPollMs = 0 } = this.#stands.tracker.stats();
    const isBlind = this.#nowMs() - lastPollMs > BLIND_MS && tenure.memory.intents.size > 0;
    return isBlind ? 'No endpoint tells of the chain.' : undefined;
  }

  /** What a fault means for the ownership. */
  #yieldTo(failure: Fault): void {
    if (!failure.code.startsWith('CHAIN_STORE') && failure.code !== 'CHAIN_LANE_FENCED') return;
    const tenure = this.#tenure;
    // Nobody knows which of the latest writes took effect: load everything anew.
    this.#tenure = undefined;
    if (failure.code === 'CHAIN_LANE_FENCED') {
      this.#lease = undefined;
      tenure?.alert('laneLost', { severity: 'warning', sentence: failure.message });
    } else {
      tenure?.alert('storeUnavailable', { severity: 'critical', sentence: failure.message });
    }
  }

  /** The tenure of a lease that is surely ours; undefined while another process has it. */
  async #own(): Promise<Tenure | undefined> {
    const { store } = this.#stands;
    const { leaseMs } = this.#options.settings;
    const asked = this.#elapsedMs();
    // The keeper did not get through to the store: nothing may be sent before this does.
    if (this.#lease !== undefined && asked > this.#leaseUntil - leaseMs / 5) {
      await this.#renew(this.#lease);
    }
    if (this.#lease === undefined) {
      const lease = await store.acquireLease(this.name, this.#options.owner, leaseMs);
      if (lease === undefined) return undefined;
      this.#lease = lease;
      this.#leaseUntil = asked + leaseMs;
      this.#keeping = Promise.all([this.#keeping, this.#keep(lease)]);
    }
    this.#tenure ??= await this.#load(this.#lease);
    this.#tenure.leaseUntil = this.#leaseUntil;
    return this.#tenure;
  }

  /** Renews the lease beside the beats, so that a slow endpoint does not cost the ownership. */
  async #keep(lease: Lease): Promise<void> {
    const { clock } = this.#stands.environment;
    const { signal } = this.#closing;
    try {
      for (;;) {
        await clock.sleep(this.#options.settings.leaseMs / 3, signal);
        if (this.#lease !== lease) return;
        await this.#renewOrRunOut(lease);
      }
    } catch (failure) {
      if (failure !== signal.reason) throw failure;
    }
  }

  /** While the store is away the lease runs out, and with it the right to send. */
  async #renewOrRunOut(lease: Lease): Promise<void> {
    try {
      await this.#renew(lease);
    } catch (failure) {
      if (!(failure instanceof Fault)) throw failure;
    }
  }

  async #renew(lease: Lease): Promise<void> {
    const { leaseMs } = this.#options.settings;
    const asked = this.#elapsedMs();
    const isOurs = await this.#stands.store.renewLease(lease, leaseMs);
    if (this.#lease !== lease) return;
    if (!isOurs) {
      this.#loseLease();
      return;
    }
    this.#leaseUntil = Math.max(this.#leaseUntil, asked + leaseMs);
    if (this.#tenure !== undefined) this.#tenure.leaseUntil = this.#leaseUntil;
  }

  #loseLease(): void {
    const tenure = this.#tenure;
    this.#lease = undefined;
    this.#tenure = undefined;
    if (tenure === undefined) return;
    // A beat that is still running sends nothing more.
    tenure.leaseUntil = Number.NEGATIVE_INFINITY;
    const sentence = 'Another process took the lane over; this one stores intents and waits.';
    tenure.alert('laneLost', { severity: 'warning', sentence });
  }

  async #load(lease: Lease): Promise<Tenure> {
    // A commit whose answer was lost may still be under way. After this one it is never applied, so
    // that what is read now is what holds.
    await this.#stands.store.commit(lease, []);
    const memory = new LaneMemory(await this.#log.record());
    for (const spend of await this.#log.spends()) memory.spends.set(spend.key, spend);
    const open = await this.#log.intents(await this.#log.openKeys());
    for (const stored of open) memory.install(stored);
    return new Tenure({
      lane: this.name,
      lease,
      leaseUntil: this.#leaseUntil,
      memory,
      log: this.#log,
      options: this.#options,
      stands: this.#stands,
      tally: this.#tally,
      onLife: (life) => this.#watch.tell(life),
    });
  }

  async #rest(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#stands.environment;
    const { beatMs } = this.#options.settings;
    if (this.#arrivals.length > 0 && this.#tenure !== undefined && this.#failures === 0) return;
    const backoff = Math.min(beatMs * 2 ** Math.min(this.#failures, 6), REST_MS_MAX);
    const restMs = this.#failures === 0 ? beatMs : backoff * (0.5 + random.next() / 2);
    const resting = new AbortController();
    const stop = (): void => resting.abort(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    const roused = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    try {
      const naps = [clock.sleep(restMs, resting.signal), roused];
      if (this.#failures === 0) naps.push(this.#stands.tracker.changed(resting.signal));
      await Promise.race(naps.map((nap) => this.#untilRested(nap, resting.signal)));
      if (signal.aborted) throw signal.reason;
    } finally {
      signal.removeEventListener('abort', stop);
      resting.abort();
    }
  }

  /** A nap that was cut short because another one ended first is no failure. */
  async #untilRested(nap: Promise<void>, resting: AbortSignal): Promise<void> {
    try {
      await nap;
    } catch (failure) {
      if (!resting.aborted) throw failure;
    }
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

  #follow(stored: StoredRequest): IntentHandle {
    const { key } = stored.request;
    return {
      key,
      life: () => this.#life(stored),
      wait: (level, options = {}) => this.#wait(stored, level, options),
    };
  }

  async #life(stored: StoredRequest): Promise<IntentLife> {
    const known = this.#tenure?.memory.intents.get(stored.request.key);
    return known?.life ?? (await this.#log.life(stored));
  }

  /** A wait reads what is durable, so it is as true after a take-over as before. */
  async #wait(stored: StoredRequest, level: WaitLevel, options: WaitOptions): Promise<Outcome> {
    const { clock } = this.#stands.environment;
    const until =
      options.timeoutMs === undefined ? Infinity : this.#elapsedMs() + options.timeoutMs;
    let last: IntentLife | undefined;
    for (;;) {
      options.signal?.throwIfAborted();
      const told = this.#watch.next(stored.request.key);
      try {
        const life = await this.#readLife(stored);
        last = life ?? last;
        const outcome = life === undefined ? undefined : outcomeAt(life, level);
        if (outcome !== undefined) return outcome;
        const leftMs = until - this.#elapsedMs();
        if (leftMs <= 0 || this.#closing.signal.aborted) {
          return {
            verdict: 'unknown',
            life: last ?? newLife(stored.request.key, stored.createdAtMs),
          };
        }
        const napMs = Math.min(leftMs, this.#options.settings.beatMs * 4);
        await this.#nap(told.promise, { clock, napMs, signal: options.signal });
      } finally {
        told.forget();
      }
    }
  }

  /** Undefined while the store is away: a wait outlives that. */
  async #readLife(stored: StoredRequest): Promise<IntentLife | undefined> {
    try {
      return await this.#life(stored);
    } catch (failure) {
      if (failure instanceof Fault && failure.retryable) return undefined;
      throw failure;
    }
  }

  async #nap(
    told: Promise<void>,
    limit: {
      readonly clock: LaneDependencies['environment']['clock'];
      readonly napMs: number;
      readonly signal: AbortSignal | undefined;
    },
  ): Promise<void> {
    const resting = new AbortController();
    const stop = (): void => resting.abort(limit.signal?.reason);
    limit.signal?.addEventListener('abort', stop, { once: true });
    this.#closing.signal.addEventListener('abort', stop, { once: true });
    try {
      const nap = limit.clock.sleep(limit.napMs, resting.signal);
      await Promise.race([told, this.#untilRested(nap, resting.signal)]);
    } finally {
      limit.signal?.removeEventListener('abort', stop);
      this.#closing.signal.removeEventListener('abort', stop);
      resting.abort();
    }
  }

  async #stored(key: string): Promise<StoredRequest> {
    this.#checkOpen();
    const stored = isKey(key) ? await this.#log.request(key) : undefined;
    if (stored !== undefined) return stored;
    throw new ChainFault(
      'CHAIN_INTENT_UNKNOWN',
      `No intent of lane ${this.name} has the key ${key.slice(0, 140)}: submit it first.`,
      { fields: { lane: this.name } },
    );
  }

  #rouse(): void {
    this.#wake?.();
  }

  #checkOpen(): void {
    this.#closing.signal.throwIfAborted();
  }

  #nowMs(): number {
    return this.#stands.environment.clock.nowMs();
  }

  #elapsedMs(): number {
    return this.#stands.environment.clock.elapsedMs();
  }
}

function laneFull(openMax: number): ChainFault {
  return new ChainFault(
    'CHAIN_INTENT_INVALID',
    `The lane holds ${openMax} open intents, as many as it takes: submit again when some ended.`,
    { fields: { openMax } },
  );
}
