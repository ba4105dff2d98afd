import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { AnvilWorld } from '../../testing/chains/anvil/anvilWorld.ts';
import { ChildApp } from './childApp.ts';
import { EngineApp } from './engineApp.ts';
import type { Bench } from './figures.ts';
import type { Payer, PaymentApp, PaymentTerms } from './paymentApp.ts';
import { ViemApp } from './viemApp.ts';

/** Who plays a scenario, and with which habits. */
export interface Contender {
  readonly name: string;
  readonly payer: Payer;
  /** After its process was killed; the engine has only one way. */
  readonly afterDeath?: AfterDeath;
  readonly tellsReplacementBy?: PaymentTerms['tellsReplacementBy'];
}

/**
 * What an app does about payments that it has no verdict on, when it starts again:
 * - `resend`: pays them again.
 * - `resume`: waits for those whose hash was written down, and pays the others again.
 * - `wait`: waits for those whose hash was written down, and pays nothing twice.
 */
export type AfterDeath = 'resend' | 'resume' | 'wait';

/** Something that goes wrong, and how payments are made meanwhile. */
export interface Scenario {
  readonly id: string;
  /** A line for the table. */
  readonly title: string;
  readonly payments: number;
  readonly nodes?: number;
  readonly contenders: readonly Contender[];
  /** Nothing moved for so long: what has no verdict by then will not get one. */
  readonly quietMs?: number;
  /** Much work at once: nothing runs beside it, and the contenders play in turn. */
  readonly alone?: boolean;
  readonly patienceMs?: number;
  /** Wei; the engine's cap on the fee of one payment, and the measure for everybody. */
  readonly feeCap?: bigint;
  readonly inFlightMax?: number;
  /** Base fees above what the world begins with are the scenario's own. */
  play(stage: Stage): Promise<void>;
}

/** Longer than viem backs off (12.6 s in six steps) while a node does not know a transaction. */
const QUIET_MS = 14_000;

/** One contender in a world of its own, playing one scenario. */
export class Stage {
  readonly world: AnvilWorld;
  readonly keys: readonly string[];
  readonly contender: Contender;
  readonly scenario: Scenario;
  readonly apps: PaymentApp[] = [];
  onSigned: PaymentTerms['onSigned'];
  startMs = 0;
  endMs = 0;
  readonly #deadlineMs = Date.now() + 120_000;

  private constructor(world: AnvilWorld, scenario: Scenario, contender: Contender) {
    this.world = world;
    this.scenario = scenario;
    this.contender = contender;
    this.keys = Array.from({ length: scenario.payments }, (_, index) => `pay:${index}`);
  }

  /** Plays to the end. The world is closed by the caller. */
  static async run<T>(
    bench: Bench,
    scenario: Scenario,
    contender: Contender,
    judge: (stage: Stage) => Promise<T>,
  ): Promise<T> {
    const { nodes = 2 } = scenario;
    const world = await AnvilWorld.start({ nodes });
    const closeWorld = bench.closers.add(() => world.close());
    const stage = new Stage(world, scenario, contender);
    const closeApps = bench.closers.add(() => Promise.all(stage.apps.map((app) => app.close())));
    try {
      await scenario.play(stage);
      await stage.settle();
      return await judge(stage);
    } finally {
      await closeApps();
      await closeWorld();
    }
  }

  /** Opens the app in this process. */
  async open(): Promise<PaymentApp> {
    const terms = this.#terms('app');
    const app =
      this.contender.payer === 'engine' ? await EngineApp.open(terms) : new ViemApp(terms);
    this.apps.push(app);
    return app;
  }

  /** Opens the app in a process of its own; all of them share a store. */
  async openChild(owner: string): Promise<ChildApp> {
    const app = ChildApp.start(this.contender.payer, this.#terms(owner));
    this.apps.push(app);
    await app.opened();
    return app;
  }

  /** Opens the app and pays everything at once. */
  async payAll(): Promise<PaymentApp> {
    const app = await this.open();
    this.begin();
    for (const key of this.keys) app.pay(key);
    return app;
  }

  /** Time counts from here. */
  begin(): void {
    this.startMs = performance.now();
  }

  /** Waits until every payment has a verdict, or nothing has moved for long. */
  async settle(): Promise<void> {
    const { quietMs = QUIET_MS, patienceMs = 45_000 } = this.scenario;
    const giveUpMs = performance.now() + patienceMs;
    let before = '';
    let movedMs = performance.now();
    while (performance.now() < giveUpMs) {
      const told = this.keys.filter((key) => this.apps.some(({ verdicts }) => verdicts.has(key)));
      const mined = await this.world.minedCount();
      const now = `${told.length} ${mined} ${this.world.mempool.seen().length}`;
      if (now !== before) {
        movedMs = performance.now();
        before = now;
      }
      if (told.length === this.keys.length || performance.now() - movedMs > quietMs) break;
      await pause(25);
    }
    this.endMs = movedMs;
    // Long enough for what was sent and not told to be mined.
    await this.world.mine(3);
  }

  #terms(owner: string): PaymentTerms {
    const { scenario, contender, onSigned, world } = this;
    return {
      ...world.terms(),
      key: world.key,
      confirmations: 3,
      storeFolder: join(world.folder, 'store'),
      owner,
      deadlineMs: this.#deadlineMs,
      feeCap: scenario.feeCap ?? 10n ** 16n,
      inFlightMax: scenario.inFlightMax ?? 16,
      tellsReplacementBy: contender.tellsReplacementBy ?? 'onReplaced',
      ...(onSigned && { onSigned }),
    };
  }
}
