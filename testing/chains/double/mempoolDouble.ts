import type { Address, Hash } from 'viem';
import type { ChainDouble } from './chainDouble.ts';
import { isAncestor, transactionsOf } from './chainDouble.ts';
import { floorGas, intrinsicGas, worstCost } from './chainRules.ts';
import type { PaperTransaction } from './paperSigner.ts';
import type { TruthBlock } from './truth.ts';

/** Why a node did not take a transaction, before a dialect puts it into words. */
export interface PoolRefusal {
  readonly kind:
    | 'alreadyKnown'
    | 'chainNonceTooLow'
    | 'replacementUnderpriced'
    | 'underpriced'
    | 'belowBaseFee'
    | 'insufficientFunds'
    | 'intrinsicGas'
    | 'floorGas'
    | 'gasLimit'
    | 'tipAboveFee'
    | 'wrongChain'
    | 'delegated'
    | 'poolFull'
    | 'malformed';
  /** Numbers that the message names, in the order in which it does. */
  readonly figures: readonly (bigint | number)[];
}

/** What one node's pool insists on. */
export interface MempoolRules {
  /** Percent that both fee fields of a replacement must exceed. */
  readonly priceBump: number;
  /** Transactions behind a gap that one account may have; the highest fall out silently. */
  readonly queuedMax: number;
  /** Executable transactions per account; a pool that is full drops what lies beyond. */
  readonly pendingMax: number;
  /** Wei per gas of tip. */
  readonly leastTip: bigint;
  /** Whether a fee below the base fee is refused at once instead of waiting. */
  readonly refusesBelowBaseFee: boolean;
  /** Accounts with delegated code: one transaction at a time. */
  readonly delegated: ReadonlySet<Address>;
  /** Whether nothing new is taken at all. */
  readonly full: boolean;
}

/** The rules of geth with its defaults. */
export const GETH_POOL: MempoolRules = {
  priceBump: 10,
  queuedMax: 64,
  pendingMax: Number.MAX_SAFE_INTEGER,
  leastTip: 1n,
  refusesBelowBaseFee: false,
  delegated: new Set(),
  full: false,
};

/** The transactions that one node holds and no block of its view has. */
export class MempoolDouble {
  rules: MempoolRules;
  readonly #chain: ChainDouble;
  readonly #bySender = new Map<Address, Map<number, PaperTransaction>>();
  readonly #byHash = new Map<Hash, PaperTransaction>();
  #view: TruthBlock;

  constructor(chain: ChainDouble, view: TruthBlock, rules: MempoolRules = GETH_POOL) {
    this.#chain = chain;
    this.#view = view;
    this.rules = rules;
  }

  /** Takes a transaction, in the order of checks that geth has. */
  add(transaction: PaperTransaction): PoolRefusal | undefined {
    if (this.#byHash.has(transaction.hash)) return refuse('alreadyKnown');
    const refusal = this.#checkForm(transaction) ?? this.#checkState(transaction);
    if (refusal !== undefined) return refusal;
    const slots = this.#slotsOf(transaction.from);
    const old = slots.get(transaction.chainNonce);
    if (old !== undefined && !outbids(transaction, old, this.rules.priceBump)) {
      return refuse('replacementUnderpriced');
    }
    const { delegated, full } = this.rules;
    if (old === undefined && delegated.has(transaction.from) && slots.size > 0) {
      return refuse('delegated');
    }
    if (full && old === undefined) return refuse('poolFull');
    if (old !== undefined) this.#byHash.delete(old.hash);
    slots.set(transaction.chainNonce, transaction);
    this.#byHash.set(transaction.hash, transaction);
    this.#truncate(transaction.from);
    return undefined;
  }

  get(hash: Hash): PaperTransaction | undefined {
    return this.#byHash.get(hash);
  }

  /** Forgets a transaction, as an eviction does. */
  drop(hash: Hash): boolean {
    const transaction = this.#byHash.get(hash);
    if (transaction === undefined) return false;
    this.#byHash.delete(hash);
    this.#slotsOf(transaction.from).delete(transaction.chainNonce);
    return true;
  }

  /** What can execute next, in order: no gap from the account's count. */
  pendingOf(sender: Address, view: TruthBlock = this.#view): PaperTransaction[] {
    const slots = this.#bySender.get(sender);
    if (slots === undefined) return [];
    const pending: PaperTransaction[] = [];
    let next = slots.get(this.#chain.accountAt(view, sender).count);
    while (next !== undefined) {
      pending.push(next);
      next = slots.get(next.chainNonce + 1);
    }
    return pending;
  }

  /** Everything of one sender, gaps or not, by transaction count. */
  allOf(sender: Address): PaperTransaction[] {
    const slots = this.#bySender.get(sender);
    if (slots === undefined) return [];
    return [...slots.values()].sort((a, b) => a.chainNonce - b.chainNonce);
  }

  /** Everything that could go into the next block. */
  executable(): PaperTransaction[] {
    return [...this.#bySender.keys()].flatMap((sender) => this.pendingOf(sender));
  }

  size(): number {
    return this.#byHash.size;
  }

  /** Follows the node's view: mined ones leave, orphans come back where that is their fate. */
  follow(view: TruthBlock): void {
    const old = this.#view;
    if (old === view) return;
    this.#view = view;
    const orphans: PaperTransaction[] = [];
    for (let b: TruthBlock | undefined = old; b !== undefined; b = b.parent) {
      if (isAncestor(b, view)) break;
      if (b.orphanFate === 'returned') orphans.unshift(...transactionsOf(b));
    }
    for (const [sender, slots] of this.#bySender) {
      const { count, balance } = this.#chain.accountAt(view, sender);
      for (const [position, transaction] of slots) {
        if (position < count || worstCost(transaction) > balance) this.drop(transaction.hash);
      }
    }
    for (const orphan of orphans) this.add(orphan);
  }

  #slotsOf(sender: Address): Map<number, PaperTransaction> {
    let slots = this.#bySender.get(sender);
    if (slots === undefined) {
      slots = new Map();
      this.#bySender.set(sender, slots);
    }
    return slots;
  }

  #checkForm(transaction: PaperTransaction): PoolRefusal | undefined {
    const { maxFeePerGas, maxPriorityFeePerGas, gasLimit, callData } = transaction;
    if (transaction.chainId !== this.#chain.terms.chainId) {
      return refuse('wrongChain', transaction.chainId, this.#chain.terms.chainId);
    }
    if (gasLimit > this.#chain.terms.gasLimit) return refuse('gasLimit');
    if (maxPriorityFeePerGas > maxFeePerGas) {
      return refuse('tipAboveFee', maxPriorityFeePerGas, maxFeePerGas);
    }
    const [intrinsic, floor] = [intrinsicGas(callData), floorGas(callData)];
    if (gasLimit < intrinsic) return refuse('intrinsicGas', gasLimit, intrinsic);
    if (gasLimit < floor) return refuse('floorGas', gasLimit, floor);
    if (maxPriorityFeePerGas < this.rules.leastTip) {
      return refuse('underpriced', maxPriorityFeePerGas, this.rules.leastTip);
    }
    if (this.rules.refusesBelowBaseFee && maxFeePerGas < this.#view.baseFee) {
      return refuse('belowBaseFee', maxFeePerGas, this.#view.baseFee);
    }
    return undefined;
  }

  #checkState(transaction: PaperTransaction): PoolRefusal | undefined {
    const { count, balance } = this.#chain.accountAt(this.#view, transaction.from);
    if (transaction.chainNonce < count) {
      return refuse('chainNonceTooLow', count, transaction.chainNonce);
    }
    const cost = worstCost(transaction);
    if (balance < cost) return refuse('insufficientFunds', balance, cost, cost - balance);
    let queued = 0n;
    for (const [position, other] of this.#slotsOf(transaction.from)) {
      if (position !== transaction.chainNonce) queued += worstCost(other);
    }
    if (balance < queued + cost) {
      return refuse('insufficientFunds', balance, queued, cost, queued + cost - balance);
    }
    return undefined;
  }

  #truncate(sender: Address): void {
    const pending = this.pendingOf(sender);
    const queued = this.allOf(sender).slice(pending.length);
    for (const beyond of pending.slice(this.rules.pendingMax)) this.drop(beyond.hash);
    for (const beyond of queued.slice(this.rules.queuedMax)) this.drop(beyond.hash);
  }
}

/** Whether both fee fields rise by the percentage that nodes ask of a replacement. */
export function outbids(
  transaction: PaperTransaction,
  old: PaperTransaction,
  priceBump: number,
): boolean {
  const rises = (next: bigint, previous: bigint): boolean =>
    next > previous && next >= (previous * BigInt(100 + priceBump)) / 100n;
  return (
    rises(transaction.maxFeePerGas, old.maxFeePerGas) &&
    rises(transaction.maxPriorityFeePerGas, old.maxPriorityFeePerGas)
  );
}

function refuse(kind: PoolRefusal['kind'], ...figures: readonly (bigint | number)[]): PoolRefusal {
  return { kind, figures };
}
