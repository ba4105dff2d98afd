import type { ChainStore } from '@lawbook/chains/stores/chainStore';
import type { Address } from 'viem';
import { SeededRandom } from '../../world/seededRandom.ts';
import { ChainDouble } from './chainDouble.ts';
import { NetworkDouble } from './networkDouble.ts';
import type { NodeDialect } from './nodeDialects.ts';
import { NodeDouble } from './nodeDouble.ts';
import type { PaperTransaction } from './paperSigner.ts';
import { paperAddress } from './paperSigner.ts';
import { ProcessDouble } from './processDouble.ts';
import { SimulatedClock } from './simulatedClock.ts';
import { StoreDouble } from './storeDouble.ts';
import type { TruthBlock } from './truth.ts';

/** What kind of world a seed grows into; whatever is left out has a default. */
export interface WorldTerms {
  readonly nodes: number;
  readonly dialects: readonly NodeDialect[];
  /** Seconds. */
  readonly blockTime: number;
  /** Wei per gas. */
  readonly baseFee: bigint;
  /** Transactions that the signer sent before the story begins. */
  readonly firstChainNonce: number;
  /** Wei. */
  readonly balance: bigint;
  /** Milliseconds one way. */
  readonly networkMs: readonly [number, number];
  readonly gossip: boolean;
  readonly headDelayMs: number;
  readonly safeDepth: number;
  readonly finalizedDepth: number;
  /** Index of a node that tells nobody but builders what it has. */
  readonly relay: number | undefined;
  /** Share of the gas limit that others use, around which the base fee moves. */
  readonly busy: number;
}

const DEFAULT_TERMS: WorldTerms = {
  nodes: 3,
  dialects: ['geth'],
  blockTime: 2,
  baseFee: 10_000_000_000n,
  firstChainNonce: 7,
  balance: 10n ** 21n,
  networkMs: [5, 60],
  gossip: true,
  headDelayMs: 100,
  safeDepth: 4,
  finalizedDepth: 8,
  relay: undefined,
  busy: 0.5,
};

const CHAIN_ID = 31_337;
const GAS_LIMIT = 30_000_000n;

/** A chain, its nodes, the wires, a store and the time: one seed, one story. */
export class WorldDouble {
  readonly seed: number;
  readonly terms: WorldTerms;
  readonly clock: SimulatedClock = new SimulatedClock();
  readonly chain: ChainDouble;
  readonly nodes: readonly NodeDouble[];
  readonly network: NetworkDouble;
  readonly store: StoreDouble;
  /** The engine's account. */
  readonly signer: Address = paperAddress('signer');
  /** Stands in the nodes' addresses and in the signer, and is never to be seen anywhere else. */
  readonly secret: string;
  /** Whether engines use the product's HTTP transport: every third seed, because it costs. */
  readonly speaksHttp: boolean;
  /** Share of the signatures at which the signer fails, with words that quote its key. */
  signerFailing = 0;
  /** Draws that scenarios make. */
  readonly random: SeededRandom;
  /** Transactions that builders leave out for now. */
  withhold: (transaction: PaperTransaction) => boolean = () => false;
  /** Transactions that a builder has of its own and puts before all others. */
  readonly privately: PaperTransaction[] = [];
  /** Set while a scenario disturbs the world in ways that no plan shows. */
  isDisturbed = false;
  /** Called after every block. */
  readonly onBlock: ((block: TruthBlock) => void)[] = [];
  readonly processes: ProcessDouble[] = [];
  /** Called with every new process. */
  onSpawn: (host: ProcessDouble) => void = () => undefined;
  readonly #builder: SeededRandom;
  #stopBlocks: (() => void) | undefined;

  constructor(
    seed: number,
    terms: Partial<WorldTerms>,
    openStore: (clock: SimulatedClock) => ChainStore,
  ) {
    this.seed = seed;
    this.terms = { ...DEFAULT_TERMS, ...terms };
    const { clock } = this;
    this.random = this.#stream(1);
    this.#builder = this.#stream(2);
    this.speaksHttp = seed % 3 === 2;
    this.secret = `k${paperAddress(`secret ${seed}`).slice(2)}`;
    this.chain = this.#makeChain(this.#stream(3));
    this.nodes = this.#makeNodes(this.#stream(4));
    const { networkMs } = this.terms;
    this.network = new NetworkDouble(
      { delayMs: networkMs },
      { clock, random: this.#stream(5), faults: this.#stream(6) },
    );
    this.store = new StoreDouble(openStore(clock), { clock, random: this.#stream(7) });
  }

  /** Lets blocks come, one each block time. */
  start(): void {
    this.#stopBlocks ??= this.clock.every(this.terms.blockTime * 1000, () => this.mine());
  }

  stop(): void {
    this.#stopBlocks?.();
    this.#stopBlocks = undefined;
  }

  /** Builds one block now, of what the builders see. */
  mine(): TruthBlock {
    const block = this.chain.produce(this.#candidates());
    for (const listen of this.onBlock) listen(block);
    return block;
  }

  /** A new process; it shares nothing with others but the store and the chain. */
  spawn(name: string): ProcessDouble {
    const random = this.#stream(100 + this.processes.length);
    const started = new ProcessDouble(name, { clock: this.clock, random });
    this.processes.push(started);
    this.onSpawn(started);
    return started;
  }

  /** Whether nothing scripted disturbs the engine at this moment. */
  isHealthy(): boolean {
    const { away, failing, answersLost } = this.store.terms;
    if (this.isDisturbed || this.signerFailing > 0) return false;
    if (away || failing > 0 || answersLost > 0) return false;
    return !this.network.plan.isActiveAt(this.clock.elapsedMs());
  }

  /** Ends every disturbance. */
  calm(): void {
    this.network.plan.clear();
    Object.assign(this.store.terms, { away: false, failing: 0, answersLost: 0 });
    this.signerFailing = 0;
    for (const node of this.nodes) {
      node.lag = () => 0;
      node.chainIdShown = undefined;
      node.answerInstead = () => undefined;
      node.thaw();
    }
    this.withhold = () => false;
    this.isDisturbed = false;
    this.start();
  }

  #candidates(): PaperTransaction[] {
    const privately = this.privately.splice(0);
    return gatherCandidates(this.nodes, this.#builder, { privately, withhold: this.withhold });
  }

  #makeChain(random: SeededRandom): ChainDouble {
    const { blockTime, baseFee, safeDepth, finalizedDepth, busy } = this.terms;
    const { firstChainNonce, balance } = this.terms;
    const swings = Array.from({ length: 64 }, () => random.between(-0.2, 0.2));
    return new ChainDouble({
      chainId: CHAIN_ID,
      blockTime,
      gasLimit: GAS_LIMIT,
      baseFee,
      backgroundGas: (number) => {
        const share = busy + (swings[number % swings.length] ?? 0);
        return (GAS_LIMIT * BigInt(Math.round(share * 1000))) / 1000n;
      },
      safeDepth,
      finalizedDepth,
      genesis: new Map([[this.signer, { balance, count: firstChainNonce }]]),
      nowMs: () => this.clock.nowMs(),
    });
  }

  #makeNodes(random: SeededRandom): readonly NodeDouble[] {
    const { nodes: count, dialects, gossip, headDelayMs, relay } = this.terms;
    const nodes = Array.from({ length: count }, (_, index) => {
      return new NodeDouble(
        {
          name: `node-${index}`,
          dialect: dialects[index % dialects.length] ?? 'geth',
          headDelayMs: index === 0 ? headDelayMs : random.between(0, 2 * headDelayMs),
          gossip: gossip && index !== relay ? { delayMs: [20, 300], loss: 0.05 } : undefined,
          feedsBuilders: true,
          lacks: [],
        },
        { chain: this.chain, clock: this.clock, random: this.#stream(20 + index) },
      );
    });
    for (const node of nodes) {
      node.peers = nodes.filter((other, index) => other !== node && index !== relay);
    }
    return nodes;
  }

  /** Streams are apart, so that a draw more in one place shifts nothing elsewhere. */
  #stream(purpose: number): SeededRandom {
    return new SeededRandom(Math.imul(this.seed + 1, 0x9e3779b1) ^ Math.imul(purpose, 0x85ebca6b));
  }
}

/** What a builder sees in the pools of nodes; of two transactions for one place it takes one. */
export function gatherCandidates(
  nodes: readonly NodeDouble[],
  random: SeededRandom,
  {
    privately,
    withhold,
  }: {
    readonly privately: readonly PaperTransaction[];
    readonly withhold: (transaction: PaperTransaction) => boolean;
  },
): PaperTransaction[] {
  const feeding = shuffled(
    nodes.filter(({ terms }) => terms.feedsBuilders),
    random,
  );
  const taken = new Map<string, PaperTransaction>();
  for (const transaction of privately) {
    taken.set(`${transaction.from}/${transaction.chainNonce}`, transaction);
  }
  for (const node of feeding) {
    node.tip();
    for (const transaction of node.pool.executable()) {
      const place = `${transaction.from}/${transaction.chainNonce}`;
      if (!taken.has(place) && !withhold(transaction)) taken.set(place, transaction);
    }
  }
  return [...taken.values()];
}

/** A copy in an order that the seed decides. */
export function shuffled<T>(list: readonly T[], random: SeededRandom): T[] {
  const copy = [...list];
  for (let k = copy.length - 1; k > 0; k -= 1) {
    const other = random.integer(0, k);
    [copy[k], copy[other]] = [copy[other] as T, copy[k] as T];
  }
  return copy;
}
