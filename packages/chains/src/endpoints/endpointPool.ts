import type { RpcCall } from './transport.ts';

/** What a failed call says, whatever words the node used; one row of `errorTable.ts` each. */
export type ErrorMeaning =
  /** About the transaction that is being broadcast. */
  | 'alreadyKnown'
  | 'chainNonceTooLow'
  | 'chainNonceTooHigh'
  | 'replacementUnderpriced'
  | 'feeTooLow'
  | 'feeCapExceeded'
  | 'insufficientFunds'
  | 'gasLimitTooLow'
  | 'gasLimitTooHigh'
  | 'wrongChain'
  | 'invalidTransaction'
  | 'poolFull'
  | 'delegationLimit'
  /** About a call. */
  | 'reverted'
  | 'blockNotFound'
  | 'rangeTooWide'
  | 'invalidParameters'
  | 'methodUnsupported'
  /** About the endpoint. */
  | 'rateLimited'
  | 'unavailable'
  | 'unauthorized'
  /** Not in the table: counts as an application error and never against the endpoint. */
  | 'unrecognized';

/** What the pool does next about an error. */
export type RetryAdvice = 'sameEndpoint' | 'otherEndpoint' | 'never';

/**
 * - `read`: idempotent; hedged, retried elsewhere.
 * - `broadcast`: sent to several endpoints at once; never hedged, never retried by the pool.
 * - `subscription`: WebSocket only.
 */
export type MethodClass = 'read' | 'broadcast' | 'subscription';

/**
 * `high` is for what money waits on: the chain nonce, receipts, balances, fees and simulations that
 * a lane acts on, and the heads that it follows. Such reads are served before all others and may
 * use a part of the reserve for broadcasts, which still go first. While they are too many, a fifth
 * of the units is left to ordinary reads: whoever backfills or browses must not ask for it.
 */
export type ReadPriority = 'high';

/** What a read may ask for besides its method. */
export interface ReadOptions {
  /** How urgent it is; an ordinary read otherwise. */
  readonly priority?: ReadPriority;
  /** Only endpoints whose known head is at least this block (a consistent read). */
  readonly atLeastBlock?: bigint;
  /** The whole call, retries and hedges included; the pool's default otherwise. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** One endpoint's answer to a question that was put to several. */
export type EndpointAnswer =
  | { readonly endpoint: string; readonly ok: true; readonly result: unknown }
  | {
      readonly endpoint: string;
      readonly ok: false;
      readonly meaning: ErrorMeaning;
      readonly fault: unknown;
    };

/** How a question is put to several endpoints. */
export interface AskOptions extends ReadOptions {
  /** Endpoints at most; all that are fit otherwise. */
  readonly endpoints?: number;
}

/** How a transaction is sent. */
export interface BroadcastOptions {
  /** Endpoints of the pool, or the private relay that the pool was given. */
  readonly route: 'public' | 'private';
  /** How many endpoints at once; the pool's default (2) otherwise. */
  readonly endpoints?: number;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** Health and work of one endpoint, for metrics and for people. */
export interface EndpointStats {
  readonly endpoint: string;
  readonly requests: number;
  readonly errors: number;
  readonly queued: number;
  readonly running: number;
  readonly breaker: 'closed' | 'open' | 'halfOpen';
  /** Why the pool does not use it at all, where that is so. */
  readonly ejected: 'wrongChain' | 'unauthorized' | 'headStuck' | undefined;
  readonly headNumber: bigint | undefined;
  /** Blocks behind the best head known to the pool; a count under 2^53. */
  readonly headLag: number | undefined;
  /** 0 (worst) to 1; orders the endpoints. */
  readonly score: number;
  /** Median of recent answers in milliseconds. */
  readonly latencyMsMedian: number | undefined;
  /** Units that the limiter owes: how far the bucket is below zero, as a positive number. */
  readonly limiterDebt: number;
  /** What the endpoint was found to offer. */
  readonly capabilities: readonly Capability[];
}

/** Methods beyond the common set, probed once an endpoint is first used. */
export type Capability = 'simulateV1' | 'traceCall' | 'txpool' | 'webSocket';

/**
 * Several endpoints of one chain as one.
 *
 * Every read tries endpoints in order of their score, hedges after `hedgeAfterMs`, and gives up at
 * its timeout. Only transport-class errors open a breaker.
 */
export interface EndpointPool {
  /**
   * @throws RpcError when endpoints agree that the call itself is wrong.
   * @throws ChainFault CHAIN_ENDPOINTS_UNAVAILABLE, CHAIN_ENDPOINTS_BEHIND,
   *   CHAIN_METHOD_UNSUPPORTED, CHAIN_CLOSED.
   */
  read(call: RpcCall, options?: ReadOptions): Promise<unknown>;
  /**
   * Puts a question to several endpoints, because absence is not evidence when one of them says so.
   * Never throws for endpoints: silence is an answer with `ok: false`.
   */
  ask(call: RpcCall, options?: AskOptions): Promise<readonly EndpointAnswer[]>;
  /**
   * Sends the same bytes to several endpoints. Resolves once every one of them answered or timed
   * out; never throws for endpoints. `ok: true` means that this endpoint took the transaction.
   */
  broadcast(call: RpcCall, options: BroadcastOptions): Promise<readonly EndpointAnswer[]>;
  /** The highest head that an endpoint in good standing has told of. */
  bestHead(): bigint | undefined;
  /** Whether some endpoint offers this. Asks the endpoints that were not probed yet. */
  offers(capability: Capability): Promise<boolean>;
  stats(): readonly EndpointStats[];
  /** Stops polling; running calls end with CHAIN_CLOSED. */
  close(): Promise<void>;
}
