import type { Abi } from 'viem';
import type { ReadCache } from './cache/readCache.ts';
import { createReadCache } from './cache/readCache.ts';
import { ChainFault } from './chainFault.ts';
import type { EndpointPoolOptions } from './endpoints/createEndpointPool.ts';
import { createEndpointPool } from './endpoints/createEndpointPool.ts';
import type { EndpointPool } from './endpoints/endpointPool.ts';
import type { Environment } from './environment.ts';
import { systemEnvironment } from './environment.ts';
import type { FeePolicy } from './fees/feePolicy.ts';
import { DEFAULT_FEE_POLICY } from './fees/feePolicy.ts';
import type { DataFeeSettings } from './gates/createFundsGate.ts';
import { createFundsGate } from './gates/createFundsGate.ts';
import type { SimulationMode } from './gates/createSimulationGate.ts';
import { createSimulationGate } from './gates/createSimulationGate.ts';
import type { SpendPolicy } from './gates/policyGate.ts';
import type { Alert } from './lanes/alert.ts';
import type { LaneSettings, SignerLane } from './lanes/lane.ts';
import { DEFAULT_LANE_SETTINGS } from './lanes/lane.ts';
import { openSignerLane } from './lanes/signerLane.ts';
import type { ChainMetrics } from './metrics/chainMetrics.ts';
import { createChainMetrics } from './metrics/chainMetrics.ts';
import type { TransactionSigner } from './signers/transactionSigner.ts';
import type { ChainStore } from './stores/chainStore.ts';
import type { ChainTracker } from './tracker/chainTracker.ts';
import type { ChainTrackerOptions, Wake } from './tracker/createChainTracker.ts';
import { createChainTracker } from './tracker/createChainTracker.ts';

/** One chain and the signers that act on it. What is left out has a default. */
export interface ChainEngineOptions {
  /** Endpoints with their limits; the chain's id is checked at each of them. */
  readonly pool: EndpointPoolOptions;
  readonly signers: readonly TransactionSigner[];
  /** Names this process in leases; other processes with the same signers need other names. */
  readonly owner: string;
  readonly tracker?: ChainTrackerOptions;
  readonly lane?: Partial<LaneSettings>;
  readonly fees?: Partial<FeePolicy>;
  /** What intents may do; anything where nothing is said. */
  readonly policy?: SpendPolicy;
  /** `strict` needs eth_simulateV1 or debug_traceCall at some endpoint, and fails closed. */
  readonly simulation?: SimulationMode;
  /** Custom errors of the contracts that are called, to name their reverts. */
  readonly errors?: Abi;
  /** For chains that take a fee for data besides gas. */
  readonly dataFee?: DataFeeSettings;
  readonly onAlert?: (alert: Alert) => void;
}

/** What the engine stands on. */
export interface ChainEngineDependencies {
  readonly store: ChainStore;
  readonly environment?: Environment;
  /** Makes the tracker poll sooner, such as a WebSocket's new heads. */
  readonly wake?: Wake;
}

/** A way to act on one chain that pays once, forgets nothing and says when it does not know. */
export interface ChainEngine {
  readonly pool: EndpointPool;
  readonly tracker: ChainTracker;
  /** Reads that may be answered from memory. */
  readonly cache: ReadCache;
  readonly metrics: ChainMetrics;
  /** The lane of a signer. @throws ChainFault CHAIN_CONFIG_INVALID for an address without one. */
  lane(address: string): SignerLane;
  lanes(): readonly SignerLane[];
  /** Ends loops and polls, and gives leases back. The store stays open: it was given. */
  close(): Promise<void>;
}

/** Lets everything pass: whoever holds the engine is trusted with the signer. */
export const OPEN_POLICY: SpendPolicy = {
  targets: undefined,
  amountMax: undefined,
  approvalFrom: undefined,
  allowanceMax: undefined,
  budgets: [],
};

/**
 * Opens the engine: a pool, a tracker, a cache, and a lane per signer.
 *
 * It checks nothing about the world; `checkStart` does, and says what to do about it.
 *
 * @throws ChainFault CHAIN_CONFIG_INVALID, CHAIN_STORE_UNAVAILABLE.
 * @example see packages/chains/examples/transfer.ts
 */
export async function openChainEngine(
  options: ChainEngineOptions,
  { store, environment = systemEnvironment(), wake }: ChainEngineDependencies,
): Promise<ChainEngine> {
  const { chainId } = options.pool;
  checkOwner(options.owner);
  checkSigners(options.signers);
  const pool = createEndpointPool(options.pool, { environment });
  const tracker = createChainTracker(options.tracker ?? {}, {
    pool,
    environment,
    ...(wake === undefined ? {} : { wake }),
  });
  const { mode, errors, dataFee } = gateOptions(options);
  const stands = {
    pool,
    tracker,
    store,
    environment,
    simulation: createSimulationGate({ pool, chainId, mode, ...errors }),
    funds: createFundsGate({ pool, ...dataFee }),
  };
  const lanes = new Map<string, SignerLane>();
  const close = async (): Promise<void> => {
    await Promise.all([...lanes.values()].map((lane) => lane.close()));
    await tracker.close();
    await pool.close();
  };
  try {
    for (const signer of options.signers) {
      const lane = await openSignerLane(laneOptions(options, signer), stands);
      lanes.set(signer.address.toLowerCase(), lane);
    }
  } catch (failure) {
    await close();
    throw failure;
  }
  return assemble({ options, pool, tracker, lanes, environment, close });
}

/** Two lanes of one name in one process would take the lease from each other for ever. */
function checkSigners(signers: readonly TransactionSigner[]): void {
  const addresses = signers.map(({ address }) => address.toLowerCase());
  const twice = addresses.find((address, index) => addresses.indexOf(address) !== index);
  if (twice === undefined) return;
  throw new ChainFault(
    'CHAIN_CONFIG_INVALID',
    `signers has ${twice} more than once: name each address once.`,
    { fields: { field: 'signers', address: twice } },
  );
}

/** Names of owners, as every store can keep them in a lease. */
const OWNER = /^[\x21-\x7e]{1,256}$/;

function checkOwner(owner: string): void {
  if (typeof owner === 'string' && OWNER.test(owner)) return;
  throw new ChainFault(
    'CHAIN_CONFIG_INVALID',
    'owner is 1 to 256 printable ASCII characters without spaces: name this process.',
    { fields: { field: 'owner' } },
  );
}

function gateOptions(options: ChainEngineOptions): {
  readonly mode: SimulationMode;
  readonly errors: { readonly errors?: Abi };
  readonly dataFee: { readonly dataFee?: DataFeeSettings };
} {
  return {
    mode: options.simulation ?? 'strict',
    errors: options.errors === undefined ? {} : { errors: options.errors },
    dataFee: options.dataFee === undefined ? {} : { dataFee: options.dataFee },
  };
}

function laneOptions(
  options: ChainEngineOptions,
  signer: TransactionSigner,
): Parameters<typeof openSignerLane>[0] {
  return {
    chainId: options.pool.chainId,
    signer,
    feePolicy: { ...DEFAULT_FEE_POLICY, ...options.fees },
    spendPolicy: options.policy ?? OPEN_POLICY,
    settings: { ...DEFAULT_LANE_SETTINGS, ...options.lane },
    owner: options.owner,
    onAlert: options.onAlert ?? (() => undefined),
  };
}

function assemble(parts: {
  readonly options: ChainEngineOptions;
  readonly pool: EndpointPool;
  readonly tracker: ChainTracker;
  readonly lanes: ReadonlyMap<string, SignerLane>;
  readonly environment: Environment;
  readonly close: () => Promise<void>;
}): ChainEngine {
  const { options, pool, tracker, lanes, environment, close } = parts;
  const { chainId } = options.pool;
  const cache = createReadCache({ chainId }, { pool, tracker, environment });
  const read = (): Parameters<typeof createChainMetrics>[0] => () => [
    {
      chain: String(chainId),
      headNumber: tracker.head()?.number,
      endpoints: pool.stats(),
      tracker: tracker.stats(),
      lanes: [...lanes.values()].map((lane) => lane.stats()),
      cacheHitRate: cache.stats().hitRate,
    },
  ];
  return {
    pool,
    tracker,
    cache,
    metrics: createChainMetrics(read()),
    lane: (address) => {
      const lane = lanes.get(address.toLowerCase());
      if (lane !== undefined) return lane;
      throw new ChainFault(
        'CHAIN_CONFIG_INVALID',
        `signers names the addresses that this engine signs for; ${address} is none of them.`,
        { fields: { field: 'signers' } },
      );
    },
    lanes: () => [...lanes.values()],
    close,
  };
}
