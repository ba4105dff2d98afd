import { DEMO_ASSETS, DEMO_MARKET_ID, developmentAccount } from '@lawbook/analytics/demoWorld';
import type { Transport } from '@lawbook/chains/endpoints/transport';
import type { MemoryContents } from '@lawbook/chains/stores/memoryStore';
import { at, invariant } from '@lawbook/exchange/failures/invariant';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import { accountId } from '@lawbook/exchange/ledger/account';
import type { BatchParameters } from '@lawbook/exchange/markets/batch/parameters';
import type { FieldHash } from '@lawbook/proofs/statements/epoch/fieldHash';
import type { Address, Hex } from 'viem';
import {
  decodeEventLog,
  decodeFunctionResult,
  encodeFunctionData,
  toEventSelector,
  toFunctionSelector,
} from 'viem';
import { BASE_LAYER_ABI } from '../../../contracts/generated/baseLayerAbi.ts';
import type { Deployment } from '../../../packages/settlement/src/baseLayer/evm/deployment.ts';
import { ContractMachine } from '../../chains/double/contractMachine.ts';
import type { NetworkFault } from '../../chains/double/faultPlan.ts';
import { MachineChain } from '../../chains/double/machineChain.ts';
import { NetworkDouble } from '../../chains/double/networkDouble.ts';
import { NodeDouble } from '../../chains/double/nodeDouble.ts';
import { readSigned } from '../../chains/double/readSigned.ts';
import type { SimulatedClock } from '../../chains/double/simulatedClock.ts';
import type { TruthBlock, TruthReceipt } from '../../chains/double/truth.ts';
import { gatherCandidates } from '../../chains/double/worldDouble.ts';
import type { SeededRandom } from '../seededRandom.ts';
import { EVM_CHAIN_ID, layContracts } from './evmContracts.ts';
import type { EvmPerson } from './evmPeople.ts';
import { EvmPeople } from './evmPeople.ts';
import type { BaseDeposit, BaseTerms, ListOnChain, SimulatedBase } from './simulatedBase.ts';
import { FINALITY_BLOCKS, GOOD_BASE, quickFieldHash, SHARD } from './simulatedBase.ts';
import { oneOf, stream } from './streams.ts';

/** What an EVM base is made with. */
export interface EvmBaseParts {
  readonly seed: number;
  readonly clock: SimulatedClock;
  readonly people: readonly EvmPerson[];
  /** A part of the simulation that breaks. */
  readonly onBug: (cause: unknown) => void;
}

/** A transaction with its place on the chain. */
export interface EvmAct {
  readonly blockNumber: bigint;
  /** Clock of the block, whole seconds in milliseconds since 1970. */
  readonly timestampMs: number;
  readonly receipt: TruthReceipt;
}

/** What is there once the chain runs. */
interface Stage {
  readonly machine: ContractMachine;
  readonly chain: MachineChain;
  readonly nodes: readonly NodeDouble[];
  readonly network: NetworkDouble;
  readonly people: EvmPeople;
  readonly deployment: Deployment;
}

const GAS_LIMIT = 30_000_000n;
const BASE_FEE = 1_000_000_000n;
/** The chain has had blocks for so long when the world begins. */
const BEFORE_MS = 20_000;
const DIALECTS = ['geth', 'nethermind', 'erigon', 'besu', 'anvil', 'front', 'importer'] as const;

/**
 * The base layer as a chain: the committed bytecode, nodes that each see it in their own way, their
 * mempools, fees, and wires that lose what they carry. Blocks come and go by themselves.
 */
export class EvmBase implements SimulatedBase {
  readonly kind = 'evm';
  readonly terms: BaseTerms = { ...GOOD_BASE };
  readonly hash: FieldHash = quickFieldHash;
  readonly operator: EvmPerson = developmentAccount('operator');
  readonly tokens: readonly AccountId[];
  /** The chain engine's store: it lies on the machine and outlives every process there. */
  readonly intents: MemoryContents = { texts: new Map(), keys: [], leases: new Map() };
  readonly counts = {
    blocks: 0,
    reorganisations: 0,
    proofsRefused: 0,
    transactions: 0,
    reverted: 0,
    requests: 0,
  };
  readonly #parts: EvmBaseParts;
  readonly #builder: SeededRandom;
  readonly #faults: SeededRandom;
  readonly #marks = new WeakMap<TruthBlock, Mark>();
  #stage: Stage | undefined;
  #parameters: BatchParameters | undefined;
  #isFull = false;
  #isCalm = false;
  readonly #weather: ChainWeather;

  constructor(parts: EvmBaseParts) {
    this.#parts = parts;
    this.#builder = stream(parts.seed, 'evm builder');
    this.#faults = stream(parts.seed, 'evm faults');
    this.#weather = oneOf(stream(parts.seed, 'evm weather'), WEATHERS);
    this.tokens = DEMO_ASSETS.map((_, k) => accountId(`0x${`70${k}`.padStart(40, '0')}`));
  }

  get deployment(): Deployment {
    return this.#open().deployment;
  }

  /** The parameters that the market started with. */
  get parameters(): BatchParameters {
    invariant(this.#parameters !== undefined, 'the market starts with the chain');
    return this.#parameters;
  }

  /** Every transaction that is on the chain now, in order. */
  acts(): readonly EvmAct[] {
    const acts: EvmAct[][] = [];
    for (let b: TruthBlock | undefined = this.#open().chain.head(); b !== undefined; b = b.parent) {
      const { number, timestamp, receipts } = b;
      const place = { blockNumber: BigInt(number), timestampMs: timestamp * 1000 };
      acts.push(receipts.map((receipt) => ({ ...place, receipt })));
    }
    return acts.reverse().flat();
  }

  async open(parameters: BatchParameters, deposits: readonly BaseDeposit[]): Promise<void> {
    this.#parameters = parameters;
    const { people } = this.#parts;
    const treasury = developmentAccount('treasury');
    const everybody = [...people, treasury];
    const machine = await ContractMachine.open(EVM_CHAIN_ID);
    machine.onRevert = (output) => this.#noteRevert(output);
    let deployment: Deployment | undefined;
    const genesis = await machine.prepare(async (session) => {
      deployment = await layContracts(session, {
        operator: this.operator.account as Address,
        guardian: treasury.account as Address,
        people: everybody.map(({ account }) => account as Address),
        parameters,
      });
    });
    invariant(deployment !== undefined, 'the contracts are laid out');
    const chain = this.#makeChain(machine, genesis);
    const nodes = this.#makeNodes(chain);
    const network = this.#makeNetwork();
    const wallets = new EvmPeople(everybody, { chain, nodes });
    this.#stage = { machine, chain, nodes, network, people: wallets, deployment };
    const { baseLayer } = deployment;
    const payments = deposits.map((deposit) => {
      return wallets.sign(treasury.account, baseLayer, depositCall(deposit));
    });
    await chain.mine(payments);
    invariant(chain.head().receipts.length === deposits.length, 'everybody is paid in');
    for (let k = 0; k < FINALITY_BLOCKS; k += 1) await chain.mine([]);
    this.#nextBlock();
  }

  /** The ways to the nodes, each with the name of its node. */
  transports(): readonly Transport[] {
    const { network, nodes } = this.#open();
    return nodes.map((node) => network.transportTo(node));
  }

  deposit(deposit: BaseDeposit): void {
    this.#send(deposit.owner, depositCall(deposit));
  }

  requestExit(owner: AccountId): void {
    this.#send(owner, callOf('requestExit', [SHARD, owner as Hex]));
  }

  cancelExit(owner: AccountId): void {
    this.#send(owner, callOf('cancelExit', [SHARD, owner as Hex]));
  }

  completeExit(owner: AccountId, assetId: number): void {
    this.#send(owner, callOf('completeExit', [SHARD, owner as Hex, [BigInt(assetId)]]));
  }

  calm(): void {
    this.#isCalm = true;
  }

  depositCount(): bigint {
    return this.#markOf(this.#open().chain.head()).deposits;
  }

  isBusy(): boolean {
    return this.#open().people.isWaiting();
  }

  lists(): readonly ListOnChain[] {
    return this.#markOf(this.#open().chain.head()).lists;
  }

  async lastList(): Promise<ListOnChain> {
    const [number, listHash] = (await this.#view('listChains', [SHARD])) as [bigint, Hex];
    return { number, listHash };
  }

  async balanceOf(owner: AccountId, assetId: number): Promise<bigint> {
    return (await this.#view('balanceOf', [SHARD, owner as Hex, BigInt(assetId)])) as bigint;
  }

  async isOrderNonceFresh(owner: AccountId, orderNonce: bigint): Promise<boolean> {
    const args = [owner as Hex, DEMO_MARKET_ID, orderNonce] as const;
    return (await this.#view('isOrderNonceFresh', args)) as boolean;
  }

  /** The last batch of the market that is settled. */
  async settledBatch(): Promise<bigint> {
    const [, batch] = (await this.#view('marketProgress', [DEMO_MARKET_ID])) as [bigint, bigint];
    return batch;
  }

  #open(): Stage {
    invariant(this.#stage !== undefined, 'the chain runs before anybody asks it');
    return this.#stage;
  }

  #send(owner: AccountId, callData: Hex): void {
    const { people, deployment } = this.#open();
    people.send(owner, deployment.baseLayer, callData);
  }

  /** Asks the bytecode at the head, past all nodes. */
  async #view(functionName: BaseView, args: readonly unknown[]): Promise<unknown> {
    const { machine, chain, deployment } = this.#open();
    const head = chain.head();
    const callData = callOf(functionName, args);
    const from: Address = `0x${'00'.repeat(20)}`;
    const { success, output } = await machine.read(head, (session) => {
      return session.call({ from, to: deployment.baseLayer, amount: 0n, callData }, head);
    });
    invariant(success, `the contract answers ${functionName}`);
    return decodeFunctionResult({ abi: BASE_LAYER_ABI, functionName, data: output } as never);
  }

  #nextBlock(): void {
    this.#parts.clock.schedule(this.terms.blockMs, () => {
      this.#nextBlock();
      this.#mine().catch(this.#parts.onBug);
    });
  }

  /** A block, and now and then a branch that wins over the last ones. */
  async #mine(): Promise<void> {
    const { chain, nodes, people } = this.#open();
    const { withheld, reorganises } = this.#terms();
    const random = this.#builder;
    // What keeps acts waiting is a chain that is full, which also costs more from block to block.
    this.#isFull = random.next() < withheld;
    const candidates = gatherCandidates(nodes, random, {
      privately: [],
      withhold: () => this.#isFull && random.next() < 0.7,
    });
    if (random.next() < reorganises) {
      this.counts.reorganisations += 1;
      await chain.fork({
        depth: random.integer(1, FINALITY_BLOCKS - 1),
        fate: oneOf(random, ['returned', 'lost'] as const),
        reinclude: random.next() < 0.5,
        instead: random.next() < 0.5 ? candidates : [],
      });
    } else {
      this.#note(await chain.mine(candidates));
    }
    people.lookAfter();
  }

  #note({ receipts }: TruthBlock): void {
    this.counts.blocks += 1;
    this.counts.transactions += receipts.length;
    this.counts.reverted += receipts.filter(({ success }) => !success).length;
    this.counts.requests = this.#open().network.tally.requests;
  }

  #noteRevert(output: Hex): void {
    if (output.startsWith(LAWS_ARE_PROVEN)) this.counts.proofsRefused += 1;
  }

  #makeChain(machine: ContractMachine, genesis: MachineGenesis): MachineChain {
    const { clock, seed } = this.#parts;
    const random = stream(seed, 'evm fees');
    const swings = Array.from({ length: 64 }, () => random.between(-0.2, 0.2));
    let beforeMs = BEFORE_MS;
    const chain = new MachineChain(
      {
        chainId: EVM_CHAIN_ID,
        blockTime: 1,
        gasLimit: GAS_LIMIT,
        baseFee: BASE_FEE,
        backgroundGas: (number) => {
          const share = this.#isFull ? 0.95 : this.#usualShare(at(swings, number % swings.length));
          return (GAS_LIMIT * BigInt(Math.round(share * 1000))) / 1000n;
        },
        safeDepth: FINALITY_BLOCKS,
        finalizedDepth: 2 * FINALITY_BLOCKS,
        genesis,
        nowMs: () => clock.nowMs() - beforeMs,
      },
      machine,
    );
    beforeMs = 0;
    return chain;
  }

  /** Others use half of each block, or little while it is dear. */
  #usualShare(swing: number): number {
    const head = this.#stage?.chain.head();
    return head !== undefined && head.baseFee > 2n * BASE_FEE ? 0.1 : 0.5 + swing;
  }

  #makeNodes(chain: MachineChain): readonly NodeDouble[] {
    const { clock, seed } = this.#parts;
    const random = stream(seed, 'evm nodes');
    const nodes = Array.from({ length: 3 }, (_, index) => {
      return new NodeDouble(
        {
          name: `node-${index}`,
          dialect: oneOf(random, DIALECTS),
          headDelayMs: random.between(0, index === 0 ? 50 : 400),
          gossip: { delayMs: [20, 300], loss: 0.05 },
          feedsBuilders: true,
          lacks: [],
          read: readSigned,
        },
        { chain, clock, random: stream(seed, `evm node ${index}`) },
      );
    });
    for (const node of nodes) node.peers = nodes.filter((other) => other !== node);
    // Where answers get lost, one node also stays behind, more and less from call to call.
    const last = at(nodes, nodes.length - 1);
    last.lag = () => {
      const { answersLost } = this.#terms();
      if (answersLost === 0 || this.#faults.next() >= answersLost) return 0;
      return this.#faults.integer(0, 3);
    };
    return nodes;
  }

  #makeNetwork(): NetworkDouble {
    const { clock, seed, onBug } = this.#parts;
    const network = new NetworkDouble(
      { delayMs: [1, 20] },
      { clock, random: stream(seed, 'evm wires'), faults: stream(seed, 'evm plan') },
    );
    network.onBug = onBug;
    network.admit = (method) => this.#faultOf(method);
    return network;
  }

  #faultOf(method: string): NetworkFault | undefined {
    const { away } = this.terms;
    const { answersLost } = this.#terms();
    if (away) {
      return this.#faults.next() < 0.5 ? { kind: 'refused' } : { kind: 'httpStatus', status: 503 };
    }
    if (answersLost === 0 || this.#faults.next() >= answersLost) return undefined;
    const faults: NetworkFault[] = [
      { kind: 'lostBefore' },
      { kind: 'lostAfter', reset: true },
      { kind: 'lostAfter', reset: false },
      { kind: 'slow', delayMs: 700 },
      { kind: 'httpStatus', status: 502 },
      { kind: 'rateLimited', retryAfterMs: 500 },
      { kind: 'malformed' },
    ];
    if (method === 'eth_sendRawTransaction') faults.push({ kind: 'swallowed' });
    return oneOf(this.#faults, faults);
  }

  /** What goes wrong now: what fate brings, and what is usual on this chain. */
  #terms(): ChainWeather {
    if (this.#isCalm || this.#stage === undefined) return this.terms;
    const { terms } = this;
    const weather = this.#weather;
    return {
      answersLost: Math.max(terms.answersLost, weather.answersLost),
      withheld: Math.max(terms.withheld, weather.withheld),
      reorganises: Math.max(terms.reorganises, weather.reorganises),
    };
  }

  /** What the logs up to a block add up to; remembered by block, so that each is looked at once. */
  #markOf(block: TruthBlock): Mark {
    const above: TruthBlock[] = [];
    let mark: Mark | undefined;
    for (let b: TruthBlock | undefined = block; b !== undefined; b = b.parent) {
      mark = this.#marks.get(b);
      if (mark !== undefined) break;
      above.push(b);
    }
    for (const next of above.toReversed()) {
      mark = this.#marked(mark ?? NO_MARK, next);
      this.#marks.set(next, mark);
    }
    return mark ?? NO_MARK;
  }

  #marked(before: Mark, { receipts }: TruthBlock): Mark {
    const { baseLayer } = this.#open().deployment;
    let { deposits, lists } = before;
    for (const { address, topics, payload } of receipts.flatMap(({ logs }) => logs)) {
      if (address !== baseLayer) continue;
      if (topics[0] === DEPOSITED) deposits += 1n;
      if (topics[0] !== SETTLED) continue;
      const { args } = decodeEventLog({
        abi: BASE_LAYER_ABI,
        eventName: 'Settled',
        topics: topics as [Hex, ...Hex[]],
        data: payload,
      });
      lists = [...lists, { number: args.number, listHash: args.listHash }];
    }
    return deposits === before.deposits && lists === before.lists ? before : { deposits, lists };
  }
}

/** What is usual on a chain until everything comes to rest. */
type ChainWeather = Pick<BaseTerms, 'answersLost' | 'withheld' | 'reorganises'>;

const WEATHERS: readonly ChainWeather[] = [
  { answersLost: 0, withheld: 0, reorganises: 0 },
  { answersLost: 0.01, withheld: 0.05, reorganises: 0.02 },
  { answersLost: 0, withheld: 0, reorganises: 0.08 },
  { answersLost: 0.04, withheld: 0, reorganises: 0.01 },
  { answersLost: 0, withheld: 0.4, reorganises: 0.02 },
];

type MachineGenesis = ConstructorParameters<typeof MachineChain>[0]['genesis'];

/** Views of the base layer that the world asks. */
type BaseView = 'listChains' | 'marketProgress' | 'balanceOf' | 'isOrderNonceFresh';

/** Deposits and lists on the chain up to a block. */
interface Mark {
  readonly deposits: bigint;
  readonly lists: readonly ListOnChain[];
}

const NO_MARK: Mark = { deposits: 0n, lists: [] };
const DEPOSITED = toEventSelector('Deposited(uint64,uint32,address,uint256,uint64)');
const SETTLED = toEventSelector('Settled(uint32,uint64,uint32,uint64,bytes32,uint256)');
const LAWS_ARE_PROVEN = toFunctionSelector('LawsAreProven(bytes)');

function depositCall({ owner, assetId, units }: BaseDeposit): Hex {
  return callOf('deposit', [SHARD, owner as Hex, BigInt(assetId), units]);
}

function callOf(functionName: string, args: readonly unknown[]): Hex {
  return encodeFunctionData({ abi: BASE_LAYER_ABI, functionName, args } as never);
}
