/**
 * A settler in a simulated world: a memory chain that mines and reorganises by itself, a base layer
 * that goes away and loses answers, provers that die, and a process that crashes at any await.
 */
import type { ZERO_HASH } from '../../packages/exchange/src/codec/hash.ts';
import { at, invariant } from '../../packages/exchange/src/failures/invariant.ts';
import type { ListCut } from '../../packages/proofs/src/statements/epoch/cutDiffList.ts';
import type {
  BaseLayer,
  Certainty,
  SettledList,
  SettledProgress,
} from '../../packages/settlement/src/baseLayer/baseLayer.ts';
import type {
  LawProof,
  SettleOutcome,
  Submission,
} from '../../packages/settlement/src/baseLayer/submission.ts';
import { Bell } from '../../packages/settlement/src/bell.ts';
import { SettlementFault } from '../../packages/settlement/src/settlementFault.ts';
import type { SealedList } from '../../packages/settlement/src/settler/epochSource.ts';
import { MemorySettlementStore } from '../../packages/settlement/src/settler/memorySettlementStore.ts';
import { openSettler } from '../../packages/settlement/src/settler/openSettler.ts';
import type {
  Settler,
  SettlerDependencies,
  SettlerEvent,
  SettlerLimits,
  SettlerOptions,
} from '../../packages/settlement/src/settler/settler.ts';
import { SimulatedClock } from '../chains/double/simulatedClock.ts';
import { SeededRandom } from '../world/seededRandom.ts';
import type { MemoryVenue } from './memoryVenue.ts';
import { addOrder, emptyScene, finish, openMemoryVenue, START_MS } from './memoryVenue.ts';

export const LIMITS: SettlerLimits = {
  provenAheadMax: 4,
  failuresBeforeAlert: 5,
  retryMsMin: 100,
  retryMsMax: 4000,
  beatMs: 2000,
};

/** How bad the world is: each a chance from zero to one. */
export interface Weather {
  /** A proof fails. */
  readonly proverDies: number;
  /** A call of the base layer fails, before or after it took effect. */
  readonly answerLost: number;
  /** The process dies at an await. */
  readonly crash: number;
  /** A block is followed by a reorganisation. */
  readonly reorganisation: number;
  /** A block leaves waiting acts out. */
  readonly withheld: number;
}

export const FAIR: Weather = {
  proverDies: 0,
  answerLost: 0,
  crash: 0,
  reorganisation: 0,
  withheld: 0,
};

/** Where something may be thrown at the settler. */
export type StageStep = 'list' | 'cut' | 'prove' | 'settle' | 'readProof';

/** What a process is told when it was killed: never anything. */
function never<T>(): Promise<T> {
  return new Promise(() => undefined);
}

/** One simulated world around one settler, which may die and be opened again. */
export class SettlerStage {
  readonly clock: SimulatedClock;
  readonly random: SeededRandom;
  readonly venue: MemoryVenue;
  store: MemorySettlementStore = new MemorySettlementStore();
  readonly events: SettlerEvent[] = [];
  weather: Weather;
  isAway = false;
  /** What an endpoint that lags behind shows, while there is one. */
  stale: { readonly progress: SettledProgress; readonly headBlock: bigint } | undefined;
  /** Blocks come without any act. */
  withholdsAll = false;
  /** Which step meets a bug. */
  broken: StageStep | undefined;
  /** What a step meets besides the weather: it is thrown. Undefined for nothing. */
  thrown: (step: StageStep) => unknown = () => undefined;
  /** Lists that the source has lost for now. */
  readonly lost: Set<bigint> = new Set();
  /** Every call of the base layer that left the process, with its time. */
  readonly calls: { readonly name: 'progress' | 'settle'; readonly atMs: number }[] = [];
  settler: Settler | undefined;
  /** How often the process was killed, and proofs were begun. */
  crashes = 0;
  proofs = 0;
  /** Alters what is sealed, for venues that diverge. */
  orderNonceOffset = 0n;
  #life = 0;
  readonly #sealed: SealedList[] = [];
  readonly #bells = new Set<Bell>();

  constructor(seed: number, weather: Weather, venue?: MemoryVenue) {
    this.clock = new SimulatedClock(START_MS);
    this.random = new SeededRandom(seed);
    this.weather = weather;
    this.venue = venue ?? openMemoryVenue(this.clock);
    this.clock.every(1000, () => this.#nextBlock());
  }

  /** Opens the settler on what store and chain hold. */
  async open(weather: Weather = this.weather, base?: SettlerOptions['base']): Promise<void> {
    this.weather = weather;
    this.#life += 1;
    const options = { limits: LIMITS, ...(base === undefined ? {} : { base }) };
    const settler = await openSettler(options, this.#dependencies(this.#life));
    this.settler = settler;
  }

  /** Seals the next epoch of the venue. */
  seal(): void {
    const listNumber = BigInt(this.#sealed.length + 1);
    const bundle = { marketId: 1, epochNumber: Number(listNumber) } as SealedList['bundle'];
    this.#sealed.push({ listNumber, bundle, sealedAtMs: this.clock.nowMs() });
    for (const bell of this.#bells) bell.ring();
  }

  sealedCount(): number {
    return this.#sealed.length;
  }

  /** List numbers in the order in which the chain now holds them. */
  settledNumbers(): bigint[] {
    return this.venue.chain.news().flatMap(({ news }) => {
      return news.kind === 'settled' ? [news.chain.number] : [];
    });
  }

  /** The list that this venue sealed in a place: one order a list. */
  cut(list: SealedList, previousListHash: typeof ZERO_HASH): ListCut {
    const k = Number(list.listNumber % 4n);
    const closedAtMs = START_MS + Number(list.listNumber);
    const scene = emptyScene({ number: list.listNumber, previousListHash, closedAtMs });
    addOrder(scene, k, { orderNonce: list.listNumber + this.orderNonceOffset });
    return finish(scene).cut;
  }

  /** Kills the process: nothing that it waits for comes any more, and nothing it does counts. */
  kill(): void {
    this.#life += 1;
    this.crashes += 1;
    this.settler = undefined;
    this.clock.schedule(this.random.integer(1, 5000), () => void this.open());
  }

  #dependencies(life: number): SettlerDependencies {
    const bell = new Bell();
    this.#bells.add(bell);
    const { store } = this;
    let heard = 0;
    return {
      layer: this.#layer(life),
      source: {
        list: async (listNumber) => {
          await this.#awaited(life);
          this.#breaks('list');
          if (this.lost.has(listNumber)) return undefined;
          return this.#sealed[Number(listNumber) - 1];
        },
        changed: async (signal) => {
          if (bell.rings() === heard) await bell.next(signal);
          heard = bell.rings();
          await this.#awaited(life);
        },
      },
      store: {
        get: async (listNumber) => store.get(listNumber),
        last: async () => store.last(),
        put: async (record) => {
          await this.#awaited(life);
          await store.put(record);
          await this.#awaited(life);
        },
      },
      cut: async (list, previous) => {
        await this.#awaited(life);
        this.#breaks('cut');
        return this.cut(list, previous);
      },
      prove: async (list, _, signal) => {
        this.proofs += 1;
        await this.clock.sleep(this.random.integer(50, 1500), signal);
        await this.#awaited(life);
        this.#breaks('prove');
        if (this.random.next() < this.weather.proverDies) {
          throw new SettlementFault('SETTLEMENT_UNAVAILABLE', 'The prover died.');
        }
        const attachment = Uint8Array.of(Number(list.listNumber % 256n));
        return { proof: proofOf(attachment), attachment, circuit: 'test', backend: 'test' };
      },
      readProof: (attachment) => {
        this.#breaks('readProof');
        return proofOf(attachment);
      },
      environment: { clock: this.#clock(life), random: this.random },
      onEvent: (event) => {
        if (life === this.#life) this.events.push(event);
      },
    };
  }

  #breaks(step: StageStep): void {
    invariant(this.broken !== step, `${step} is sound`);
    const thrown = this.thrown(step);
    if (thrown !== undefined) throw thrown;
  }

  /** A dead process sleeps for ever. */
  #clock(life: number): SettlerDependencies['environment']['clock'] {
    const { clock } = this;
    return {
      nowMs: () => clock.nowMs(),
      elapsedMs: () => clock.elapsedMs(),
      sleep: async (durationMs, signal) => {
        await clock.sleep(durationMs, signal);
        if (life !== this.#life) await never();
      },
    };
  }

  /** A point at which the process may die; a dead one stays here. */
  async #awaited(life: number): Promise<void> {
    if (life === this.#life && this.random.next() < this.weather.crash) this.kill();
    if (life !== this.#life) await never();
  }

  /** A call over a network: it may fail before or after it took effect, and takes its time. */
  async #call<T>(life: number, call: () => Promise<T>): Promise<T> {
    await this.#awaited(life);
    await this.clock.sleep(this.random.integer(1, 50));
    await this.#awaited(life);
    const isLost = this.random.next() < this.weather.answerLost;
    if (this.isAway || (isLost && this.random.next() < 0.5)) throw away();
    const answer = await call();
    await this.#awaited(life);
    if (this.isAway || isLost) throw away();
    return answer;
  }

  #layer(life: number): BaseLayer {
    const { layer } = this.venue;
    return {
      id: layer.id,
      domain: layer.domain,
      shard: layer.shard,
      marketId: layer.marketId,
      agreement: () => this.#call(life, () => layer.agreement()),
      progress: (certainty: Certainty): Promise<SettledProgress> =>
        this.#call(life, async () => {
          this.calls.push({ name: 'progress', atMs: this.clock.elapsedMs() });
          return this.stale?.progress ?? (await layer.progress(certainty));
        }),
      vault: (owner) => this.#call(life, () => layer.vault(owner)),
      settled: (listNumber: bigint): Promise<SettledList | undefined> =>
        this.#call(life, () => layer.settled(listNumber)),
      check: (submission) => this.#call(life, () => layer.check(submission)),
      settle: (submission: Submission, signal: AbortSignal): Promise<SettleOutcome> =>
        this.#call(life, () => {
          this.calls.push({ name: 'settle', atMs: this.clock.elapsedMs() });
          this.#breaks('settle');
          return layer.settle(submission, signal);
        }),
      events: (after, signal) => layer.events(after, signal),
      health: () => ({ ...layer.health(), ...(this.stale && { headBlock: this.stale.headBlock }) }),
      close: async () => undefined,
    };
  }

  #nextBlock(): void {
    const { chain } = this.venue;
    const { reorganisation, withheld } = this.weather;
    const isWithheld = this.random.next() < withheld;
    chain.mine(1, () => this.withholdsAll || (isWithheld && this.random.next() < 0.7));
    if (this.random.next() >= reorganisation) return;
    const depth = this.random.integer(1, 6);
    chain.reorganise(depth);
    // The branch that won is longer.
    chain.mine(depth + 1, () => this.random.next() < 0.5);
  }
}

function proofOf(attachment: Uint8Array): LawProof {
  invariant(attachment.length === 1, 'an attachment of this stage is one byte');
  return { circuit: 0, dataCommitment: BigInt(at([...attachment], 0)), bytes: attachment };
}

function away(): SettlementFault {
  return new SettlementFault('SETTLEMENT_UNAVAILABLE', 'The base layer is away.');
}
