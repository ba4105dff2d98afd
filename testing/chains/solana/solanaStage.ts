import type { Transport } from '@lawbook/chains/endpoints/transport';
import { TransportError } from '@lawbook/chains/endpoints/transport';
import type { Alert } from '@lawbook/chains/lanes/alert';
import { frontTransport } from '@lawbook/chains/solana/embedded/embeddedSolana';
import { SolanaFront } from '@lawbook/chains/solana/embedded/solanaFront';
import { SolanaLedger } from '@lawbook/chains/solana/embedded/solanaLedger';
import { loadSolanaMachine } from '@lawbook/chains/solana/embedded/solanaMachine';
import { openSolanaLane } from '@lawbook/chains/solana/openSolanaLane';
import type { SolanaIntentRequest } from '@lawbook/chains/solana/solanaIntent';
import type {
  SolanaIntentHandle,
  SolanaLane,
  SolanaLaneSettings,
  SolanaOutcome,
} from '@lawbook/chains/solana/solanaLane';
import { DEFAULT_SOLANA_SETTINGS } from '@lawbook/chains/solana/solanaLane';
import type { SolanaSigner } from '@lawbook/chains/solana/solanaSigner';
import { solTransfer } from '@lawbook/chains/solana/solTransfer';
import { MemoryStore } from '@lawbook/chains/stores/memoryStore';
import type { Address } from '@solana/kit';
import { SimulatedClock } from '../double/simulatedClock.ts';
import { Lifeline } from './lifeline.ts';
import { plainEndpoints } from './plainEndpoints.ts';
import { seedSigner } from './seedSigner.ts';

/** Milliseconds of a slot, as on the cluster. */
export const SLOT_MS = 400;

/** A chain with three endpoints under a simulated clock, and lanes on it: for told examples. */
export class SolanaStage {
  readonly clock: SimulatedClock = new SimulatedClock();
  readonly signer: SolanaSigner = seedSigner('payer');
  readonly payee: string = seedSigner('payee').address;
  readonly ledger: SolanaLedger;
  readonly fronts: readonly SolanaFront[];
  readonly alerts: Alert[] = [];
  /** While false no request reaches any endpoint. */
  isReachable = true;
  readonly #store: MemoryStore = new MemoryStore(this.clock);
  readonly #lanes: SolanaLane[] = [];

  private constructor(ledger: SolanaLedger) {
    this.ledger = ledger;
    this.fronts = [0, 1, 2].map(() => new SolanaFront(ledger));
  }

  /** `funds`: lamports of the payer. */
  static async open(funds = 10_000_000_000n): Promise<SolanaStage> {
    const stage = new SolanaStage(new SolanaLedger(await loadSolanaMachine()));
    stage.ledger.fund(stage.signer.address as Address, funds);
    for (let blocks = 0; blocks < 40; blocks += 1) stage.ledger.produceBlock();
    stage.clock.every(SLOT_MS, () => {
      stage.ledger.produceBlock(Math.floor(stage.clock.nowMs() / 1000));
    });
    return stage;
  }

  /** Another process on the same store; `lifeline` kills it. */
  async lane(
    owner = 'process-0',
    settings: Partial<SolanaLaneSettings> = {},
    lifeline: Lifeline = new Lifeline(undefined),
  ): Promise<SolanaLane> {
    const clock = lifeline.clock(this.clock);
    const transports = this.fronts.map((front, index) => {
      return lifeline.transport(this.#transport(front, `endpoint-${index}`));
    });
    const lane = await openSolanaLane(
      {
        genesisHash: this.ledger.genesisHash,
        signer: this.signer,
        settings: { ...DEFAULT_SOLANA_SETTINGS, ...settings },
        owner,
        onAlert: (alert) => this.alerts.push(alert),
      },
      {
        endpoints: plainEndpoints(transports, clock),
        store: lifeline.store(this.#store),
        environment: { clock, random: { next: () => 0.5 } },
      },
    );
    this.#lanes.push(lane);
    return lane;
  }

  /** A payment that is in no hurry. */
  payment(key: string, changes: Partial<SolanaIntentRequest> = {}): SolanaIntentRequest {
    return {
      ...solTransfer({ from: this.signer.address, to: this.payee, amount: 1_000_000n }),
      key,
      unitLimit: undefined,
      urgency: 'patient',
      deadlineMs: this.clock.nowMs() + 3_600_000,
      finality: 'finalized',
      feeCap: 20_000n,
      ...changes,
    };
  }

  /** Waits for the end of an intent, while simulated time passes. */
  async end(intent: SolanaIntentHandle, withinMs = 600_000): Promise<SolanaOutcome> {
    return this.during(intent.wait('final'), withinMs);
  }

  /** Lets simulated time pass until a promise settles. */
  async during<Result>(waiting: Promise<Result>, withinMs = 600_000): Promise<Result> {
    let isSettled = false;
    const settled = waiting.finally(() => {
      isSettled = true;
    });
    await this.clock.runUntil(() => isSettled, { withinMs, what: 'the promise has settled' });
    return settled;
  }

  /** Lamports that the payee got. */
  received(): bigint {
    return this.ledger.machine.balance(this.payee as Address);
  }

  /** What every endpoint does wrong from now on. */
  switchAll(switches: Partial<SolanaFront['switches']>): void {
    for (const front of this.fronts) Object.assign(front.switches, switches);
  }

  async close(): Promise<void> {
    await this.during(Promise.all(this.#lanes.map((lane) => lane.close())));
  }

  #transport(front: SolanaFront, name: string): Transport {
    const inner = frontTransport(front, { name, latencyMs: 10 }, { clock: this.clock });
    const whenReachable: Transport['request'] = async (call, options) => {
      if (this.isReachable) return inner.request(call, options);
      await this.clock.sleep(options.timeoutMs, options.signal);
      throw new TransportError('timeout', 'nobody answers');
    };
    return { name, request: whenReachable };
  }
}
