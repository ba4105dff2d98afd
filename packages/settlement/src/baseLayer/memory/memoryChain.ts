import type { Clock } from '@lawbook/chains/environment';
import { at, invariant } from '@lawbook/exchange/failures/invariant';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import { Bell } from '../../bell.ts';
import type { EventCursor } from '../baseLayerEvent.ts';
import type { SettleRefusal } from '../submission.ts';
import type { ActContext } from './act.ts';
import type { ContractNews, MemoryContracts } from './memoryContracts.ts';
import { RefusedAct } from './refusedAct.ts';

/** Something that is done to the contracts: a transaction. */
export interface ChainAct {
  /** Names it for good: the same act is in the chain once. */
  readonly actId: string;
  readonly sender: AccountId;
  readonly run: (context: ActContext) => void;
}

/** What became of an act that lies in a block. */
export interface ActOutcome {
  readonly blockNumber: bigint;
  readonly refusal: SettleRefusal | undefined;
}

/** News with its place in the chain. */
export interface PlacedNews {
  readonly cursor: EventCursor;
  readonly news: ContractNews;
}

/** A block that can still leave the chain. */
interface Block {
  readonly blockNumber: bigint;
  readonly timestampMs: number;
  readonly acts: readonly ChainAct[];
  /** Where the contracts and the news stood before it. */
  readonly mark: number;
  readonly newsBefore: number;
}

/** How a memory chain runs. */
export interface MemoryChainOptions {
  readonly contracts: MemoryContracts;
  readonly clock: Pick<Clock, 'nowMs'>;
  /** Blocks above a block after which it can no longer leave the chain. */
  readonly finalityBlocks: number;
}

/**
 * A chain of one contract in this process, moved by hand: acts wait until somebody mines, and
 * blocks that are not final can be taken back. History is kept for as long as the chain lives.
 */
export class MemoryChain {
  readonly contracts: MemoryContracts;
  readonly #clock: Pick<Clock, 'nowMs'>;
  readonly #finalityBlocks: number;
  readonly #bell = new Bell();
  readonly #news: PlacedNews[] = [];
  #blocks: Block[] = [];
  #pool: ChainAct[] = [];
  readonly #outcomes = new Map<string, ActOutcome>();
  #head: bigint;
  #headMs = 0;
  #ownActs = 0;

  constructor({ contracts, clock, finalityBlocks }: MemoryChainOptions) {
    this.contracts = contracts;
    this.#clock = clock;
    this.#finalityBlocks = finalityBlocks;
    this.#head = contracts.registry.genesisBlock;
  }

  /** Number of the newest block. */
  head(): bigint {
    return this.#head;
  }

  /** Number of the newest block that can no longer leave the chain. */
  finalBlock(): bigint {
    const { genesisBlock } = this.contracts.registry;
    const final = this.#head - BigInt(this.#finalityBlocks);
    return final > genesisBlock ? final : genesisBlock;
  }

  /** Everything that was told, in order; what a reorganisation drops is gone. */
  news(): readonly PlacedNews[] {
    return this.#news;
  }

  /** Lets an act wait for a block, once; an earlier outcome of it is forgotten. */
  send(act: ChainAct): void {
    if (this.isWaiting(act.actId)) return;
    this.#outcomes.delete(act.actId);
    this.#pool.push(act);
  }

  isWaiting(actId: string): boolean {
    return this.#pool.some((act) => act.actId === actId);
  }

  /** Undefined while it waits, and for acts of long ago. */
  outcome(actId: string): ActOutcome | undefined {
    return this.#outcomes.get(actId);
  }

  /** Does something at once, in a block with all that waits. @throws RefusedAct. */
  perform(sender: AccountId, run: (context: ActContext) => void): void {
    this.#ownActs += 1;
    const actId = `own act ${this.#ownActs}`;
    this.send({ actId, sender, run });
    this.mine();
    const refusal = this.outcome(actId)?.refusal;
    if (refusal !== undefined) throw new RefusedAct(refusal);
  }

  /** What an act would meet in the next block; nothing changes. */
  attempt(sender: AccountId, run: (context: ActContext) => void): SettleRefusal | undefined {
    const mark = this.contracts.log.mark();
    const refusal = this.#run(run, { ...this.#nextBlock(), sender });
    this.contracts.takeNews();
    this.contracts.log.rewind(mark);
    return refusal;
  }

  /** Adds blocks; the first takes the acts that wait, except those that are withheld. */
  mine(count = 1, withhold: (act: ChainAct) => boolean = () => false): void {
    for (let k = 0; k < count; k += 1) {
      const taken = k === 0 ? this.#pool.filter((act) => !withhold(act)) : [];
      this.#pool = this.#pool.filter((act) => !taken.includes(act));
      this.#addBlock(taken);
    }
    this.#bell.ring();
  }

  /** Takes the newest blocks back; their acts wait for a block again, before the others. */
  reorganise(depth: number): void {
    invariant(depth <= this.#finalityBlocks, 'a final block does not leave the chain');
    const dropped = this.#blocks.slice(Math.max(0, this.#blocks.length - depth));
    this.#blocks = this.#blocks.slice(0, this.#blocks.length - dropped.length);
    const [first] = dropped;
    if (first === undefined) return;
    this.contracts.log.rewind(first.mark);
    this.#news.length = first.newsBefore;
    this.#head = first.blockNumber - 1n;
    const acts = dropped.flatMap((block) => block.acts);
    for (const { actId } of acts) this.#outcomes.delete(actId);
    const again = new Map([...acts, ...this.#pool].map((act) => [act.actId, act]));
    this.#pool = [...again.values()];
    this.#bell.ring();
  }

  /** Resolves when blocks came or went; rejects with the reason of the signal. */
  changed(signal: AbortSignal): Promise<void> {
    return this.#bell.next(signal);
  }

  #nextBlock(): Pick<ActContext, 'blockNumber' | 'timestampMs'> {
    const seconds = Math.floor(this.#clock.nowMs() / 1000);
    return {
      blockNumber: this.#head + 1n,
      timestampMs: Math.max(this.#headMs, seconds * 1000),
    };
  }

  #addBlock(acts: readonly ChainAct[]): void {
    const next = this.#nextBlock();
    const mark = this.contracts.log.mark();
    const newsBefore = this.#news.length;
    let logIndex = 0;
    for (const { actId, sender, run } of acts) {
      const refusal = this.#run(run, { ...next, sender });
      for (const news of this.contracts.takeNews()) {
        const cursor = { blockNumber: next.blockNumber, logIndex };
        this.#news.push({ cursor, news });
        logIndex += 1;
      }
      this.#outcomes.set(actId, { blockNumber: next.blockNumber, refusal });
    }
    this.#blocks.push({ ...next, acts, mark, newsBefore });
    this.#head = next.blockNumber;
    this.#headMs = next.timestampMs;
    this.#forgetFinal();
  }

  #run(run: ChainAct['run'], context: ActContext): SettleRefusal | undefined {
    const mark = this.contracts.log.mark();
    try {
      run(context);
      return undefined;
    } catch (error) {
      if (!(error instanceof RefusedAct)) throw error;
      this.contracts.log.rewind(mark);
      this.contracts.takeNews();
      return error.refusal;
    }
  }

  /** Final blocks need no way back, and nobody waits for their acts any more. */
  #forgetFinal(): void {
    while (this.#blocks.length > this.#finalityBlocks) {
      for (const { actId } of at(this.#blocks, 0).acts) this.#outcomes.delete(actId);
      this.#blocks.shift();
    }
    const [first] = this.#blocks;
    this.contracts.log.forget(first?.mark ?? this.contracts.log.mark());
  }
}
