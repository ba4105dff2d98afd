import type { IntentLife, IntentRequest } from '@lawbook/chains/intents/intent';
import type { Alert, AlertKind } from '@lawbook/chains/lanes/alert';
import type { Outcome, WaitLevel } from '@lawbook/chains/lanes/lane';
import { LaneLog } from '@lawbook/chains/lanes/laneLog';
import { Fault } from '@lawbook/exchange/failures/fault';
import type { SeededRandom } from '../../world/seededRandom.ts';
import type { EngineDouble, EngineTerms } from '../double/engineDouble.ts';
import { openEngine } from '../double/engineDouble.ts';
import type { AcceptedIntent } from '../double/invariants.ts';
import { InvariantWatch } from '../double/invariants.ts';
import { callFor, keyIn } from '../double/keyedCalls.ts';
import type { PaperTransaction } from '../double/paperSigner.ts';
import { paperAddress, writePaper } from '../double/paperSigner.ts';
import type { KillPlan } from '../double/processDouble.ts';
import type { TruthBlock, TruthReceipt } from '../double/truth.ts';
import type { WorldDouble } from '../double/worldDouble.ts';

/** How a caller's wait ended. */
export interface SeenOutcome {
  readonly key: string;
  readonly level: WaitLevel;
  readonly outcome: Outcome;
}

/** An alert, and when it came in milliseconds since the start. */
export interface TimedAlert extends Alert {
  readonly atMs: number;
}

/** Failures that are kept of a story. */
const FAILURES_MAX = 100;

/** What a scenario plays on: the world, the engines in it, and the callers. */
export class Stage {
  readonly world: WorldDouble;
  readonly watch: InvariantWatch;
  readonly random: SeededRandom;
  /** How many intents a story has, where its row does not say. */
  readonly intents: number;
  readonly alerts: TimedAlert[] = [];
  readonly errors: unknown[] = [];
  /** Failures of the pools, the first of them. */
  readonly failures: unknown[] = [];
  /** What engines show of themselves besides. */
  readonly texts: string[] = [];
  readonly outcomes: SeenOutcome[] = [];
  readonly accepted: Map<string, IntentRequest> = new Map();
  readonly engines: EngineDouble[] = [];
  /** Keys about which nothing but single execution can be promised. */
  readonly forgiven: Set<string> = new Set();
  /** What a story itself found wrong on the way. */
  readonly complaints: string[] = [];
  /** Keys that were approved rightly and in time. */
  readonly approved: Set<string> = new Set();
  /** Whether the balance was taken away on the way, so that nodes may refuse. */
  drained = false;
  /** Since when transactions are public, by key, in milliseconds since 1970. */
  readonly publicSinceMs: Map<string, number> = new Map();
  /** Whether enough nodes lie for the engine to say rightly that it does not know. */
  mayDoubt = true;
  /** Ends the story although intents are open, once it holds. */
  endsWhen: () => boolean = () => false;
  deaths = 0;
  /** Tells the trackers of engines that are opened from now on when to look. */
  wake: EngineTerms['wake'] | undefined;
  readonly #terms: Omit<EngineTerms, 'onAlert'>;

  constructor(
    world: WorldDouble,
    options: { intents: number; terms: Omit<EngineTerms, 'onAlert'> },
  ) {
    this.world = world;
    this.random = world.random;
    this.intents = options.intents;
    this.#terms = options.terms;
    this.watch = new InvariantWatch(world);
    this.watch.isServed = () => {
      const stats = this.owner()?.lane.stats();
      return stats !== undefined && stats.halted === undefined;
    };
  }

  /** Starts a process with an engine in it. @returns undefined when it died before it was up. */
  async openEngine(name: string, kill?: KillPlan): Promise<EngineDouble | undefined> {
    const host = this.world.spawn(name);
    if (kill !== undefined) host.planKill(kill);
    const died = new Promise<undefined>((resolve) => {
      host.onDeath = () => {
        this.deaths += 1;
        resolve(undefined);
      };
    });
    const onAlert = (alert: Alert): void => {
      this.alerts.push({ ...alert, atMs: this.world.clock.elapsedMs() });
    };
    for (;;) {
      try {
        const opening = openEngine(this.world, host, this.#termsWith(onAlert));
        const engine = await Promise.race([opening, died]);
        if (engine !== undefined) this.engines.push(engine);
        return engine;
      } catch (failure) {
        if (!(failure instanceof Fault)) throw failure;
        this.errors.push(failure);
        await this.sleep(1000);
      }
    }
  }

  #termsWith(onAlert: EngineTerms['onAlert']): EngineTerms {
    const wake = this.wake === undefined ? {} : { wake: this.wake };
    const onFailure = (failure: unknown): void => {
      if (this.failures.length < FAILURES_MAX) this.failures.push(failure);
    };
    return { ...this.#terms, ...wake, onAlert, onFailure };
  }

  /** The engine that owns the lane now. */
  owner(): EngineDouble | undefined {
    return this.engines.find(({ process: host, lane }) => {
      return host.state === 'running' && lane.stats().owner;
    });
  }

  /** An engine that is up, owner or not; the seed picks among several. */
  running(): EngineDouble | undefined {
    const running = this.engines.filter(({ process: host }) => host.state === 'running');
    if (running.length < 2) return running[0];
    return running[this.random.integer(0, running.length - 1)];
  }

  /** Lets simulated time pass. */
  sleep(durationMs: number): Promise<void> {
    return this.world.clock.sleep(durationMs);
  }

  /** Waits for so many blocks. */
  async blocks(count: number): Promise<void> {
    const until = this.world.chain.heads.length + count;
    while (this.world.chain.heads.length < until) await this.sleep(100);
  }

  /** Waits until a condition holds, looking ten times a second. @returns whether it came true. */
  async until(condition: () => boolean, withinMs: number): Promise<boolean> {
    const latestMs = this.world.clock.elapsedMs() + withinMs;
    while (!condition()) {
      if (this.world.clock.elapsedMs() >= latestMs) return false;
      await this.sleep(100);
    }
    return true;
  }

  /** A request that the seed varies; its call data names it. */
  request(key: string, change: Partial<IntentRequest> = {}): IntentRequest {
    const { random, world } = this;
    const finality = [
      { kind: 'confirmations', blocks: random.integer(1, 4) },
      { kind: 'safe' },
      { kind: 'finalized' },
    ] as const;
    return {
      key,
      to: paperAddress(`target ${random.integer(0, 4)}`),
      amount: BigInt(random.integer(0, 1000)),
      callData: callFor(key),
      gasLimit: random.next() < 0.3 ? 60_000n : undefined,
      urgency: random.next() < 0.5 ? 'patient' : 'urgent',
      deadlineMs: world.clock.nowMs() + 1_800_000,
      finality: finality[random.integer(0, 2)] ?? finality[0],
      feeCap: 10n ** 17n,
      route: 'public',
      privateForMs: undefined,
      expects: [],
      after: undefined,
      principal: 'treasury',
      ...change,
    };
  }

  /** Submits until somebody acknowledges, as a caller must who wants it to happen for sure. */
  async submit(request: IntentRequest): Promise<boolean> {
    for (let tries = 0; tries < 400; tries += 1) {
      const engine = this.running();
      if (engine === undefined) {
        await this.sleep(250);
        continue;
      }
      try {
        const handed = await this.#orDeath(engine, engine.lane.submit(request));
        if (handed === undefined) continue;
        this.accepted.set(request.key, request);
        this.#follow(engine, handed.wait('final'), { key: request.key, level: 'final' });
        return true;
      } catch (failure) {
        this.errors.push(failure);
        if (!(failure instanceof Fault)) throw failure;
        if (!failure.retryable && failure.code !== 'CHAIN_CLOSED') return false;
        await this.sleep(500);
      }
    }
    return false;
  }

  /** Submits a number of intents, one after the other with a pause of up to `paceMs` between. */
  async submitMany(
    count: number,
    options: { prefix?: string; paceMs?: number; change?: Partial<IntentRequest> } = {},
  ): Promise<void> {
    const { prefix = 'intent', paceMs = 0, change } = options;
    const submissions: Promise<boolean>[] = [];
    for (let k = 0; k < count; k += 1) {
      submissions.push(this.submit(this.request(`${prefix}-${k}`, change)));
      if (paceMs > 0) await this.sleep(this.random.between(0, paceMs));
    }
    await Promise.all(submissions);
  }

  /** Records what a wait says, once it says it; a wait of a dead process says nothing. */
  #follow(
    engine: EngineDouble,
    wait: Promise<Outcome>,
    { key, level }: { key: string; level: WaitLevel },
  ): void {
    wait.then(
      (outcome) => {
        if (engine.process.state !== 'dead') this.outcomes.push({ key, level, outcome });
      },
      (failure: unknown) => {
        this.errors.push(failure);
      },
    );
  }

  /** What comes of a call, or undefined when the process dies first. */
  async #orDeath<T>(engine: EngineDouble, call: Promise<T>): Promise<T | undefined> {
    let settled = false;
    const watched = call.finally(() => {
      settled = true;
    });
    const death = (async (): Promise<undefined> => {
      while (!settled && engine.process.state !== 'dead') await this.sleep(50);
      return undefined;
    })();
    const first = await Promise.race([watched, death]);
    return first === undefined && engine.process.state !== 'dead' ? await watched : first;
  }

  /** The lives as the store has them, past every fault. */
  async lives(): Promise<readonly AcceptedIntent[]> {
    const log = this.log();
    const intents: AcceptedIntent[] = [];
    for (const [key, request] of this.accepted) {
      const stored = await log.request(key);
      const life: IntentLife | undefined = stored && (await log.life(stored));
      intents.push({ request, life });
    }
    return intents;
  }

  /** The lane's log on the bare store. */
  log(): LaneLog {
    const { chain, signer, store } = this.world;
    return new LaneLog(`${chain.terms.chainId}/${signer}`, store.inner());
  }

  /** Alerts of one kind. */
  alertsOf(kind: AlertKind): readonly TimedAlert[] {
    return this.alerts.filter((alert) => alert.kind === kind);
  }

  /** What the canonical chain executed for intents, oldest first. */
  executions(): readonly { readonly block: TruthBlock; readonly receipt: TruthReceipt }[] {
    const found: { block: TruthBlock; receipt: TruthReceipt }[] = [];
    let block: TruthBlock | undefined = this.world.chain.head();
    for (; block !== undefined; block = block.parent) {
      for (const receipt of block.receipts.toReversed()) {
        if (keyIn(receipt.transaction.callData) !== undefined) found.unshift({ block, receipt });
      }
    }
    return found;
  }

  /** A transaction of somebody else who has the same key. */
  foreign(chainNonce: number, change: { tip?: bigint; fee?: bigint } = {}): PaperTransaction {
    const { signer, chain, random } = this.world;
    return writePaper(signer, {
      chainId: chain.terms.chainId,
      chainNonce,
      to: paperAddress('stranger'),
      amount: BigInt(random.integer(1, 9)),
      callData: '0x',
      gasLimit: 21_000n,
      maxFeePerGas: change.fee ?? 10n ** 12n,
      maxPriorityFeePerGas: change.tip ?? 10n ** 11n,
    });
  }

  /** Refusals of one kind over all nodes. */
  refusals(...kinds: readonly string[]): number {
    let count = 0;
    for (const { tally } of this.world.nodes) {
      for (const [kind, times] of tally.refusals) if (kinds.includes(kind)) count += times;
    }
    return count;
  }
}
