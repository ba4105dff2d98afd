import type { Address, Hash, Hex } from 'viem';
import { baseFeeAfter, executeTransaction, smaller } from './chainRules.ts';
import type { ContractMachine } from './contractMachine.ts';
import type { PaperTransaction } from './paperSigner.ts';
import { paperHash } from './paperSigner.ts';
import type { Account, ContractScript, OrphanFate, TruthBlock, TruthReceipt } from './truth.ts';

/** How a reorganisation is made. */
export interface ReorgOptions {
  /** Blocks that are dropped. */
  readonly depth: number;
  /** Blocks of the new branch; `depth` + 1 unless told. 0 is a bare rollback. */
  readonly length?: number;
  readonly fate: OrphanFate;
  /** Whether the new branch takes in what the old one had, where that still executes. */
  readonly reinclude?: boolean;
  /** Transactions that the first new block prefers over everything else. */
  readonly instead?: readonly PaperTransaction[];
}

/** Terms of the chain. */
export interface ChainTerms {
  readonly chainId: number;
  /** Seconds. */
  readonly blockTime: number;
  readonly gasLimit: bigint;
  /** Wei per gas of the first block. */
  readonly baseFee: bigint;
  /** Gas that others use in each block; decides how the base fee moves. */
  readonly backgroundGas: (blockNumber: number) => bigint;
  /** Blocks below the head. */
  readonly safeDepth: number;
  /** Blocks below the head. */
  readonly finalizedDepth: number;
  readonly genesis: ReadonlyMap<Address, Account>;
  readonly nowMs: () => number;
}

/** Number of the first block of every simulated chain. */
export const FIRST_BLOCK = 1000;
/** Empty blocks before the simulation starts, so that deep rollbacks have somewhere to go. */
const HISTORY = 80;

/** The one truth that every node of the simulation looks at, each in its own way. */
export class ChainDouble {
  readonly terms: ChainTerms;
  readonly contracts: Map<Address, ContractScript> = new Map();
  /** Runs bytecode in place of the scripts, where a chain has it. */
  readonly machine: ContractMachine | undefined = undefined;
  /** Every head there was, in the order of time. */
  readonly heads: { readonly block: TruthBlock; readonly atMs: number }[] = [];
  readonly blocks: Map<Hash, TruthBlock> = new Map();
  readonly #receipts = new Map<Hash, { block: TruthBlock; receipt: TruthReceipt }[]>();
  #branch = 0;
  #baseFeeScript: (blockNumber: number, byRule: bigint) => bigint = (_number, byRule) => byRule;

  constructor(terms: ChainTerms) {
    this.terms = terms;
    const timestamp = Math.floor(terms.nowMs() / 1000) - HISTORY * terms.blockTime;
    let block = this.seal({
      number: FIRST_BLOCK,
      parent: undefined,
      timestamp,
      baseFee: terms.baseFee,
      receipts: [],
      accounts: terms.genesis,
    });
    for (let k = 0; k < HISTORY; k += 1) block = this.#extend(block, []);
    this.publish(block);
  }

  head(): TruthBlock {
    return (this.heads[this.heads.length - 1] as { block: TruthBlock }).block;
  }

  /** Lets base fees follow a script instead of the rule; the rule continues from what it says. */
  scriptBaseFee(script: (blockNumber: number, byRule: bigint) => bigint): void {
    this.#baseFeeScript = script;
  }

  /** Adds a block of whatever of `candidates` executes. */
  produce(candidates: readonly PaperTransaction[]): TruthBlock {
    const block = this.#extend(this.head(), candidates);
    this.publish(block);
    return block;
  }

  /** Replaces the last blocks. @returns the dropped blocks, highest first. */
  reorganise(options: ReorgOptions): readonly TruthBlock[] {
    const { dropped, pending, length, fork } = this.openBranch(options);
    let tip = fork;
    for (let k = 0; k < length; k += 1) tip = this.#extend(tip, k === 0 ? pending : []);
    this.publish(tip);
    return dropped;
  }

  /** Turns away from the last blocks: what is dropped, and what a new branch begins with. */
  protected openBranch(options: ReorgOptions): {
    readonly dropped: readonly TruthBlock[];
    readonly fork: TruthBlock;
    readonly pending: readonly PaperTransaction[];
    readonly length: number;
  } {
    const { depth, fate, reinclude = false, instead = [] } = options;
    const dropped = pathDown(this.head(), depth);
    for (const block of dropped) block.orphanFate = fate;
    this.#branch += 1;
    const fork = ancestorAt(this.head(), this.head().number - depth) ?? this.head();
    const orphans = dropped.toReversed().flatMap((block) => transactionsOf(block));
    const pending = [...instead, ...(reinclude ? orphans : [])];
    return { dropped, fork, pending, length: options.length ?? depth + 1 };
  }

  /** Where a transaction stands on the branch of `head`. */
  receiptAt(
    head: TruthBlock,
    hash: Hash,
  ): { readonly block: TruthBlock; readonly receipt: TruthReceipt } | undefined {
    return this.#receipts.get(hash)?.find(({ block }) => isAncestor(block, head));
  }

  /** The account at the end of `block`. */
  accountAt(block: TruthBlock, address: Address): Account {
    return block.accounts.get(address.toLowerCase() as Address) ?? NO_ACCOUNT;
  }

  /** Mints or burns between blocks: a balance that moves without a transaction of the signer. */
  adjustBalance(address: Address, balance: bigint): void {
    const head = this.head();
    const account = this.accountAt(head, address);
    const accounts = new Map(head.accounts).set(address.toLowerCase() as Address, {
      ...account,
      balance,
    });
    this.publish(this.#extend({ ...head, accounts }, [], head));
  }

  /** Makes a block the head. */
  protected publish(block: TruthBlock): void {
    const known = this.heads.length;
    for (let b: TruthBlock | undefined = block; b !== undefined; b = b.parent) {
      if (b.knownFrom !== UNKNOWN) break;
      b.knownFrom = known;
    }
    this.heads.push({ block, atMs: this.terms.nowMs() });
  }

  /** `link` is the parent to name when `parent` is an adjusted copy of it. */
  #extend(
    parent: TruthBlock,
    candidates: readonly PaperTransaction[],
    link: TruthBlock = parent,
  ): TruthBlock {
    const { number, baseFee, timestamp, gasLimit } = this.open(parent);
    const accounts = candidates.length === 0 ? parent.accounts : new Map(parent.accounts);
    let gasLeft = gasLimit;
    const receipts: TruthReceipt[] = [];
    for (const transaction of orderCandidates(candidates, baseFee)) {
      if (transaction.gasLimit > gasLeft) continue;
      const receipt = executeTransaction(transaction, {
        accounts: accounts as Map<Address, Account>,
        contracts: this.contracts,
        baseFee,
        branch: this.#branch,
        blockNumber: number,
        chainId: this.terms.chainId,
      });
      if (receipt === undefined) continue;
      gasLeft -= receipt.gasUsed;
      receipts.push(receipt);
    }
    return this.seal({ number, parent: link, timestamp, baseFee, receipts, accounts });
  }

  /** What the block after `parent` begins with; `gasLimit` is what others leave of it. */
  protected open(parent: TruthBlock): OpenBlock {
    const number = parent.number + 1;
    const timestamp = Math.max(
      parent.timestamp + 1,
      Math.min(parent.timestamp + this.terms.blockTime, Math.floor(this.terms.nowMs() / 1000)),
    );
    return {
      number,
      timestamp,
      baseFee: this.#baseFeeScript(number, baseFeeAfter(parent)),
      gasLimit: this.terms.gasLimit - this.terms.backgroundGas(number),
    };
  }

  /** Closes a block, of which nobody knows yet. */
  protected seal(draft: {
    number: number;
    parent: TruthBlock | undefined;
    timestamp: number;
    baseFee: bigint;
    receipts: readonly TruthReceipt[];
    accounts: ReadonlyMap<Address, Account>;
    logsBloom?: Hex;
  }): TruthBlock {
    const used = draft.receipts.reduce((sum, receipt) => sum + receipt.gasUsed, 0n);
    const hashes = draft.receipts.map(({ transaction }) => transaction.hash).join();
    const block: TruthBlock = {
      ...draft,
      hash: paperHash(`${draft.parent?.hash}/${draft.number}/${this.#branch}/${hashes}`),
      gasUsed: used + this.terms.backgroundGas(draft.number),
      gasLimit: this.terms.gasLimit,
      branch: this.#branch,
      orphanFate: undefined,
      knownFrom: UNKNOWN,
    };
    this.blocks.set(block.hash, block);
    for (const receipt of draft.receipts) {
      const places = this.#receipts.get(receipt.transaction.hash) ?? [];
      places.push({ block, receipt });
      this.#receipts.set(receipt.transaction.hash, places);
    }
    return block;
  }
}

/** A block before anything is in it. */
export interface OpenBlock {
  readonly number: number;
  /** Seconds since 1970. */
  readonly timestamp: number;
  /** Wei per gas. */
  readonly baseFee: bigint;
  /** Gas that its transactions may use. */
  readonly gasLimit: bigint;
}

const UNKNOWN = Number.MAX_SAFE_INTEGER;
const NO_ACCOUNT: Account = { balance: 0n, count: 0 };

/** The block of this number on the branch that ends in `head`. */
export function ancestorAt(head: TruthBlock, number: number): TruthBlock | undefined {
  let block: TruthBlock | undefined = head;
  if (number > head.number) return undefined;
  while (block !== undefined && block.number > number) block = block.parent;
  return block;
}

/** Whether `block` lies on the branch that ends in `head`. */
export function isAncestor(block: TruthBlock, head: TruthBlock): boolean {
  return ancestorAt(head, block.number) === block;
}

/** The last `count` blocks of a branch, highest first. */
export function pathDown(head: TruthBlock, count: number): TruthBlock[] {
  const path: TruthBlock[] = [];
  for (let b: TruthBlock | undefined = head; b !== undefined && path.length < count; b = b.parent) {
    path.push(b);
  }
  return path;
}

/** A block's transactions in their order. */
export function transactionsOf(block: TruthBlock): PaperTransaction[] {
  return block.receipts.map(({ transaction }) => transaction);
}

/** By sender in the order of its transactions; among senders the better tip goes first. */
export function orderCandidates(
  candidates: readonly PaperTransaction[],
  baseFee: bigint,
): PaperTransaction[] {
  if (candidates.length < 2) return [...candidates];
  const bySender = new Map<Address, PaperTransaction[]>();
  for (const candidate of candidates) {
    const list = bySender.get(candidate.from) ?? [];
    list.push(candidate);
    bySender.set(candidate.from, list);
  }
  const tip = (tx: PaperTransaction | undefined): bigint => {
    if (tx === undefined) return -1n;
    return smaller(tx.maxFeePerGas - baseFee, tx.maxPriorityFeePerGas);
  };
  const queues = [...bySender.values()].map((list) =>
    list.toSorted((a, b) => a.chainNonce - b.chainNonce),
  );
  if (queues.length === 1) return queues[0] as PaperTransaction[];
  const order: PaperTransaction[] = [];
  while (queues.some((queue) => queue.length > 0)) {
    let best: PaperTransaction[] | undefined;
    for (const queue of queues) {
      if (queue.length > 0 && (best === undefined || tip(queue[0]) > tip(best[0]))) best = queue;
    }
    const next = best?.shift();
    if (next !== undefined) order.push(next);
  }
  return order;
}
