import type { Address, Hash } from 'viem';
import type { SeededRandom } from '../../world/seededRandom.ts';
import type { ChainDouble } from './chainDouble.ts';
import type { MempoolRules, PoolRefusal } from './mempoolDouble.ts';
import { GETH_POOL, MempoolDouble } from './mempoolDouble.ts';
import type { NodeDialect } from './nodeDialects.ts';
import { sayRefusal } from './nodeDialects.ts';
import { answerCall } from './nodeMethods.ts';
import type { NodeAnswer, NodeReply, NodeSight } from './nodeSight.ts';
import type { PaperTransaction } from './paperSigner.ts';
import { readPaper } from './paperSigner.ts';
import type { SimulatedClock } from './simulatedClock.ts';
import type { TruthBlock } from './truth.ts';

/** How transactions travel between nodes. */
export interface GossipTerms {
  /** Milliseconds, the least and the most. */
  readonly delayMs: readonly [number, number];
  /** Share of announcements that never arrive. */
  readonly loss: number;
}

/** One node's character. */
export interface NodeTerms {
  readonly name: string;
  readonly dialect: NodeDialect;
  /** Milliseconds after which it learns of a new head. */
  readonly headDelayMs: number;
  /** Undefined keeps to itself what it was sent. */
  readonly gossip: GossipTerms | undefined;
  /** Whether block builders see its pool. */
  readonly feedsBuilders: boolean;
  /** Methods that it does not have. */
  readonly lacks: readonly string[];
  /** Reads signed bytes; those of the paper signer unless given. */
  readonly read?: (raw: unknown) => PaperTransaction | undefined;
}

/** Facts about a node that scenarios and checks look at. */
export interface NodeTally {
  /** Offers of what is mined already, which cannot do harm. */
  repeats: number;
  /** Other refusals by their kind. */
  readonly refusals: Map<PoolRefusal['kind'], number>;
  /** Transactions that it took. */
  taken: number;
}

/** One node: its own view of the truth, and its own pool. */
export class NodeDouble implements NodeSight {
  readonly terms: NodeTerms;
  readonly chain: ChainDouble;
  readonly pool: MempoolDouble;
  readonly tally: NodeTally = { refusals: new Map(), repeats: 0, taken: 0 };
  /** Blocks behind what it would know; asked for every call, so that it may flap. */
  lag: () => number = () => 0;
  /** Chain that it claims to be on, where that is a lie. */
  chainIdShown: number | undefined;
  /** What it says instead of the truth; undefined leaves the truth. */
  answerInstead: (method: string, params: readonly unknown[]) => NodeAnswer | undefined = () =>
    undefined;
  /** Nodes that it tells of transactions. */
  peers: readonly NodeDouble[] = [];
  readonly #clock: SimulatedClock;
  readonly #random: SeededRandom;
  readonly #announced = new Set<Hash>();
  #stuckAt: number | undefined;

  constructor(
    terms: NodeTerms,
    dependencies: { chain: ChainDouble; clock: SimulatedClock; random: SeededRandom },
  ) {
    this.terms = terms;
    this.chain = dependencies.chain;
    this.#clock = dependencies.clock;
    this.#random = dependencies.random;
    this.pool = new MempoolDouble(this.chain, this.chain.head(), GETH_POOL);
  }

  /** Changes the rules of its pool. */
  rule(change: Partial<MempoolRules>): void {
    this.pool.rules = { ...this.pool.rules, ...change };
  }

  /** Keeps showing the head of now, until `thaw`. */
  freeze(): void {
    this.#stuckAt = this.#knownIndex();
  }

  thaw(): void {
    this.#stuckAt = undefined;
  }

  /** Its newest block, without the lag of single answers; the pool follows this one. */
  tip(): TruthBlock {
    const tip = this.#headAt(this.#stuckAt ?? this.#knownIndex());
    this.pool.follow(tip);
    return tip;
  }

  /** The head that it answers with this time. */
  view(): TruthBlock {
    this.tip();
    return this.#headAt((this.#stuckAt ?? this.#knownIndex()) - this.lag());
  }

  /** Whether it has the block at all, canonical for it or not. */
  knows(block: TruthBlock): boolean {
    return block.knownFrom <= (this.#stuckAt ?? this.#knownIndex());
  }

  /** Answers one call at once, on a chain whose contracts are scripts. */
  answer(method: string, params: readonly unknown[]): NodeAnswer {
    const reply = this.reply(method, params);
    if (reply instanceof Promise) throw new TypeError(`${method} waits for a machine`);
    return reply;
  }

  /** Answers one call. */
  reply(method: string, params: readonly unknown[]): NodeReply {
    if (this.terms.lacks.includes(method)) {
      const message = `the method ${method} does not exist/is not available`;
      return { error: { code: -32601, message } };
    }
    const instead = this.answerInstead(method, params);
    if (instead !== undefined) return instead;
    if (method === 'eth_sendRawTransaction') return this.#take(params[0]);
    return answerCall(this, method, params);
  }

  /** Adds a transaction as if it had come over the wire from somebody. */
  receive(transaction: PaperTransaction): PoolRefusal | undefined {
    this.tip();
    const refusal = this.pool.add(transaction);
    if (refusal === undefined) this.#announce(transaction.from);
    return refusal;
  }

  /** Drops a transaction that it has just taken, before anybody is told. */
  forget(hash: unknown): void {
    this.pool.drop(hash as Hash);
  }

  /** Tells the peers again of everything executable, as nodes do when one reconnects. */
  announceAgain(): void {
    this.#announced.clear();
    for (const { from } of this.pool.executable()) this.#announce(from);
  }

  #take(raw: unknown): NodeAnswer {
    const transaction = (this.terms.read ?? readPaper)(raw);
    const refusal: PoolRefusal | undefined =
      transaction === undefined ? { kind: 'malformed', figures: [] } : this.receive(transaction);
    if (refusal === undefined) {
      this.tally.taken += 1;
      return { result: transaction?.hash };
    }
    const isMined =
      transaction !== undefined && this.chain.receiptAt(this.tip(), transaction.hash) !== undefined;
    if (isMined) this.tally.repeats += 1;
    else this.tally.refusals.set(refusal.kind, (this.tally.refusals.get(refusal.kind) ?? 0) + 1);
    return { error: sayRefusal(this.terms.dialect, refusal) };
  }

  /** Nodes pass on what is executable; what waits behind a gap stays where it is. */
  #announce(sender: Address): void {
    const { gossip } = this.terms;
    if (gossip === undefined || this.peers.length === 0) return;
    for (const transaction of this.pool.pendingOf(sender)) {
      if (this.#announced.has(transaction.hash)) continue;
      this.#announced.add(transaction.hash);
      for (const peer of this.peers) {
        if (this.#random.next() < gossip.loss) continue;
        const delayMs = this.#random.between(gossip.delayMs[0], gossip.delayMs[1]);
        this.#clock.schedule(delayMs, () => {
          if (this.pool.get(transaction.hash) === undefined) return;
          if (peer.pool.get(transaction.hash) === undefined) peer.receive(transaction);
        });
      }
    }
  }

  #knownIndex(): number {
    const { heads } = this.chain;
    const byMs = this.#clock.nowMs() - this.terms.headDelayMs;
    let index = heads.length - 1;
    while (index > 0 && (heads[index]?.atMs ?? 0) > byMs) index -= 1;
    return index;
  }

  /** Heads before the first one are its ancestors, so that a node can be behind from the start. */
  #headAt(index: number): TruthBlock {
    const { heads } = this.chain;
    const entry = heads[Math.max(0, Math.min(index, heads.length - 1))];
    let { block } = entry as { block: TruthBlock };
    for (let k = index; k < 0 && block.parent !== undefined; k += 1) block = block.parent;
    return block;
  }
}
