import { Fault } from '@lawbook/exchange/failures/fault';
import type { Logger } from 'pino';
import type { Config } from '../../../packages/executor/src/config/config.ts';
import { demoBookInputs } from '../../../packages/executor/src/demo/demoBookInputs.ts';
import { demoInputs } from '../../../packages/executor/src/demo/demoWorld.ts';
import { gatewayOptions } from '../../../packages/executor/src/gateways/startGateways.ts';
import type { Metrics } from '../../../packages/executor/src/metrics/metrics.ts';
import { beat } from '../../../packages/executor/src/scheduler/beat.ts';
import { openSessionKey } from '../../../packages/executor/src/sessionKey.ts';
import { followSettlement } from '../../../packages/executor/src/settlement/followSettlement.ts';
import type { SettlementPlan } from '../../../packages/executor/src/settlement/settlementPlan.ts';
import type { VenueEnvironment } from '../../../packages/executor/src/venueEnvironment.ts';
import type { WiredVenue } from '../../../packages/executor/src/wiring.ts';
import { wireVenue } from '../../../packages/executor/src/wiring.ts';
import { GatewayDouble } from './gatewayDouble.ts';
import type { DeathKind, DeathPlan, Life } from './life.ts';
import { recoverOnce } from './signatures.ts';
import type { SimulatedMachine } from './simulatedMachine.ts';
import type { SimulatedPlanParts } from './simulatedPlan.ts';
import { simulatedPlan } from './simulatedPlan.ts';

/** A venue that is up. */
export interface LiveVenue {
  readonly life: Life;
  readonly wired: WiredVenue;
  readonly gateway: GatewayDouble;
  /** When it began to listen, simulated milliseconds. */
  readonly sinceMs: number;
}

/** What a host runs a venue with. */
export interface VenueHostParts {
  readonly machine: SimulatedMachine;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** The configuration of the next start. */
  readonly config: () => Config;
  /** Left away, epochs settle nowhere. */
  readonly settling:
    | Omit<SimulatedPlanParts, 'life' | 'environment' | 'batchIntervalMs'>
    | undefined;
  readonly operatorToken: string;
  /** How long the supervisor waits until it starts the venue again, milliseconds. */
  readonly restartMs: () => number;
  readonly onUp: (venue: LiveVenue) => void;
  readonly onDown: (kind: DeathKind | 'stop') => void;
  /** A start that was refused: the code of its fault. */
  readonly onRefused: (code: string, sentence: string) => void;
  /** A broken invariant: a bug, wherever it was met. */
  readonly onBug: (cause: unknown) => void;
}

/** The supervisor of one venue: starts it, and starts it again whatever it died of. */
export class VenueHost {
  readonly #parts: VenueHostParts;
  #live: LiveVenue | undefined;
  #starting: Life | undefined;
  #stop: (() => Promise<void>) | undefined;
  #lives = 0;
  /** Deaths and clean stops so far. */
  readonly counts = { kills: 0, powerLosses: 0, stops: 0, refusedStarts: 0 };

  constructor(parts: VenueHostParts) {
    this.#parts = parts;
  }

  /** The venue while it listens. */
  get live(): LiveVenue | undefined {
    return this.#live;
  }

  /** Whether a venue is on its way up. */
  get isStarting(): boolean {
    return this.#starting !== undefined;
  }

  /** Whether the venue is closing: nobody hears of it any more, and it is not down yet. */
  get isStopping(): boolean {
    return this.#live !== undefined && this.#stop === undefined;
  }

  /** Starts the venue; errors of the start are told. */
  start(): void {
    if (this.#live !== undefined || this.#starting !== undefined) return;
    const life = this.#parts.machine.spawn((kind) => this.#died(life, kind));
    this.#starting = life;
    this.#lives += 1;
    this.#open(life).catch((cause: unknown) => this.#refused(life, cause));
  }

  /** Kills whatever runs now. */
  kill(kind: DeathKind): void {
    (this.#live?.life ?? this.#starting)?.die(kind);
  }

  /** Holds whatever runs now back for a time. */
  pause(durationMs: number): void {
    (this.#live?.life ?? this.#starting)?.pause(durationMs);
  }

  /** Lets whatever runs now die at one of its next touches of the world. */
  planDeath(plan: DeathPlan): void {
    (this.#live?.life ?? this.#starting)?.planDeath(plan);
  }

  /** Stops the venue as an operator does, and starts it again. */
  restart(): void {
    const live = this.#live;
    const stop = this.#stop;
    if (live === undefined || stop === undefined) return;
    this.#stop = undefined;
    stop().then(
      () => this.#stopped(live.life),
      (cause: unknown) => {
        // The venue is closed all the same; what could not be attested is said and no more.
        if (!(cause instanceof Fault)) this.#parts.onBug(cause);
        this.#stopped(live.life);
      },
    );
  }

  async #open(life: Life): Promise<void> {
    const { machine, log, metrics, onBug } = this.#parts;
    const environment = machine.environment(life);
    const config = this.#parts.config();
    const plan = this.#plan(life, environment, config);
    const wired = await wireVenue(config, {
      ...{ log, environment, plan, recover: recoverOnce },
      onFault: () => undefined,
    });
    const { clock } = environment;
    const running = new AbortController();
    await wired.oracle.start(running.signal);
    if (wired.venue.state.sequence === 0) await bringUp(wired, config, plan, clock.nowMs());
    const { operatorToken } = this.#parts;
    const sessionKey = await openSessionKey(config.dataDir, environment);
    const gateway = new GatewayDouble(wired.venue, {
      options: gatewayOptions({ config, sessionKey, operatorToken }),
      ...{ log, metrics, onBug },
      clock: () => clock.nowMs(),
      run: `life-${this.#lives}`,
    });
    const watch = { unwound: () => undefined, record: () => undefined };
    followSettlement(wired, { dataDir: config.dataDir, log, watch, stop: onBug });
    const beating = beat(wired.scheduler, clock, running.signal);
    beating.catch(onBug);
    this.#stop = async () => {
      wired.venue.stopAdmitting();
      running.abort();
      await beating;
      await gateway.close();
      await wired.oracle.stopped();
      await wired.close();
    };
    // A dead process may still run to its next touch of the world.
    if (this.#starting !== life) return;
    this.#starting = undefined;
    this.#live = { life, wired, gateway, sinceMs: machine.clock.elapsedMs() };
    this.#parts.onUp(this.#live);
  }

  #plan(life: Life, environment: VenueEnvironment, config: Config): SettlementPlan | undefined {
    const { settling } = this.#parts;
    if (settling === undefined) return undefined;
    const { batchIntervalMs } = config.market;
    return simulatedPlan({ ...settling, life, environment, batchIntervalMs });
  }

  #died(life: Life, kind: DeathKind): void {
    if (kind === 'kill') this.counts.kills += 1;
    else this.counts.powerLosses += 1;
    const { machine } = this.#parts;
    const isOver = this.#live?.life === life || this.#starting === life;
    if (!isOver) return;
    this.#live = undefined;
    this.#starting = undefined;
    this.#stop = undefined;
    this.#parts.onDown(kind);
    const restored = kind === 'power' ? machine.losePower() : Promise.resolve();
    restored.then(() => this.#startLater(), this.#parts.onBug);
  }

  #stopped(life: Life): void {
    if (this.#live?.life !== life) return;
    life.end();
    this.counts.stops += 1;
    this.#live = undefined;
    this.#parts.onDown('stop');
    this.#startLater();
  }

  #refused(life: Life, cause: unknown): void {
    if (this.#starting !== life) return;
    life.end();
    this.#starting = undefined;
    this.counts.refusedStarts += 1;
    if (cause instanceof Fault) this.#parts.onRefused(cause.code, cause.message);
    else this.#parts.onBug(cause);
    this.#startLater();
  }

  #startLater(): void {
    const { machine, restartMs } = this.#parts;
    machine.clock.schedule(restartMs(), () => this.start());
  }
}

/** The first inputs of an empty venue, all in one turn of the event loop. */
async function bringUp(
  { venue }: WiredVenue,
  { market }: Config,
  plan: SettlementPlan | undefined,
  nowMs: number,
): Promise<void> {
  const inputs = plan?.demoInputs(nowMs) ?? demoInputs(nowMs, market.batchIntervalMs);
  const assets = inputs.filter(({ kind }) => kind === 'registerAsset');
  const all = [...inputs, ...demoBookInputs(assets.length)];
  await Promise.all(all.map((input) => venue.execute(input)));
}
