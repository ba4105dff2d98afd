import type { RpcCall, Transport } from '@lawbook/chains/endpoints/transport';
import { TransportError } from '@lawbook/chains/endpoints/transport';
import { frontTransport } from '@lawbook/chains/solana/embedded/embeddedSolana';
import { honestSwitches, SolanaFront } from '@lawbook/chains/solana/embedded/solanaFront';
import { SolanaLedger } from '@lawbook/chains/solana/embedded/solanaLedger';
import { loadSolanaMachine } from '@lawbook/chains/solana/embedded/solanaMachine';
import { openSolanaLane } from '@lawbook/chains/solana/openSolanaLane';
import type { SolanaIntentRequest } from '@lawbook/chains/solana/solanaIntent';
import type { SolanaLane } from '@lawbook/chains/solana/solanaLane';
import { DEFAULT_SOLANA_SETTINGS } from '@lawbook/chains/solana/solanaLane';
import { solTransfer } from '@lawbook/chains/solana/solTransfer';
import type { MemoryContents } from '@lawbook/chains/stores/memoryStore';
import { MemoryStore } from '@lawbook/chains/stores/memoryStore';
import type { Address } from '@solana/kit';
import { SimulatedClock, SimulationFailure } from '../double/simulatedClock.ts';
import { Lifeline } from './lifeline.ts';
import { plainEndpoints } from './plainEndpoints.ts';
import { seedSigner } from './seedSigner.ts';
import type { SolanaViolation } from './solanaTruth.ts';
import { judgeSolana } from './solanaTruth.ts';

/** What one seed showed. Counts under 2^53. */
export interface SolanaScenarioResult {
  readonly seed: number;
  /** Empty when every invariant held. */
  readonly violations: readonly SolanaViolation[];
  readonly simulatedMs: number;
  readonly intents: number;
  readonly kills: number;
  readonly forks: number;
  readonly ended: Readonly<Record<string, number>>;
  /** Signed transactions in the records, and those of them that expired. */
  readonly attempts: number;
  readonly expired: number;
}

/** What a scenario can be made to do besides its seed. */
export interface SolanaScenarioOptions {
  /**
   * Every endpoint says that everything expired and nothing ever landed: no lane can stand that,
   * and a harness that is silent about it is worth nothing.
   */
  readonly conspiracy?: boolean;
}

const SLOT_MS = 400;
const ENDPOINTS = 3;
const FUNDS = 50_000_000_000n;
/** Simulated time under faults, and afterwards until everything has to have ended. */
const FAULTS_MS = 240_000;
const HEALING_MS = 1_800_000;

/**
 * Scenario 26 as a seeded world: payments, some of them equal, through a lane that is killed at
 * random interactions, on a chain that forks and skips slots, behind endpoints that drop, hold and
 * lose sends, lag, tell of landings late and take slots for heights. At most one endpoint at a time
 * lies without bound: with a quorum of two, that is what the lane claims to stand.
 */
export async function runSolanaScenario(
  seed: number,
  options: SolanaScenarioOptions = {},
): Promise<SolanaScenarioResult> {
  const world = await SolanaWorld.create(seed, options);
  return world.run();
}

interface Instance {
  readonly lifeline: Lifeline;
  readonly lane: SolanaLane;
}

class SolanaWorld {
  readonly #seed: number;
  readonly #random: () => number;
  readonly #clock: SimulatedClock = new SimulatedClock();
  readonly #contents: MemoryContents = { texts: new Map(), keys: [], leases: new Map() };
  readonly #signer = seedSigner('payer');
  readonly #ledger: SolanaLedger;
  readonly #fronts: readonly SolanaFront[];
  readonly #conspiracy: boolean;
  readonly #requests: SolanaIntentRequest[] = [];
  readonly #instances: Instance[] = [];
  #isHealed = false;
  #kills = 0;

  static async create(seed: number, { conspiracy = false }: SolanaScenarioOptions) {
    return new SolanaWorld(seed, new SolanaLedger(await loadSolanaMachine()), conspiracy);
  }

  constructor(seed: number, ledger: SolanaLedger, conspiracy: boolean) {
    this.#seed = seed;
    this.#random = mulberry32(seed);
    this.#ledger = ledger;
    this.#conspiracy = conspiracy;
    this.#ledger.fund(this.#signer.address as Address, FUNDS);
    this.#fronts = Array.from({ length: ENDPOINTS }, () => new SolanaFront(ledger));
  }

  async run(): Promise<SolanaScenarioResult> {
    const clock = this.#clock;
    for (let blocks = 0; blocks < 40; blocks += 1) this.#ledger.produceBlock();
    clock.every(SLOT_MS, () => this.#passSlot());
    clock.every(5_000, () => this.#shuffleFaults());
    this.#writeRequests();
    this.#start();
    for (const request of this.#requests) {
      clock.schedule(this.#below(60_000), () => this.#submit(request));
    }
    await clock.runFor(FAULTS_MS);
    this.#heal();
    const stuck = await this.#runOut();
    const records = { contents: this.#contents, ledger: this.#ledger, requests: this.#requests };
    const truth = judgeSolana({ ...records, payer: this.#signer.address, funds: FUNDS });
    for (const { lifeline } of this.#instances) lifeline.kill();
    const { ended, attempts, expired } = truth;
    return {
      seed: this.#seed,
      violations: stuck === undefined ? truth.violations : [stuck, ...truth.violations],
      simulatedMs: clock.elapsedMs(),
      intents: this.#requests.length,
      kills: this.#kills,
      forks: this.#ledger.forks(),
      ended,
      attempts,
      expired,
    };
  }

  /** After the faults every intent has to come to its end, and to stay there. */
  async #runOut(): Promise<SolanaViolation | undefined> {
    const isOpen = (key: string): boolean => key.includes('/open/');
    const submitted = (): boolean => {
      const stored = this.#contents.keys.filter((key) => key.includes('/intent/'));
      return stored.length === this.#requests.length;
    };
    try {
      await this.#clock.runUntil(() => submitted() && !this.#contents.keys.some(isOpen), {
        withinMs: HEALING_MS,
        what: 'every intent has ended',
      });
      await this.#clock.runFor(60 * SLOT_MS);
      return undefined;
    } catch (failure) {
      if (!(failure instanceof SimulationFailure)) throw failure;
      return { invariant: 'I2', sentence: failure.message };
    }
  }

  #writeRequests(): void {
    const count = 3 + this.#below(6);
    const from = this.#signer.address;
    for (let index = 0; index < count; index += 1) {
      // Every second payment is the same as the one before it, but for its key.
      const twin = index % 2 === 1 ? this.#requests[index - 1] : undefined;
      const to = seedSigner(`payee ${this.#below(3)}`).address;
      const amount = this.#chance(0.08) ? FUNDS * 2n : BigInt(1_000_000 + this.#below(1_000));
      this.#requests.push({
        ...(twin ?? solTransfer({ from, to, amount })),
        key: `payment-${index}`,
        unitLimit: undefined,
        urgency: this.#chance(0.5) ? 'patient' : 'urgent',
        deadlineMs: this.#clock.nowMs() + 60_000 + this.#below(900_000),
        finality: 'finalized',
        feeCap: 20_000n,
      });
    }
  }

  /** A caller who does not let go until the intent is stored, whichever process dies meanwhile. */
  #submit(request: SolanaIntentRequest): void {
    // The first process may die before its lane is open.
    const instance = this.#instances.at(-1);
    const isStored = (): boolean => {
      return this.#contents.keys.some((key) => key.endsWith(`/intent/${request.key}`));
    };
    const again = (): void => {
      if (!isStored()) this.#submit(request);
      else if (this.#chance(0.15)) this.#cancelLater(request.key);
    };
    this.#clock.schedule(3_000, again);
    if (instance?.lifeline.isAlive() !== true) return;
    instance.lane.submit(request).catch(() => 'tried again later');
  }

  #cancelLater(key: string): void {
    this.#clock.schedule(this.#below(90_000), () => {
      const instance = this.#instances.at(-1);
      instance?.lane.cancel(key).catch(() => 'a wish that was not heard');
    });
  }

  /** Another process; the one before may be dead, or may still believe that it owns the lane. */
  #start(): void {
    const number = this.#instances.length;
    const dies = !this.#isHealed && this.#chance(0.8);
    const death = { interaction: 1 + this.#below(120), side: this.#side() } as const;
    const lifeline = new Lifeline(dies ? death : undefined);
    const clock = lifeline.clock(this.#clock);
    const environment = { clock, random: { next: this.#random } };
    const transports = this.#fronts.map((front, index) => {
      return lifeline.transport(this.#faulty(front, `endpoint-${index}`));
    });
    const opening = openSolanaLane(
      {
        genesisHash: this.#ledger.genesisHash,
        signer: lifeline.signer(this.#signer),
        settings: { ...DEFAULT_SOLANA_SETTINGS, beatMs: 2_000, resendMs: 4_000 },
        owner: `process-${number}`,
        onAlert: () => undefined,
      },
      {
        endpoints: plainEndpoints(transports, clock),
        store: lifeline.store(new MemoryStore(this.#clock, this.#contents)),
        environment,
      },
    );
    opening.then(
      (lane) => this.#instances.push({ lifeline, lane }),
      () => this.#clock.schedule(1_000, () => this.#start()),
    );
    const watch = this.#clock.every(1_000, () => {
      if (lifeline.isAlive()) return;
      watch();
      this.#kills += 1;
      this.#start();
    });
  }

  #passSlot(): void {
    if (this.#chance(0.05)) this.#ledger.skipSlot();
    else this.#ledger.produceBlock(Math.floor(this.#clock.nowMs() / 1000));
    if (this.#isHealed || !this.#chance(0.04)) return;
    const share = this.#random();
    this.#ledger.fork(1 + this.#below(32), () => this.#chance(share));
  }

  #shuffleFaults(): void {
    if (this.#isHealed) return;
    const liar = this.#below(ENDPOINTS);
    for (const [index, { switches }] of this.#fronts.entries()) {
      const drops = this.#chance(0.5) ? 0 : this.#random();
      const holds = this.#chance(0.3) ? 180 : 6;
      switches.slotLag = this.#chance(0.6) ? 0 : this.#below(30);
      switches.heightIsSlot = this.#chance(0.3);
      switches.dropsSend = () => this.#chance(drops);
      switches.holdSlots = () => this.#below(holds);
      // Within the margin that the lane keeps, or one endpoint without bound.
      switches.statusDelay = index === liar ? this.#below(400) : this.#below(8);
      switches.historySlots = this.#chance(0.8) ? Number.MAX_SAFE_INTEGER : this.#below(300);
    }
    if (this.#chance(0.05)) this.#ledger.expireBlockhashes();
    const newest = this.#instances.at(-1);
    if (this.#chance(0.1)) newest?.lifeline.kill();
    if (this.#chance(0.05)) this.#start();
  }

  #heal(): void {
    this.#isHealed = true;
    for (const { switches } of this.#fronts) Object.assign(switches, honestSwitches());
    for (const { lifeline } of this.#instances) lifeline.spare();
  }

  /** Loses requests before they arrive and answers after they had their effect. */
  #faulty(front: SolanaFront, name: string): Transport {
    const inner = frontTransport(front, { name, latencyMs: 20 }, { clock: this.#clock });
    return {
      name,
      request: async (call, options) => {
        const fate = this.#isHealed ? 1 : this.#random();
        if (fate < 0.04) throw new TransportError('reset', 'lost on the way there');
        const result = await inner.request(call, options);
        if (fate < 0.08) throw new TransportError('reset', 'lost on the way back');
        return this.#conspiracy ? conspire(call, result) : result;
      },
    };
  }

  #side(): 'before' | 'after' {
    return this.#chance(0.5) ? 'before' : 'after';
  }

  #chance(probability: number): boolean {
    return this.#random() < probability;
  }

  #below(bound: number): number {
    return Math.floor(this.#random() * bound);
  }
}

/** The planted fault: see `SolanaScenarioOptions.conspiracy`. */
function conspire({ method, params }: RpcCall, result: unknown): unknown {
  const told = result as { context: unknown; value: unknown };
  if (method === 'getBlockHeight') return (result as number) + FAR_AHEAD;
  if (method === 'isBlockhashValid') return { ...told, value: false };
  if (method === 'getSignatureStatuses') {
    return { ...told, value: (told.value as unknown[]).map(() => null) };
  }
  const asked = params[0] as { readonly commitment?: string } | undefined;
  if (method !== 'getLatestBlockhash' || asked?.commitment !== 'finalized') return result;
  const { blockhash, lastValidBlockHeight } = told.value as LatestBlockhash;
  return { ...told, value: { blockhash, lastValidBlockHeight: lastValidBlockHeight + FAR_AHEAD } };
}

const FAR_AHEAD = 100_000;

interface LatestBlockhash {
  readonly blockhash: string;
  readonly lastValidBlockHeight: number;
}

/** A small generator of good quality; the same seed, the same world. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
