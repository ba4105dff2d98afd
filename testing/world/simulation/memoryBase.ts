import { DEMO_ASSETS, DEMO_DOMAIN, DEMO_MARKET_ID } from '@lawbook/analytics/demoWorld';
import { ZERO_HASH } from '@lawbook/exchange/codec/hash';
import { at } from '@lawbook/exchange/failures/invariant';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import { accountId } from '@lawbook/exchange/ledger/account';
import type { BatchParameters } from '@lawbook/exchange/markets/batch/parameters';
import { EPOCH_SHAPES } from '@lawbook/proofs/circuits/epochCircuit';
import type { FieldHash } from '@lawbook/proofs/statements/epoch/fieldHash';
import { parameterCommitment } from '@lawbook/proofs/statements/epoch/parameterVector';
import type { BaseLayer, Certainty } from '../../../packages/settlement/src/baseLayer/baseLayer.ts';
import type { ActContext } from '../../../packages/settlement/src/baseLayer/memory/act.ts';
import { MemoryBaseLayer } from '../../../packages/settlement/src/baseLayer/memory/memoryBaseLayer.ts';
import { MemoryChain } from '../../../packages/settlement/src/baseLayer/memory/memoryChain.ts';
import { MemoryContracts } from '../../../packages/settlement/src/baseLayer/memory/memoryContracts.ts';
import { orderLane } from '../../../packages/settlement/src/baseLayer/memory/nonceRings.ts';
import type { LawQuestion } from '../../../packages/settlement/src/baseLayer/memory/settleList.ts';
import { SettlementFault } from '../../../packages/settlement/src/settlementFault.ts';
import type { SimulatedClock } from '../../chains/double/simulatedClock.ts';
import type { SeededRandom } from '../seededRandom.ts';
import type { Life } from './life.ts';
import { recoverOnce } from './signatures.ts';
import type { BaseDeposit, BaseTerms, ListOnChain, SimulatedBase } from './simulatedBase.ts';
import {
  BASE_EPOCH_BLOCKS,
  EXIT_BLOCKS,
  FINALITY_BLOCKS,
  GOOD_BASE,
  proofFor,
  quickFieldHash,
  SHARD,
} from './simulatedBase.ts';

const TOKEN_DECIMALS = 9;

/** The base layer in memory: it mines, reorganises and goes away by itself. */
export class MemoryBase implements SimulatedBase {
  readonly kind = 'memory';
  readonly terms: BaseTerms = { ...GOOD_BASE };
  readonly chain: MemoryChain;
  readonly tokens: readonly AccountId[];
  readonly operator: AccountId = account('0b');
  readonly hash: FieldHash = quickFieldHash;
  /** Reorganisations so far, and proofs that the verifier refused. */
  readonly counts = { blocks: 0, reorganisations: 0, proofsRefused: 0 };
  readonly #clock: SimulatedClock;
  readonly #random: SeededRandom;
  readonly #layer: MemoryBaseLayer;
  #acts = 0;

  constructor(parts: { readonly clock: SimulatedClock; readonly random: SeededRandom }) {
    const { clock, random } = parts;
    this.#clock = clock;
    this.#random = random;
    const contracts = new MemoryContracts({
      domain: DEMO_DOMAIN,
      guardian: account('9a'),
      terms: { baseEpochBlocks: BASE_EPOCH_BLOCKS, exitBlocks: EXIT_BLOCKS, agreementFee: 0n },
      genesisBlock: 100n,
      lawsHold: (question) => this.#verifies(question),
      recover: recoverOnce,
    });
    this.chain = new MemoryChain({ contracts, clock, finalityBlocks: FINALITY_BLOCKS });
    this.tokens = DEMO_ASSETS.map((_, k) => account(`70${k}`));
    this.#layer = new MemoryBaseLayer(this.chain, {
      shard: SHARD,
      marketId: DEMO_MARKET_ID,
      operator: this.operator,
    });
  }

  /** Registers the venue and pays its pool and people in; blocks come from then on. */
  async open(parameters: BatchParameters, deposits: readonly BaseDeposit[]): Promise<void> {
    const { contracts } = this.chain;
    const { operator, tokens } = this;
    const tokenDecimals = tokens.map(() => TOKEN_DECIMALS);
    this.chain.perform(operator, (context) => {
      registerInMemory(contracts, context, { operator, tokens, tokenDecimals, parameters });
    });
    this.chain.mine(Number(2n * BASE_EPOCH_BLOCKS));
    this.chain.perform(this.operator, (context) => {
      for (const deposit of deposits) this.#pay(context, deposit);
    });
    this.chain.mine(FINALITY_BLOCKS + 1);
    this.#nextBlock();
  }

  /** Lets somebody pay tokens in, once, in one of the next blocks. */
  deposit(deposit: BaseDeposit): void {
    this.#act(deposit.owner, (context) => this.#pay(context, deposit));
  }

  requestExit(owner: AccountId): void {
    const { vaults } = this.chain.contracts;
    this.#act(owner, (context) => vaults.requestExit(context, { shard: SHARD, owner }));
  }

  cancelExit(owner: AccountId): void {
    const { vaults } = this.chain.contracts;
    this.#act(owner, (context) => vaults.cancelExit(context, { shard: SHARD, owner }));
  }

  completeExit(owner: AccountId, assetId: number): void {
    const { vaults } = this.chain.contracts;
    const terms = { shard: SHARD, owner, assetIds: [assetId] };
    this.#act(owner, (context) => vaults.completeExit(context, terms));
  }

  calm(): void {
    // Nothing goes wrong here but what faults bring.
  }

  depositCount(): bigint {
    return this.chain.contracts.vaults.depositCount();
  }

  isBusy(): boolean {
    return false;
  }

  lists(): readonly ListOnChain[] {
    return this.chain.news().flatMap(({ news }) => (news.kind === 'settled' ? [news.chain] : []));
  }

  async lastList(): Promise<ListOnChain> {
    return this.chain.contracts.listChain(SHARD);
  }

  async balanceOf(owner: AccountId, assetId: number): Promise<bigint> {
    return this.chain.contracts.vaults.balanceOf({ shard: SHARD, owner }, assetId);
  }

  async isOrderNonceFresh(owner: AccountId, orderNonce: bigint): Promise<boolean> {
    const { rings } = this.chain.contracts;
    const use = (): void => rings.use(owner, orderLane(DEMO_MARKET_ID), orderNonce);
    return this.chain.attempt(owner, use) === undefined;
  }

  /** Sends an act of a person to the chain. */
  #act(sender: AccountId, run: (context: ActContext) => void): void {
    this.#acts += 1;
    this.chain.send({ actId: `act ${this.#acts}`, sender, run });
  }

  /** Registers parameters; they hold from the next base epoch. */
  register(parameters: BatchParameters): void {
    this.#act(this.operator, (context) => this.#register(context, parameters));
  }

  commitmentOf(parameters: BatchParameters): bigint {
    return parameterCommitment(parameters, at(EPOCH_SHAPES, 0), this.hash);
  }

  /** The base layer as one process reaches it. */
  seenBy(life: Life): BaseLayer {
    const layer = this.#layer;
    const call = <T>(act: () => Promise<T>): Promise<T> => this.#call(life, act);
    return {
      id: layer.id,
      domain: layer.domain,
      shard: layer.shard,
      marketId: layer.marketId,
      agreement: () => call(() => layer.agreement()),
      progress: (certainty: Certainty) => call(() => layer.progress(certainty)),
      vault: (owner) => call(() => layer.vault(owner)),
      settled: (listNumber) => call(() => layer.settled(listNumber)),
      check: (submission) => call(() => layer.check(submission)),
      settle: (submission, signal) => call(() => layer.settle(submission, signal)),
      events: (after, signal) => this.#events(life, layer.events(after, signal)),
      health: () => layer.health(),
      close: async () => undefined,
    };
  }

  async #call<T>(life: Life, act: () => Promise<T>): Promise<T> {
    return await life.touch('base', async () => {
      await this.#clock.sleep(this.#random.integer(1, 40));
      const isLost = this.#random.next() < this.terms.answersLost;
      if (this.terms.away || (isLost && this.#random.next() < 0.5)) throw isAway();
      if (life.isDead) throw isAway();
      const answer = await act();
      if (this.terms.away || isLost) throw isAway();
      return answer;
    });
  }

  async *#events<T>(life: Life, events: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
    const iterator = events[Symbol.asyncIterator]();
    for (;;) {
      const next = await life.touch('base', async () => {
        if (this.terms.away) throw isAway();
        return await iterator.next();
      });
      if (next.done === true) return;
      yield next.value;
    }
  }

  #nextBlock(): void {
    this.#clock.schedule(this.terms.blockMs, () => {
      this.#nextBlock();
      const { withheld, reorganises } = this.terms;
      const isWithheld = this.#random.next() < withheld;
      this.chain.mine(1, () => isWithheld && this.#random.next() < 0.7);
      this.counts.blocks += 1;
      if (this.#random.next() >= reorganises) return;
      const depth = this.#random.integer(1, FINALITY_BLOCKS - 1);
      this.counts.reorganisations += 1;
      this.chain.reorganise(depth);
      // The branch that won is longer.
      this.chain.mine(depth + 1, () => this.#random.next() < 0.5);
    });
  }

  #pay(context: ActContext, deposit: BaseDeposit): void {
    const { tokens, registry, vaults } = this.chain.contracts;
    const { owner, assetId, units } = deposit;
    const token = at(this.tokens, assetId);
    tokens.mint(token, context.sender, units * registry.assetOf(SHARD, assetId).unit);
    vaults.deposit(context, { shard: SHARD, owner, assetId, units });
  }

  #register(context: ActContext, parameters: BatchParameters): void {
    this.chain.contracts.registry.registerParameters(context, {
      marketId: parameters.marketId,
      commitment: this.commitmentOf(parameters),
    });
  }

  #verifies({ publicInputs, proof }: LawQuestion): boolean {
    const holds = Buffer.compare(proofFor(publicInputs), proof.bytes) === 0;
    if (!holds) this.counts.proofsRefused += 1;
    return holds;
  }
}

/** Registers the venue of a world with contracts in memory, as it starts. */
export function registerInMemory(
  { registry, tokens: book }: MemoryContracts,
  context: ActContext,
  venue: {
    readonly operator: AccountId;
    /** By asset id. */
    readonly tokens: readonly AccountId[];
    readonly tokenDecimals: readonly number[];
    readonly parameters: BatchParameters;
  },
): void {
  const { operator, tokens, tokenDecimals, parameters } = venue;
  const { marketId } = parameters;
  registry.registerAgreement(context, {
    shard: SHARD,
    operator,
    verifyingKeyHash: ZERO_HASH,
    circuits: EPOCH_SHAPES.map(({ batches, orders, vaults, assetWords }) => {
      return { verifier: 'simulated', batches, orders, vaults, assetWords };
    }),
    paid: 0n,
  });
  DEMO_ASSETS.forEach(({ decimals: ledgerDecimals }, k) => {
    const token = at(tokens, k);
    book.deploy(token, at(tokenDecimals, k));
    registry.listAsset(context, { shard: SHARD, token, ledgerDecimals });
  });
  const columns = parameters.assets.map(({ assetId }) => assetId);
  const market = { shard: SHARD, marketId, epochNumber: 0n, batchNumber: 0n, columns };
  registry.registerMarket(context, market);
  const commitment = parameterCommitment(parameters, at(EPOCH_SHAPES, 0), quickFieldHash);
  registry.registerParameters(context, { marketId, commitment });
}

function account(digits: string): AccountId {
  return accountId(`0x${digits.padStart(40, '0')}`);
}

function isAway(): SettlementFault {
  return new SettlementFault('SETTLEMENT_UNAVAILABLE', 'The base layer is away.');
}
