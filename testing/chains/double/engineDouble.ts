import type { EndpointPoolSettings } from '@lawbook/chains/endpoints/createEndpointPool';
import { createEndpointPool } from '@lawbook/chains/endpoints/createEndpointPool';
import type { EndpointAnswer, EndpointPool } from '@lawbook/chains/endpoints/endpointPool';
import type { PresetName } from '@lawbook/chains/endpoints/presets';
import type { Transport } from '@lawbook/chains/endpoints/transport';
import type { Environment } from '@lawbook/chains/environment';
import type { FeePolicy } from '@lawbook/chains/fees/feePolicy';
import { DEFAULT_FEE_POLICY } from '@lawbook/chains/fees/feePolicy';
import { createFundsGate } from '@lawbook/chains/gates/createFundsGate';
import { createSimulationGate } from '@lawbook/chains/gates/createSimulationGate';
import type { SpendPolicy } from '@lawbook/chains/gates/policyGate';
import type { Alert } from '@lawbook/chains/lanes/alert';
import type { LaneSettings, SignerLane } from '@lawbook/chains/lanes/lane';
import { DEFAULT_LANE_SETTINGS } from '@lawbook/chains/lanes/lane';
import { openSignerLane } from '@lawbook/chains/lanes/signerLane';
import type {
  SignedTransaction,
  TransactionSigner,
  UnsignedTransaction,
} from '@lawbook/chains/signers/transactionSigner';
import type { ChainTracker } from '@lawbook/chains/tracker/chainTracker';
import type { Wake } from '@lawbook/chains/tracker/createChainTracker';
import { createChainTracker } from '@lawbook/chains/tracker/createChainTracker';
import { httpTo } from './httpDouble.ts';
import type { NodeDouble } from './nodeDouble.ts';
import { PaperSigner } from './paperSigner.ts';
import type { ProcessDouble } from './processDouble.ts';
import type { WorldDouble } from './worldDouble.ts';

/** How the engine under test is set up; what is left out has the product's own default. */
export interface EngineTerms {
  readonly settings?: Partial<LaneSettings>;
  readonly feePolicy?: Partial<FeePolicy>;
  readonly spendPolicy?: Partial<SpendPolicy>;
  readonly pool?: Partial<EndpointPoolSettings>;
  readonly limits?: PresetName;
  readonly signer?: TransactionSigner;
  /** The first of the world's nodes that the pool uses, and how many; all otherwise. */
  readonly endpoints?: number;
  /** Index of the node that is the private relay; it is no endpoint of the pool then. */
  readonly relay?: number;
  /** Tells the tracker when to look, besides its own polls. */
  readonly wake?: (environment: Environment) => Wake;
  readonly onAlert: (alert: Alert) => void;
  /** Called with every failure that the pool tells its callers. */
  readonly onFailure?: (failure: unknown) => void;
}

/** The engine of one process, on the simulated world. */
export interface EngineDouble {
  readonly process: ProcessDouble;
  readonly pool: EndpointPool;
  readonly tracker: ChainTracker;
  readonly lane: SignerLane;
  /** Ends everything in order, as a program does that is told to stop. */
  close(): Promise<void>;
}

/** Wires the product's own parts to the world of one process, as a program would. */
export async function openEngine(
  world: WorldDouble,
  host: ProcessDouble,
  terms: EngineTerms,
): Promise<EngineDouble> {
  const { environment } = host;
  const { chainId } = world.chain.terms;
  const nodes = world.nodes.filter((_, index) => index !== terms.relay);
  const relay = terms.relay === undefined ? undefined : world.nodes[terms.relay];
  const wayTo = (node: NodeDouble): Transport => {
    const way = host.transport(world.network.transportTo(node));
    return world.speaksHttp ? httpTo(way, { environment, secret: world.secret }) : way;
  };
  const endpoints = nodes.slice(0, terms.endpoints).map((node) => ({
    transport: wayTo(node),
    limits: terms.limits ?? ('local' as const),
  }));
  const pool = createEndpointPool(
    {
      chainId,
      endpoints,
      ...(relay && { privateRelay: wayTo(relay) }),
      ...terms.pool,
    },
    { environment },
  );
  listenTo(pool, terms.onFailure ?? ((): void => undefined));
  const wake = terms.wake?.(environment);
  const tracker = createChainTracker({}, { pool, environment, ...(wake && { wake }) });
  const lane = await openSignerLane(
    {
      chainId,
      signer: host.signer(terms.signer ?? new KeyedSigner(world)),
      feePolicy: { ...DEFAULT_FEE_POLICY, ...terms.feePolicy },
      spendPolicy: { ...OPEN_POLICY, ...terms.spendPolicy },
      settings: { ...DEFAULT_LANE_SETTINGS, ...terms.settings },
      owner: host.name,
      onAlert: host.callback(terms.onAlert),
    },
    {
      pool,
      tracker,
      store: host.store(world.store),
      simulation: createSimulationGate({ pool, chainId, mode: 'strict' }),
      funds: createFundsGate({ pool }),
      environment,
    },
  );
  const close = async (): Promise<void> => {
    await lane.close();
    await tracker.close();
    await pool.close();
  };
  return { process: host, pool, tracker, lane, close };
}

/** Whatever callers make of a failure, programs may have it in their hands, and log it. */
function listenTo(pool: EndpointPool, tell: (failure: unknown) => void): void {
  const { read, ask, broadcast } = pool;
  pool.read = async (...question) => {
    try {
      return await read.apply(pool, question);
    } catch (failure) {
      tell(failure);
      throw failure;
    }
  };
  pool.ask = async (...question) => tellOf(await ask.apply(pool, question), tell);
  pool.broadcast = async (...question) => tellOf(await broadcast.apply(pool, question), tell);
}

function tellOf(
  answers: readonly EndpointAnswer[],
  tell: (failure: unknown) => void,
): readonly EndpointAnswer[] {
  for (const answer of answers) if (!answer.ok) tell(answer.fault);
  return answers;
}

/** Has a key, and when it fails it says things that stand near the key. */
class KeyedSigner extends PaperSigner {
  readonly key: string;
  readonly #world: WorldDouble;

  constructor(world: WorldDouble) {
    super(world.signer);
    this.key = world.secret;
    this.#world = world;
  }

  override async sign(transaction: UnsignedTransaction): Promise<SignedTransaction> {
    const { random, signerFailing } = this.#world;
    if (signerFailing > 0 && random.next() < signerFailing) {
      const cause = new TypeError(`bad scalar ${this.key}`);
      throw new TypeError(`cannot sign with ${this.key}`, { cause });
    }
    return await super.sign(transaction);
  }
}

/** Allows everything. */
const OPEN_POLICY: SpendPolicy = {
  targets: undefined,
  amountMax: undefined,
  approvalFrom: undefined,
  allowanceMax: undefined,
  budgets: [],
};
