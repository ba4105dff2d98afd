/**
 * The EVM adapter before the committed contracts with no process but this one: bytecode on a
 * simulated chain, a node and a wire with faults, a whole engine, and a clock that never waits.
 */

import { createEndpointPool } from '@lawbook/chains/endpoints/createEndpointPool';
import type { EndpointPool } from '@lawbook/chains/endpoints/endpointPool';
import type { Environment } from '@lawbook/chains/environment';
import { DEFAULT_FEE_POLICY } from '@lawbook/chains/fees/feePolicy';
import { createFundsGate } from '@lawbook/chains/gates/createFundsGate';
import { createSimulationGate } from '@lawbook/chains/gates/createSimulationGate';
import type { SignerLane } from '@lawbook/chains/lanes/lane';
import { DEFAULT_LANE_SETTINGS } from '@lawbook/chains/lanes/lane';
import { openSignerLane } from '@lawbook/chains/lanes/signerLane';
import type { ChainStore } from '@lawbook/chains/stores/chainStore';
import { openStore } from '@lawbook/chains/stores/openStore';
import type { ChainTracker, FinalityTarget } from '@lawbook/chains/tracker/chainTracker';
import { createChainTracker } from '@lawbook/chains/tracker/createChainTracker';
import { at, invariant } from '@lawbook/exchange/failures/invariant';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import { accountId, SystemRole, systemAccount } from '@lawbook/exchange/ledger/account';
import type { VenueDomain } from '@lawbook/exchange/orders/typedData';
import type { BaseLayer } from '@lawbook/settlement/baseLayer/baseLayer';
import type { AgreementPlan } from '@lawbook/settlement/baseLayer/evm/agreementPlan';
import type { EvmStands } from '@lawbook/settlement/baseLayer/evm/chainReader';
import { ChainReader } from '@lawbook/settlement/baseLayer/evm/chainReader';
import { creationCode } from '@lawbook/settlement/baseLayer/evm/contractCode';
import type { Deployment } from '@lawbook/settlement/baseLayer/evm/deployment';
import { openEvmBaseLayer } from '@lawbook/settlement/baseLayer/evm/openEvmBaseLayer';
import { Actor, DEFAULT_ACT_TERMS } from '@lawbook/settlement/baseLayer/evm/performAct';
import { settleArguments } from '@lawbook/settlement/baseLayer/evm/settleCall';
import type { Submission } from '@lawbook/settlement/baseLayer/submission';
import type { Abi, Address, Hex } from 'viem';
import { encodeDeployData, encodeFunctionData } from 'viem';
import { AGREEMENT_REGISTRY_ABI } from '../../contracts/generated/agreementRegistryAbi.ts';
import { BASE_LAYER_ABI } from '../../contracts/generated/baseLayerAbi.ts';
import { FAUCET_TOKEN_ABI } from '../../contracts/generated/faucetTokenAbi.ts';
import type { MachineSession } from '../chains/double/contractMachine.ts';
import { ContractMachine } from '../chains/double/contractMachine.ts';
import { MachineChain } from '../chains/double/machineChain.ts';
import { NetworkDouble } from '../chains/double/networkDouble.ts';
import { NodeDouble } from '../chains/double/nodeDouble.ts';
import type { PaperTransaction } from '../chains/double/paperSigner.ts';
import { PaperSigner, paperAddress, writePaper } from '../chains/double/paperSigner.ts';
import { SimulatedClock } from '../chains/double/simulatedClock.ts';
import type { Account } from '../chains/double/truth.ts';
import { SeededRandom } from '../world/seededRandom.ts';
import {
  ACCEPTING_VERIFIER,
  AGREEMENT_FEE,
  agreementPlan,
  BASE_EPOCH_BLOCKS,
  EXIT_BLOCKS,
  MARKET,
  SHARD,
  tradersOf,
} from './evm/evmVenue.ts';

export const CHAIN_ID = 31_337;
export const OPERATOR: Address = paperAddress('operator');
export const GUARDIAN: Address = paperAddress('guardian');
export const BENEFACTOR: Address = paperAddress('benefactor');
export const FEE_RECIPIENT: Address = paperAddress('fee recipient');
/** The last block before the story begins is some eighty above it. */
const FIRST_BLOCK = { number: 1000, timestamp: 1_767_000_000, baseFee: 1_000_000_000n };
const GAS_LIMIT = 30_000_000n;
const TOKEN_DECIMALS: readonly number[] = [6, 18];
/** A few answers of the node. */
const SEEN_MS = 200;
const FORTUNE = 10n ** 21n;

/** A chain of its own with one engine before it. */
export class MachineWorld {
  readonly clock: SimulatedClock;
  readonly environment: Environment;
  readonly chain: MachineChain;
  readonly node: NodeDouble;
  readonly network: NetworkDouble;
  readonly pool: EndpointPool;
  readonly tracker: ChainTracker;
  /** What blocks leave out for now. */
  withhold: (transaction: PaperTransaction) => boolean = () => false;
  readonly #lanes = new Map<string, SignerLane>();
  readonly #store: ChainStore;
  #stopMining: (() => void) | undefined;

  private constructor(parts: {
    readonly machine: ContractMachine;
    readonly genesis: ReadonlyMap<Address, Account>;
    readonly clock: SimulatedClock;
    readonly environment: Environment & { readonly random: SeededRandom };
    readonly store: ChainStore;
  }) {
    const { clock, environment } = parts;
    const { random } = environment;
    this.clock = clock;
    this.environment = environment;
    this.#store = parts.store;
    const terms = {
      chainId: CHAIN_ID,
      blockTime: 1,
      gasLimit: GAS_LIMIT,
      baseFee: FIRST_BLOCK.baseFee,
      backgroundGas: () => GAS_LIMIT / 2n,
      safeDepth: 2,
      finalizedDepth: 6,
      genesis: parts.genesis,
      nowMs: () => clock.nowMs(),
    };
    this.chain = new MachineChain(terms, parts.machine);
    const nodeTerms = {
      name: 'node',
      dialect: 'geth' as const,
      headDelayMs: 0,
      gossip: undefined,
      feedsBuilders: true,
      lacks: [],
    };
    this.node = new NodeDouble(nodeTerms, { chain: this.chain, clock, random });
    this.network = new NetworkDouble({ delayMs: [1, 3] }, { clock, random, faults: random });
    const endpoints = [
      { transport: this.network.transportTo(this.node), limits: 'local' as const },
    ];
    this.pool = createEndpointPool({ chainId: CHAIN_ID, endpoints }, { environment });
    this.tracker = createChainTracker(
      { pollIntervalMs: 200 },
      { pool: this.pool, environment: this.environment },
    );
  }

  /** Opens a chain on which some accounts are rich, and something was done before its start. */
  static async open(
    before: (session: MachineSession) => Promise<void> = async () => undefined,
  ): Promise<MachineWorld> {
    const machine = await ContractMachine.open(CHAIN_ID);
    const genesis = await machine.prepare(async (session) => {
      const traders = tradersOf(4).map(({ owner }) => owner as AccountId & Hex);
      for (const rich of [OPERATOR, GUARDIAN, BENEFACTOR, ...traders]) {
        await session.putBalance(rich, FORTUNE);
      }
      await before(session);
    });
    const clock = new SimulatedClock();
    const environment = { clock, random: new SeededRandom(1) };
    const store = await openStore({ kind: 'memory' }, environment);
    return new MachineWorld({ machine, genesis, environment, clock, store });
  }

  /** What adapters stand on; lanes have to be opened before they are asked for. */
  get stands(): EvmStands {
    const { pool, tracker, environment } = this;
    const lane = (address: string): SignerLane => {
      const found = this.#lanes.get(address.toLowerCase());
      invariant(found !== undefined, `a lane was opened for ${address}`);
      return found;
    };
    return { engine: { pool, tracker, lane }, environment };
  }

  /** Opens a lane for an address; it signs on paper. */
  async openLane(address: Address, owner = 'engine'): Promise<SignerLane> {
    const { pool, tracker, environment } = this;
    const lane = await this.during(
      openSignerLane(
        {
          chainId: CHAIN_ID,
          signer: new PaperSigner(address),
          feePolicy: DEFAULT_FEE_POLICY,
          spendPolicy: {
            targets: undefined,
            amountMax: undefined,
            approvalFrom: undefined,
            allowanceMax: undefined,
            budgets: [],
          },
          settings: DEFAULT_LANE_SETTINGS,
          owner,
          onAlert: () => undefined,
        },
        {
          pool,
          tracker,
          store: this.#store,
          simulation: createSimulationGate({ pool, chainId: CHAIN_ID, mode: 'strict' }),
          funds: createFundsGate({ pool }),
          environment,
        },
      ),
    );
    this.#lanes.set(address.toLowerCase(), lane);
    return lane;
  }

  /** Lets time pass until something is done, some hours at most. */
  async during<T>(work: Promise<T>): Promise<T> {
    let isDone = false;
    const done = (): void => {
      isDone = true;
    };
    work.then(done, done);
    await this.clock.runUntil(() => isDone, { what: 'the work', eventsMax: 50_000 });
    return await work;
  }

  /** Does something while a block comes every second. */
  async mining<T>(work: () => Promise<T>): Promise<T> {
    this.startMining();
    try {
      return await this.during(work());
    } finally {
      this.stopMining();
    }
  }

  startMining(): void {
    this.#stopMining ??= this.clock.every(1000, () => void this.block());
  }

  stopMining(): void {
    this.#stopMining?.();
    this.#stopMining = undefined;
  }

  /** Makes blocks of all that waits, a second each, and lets the tracker see them. */
  async mine(count = 1): Promise<void> {
    for (let k = 0; k < count; k += 1) {
      await this.clock.runFor(1000);
      await this.block();
    }
    await this.catchUp();
  }

  /** A block of all that waits, at once. */
  async block(): Promise<void> {
    this.node.tip();
    const waiting = this.node.pool.executable();
    await this.chain.mine(waiting.filter((transaction) => !this.withhold(transaction)));
  }

  /** Replaces the last blocks; what they held is lost, or waits again. */
  async reorganise(depth: number, fate: 'returned' | 'lost' = 'lost'): Promise<void> {
    await this.chain.fork({ depth, fate });
    await this.catchUp();
  }

  /** Waits until the tracker stands at the head, and readers have seen what it holds. */
  async catchUp(): Promise<void> {
    const { hash } = this.chain.head();
    await this.clock.runUntil(() => this.tracker.head()?.hash === hash, {
      what: 'a tracker at the head',
      withinMs: 60_000,
    });
    await this.clock.runFor(SEEN_MS);
  }

  /** Puts a transaction of an account into the mempool. */
  send(from: Address, to: Address, callData: Hex, amount = 0n): void {
    const head = this.node.tip();
    const waiting = this.node.pool.pendingOf(from).length;
    const transaction = writePaper(from, {
      chainId: CHAIN_ID,
      chainNonce: this.chain.accountAt(head, from).count + waiting,
      to,
      amount,
      callData,
      gasLimit: 2_000_000n,
      maxFeePerGas: 100n * FIRST_BLOCK.baseFee,
      maxPriorityFeePerGas: FIRST_BLOCK.baseFee,
    });
    const refusal = this.node.receive(transaction);
    invariant(refusal === undefined, `the node takes a transaction: ${refusal?.kind}`);
  }

  /** What acts by the lane of an address. */
  actor(address: Address, finality: FinalityTarget): Actor {
    return new Actor(this.stands, address, { ...DEFAULT_ACT_TERMS, finality });
  }

  async close(): Promise<void> {
    this.stopMining();
    const lanes = [...this.#lanes.values()];
    const closing = Promise.all(lanes.map((lane) => lane.close()))
      .then(() => this.tracker.close())
      .then(() => this.pool.close());
    await this.during(closing);
  }
}

/** A venue whose contracts, agreement and market stood before the first block. */
export class MachineVenue {
  readonly world: MachineWorld;
  readonly deployment: Deployment;
  readonly finality: FinalityTarget;
  readonly layer: BaseLayer;

  private constructor(world: MachineWorld, deployment: Deployment, finality: FinalityTarget) {
    this.world = world;
    this.deployment = deployment;
    this.finality = finality;
    this.layer = this.openLayer();
  }

  static async open(
    finality: FinalityTarget = { kind: 'confirmations', blocks: 3 },
  ): Promise<MachineVenue> {
    let deployment: Deployment | undefined;
    const world = await MachineWorld.open(async (session) => {
      deployment = await prepareVenue(session);
    });
    invariant(deployment !== undefined, 'the contracts were deployed');
    await world.openLane(OPERATOR);
    await world.catchUp();
    return new MachineVenue(world, deployment, finality);
  }

  get domain(): VenueDomain {
    return { chainId: BigInt(CHAIN_ID), address: accountId(this.deployment.baseLayer) };
  }

  get reader(): ChainReader {
    return new ChainReader(this.world.stands, this.finality);
  }

  /** The base layer as a process opens it. */
  openLayer(): BaseLayer {
    const { deployment, finality } = this;
    const place = { deployment, shard: SHARD, marketId: MARKET };
    return openEvmBaseLayer({ ...place, operator: OPERATOR, finality }, this.world.stands);
  }

  async headSeconds(): Promise<number> {
    return this.world.chain.head().timestamp;
  }

  plan(over: Partial<AgreementPlan> = {}): AgreementPlan {
    return { ...agreementPlan(this.deployment, OPERATOR), ...over };
  }

  /** Deposits tokens out of thin air, in the next block. */
  fund(owner: AccountId, assetId: number, units: bigint, shard: number = SHARD): void {
    const { address: token, decimals } = at(this.deployment.tokens, assetId);
    const { baseLayer } = this.deployment;
    const tokenUnits = units * 10n ** BigInt(decimals - 6);
    const call = (abi: Abi, functionName: string, args: readonly unknown[]): Hex =>
      encodeFunctionData({ abi, functionName, args });
    const drip = call(FAUCET_TOKEN_ABI, 'drip', [BENEFACTOR, tokenUnits]);
    this.world.send(BENEFACTOR, token, drip);
    this.world.send(BENEFACTOR, token, call(FAUCET_TOKEN_ABI, 'approve', [baseLayer, tokenUnits]));
    const deposit = call(BASE_LAYER_ABI, 'deposit', [shard, owner, BigInt(assetId), units]);
    this.world.send(BENEFACTOR, baseLayer, deposit);
  }

  /** Somebody else opens a shard of its own with the same tokens. */
  async openNeighbour(shard: number): Promise<void> {
    const { registry, tokens } = this.deployment;
    const { verifyingKeyHash, circuits } = this.plan();
    const call = (functionName: string, args: readonly unknown[], amount = 0n): void => {
      const abi: Abi = AGREEMENT_REGISTRY_ABI;
      this.world.send(
        BENEFACTOR,
        registry,
        encodeFunctionData({ abi, functionName, args }),
        amount,
      );
    };
    call('registerAgreement', [shard, BENEFACTOR, verifyingKeyHash, circuits], AGREEMENT_FEE);
    for (const { address } of tokens) call('listAsset', [shard, address, 6]);
    await this.world.mine();
  }

  /** Pays a million units of both assets into the pool and the vaults of some traders. */
  async fundAll(traders: number): Promise<void> {
    const pool = systemAccount(SystemRole.pool, MARKET);
    for (const owner of [pool, ...tradersOf(traders).map((trader) => trader.owner)]) {
      for (const assetId of TOKEN_DECIMALS.keys()) this.fund(owner, assetId, 1_000_000n);
    }
    await this.world.mine();
  }

  /** Settles by the operator's key, in the next block, past every lane. */
  settleDirectly(submission: Submission): void {
    this.call(OPERATOR, 'settle', settleArguments(submission));
  }

  /** Calls a function of the base layer from an account, in the next block. */
  call(from: Address, functionName: string, args: readonly unknown[]): void {
    const abi: Abi = BASE_LAYER_ABI;
    const callData = encodeFunctionData({ abi, functionName, args });
    this.world.send(from, this.deployment.baseLayer, callData);
  }
}

/** Deploys and agrees before the first block. */
async function prepareVenue(session: MachineSession): Promise<Deployment> {
  const run = async (to: Address | undefined, callData: Hex, amount = 0n): Promise<Address> => {
    const ran = await session.call({ from: OPERATOR, to, amount, callData }, FIRST_BLOCK);
    invariant(ran.success, `the venue is prepared: ${ran.output}`);
    return ran.created ?? OPERATOR;
  };
  const make = (name: Parameters<typeof creationCode>[0], abi: Abi, args: readonly unknown[]) =>
    run(undefined, encodeDeployData({ abi, bytecode: creationCode(name), args }));
  const periods = [BASE_EPOCH_BLOCKS, EXIT_BLOCKS, AGREEMENT_FEE, FEE_RECIPIENT];
  const registry = await make('AgreementRegistry', AGREEMENT_REGISTRY_ABI, periods);
  const baseLayer = await make('BaseLayer', BASE_LAYER_ABI, [registry, GUARDIAN]);
  const verifier = await run(undefined, ACCEPTING_VERIFIER);
  const tokens: Deployment['tokens'][number][] = [];
  for (const [k, decimals] of TOKEN_DECIMALS.entries()) {
    const args = [`Test token ${k}`, `TST${k}`, decimals];
    const address = await make('FaucetToken', FAUCET_TOKEN_ABI, args);
    tokens.push({ symbol: `TST${k}`, decimals, address });
  }
  const deployment: Deployment = {
    chainId: CHAIN_ID,
    registry,
    baseLayer,
    verifiers: [{ circuit: 'accepting', address: verifier }],
    tokens,
    deployedAtBlock: BigInt(FIRST_BLOCK.number),
  };
  const plan = agreementPlan(deployment, OPERATOR);
  const register = async (name: string, args: readonly unknown[], amount = 0n): Promise<void> => {
    const abi: Abi = AGREEMENT_REGISTRY_ABI;
    await run(registry, encodeFunctionData({ abi, functionName: name, args }), amount);
  };
  const terms = [SHARD, OPERATOR, plan.verifyingKeyHash, plan.circuits];
  await register('registerAgreement', terms, AGREEMENT_FEE);
  for (const { token, ledgerDecimals } of plan.assets) {
    await register('listAsset', [SHARD, token, ledgerDecimals]);
  }
  for (const { marketId, assetIds } of plan.markets) {
    await register('registerMarket', [SHARD, marketId, assetIds.map(BigInt), 0n, 0n]);
  }
  for (const { marketId, commitment, parameterHash } of plan.parameters) {
    await register('registerParameters', [marketId, commitment, parameterHash]);
  }
  return deployment;
}
