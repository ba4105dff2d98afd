import { createHash } from 'node:crypto';
import {
  DEMO_DOMAIN,
  DEMO_MARKET_ID,
  demoBalances,
  demoTargets,
  developmentAccount,
} from '@lawbook/analytics/demoWorld';
import { at, InvariantViolation } from '@lawbook/exchange/failures/invariant';
import { SystemRole, systemAccount } from '@lawbook/exchange/ledger/account';
import type { Config } from '../../../packages/executor/src/config/config.ts';
import { createLogger } from '../../../packages/executor/src/metrics/logger.ts';
import type { Metrics } from '../../../packages/executor/src/metrics/metrics.ts';
import { createMetrics } from '../../../packages/executor/src/metrics/metrics.ts';
import { SimulatedClock } from '../../chains/double/simulatedClock.ts';
import { Auditor } from '../auditor/auditor.ts';
import type { FollowedInput } from '../auditor/journalFollower.ts';
import { JournalFollower } from '../auditor/journalFollower.ts';
import { FaultBoard } from '../faults/faultBoard.ts';
import type { SeededRandom } from '../seededRandom.ts';
import type { Step } from '../workload/acts.ts';
import type { Wish } from '../workload/trader.ts';
import { Trader } from '../workload/trader.ts';
import { doesSettle } from './drawBase.ts';
import { EvmBase } from './evmBase.ts';
import type { WorldReply } from './gatewayDouble.ts';
import { MemoryBase } from './memoryBase.ts';
import type { BaseDeposit, BaseKind } from './simulatedBase.ts';
import { SimulatedMachine } from './simulatedMachine.ts';
import { SimulatedOracle } from './simulatedOracle.ts';
import { settlingParameters } from './simulatedPlan.ts';
import type { ProverTerms } from './simulatedProver.ts';
import { GOOD_PROVERS } from './simulatedProver.ts';
import { stream } from './streams.ts';
import { TraderFeed } from './traderFeed.ts';
import type { LiveVenue } from './venueHost.ts';
import { VenueHost } from './venueHost.ts';
import { Wires } from './wires.ts';
import { BOOKS, DATA_DIR, drawConfig, OPERATOR_TOKEN } from './worldConfig.ts';
import type { WorldView } from './worldView.ts';

const TRADERS = ['alice', 'bob', 'charlie', 'flow-0', 'book-0', 'book-1'];
/** A client that hears nothing asks again after this time, so often. */
const PATIENCE_MS = 5_000;
const TRIES_MAX = 3;
/** Longest that the world is given to come to rest, simulated milliseconds. */
const REST_MS_MAX = 1_800_000;
/** A client that was refused comes back within ten seconds. */
const CLIENTS_RETURN_MS = 15_000;
/** How often the operator looks at the health of the venue. */
const OPERATOR_MS = 5_000;
const START_MS = 1_800_000_000_000;

/** A venue with everybody and everything around it, grown from one seed. */
export class World {
  readonly seed: number;
  readonly clock: SimulatedClock = new SimulatedClock(START_MS);
  readonly machine: SimulatedMachine;
  readonly base: MemoryBase | EvmBase;
  readonly oracle: SimulatedOracle;
  readonly wires: Wires;
  readonly provers: ProverTerms = { ...GOOD_PROVERS };
  readonly host: VenueHost;
  readonly faults: FaultBoard;
  readonly traders: readonly Trader[];
  readonly feeds: readonly TraderFeed[];
  readonly auditor: Auditor = new Auditor();
  readonly follower: JournalFollower;
  readonly settles: boolean;
  readonly bugs: string[] = [];
  /** Decides what chance decides within the step that is played. */
  random: SeededRandom;
  /** Seed of the configuration of the next start. */
  configSeed = 0;
  readonly #metrics: Metrics = createMetrics();
  readonly #digest = createHash('sha256');
  #step = 0;
  #lives = 0;
  #played = 0;
  #config: { readonly configSeed: number; readonly config: Config } | undefined;
  #rootedAt = 0;
  /** What became durable since the last step; before the first one, since the beginning. */
  #news: readonly FollowedInput[] = [];
  #isAtRest = false;

  private constructor(seed: number, kind: BaseKind) {
    const { clock } = this;
    this.seed = seed;
    this.random = stream(seed, 'begin');
    this.settles = kind === 'evm' || doesSettle(seed);
    this.machine = new SimulatedMachine(seed, clock);
    this.oracle = new SimulatedOracle({ clock, random: stream(seed, 'oracle') });
    this.machine.fetch = this.oracle.fetch;
    this.wires = new Wires({ clock, random: stream(seed, 'wires') });
    this.traders = TRADERS.map((name) => new Trader(name));
    this.base = this.#makeBase(kind);
    this.host = this.#makeHost();
    this.follower = new JournalFollower(DEMO_DOMAIN, {
      disk: this.machine.disk,
      directory: `${DATA_DIR}/journal`,
    });
    this.feeds = this.traders.slice(0, 3).map((trader) => this.#openFeed(trader));
    this.faults = new FaultBoard({
      ...{ clock, machine: this.machine, host: this.host, wires: this.wires },
      ...{ base: this.base, provers: this.provers, oracle: this.oracle },
      cutFeeds: () => {
        for (const feed of this.feeds) feed.cut();
      },
    });
  }

  /** Builds the world of a seed and waits until its venue listens. */
  static async open(seed: number, kind: BaseKind = 'memory'): Promise<World> {
    const world = new World(seed, kind);
    const config = world.config();
    if (world.settles) {
      const parameters = settlingParameters(config.market.batchIntervalMs);
      await world.base.open(parameters, world.#firstDeposits());
    }
    world.host.start();
    world.clock.every(OPERATOR_MS, () => world.#lookAfter());
    await world.clock.runUntil(() => world.#hasBegun(), { withinMs: 600_000 });
    await world.#follow();
    return world;
  }

  /** Whether the venue listens, and people have the money that they paid in on a real chain. */
  #hasBegun(): boolean {
    const { live } = this.host;
    if (live === undefined) return false;
    if (this.base.kind === 'memory') return true;
    const { depositCount } = live.wired.venue.state.baseLayer;
    return BigInt(depositCount) >= this.base.depositCount();
  }

  /** Lets a step's act be performed and its time pass. @returns a flaw of what the disk holds. */
  async play(step: Step, perform: (world: World) => void): Promise<string | undefined> {
    this.#step = step.id;
    this.random = stream(this.seed, `step ${step.id}`);
    perform(this);
    await this.clock.runFor(step.waitMs);
    await this.clock.settle();
    const opening = this.#played === 0 ? this.#news : [];
    this.#played += 1;
    const flaw = await this.#follow();
    this.#news = [...opening, ...this.#news];
    this.#digestStep();
    return flaw;
  }

  /** Ends all faults and lets the world come to rest. @returns why it does not, if so. */
  async rest(): Promise<string | undefined> {
    this.faults.calm();
    this.base.calm();
    // The operator sets the clock right: never back behind what was sequenced.
    this.machine.skewMs = 0;
    const aheadMs = this.follower.machine.state.timeMs - this.clock.nowMs();
    await this.clock.runFor(Math.max(0, aheadMs) + 30_000);
    this.#resume();
    // A proxy that loses the last frame of a feed leaves a client behind until the next one.
    for (const feed of this.feeds) feed.cut();
    try {
      await this.clock.runUntil(() => this.#isQuiet(), {
        withinMs: REST_MS_MAX,
        what: 'a world without faults coming to rest',
      });
    } catch (failure) {
      return `${String(failure)}: ${this.#unrest()}`;
    }
    await this.clock.runFor(CLIENTS_RETURN_MS);
    const flaw = await this.#follow();
    this.#isAtRest = true;
    this.#digestStep();
    return flaw;
  }

  /** What checkers look at. */
  view(): WorldView {
    return {
      seed: this.seed,
      step: this.#step,
      nowMs: this.clock.elapsedMs(),
      live: this.host.live,
      host: this.host,
      auditor: this.auditor,
      follower: this.follower,
      news: this.#news,
      disk: this.machine.disk,
      store: this.machine.store,
      base: this.base,
      settles: this.settles,
      traders: this.traders,
      feeds: this.feeds,
      bugs: this.bugs,
      isAtRest: this.#isAtRest,
    };
  }

  /** What the run came to so far, in a hash: two runs that differ anywhere differ here. */
  digest(): string {
    return this.#digest.copy().digest('hex');
  }

  close(): void {
    for (const feed of this.feeds) feed.close();
    this.host.kill('kill');
    this.#metrics.close();
  }

  /** The configuration that a start now would have. */
  config(): Config {
    const { configSeed } = this;
    if (this.#config?.configSeed !== configSeed) {
      const config = drawConfig(this.seed, configSeed, this.oracle.settings());
      this.#config = { configSeed, config };
    }
    return this.#config.config;
  }

  /** Sends a wish over the network; whoever hears nothing asks again. */
  send(wish: Wish, onReply: (reply: WorldReply) => void = () => undefined): void {
    let isAnswered = false;
    const hear = (reply: WorldReply): void => {
      if (isAnswered) return;
      isAnswered = true;
      onReply(reply);
    };
    const attempt = (tries: number): void => {
      if (isAnswered || tries > TRIES_MAX) return;
      this.wires.send(() => this.#arrive(wish, hear));
      this.clock.schedule(PATIENCE_MS, () => attempt(tries + 1));
    };
    attempt(1);
  }

  /** Notes something that nobody may ever meet. */
  bug(cause: unknown): void {
    const sentence = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
    this.bugs.push(sentence);
    // A broken invariant ends a process.
    if (cause instanceof InvariantViolation) this.host.kill('kill');
  }

  #arrive(wish: Wish, hear: (reply: WorldReply) => void): void {
    const { live } = this.host;
    if (live === undefined) return;
    if (live.life.pausedMs > 0) {
      this.clock.schedule(live.life.pausedMs, () => this.#arrive(wish, hear));
      return;
    }
    const atMs = this.clock.elapsedMs();
    const arrival = this.auditor.arrived(wish, { life: this.#lives, atMs });
    live.gateway.answer(wish.request).then(
      (reply) => {
        if (live.life.isDead && this.host.live !== live) return;
        this.auditor.replied(arrival, { wish, reply, atMs: this.clock.elapsedMs() });
        this.wires.send(() => hear(reply));
      },
      (cause: unknown) => this.bug(cause),
    );
  }

  #makeBase(kind: BaseKind): MemoryBase | EvmBase {
    const { seed, clock } = this;
    if (kind === 'memory') return new MemoryBase({ clock, random: stream(seed, 'base') });
    const onBug = (cause: unknown): void => this.bug(cause);
    const people = TRADERS.map(developmentAccount);
    return new EvmBase({ seed, clock, people, onBug });
  }

  #makeHost(): VenueHost {
    const { seed, machine, base, provers } = this;
    const random = stream(seed, 'supervisor');
    const { terms: storeTerms } = machine.store;
    const settling = { base, provers, storeTerms, random: stream(seed, 'provers') };
    return new VenueHost({
      machine,
      log: createLogger({ level: 'silent' }),
      metrics: this.#metrics,
      config: () => this.config(),
      settling: this.settles ? settling : undefined,
      operatorToken: OPERATOR_TOKEN,
      restartMs: () => random.integer(20, random.next() < 0.8 ? 300 : 4_000),
      onUp: (live) => this.#rose(live),
      onDown: () => undefined,
      onRefused: (code, sentence) => this.#startRefused(code, sentence),
      onBug: (cause) => this.bug(cause),
    });
  }

  #openFeed(trader: Trader): TraderFeed {
    return new TraderFeed({
      trader,
      clock: this.clock,
      random: stream(this.seed, `feed ${trader.name}`),
      wires: this.wires,
      books: BOOKS,
      accept: () => {
        const { live, isStopping } = this.host;
        // A venue that closes has given its port back.
        if (live === undefined || isStopping) return undefined;
        return (socket) => live.gateway.accept(socket, trader.name);
      },
    });
  }

  #rose(live: LiveVenue): void {
    this.#lives += 1;
    const durable = live.wired.journal.sequence;
    if (durable < this.follower.sequence) {
      this.bugs.push(
        `the venue came back with ${durable} inputs; ${this.follower.sequence} were durable`,
      );
    }
  }

  /** A start may meet a disk that fails; it may not meet what a crash alone leaves behind. */
  #startRefused(code: string, sentence: string): void {
    const isOfTheDisk = ['JOURNAL_UNAVAILABLE', 'STORAGE_UNAVAILABLE', 'STORAGE_FULL'];
    if (!isOfTheDisk.includes(code)) this.bugs.push(`a start was refused: ${code}: ${sentence}`);
  }

  async #follow(): Promise<string | undefined> {
    this.#news = [];
    const { live } = this.host;
    if (live === undefined) return undefined;
    const followed = await this.follower.follow(live.wired.journal.sequence);
    if (typeof followed === 'string') return followed;
    this.#news = followed;
    return undefined;
  }

  #digestStep(): void {
    const { sequence } = this.follower;
    const root = sequence === this.#rootedAt ? '' : this.follower.root();
    this.#rootedAt = sequence;
    const { arrivals, acknowledged } = this.auditor;
    const figures = [this.#step, this.clock.elapsedMs(), sequence, root, arrivals.length];
    this.#digest.update(`${figures.join(' ')} ${acknowledged.length} ${this.clock.fired()}\n`);
  }

  /** An operator sees in the health report what only a restart mends. */
  #lookAfter(): void {
    const health = this.host.live?.wired.venue.health() ?? [];
    const isBroken = health.some(({ name, state }) => {
      return state === 'unready' && (name === 'journal' || name === 'storage');
    });
    if (isBroken) this.host.restart();
  }

  /** An operator lets halted markets go on. */
  #resume(): void {
    const { live } = this.host;
    if (live === undefined) return;
    for (const { marketId, haltReason } of live.wired.venue.state.markets.values()) {
      if (haltReason === undefined) continue;
      live.wired.venue.execute({ kind: 'resumeMarket', marketId }).catch(() => undefined);
    }
  }

  /** Whether nothing is under way any more. */
  #isQuiet(): boolean {
    return this.#unrest() === undefined;
  }

  #unrest(): string | undefined {
    const { live } = this.host;
    if (live === undefined) return 'the venue is not up';
    if (this.host.isStopping) return 'the venue is stopping';
    const { venue, journal, settlement } = live.wired;
    const { state } = venue;
    if (journal.sequence !== state.sequence) return 'the journal is behind';
    const market = state.markets.get(DEMO_MARKET_ID);
    const open = market?.batch;
    if (open !== undefined && open.table.count + open.commitments.length > 0) {
      if (market?.haltReason === undefined) return `batch ${open.number} is open`;
    }
    if (market !== undefined && market.epoch.batchCount > 0) return 'an epoch is open';
    if (settlement === undefined) return undefined;
    const status = settlement.status();
    if (status.phase !== 'running') return `settlement is ${status.phase}: ${status.detail}`;
    const { lag } = status;
    if (lag !== undefined && lag.finalized < lag.sealed) {
      return `list ${lag.finalized} of ${lag.sealed} is final, ${lag.proven} proven`;
    }
    const counted = BigInt(state.baseLayer.depositCount);
    if (this.base.isBusy()) return 'acts of people wait for a block';
    if (counted < this.base.depositCount()) return 'deposits wait';
    return undefined;
  }

  /** What the pool and the traders have on the base layer before the venue starts. */
  #firstDeposits(): BaseDeposit[] {
    const pool = systemAccount(SystemRole.pool, DEMO_MARKET_ID);
    const deposits = demoTargets().map((units, assetId) => ({ owner: pool, assetId, units }));
    const people = this.traders.slice(0, 4).flatMap(({ account: owner }) => {
      return demoBalances().map((_, assetId) => {
        return { owner, assetId, units: at(demoBalances(), assetId) as bigint };
      });
    });
    return [
      ...deposits.map((deposit) => ({ ...deposit, units: deposit.units as bigint })),
      ...people,
    ];
  }
}
