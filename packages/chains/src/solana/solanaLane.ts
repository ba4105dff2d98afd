import type { Environment } from '../environment.ts';
import type { Alert } from '../lanes/alert.ts';
import type { WaitLevel, WaitOptions } from '../lanes/lane.ts';
import type { ChainStore } from '../stores/chainStore.ts';
import type { SolanaIntentRequest, SolanaLife } from './solanaIntent.ts';
import type { SolanaEndpoints } from './solanaRpc.ts';
import type { SolanaSigner } from './solanaSigner.ts';

/**
 * The one writer of transactions for one Solana account.
 *
 * Several processes may open the same lane: one owns it, the others store intents and wait.
 */
export interface SolanaLane {
  /** `<first 32 characters of the genesis hash>/<address>`, as CAIP-2 names the cluster. */
  readonly name: string;
  readonly address: string;
  /**
   * Stores an intent. When this resolves, the intent is durable and will be brought to an end.
   * The same key with the same request answers the same intent.
   * @throws ChainFault CHAIN_INTENT_INVALID, CHAIN_KEY_REUSED, CHAIN_STORE_UNAVAILABLE.
   */
  submit(request: SolanaIntentRequest): Promise<SolanaIntentHandle>;
  /** @throws ChainFault CHAIN_INTENT_UNKNOWN. */
  intent(key: string): Promise<SolanaIntentHandle>;
  /**
   * Asks to take an intent back. What was not sent is taken back at once; what was sent cannot be:
   * it is not sent again, and lands or expires with its blockhash. The outcome tells which.
   */
  cancel(key: string): Promise<void>;
  stats(): SolanaLaneStats;
  /** Ends the loop and gives the lease back; open intents stay in the store. */
  close(): Promise<void>;
}

/** Pace and bounds of one lane. Times are milliseconds, counts stay under 2^53. */
export interface SolanaLaneSettings {
  /** Open intents at most; `submit` refuses beyond. */
  readonly openMax: number;
  /** Intents with bytes out at most. */
  readonly inFlightMax: number;
  /** Calls at the same time at most, per kind of work. */
  readonly concurrency: number;
  readonly leaseMs: number;
  /** Between two looks at the chain. */
  readonly beatMs: number;
  /** The same bytes are sent again after so long, until they land or expire. */
  readonly resendMs: number;
  /** Endpoints that a broadcast goes to. */
  readonly broadcastTo: number;
  /** Endpoints that have to agree that something is not there. */
  readonly quorum: number;
  /** Blocks beyond the last valid one before an attempt may count as expired. */
  readonly expiryMarginBlocks: bigint;
  /** The lane simulates before it signs, so the endpoints need not do it again. */
  readonly skipPreflight: boolean;
  /** Compute units asked for over those that the simulation used; integers over 100. */
  readonly unitMargin: number;
  readonly prices: SolanaPricePolicy;
}

/** How the lane chooses compute-unit prices. Percentages are integers over 100. */
export interface SolanaPricePolicy {
  /** Percentile of what recently got into blocks. */
  readonly percentile: { readonly patient: number; readonly urgent: number };
  /** An attempt after an expired one pays this share of the price before, at least. */
  readonly raise: number;
  /** Micro-lamports per compute unit: never offer less, as long as the fee cap allows it. */
  readonly leastPrice: bigint;
}

/** Defaults for slots of 400 ms. */
export const DEFAULT_SOLANA_SETTINGS: SolanaLaneSettings = {
  openMax: 1_000,
  inFlightMax: 64,
  concurrency: 10,
  leaseMs: 10_000,
  beatMs: 800,
  resendMs: 2_000,
  broadcastTo: 2,
  quorum: 2,
  expiryMarginBlocks: 16n,
  skipPreflight: true,
  unitMargin: 110,
  prices: { percentile: { patient: 50, urgent: 90 }, raise: 150, leastPrice: 0n },
};

/** What a lane is made of. */
export interface SolanaLaneOptions {
  /** The hash of the cluster's first block: endpoints of other clusters prove nothing. */
  readonly genesisHash: string;
  readonly signer: SolanaSigner;
  readonly settings: SolanaLaneSettings;
  /** Names this process in the lease. */
  readonly owner: string;
  readonly onAlert: (alert: Alert) => void;
}

/** What a lane stands on. */
export interface SolanaLaneDependencies {
  readonly endpoints: SolanaEndpoints;
  readonly store: ChainStore;
  readonly environment: Environment;
}

/** What is true of an intent. Never a guess: what is not known is `unknown`. */
export interface SolanaOutcome {
  /** `done`, `notDone` for good, or `unknown`: the wait ended first, the intent goes on. */
  readonly verdict: 'done' | 'notDone' | 'unknown';
  readonly life: SolanaLife;
}

/** An intent that was stored. Whatever happens to this process, it will be brought to an end. */
export interface SolanaIntentHandle {
  readonly key: string;
  life(): Promise<SolanaLife>;
  wait(level: WaitLevel, options?: WaitOptions): Promise<SolanaOutcome>;
}

/** One line about a lane. Counts since this process opened it; under 2^53. */
export interface SolanaLaneStats {
  readonly lane: string;
  /** Whether this process owns the lane now. */
  readonly owner: boolean;
  /** Open intents, and those of them that have bytes out. */
  readonly depth: number;
  readonly inFlight: number;
  readonly oldestAgeMs: number;
  /** Signed transactions, repeated sends of them, and those that expired. */
  readonly attempts: number;
  readonly resends: number;
  readonly expiries: number;
  /** Landings that a fork undid. */
  readonly unincluded: number;
  /** Looks at evidence that proved nothing: endpoints lag, disagree, or take slots for heights. */
  readonly expiriesUnproven: number;
  readonly ended: Readonly<Record<string, number>>;
}
