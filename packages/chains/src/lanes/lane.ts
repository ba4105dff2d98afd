import type { Address } from 'viem';
import type { EndpointPool } from '../endpoints/endpointPool.ts';
import type { Environment } from '../environment.ts';
import type { FeePolicy } from '../fees/feePolicy.ts';
import type { FundsGate } from '../gates/fundsGate.ts';
import type { SpendPolicy } from '../gates/policyGate.ts';
import type { SimulationGate } from '../gates/simulationGate.ts';
import type { IntentLife, IntentRequest } from '../intents/intent.ts';
import type { TransactionSigner } from '../signers/transactionSigner.ts';
import type { ChainStore } from '../stores/chainStore.ts';
import type { ChainTracker } from '../tracker/chainTracker.ts';
import type { Alert } from './alert.ts';

/** A level of certainty that a caller may wait for. */
export type WaitLevel = 'accepted' | 'included' | 'final';

/** What is true of an intent. Never a guess: what is not known is `unknown`. */
export interface Outcome {
  /**
   * - `done`: the level is reached, and execution succeeded as far as it is reached.
   * - `notDone`: it ended otherwise, for good; `life.reason` says why.
   * - `unknown`: the wait ended first. The intent goes on; wait again or look later.
   */
  readonly verdict: 'done' | 'notDone' | 'unknown';
  readonly life: IntentLife;
}

/** How long a caller waits. */
export interface WaitOptions {
  /** Resolves with `unknown` after this time; without it the wait ends with the intent. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** An intent that was stored. Whatever happens to this process, it will be brought to an end. */
export interface IntentHandle {
  readonly key: string;
  life(): Promise<IntentLife>;
  wait(level: WaitLevel, options?: WaitOptions): Promise<Outcome>;
}

/** One line about a lane. Counts stay under 2^53. */
export interface LaneStats {
  readonly lane: string;
  /** Whether this process owns the lane now. */
  readonly owner: boolean;
  readonly halted: string | undefined;
  /** Open intents, and those of them that hold a chain nonce. */
  readonly depth: number;
  readonly inFlight: number;
  readonly oldestAgeMs: number;
  readonly attempts: number;
  readonly attemptsPerIntent: number;
  /** Nonces below our highest that no node knows at present. */
  readonly gaps: number;
  readonly nextChainNonce: number | undefined;
  readonly ended: Readonly<Record<string, number>>;
  readonly denials: Readonly<Record<string, number>>;
  readonly reoffers: number;
  readonly bumps: number;
  /** Raised in this process, and those of them whose listener threw. */
  readonly alerts: number;
  readonly alertsUnheard: number;
}

/** Pace and bounds of one lane. */
export interface LaneSettings {
  /** Chain nonces in use at once: 16 is what geth keeps executable for one account. */
  readonly inFlightMax: number;
  /** Open intents at most; `submit` refuses beyond, in the process that owns the lane. */
  readonly openMax: number;
  readonly leaseMs: number;
  /** Beat without news from the chain. */
  readonly beatMs: number;
  /** Unseen by nodes or unmined for so long: offer again, then raise the fee. */
  readonly stallMs: { readonly patient: number; readonly urgent: number };
  /** Endpoints that a broadcast goes to. */
  readonly broadcastTo: number;
  /** Endpoints that have to agree that something is not there. */
  readonly quorum: number;
  /** Share of change, in parts per million, by which a simulation may drift after approval. */
  readonly approvalDriftPpm: number;
  readonly approvalMs: number;
}

/** Defaults for a chain with blocks of about a second to twelve. */
export const DEFAULT_LANE_SETTINGS: LaneSettings = {
  inFlightMax: 16,
  openMax: 10_000,
  leaseMs: 10_000,
  beatMs: 1_000,
  stallMs: { patient: 30_000, urgent: 12_000 },
  broadcastTo: 2,
  quorum: 2,
  approvalDriftPpm: 10_000,
  approvalMs: 900_000,
};

/** What a lane is made of. */
export interface LaneOptions {
  readonly chainId: number;
  readonly signer: TransactionSigner;
  readonly feePolicy: FeePolicy;
  readonly spendPolicy: SpendPolicy;
  readonly settings: LaneSettings;
  /** Names this process in the lease. */
  readonly owner: string;
  /** Called within the lane's loop: it should return at once. What it throws is counted. */
  readonly onAlert: (alert: Alert) => void;
}

/** What a lane stands on. */
export interface LaneDependencies {
  readonly pool: EndpointPool;
  readonly tracker: ChainTracker;
  readonly store: ChainStore;
  readonly simulation: SimulationGate;
  readonly funds: FundsGate;
  readonly environment: Environment;
}

/**
 * The one writer of transactions for one signer on one chain.
 *
 * Several processes may open the same lane: one owns it, the others store intents and wait.
 */
export interface SignerLane {
  /** `<chainId>/<address in lower case>`. */
  readonly name: string;
  readonly address: Address;
  /**
   * Stores an intent. When this resolves, the intent is durable and will be brought to an end.
   * The same key with the same target, amount and call data answers the intent that was stored
   * first, on the terms (deadline, prices, route) that it was stored with.
   * @throws ChainFault CHAIN_INTENT_INVALID, CHAIN_KEY_REUSED, CHAIN_STORE_UNAVAILABLE.
   */
  submit(request: IntentRequest): Promise<IntentHandle>;
  /** @throws ChainFault CHAIN_INTENT_UNKNOWN. */
  intent(key: string): Promise<IntentHandle>;
  /** Asks to take an intent back; its outcome tells whether that came in time. */
  cancel(key: string): Promise<void>;
  /**
   * Answers a request for approval, in the name of 1 to 128 characters.
   * @throws ChainFault CHAIN_INTENT_INVALID for another hash, or when none was asked for.
   */
  approve(key: string, approval: { requestHash: string; by: string }): Promise<void>;
  /** Starts a halted lane again, after an operator looked at the chain. */
  resume(): Promise<void>;
  stats(): LaneStats;
  /** Ends the loop and gives the lease back; open intents stay in the store. */
  close(): Promise<void>;
}
