import type { ChainEngine } from '@lawbook/chains/chainEngine';
import { OPEN_POLICY, openChainEngine } from '@lawbook/chains/chainEngine';
import type {
  EndpointPoolOptions,
  EndpointPoolSettings,
} from '@lawbook/chains/endpoints/createEndpointPool';
import type { EndpointPool } from '@lawbook/chains/endpoints/endpointPool';
import { httpTransport } from '@lawbook/chains/endpoints/httpTransport';
import type { EndpointLimits, PresetName } from '@lawbook/chains/endpoints/presets';
import type { Transport } from '@lawbook/chains/endpoints/transport';
import type { Environment } from '@lawbook/chains/environment';
import { systemEnvironment } from '@lawbook/chains/environment';
import type { FeePolicy } from '@lawbook/chains/fees/feePolicy';
import type { SpendPolicy } from '@lawbook/chains/gates/policyGate';
import type { Alert } from '@lawbook/chains/lanes/alert';
import type { LaneSettings, SignerLane } from '@lawbook/chains/lanes/lane';
import { DEFAULT_LANE_SETTINGS } from '@lawbook/chains/lanes/lane';
import { keySigner } from '@lawbook/chains/signers/keySigner';
import type { TransactionSigner } from '@lawbook/chains/signers/transactionSigner';
import type { ChainStore } from '@lawbook/chains/stores/chainStore';
import type { StoreSetting } from '@lawbook/chains/stores/openStore';
import { openStore } from '@lawbook/chains/stores/openStore';
import type { ChainTracker } from '@lawbook/chains/tracker/chainTracker';
import type { ChainTrackerOptions, Wake } from '@lawbook/chains/tracker/createChainTracker';
import { at, invariant } from '@lawbook/exchange/failures/invariant';

/** What a whole engine is made of; everything but the first four has a default fit for tests. */
export interface EngineTerms {
  readonly chainId: number;
  readonly endpoints: readonly { readonly name: string; readonly url: string }[];
  /** 32 bytes in hex, of an account of a test chain. */
  readonly key: string;
  readonly store?: StoreSetting;
  /** Opens another kind of store instead. */
  readonly openStore?: (environment: Environment) => Promise<ChainStore>;
  readonly owner?: string;
  readonly settings?: Partial<LaneSettings>;
  readonly fees?: Partial<FeePolicy>;
  readonly policy?: Partial<SpendPolicy>;
  readonly limits?: PresetName | EndpointLimits;
  readonly pool?: Partial<EndpointPoolSettings>;
  readonly tracker?: ChainTrackerOptions;
  readonly wake?: Wake;
  /** Wrappers that observe or break the parts, as crash points do. */
  readonly wrap?: EngineWrappers;
  readonly onAlert?: (alert: Alert) => void;
}

/** What stands between the lane and its parts. */
export interface EngineWrappers {
  readonly transport?: (transport: Transport) => Transport;
  readonly signer?: (signer: TransactionSigner) => TransactionSigner;
  readonly store?: (store: ChainStore) => ChainStore;
}

/** Short beats and stalls: a chain of tests makes a block every tenth of a second. */
export const QUICK_SETTINGS: LaneSettings = {
  ...DEFAULT_LANE_SETTINGS,
  beatMs: 50,
  leaseMs: 2_000,
  stallMs: { patient: 1_000, urgent: 600 },
};

/** An engine with everything real: sockets, disk, clock. */
export class RealEngine {
  readonly store: ChainStore;
  readonly lane: SignerLane;
  readonly alerts: readonly Alert[];
  readonly #engine: ChainEngine;

  private constructor(engine: ChainEngine, store: ChainStore, alerts: readonly Alert[]) {
    this.#engine = engine;
    this.store = store;
    this.alerts = alerts;
    this.lane = at(engine.lanes(), 0);
  }

  get pool(): EndpointPool {
    return this.#engine.pool;
  }

  get tracker(): ChainTracker {
    return this.#engine.tracker;
  }

  static async open(terms: EngineTerms): Promise<RealEngine> {
    const environment = systemEnvironment();
    const { wrap = {} } = terms;
    const plainStore = await storeOf(terms, environment);
    const plainSigner = keySigner(terms.key, 'The key of a test account');
    const alerts: Alert[] = [];
    const store = wrap.store?.(plainStore) ?? plainStore;
    const engine = await openChainEngine(
      {
        pool: poolOptions(terms, environment),
        signers: [wrap.signer?.(plainSigner) ?? plainSigner],
        owner: terms.owner ?? 'engine',
        tracker: { pollIntervalMs: 50, ...terms.tracker },
        lane: { ...QUICK_SETTINGS, ...terms.settings },
        policy: { ...OPEN_POLICY, ...terms.policy },
        fees: terms.fees ?? {},
        onAlert: (alert) => {
          alerts.push(alert);
          terms.onAlert?.(alert);
        },
      },
      { store, environment, ...(terms.wake === undefined ? {} : { wake: terms.wake }) },
    );
    return new RealEngine(engine, store, alerts);
  }

  async close(): Promise<void> {
    await this.#engine.close();
    await this.store.close();
  }
}

function storeOf(terms: EngineTerms, environment: Environment): Promise<ChainStore> {
  if (terms.openStore !== undefined) return terms.openStore(environment);
  invariant(terms.store !== undefined, 'an engine is given a store, or a way to open one');
  return openStore(terms.store, environment);
}

/** Opens the default store in a folder. */
export function lmdbIn(directory: string): (environment: Environment) => Promise<ChainStore> {
  return (environment) => openStore({ kind: 'lmdb', directory }, environment);
}

function poolOptions(terms: EngineTerms, environment: Environment): EndpointPoolOptions {
  const limits = terms.limits ?? 'local';
  const endpoints = terms.endpoints.map(({ name, url }) => {
    const transport = httpTransport({ name, url }, { environment });
    return { transport: terms.wrap?.transport?.(transport) ?? transport, limits };
  });
  return { chainId: terms.chainId, endpoints, headPollMs: 200, ...terms.pool };
}
