import type { Config } from '../../../packages/executor/src/config/config.ts';
import type { Incident } from '../../../packages/executor/src/settlement/incidents.ts';
import type { VenueEnvironment } from '../../../packages/executor/src/venueEnvironment.ts';
import type { SimulatedClock } from '../../chains/double/simulatedClock.ts';
import type { SeededRandom } from '../seededRandom.ts';
import { CrashingStore } from './crashingStore.ts';
import type { DeathKind } from './life.ts';
import { Life } from './life.ts';
import { PowerLossDisk } from './powerLossDisk.ts';
import { stream } from './streams.ts';

/** One computer: what outlives the processes on it. */
export class SimulatedMachine {
  readonly clock: SimulatedClock;
  readonly disk: PowerLossDisk;
  readonly store: CrashingStore;
  /** Files that readers of rates and of keys find. */
  readonly texts: Map<string, string> = new Map();
  readonly incidents: Incident[] = [];
  /** How wrong the time of day is, milliseconds; jumps. */
  skewMs = 0;
  /** Answers what the venue fetches from the outside. */
  fetch: VenueEnvironment['fetch'] = () => Promise.reject(new TypeError('no network'));
  readonly #random: SeededRandom;
  #pids = 100;
  #boots = 1;
  #living: Life | undefined;

  constructor(seed: number, clock: SimulatedClock) {
    this.clock = clock;
    this.#random = stream(seed, 'machine');
    this.disk = new PowerLossDisk({ clock, random: stream(seed, 'disk') });
    this.store = new CrashingStore(stream(seed, 'store'));
  }

  /** The process that runs now. */
  get living(): Life | undefined {
    return this.#living?.isDead === false ? this.#living : undefined;
  }

  /** Starts a process; there is one at a time. */
  spawn(onDeath: (kind: DeathKind) => void): Life {
    // Process numbers come round: now and then one is given out again.
    if (this.#random.next() < 0.7) this.#pids += 1;
    const identity = {
      pid: this.#pids,
      startTicks: String(Math.floor(this.clock.elapsedMs() / 10) + 1),
      bootId: this.#boots.toString(16),
    };
    const life = new Life(identity, { clock: this.clock, onDeath });
    this.#living = life;
    return life;
  }

  /** What a loss of power leaves. */
  async losePower(): Promise<void> {
    this.#boots += 1;
    this.disk.losePower();
    await this.store.losePower();
  }

  /** The machine as one process sees it. */
  environment(life: Life): VenueEnvironment {
    const { identity } = life;
    return {
      clock: life.clock(() => this.skewMs),
      random: { next: () => this.#random.next() },
      disk: this.disk.seenBy(life),
      processes: {
        own: () => identity,
        isAlive: ({ pid, startTicks, bootId }) => {
          const here = this.living?.identity;
          if (here?.bootId !== bootId) return false;
          return pid === here.pid && startTicks === here.startTicks;
        },
      },
      randomBytes: (count) => {
        return Uint8Array.from({ length: count }, () => this.#random.integer(0, 255));
      },
      openStore: (_: Config) => life.touch('store', async () => this.store.seenBy(life)),
      prepareDirectory: () => life.touch('write', async () => undefined),
      fetch: (url, options) => life.touch('network', () => this.fetch(url, options)),
      readText: (path) => this.texts.get(path) ?? '',
      recordIncident: (dataDir, incident) => {
        this.incidents.push(incident);
        return `${dataDir}/incidents/${incident.sequence}.json`;
      },
    };
  }
}
