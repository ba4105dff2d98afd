import type { Address, Hash, Hex } from 'viem';
import { keccak256, parseTransaction, recoverTransactionAddress } from 'viem';
import type { ProxyCall } from './faultPlan.ts';
import type { NodeAnswer, Upstream } from './upstream.ts';

/** A transaction as the pool knows it. Fees in wei per gas. */
export interface PooledTransaction {
  readonly hash: Hash;
  readonly raw: Hex;
  readonly sender: Address;
  readonly chainNonce: number;
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
  readonly to: Address | null;
  readonly amount: bigint;
  readonly gasLimit: bigint;
}

interface Slot {
  readonly transaction: PooledTransaction;
  /**
   * - `passed`: the node behind has it, unless it was mined, dropped or orphaned since.
   * - `held`: kept back by the scenario.
   * - `waiting`: the node behind refused it for its fee, as geth would not.
   */
  place: 'passed' | 'held' | 'waiting';
}

/**
 * The mempool of geth in front of anvil's, shared by every proxy of one chain.
 *
 * Anvil is kinder or harsher than geth in four ways that this corrects: it replaces for one wei
 * where geth wants a tenth more on both fees; it says "already imported"; it throws out what is
 * priced below the base fee where geth lets it wait; and after a reorganisation it forgets the
 * orphans. The scenario may also hold transactions back: known to every node, and never mined.
 */
export class GethMempool {
  /** Which new transactions are held back. */
  hold: (transaction: PooledTransaction) => boolean = () => false;
  readonly #upstream: Upstream;
  readonly #seen = new Map<Hash, PooledTransaction>();
  readonly #slots = new Map<string, Slot>();
  #turn: Promise<unknown> = Promise.resolve();
  /** What was said to bytes that were new here: a conflict, of which scenarios ask for none. */
  readonly refusals: string[] = [];
  /** What was said to bytes that had been taken before: repeating them is harmless. */
  readonly repeats: string[] = [];

  constructor(upstream: Upstream) {
    this.#upstream = upstream;
  }

  /** What was kept back and is still executable, in the order of arrival. */
  held(): readonly PooledTransaction[] {
    return [...this.#slots.values()]
      .filter(({ place }) => place === 'held')
      .map(({ transaction }) => transaction);
  }

  /** Every transaction that was ever offered, in the order of arrival. */
  seen(): readonly PooledTransaction[] {
    return [...this.#seen.values()];
  }

  /** Answers eth_sendRawTransaction. Offers are judged one after another. */
  offer(raw: Hex): Promise<NodeAnswer> {
    return this.#inTurn(async () => {
      const isRepeat = this.#seen.has(keccak256(raw));
      const answer = await this.#judge(raw);
      if ('error' in answer) (isRepeat ? this.repeats : this.refusals).push(answer.error.message);
      return answer;
    });
  }

  /** Lets held transactions through. */
  async release(which: (transaction: PooledTransaction) => boolean = () => true): Promise<void> {
    for (const slot of this.#slots.values()) {
      if (slot.place === 'held' && which(slot.transaction)) slot.place = 'waiting';
    }
    await this.settle();
  }

  /**
   * Brings the node's pool to what geth's would be. To be called before a block is mined: what was
   * evicted comes back, what waited for a lower base fee is tried again.
   */
  settle(): Promise<void> {
    return this.#inTurn(async () => {
      for (const [key, slot] of this.#slots) {
        const { sender, chainNonce, hash, raw } = slot.transaction;
        if (chainNonce < (await this.#count(sender))) this.#slots.delete(key);
        else if (slot.place !== 'held' && !(await this.#isWaitingUpstream(hash))) {
          slot.place = placeAfter(await this.#upstream.ask('eth_sendRawTransaction', [raw]));
        }
      }
    });
  }

  /** Throws a transaction out of every node's pool. */
  drop(hash: Hash): Promise<void> {
    return this.#inTurn(async () => {
      this.#forget(hash);
      await this.#upstream.ask('anvil_dropTransaction', [hash]);
    });
  }

  /** What a reorganisation orphaned: back into the pool, or forgotten. */
  orphan(hashes: readonly Hash[], reinject: boolean): Promise<void> {
    return this.#inTurn(async () => {
      for (const hash of hashes) {
        const transaction = this.#seen.get(hash);
        this.#forget(hash);
        if (transaction === undefined || !reinject) continue;
        const key = slotKey(transaction);
        if (!this.#slots.has(key)) this.#slots.set(key, { transaction, place: 'waiting' });
      }
    });
  }

  /** Answers questions about transactions that the node behind does not have. */
  async overlay(call: ProxyCall): Promise<NodeAnswer | undefined> {
    const { method, params } = call;
    if (method === 'eth_getTransactionByHash') {
      const own = [...this.#slots.values()].find(({ transaction }) => {
        return transaction.hash === params[0];
      });
      if (own === undefined || own.place === 'passed') return undefined;
      return { result: describe(own.transaction) };
    }
    if (method === 'eth_getTransactionCount' && params[1] === 'pending') {
      const sender = String(params[0]).toLowerCase();
      let count = Number(await this.#upstream.call(method, params));
      while (this.#slots.has(`${sender}/${count}`)) count += 1;
      return { result: `0x${count.toString(16)}` };
    }
    if (method === 'eth_getTransactionBySenderAndNonce') {
      const key = `${String(params[0]).toLowerCase()}/${Number(params[1])}`;
      const own = this.#slots.get(key);
      if (own === undefined || own.place === 'passed') return undefined;
      return { result: describe(own.transaction) };
    }
    return undefined;
  }

  async #judge(raw: Hex): Promise<NodeAnswer> {
    const transaction = await readTransaction(raw);
    if (transaction === undefined) return refusal('rlp: value size exceeds available input length');
    const { chainNonce, sender, hash } = transaction;
    const key = slotKey(transaction);
    const rival = this.#slots.get(key);
    const isRivalPooled = rival !== undefined && (await this.#isPooled(rival));
    if (isRivalPooled && rival.transaction.hash === hash) return refusal('already known');
    const count = await this.#count(sender);
    if (chainNonce < count) {
      return refusal(`nonce too low: next nonce ${count}, tx nonce ${chainNonce}`);
    }
    if (isRivalPooled && !outbids(transaction, rival.transaction)) {
      return refusal('replacement transaction underpriced');
    }
    this.#seen.set(hash, transaction);
    if (this.hold(transaction)) {
      if (rival?.place === 'passed') {
        await this.#upstream.ask('anvil_dropTransaction', [rival.transaction.hash]);
      }
      this.#slots.set(key, { transaction, place: 'held' });
      return { result: hash };
    }
    const answer = await this.#upstream.ask('eth_sendRawTransaction', [raw]);
    if ('error' in answer && isAlreadyThere(answer.error.message)) {
      this.#slots.set(key, { transaction, place: 'passed' });
      return refusal('already known');
    }
    if ('error' in answer && !isFeeTooLow(answer.error.message)) {
      return { error: { ...answer.error, code: -32000 } };
    }
    this.#slots.set(key, { transaction, place: placeAfter(answer) });
    return { result: hash };
  }

  async #isPooled(slot: Slot): Promise<boolean> {
    if (slot.place !== 'passed') {
      return slot.transaction.chainNonce >= (await this.#count(slot.transaction.sender));
    }
    return this.#isWaitingUpstream(slot.transaction.hash);
  }

  async #isWaitingUpstream(hash: Hash): Promise<boolean> {
    const found = await this.#upstream.call('eth_getTransactionByHash', [hash]);
    return found !== null && (found as { blockHash: unknown }).blockHash === null;
  }

  async #count(sender: Address): Promise<number> {
    return Number(await this.#upstream.call('eth_getTransactionCount', [sender, 'latest']));
  }

  #forget(hash: Hash): void {
    for (const [key, slot] of this.#slots) {
      if (slot.transaction.hash === hash) this.#slots.delete(key);
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(work);
    this.#turn = mine.catch(() => undefined);
    return mine;
  }
}

function refusal(message: string): NodeAnswer {
  return { error: { code: -32000, message } };
}

function isAlreadyThere(message: string): boolean {
  return /already imported|already known/i.test(message);
}

function isFeeTooLow(message: string): boolean {
  return /less than block base fee|underpriced/i.test(message);
}

function placeAfter(answer: NodeAnswer): 'passed' | 'waiting' {
  return 'result' in answer || isAlreadyThere(answer.error.message) ? 'passed' : 'waiting';
}

/** geth's rule: a tenth more on both fees, at least. */
function outbids(next: PooledTransaction, previous: PooledTransaction): boolean {
  return (
    next.maxFeePerGas * 100n >= previous.maxFeePerGas * 110n &&
    next.maxPriorityFeePerGas * 100n >= previous.maxPriorityFeePerGas * 110n
  );
}

function slotKey({ sender, chainNonce }: PooledTransaction): string {
  return `${sender.toLowerCase()}/${chainNonce}`;
}

/** Reads signed bytes; undefined when they are none. */
export async function readTransaction(raw: Hex): Promise<PooledTransaction | undefined> {
  try {
    const parsed = parseTransaction(raw);
    const sender = await recoverTransactionAddress({
      serializedTransaction: raw as Parameters<
        typeof recoverTransactionAddress
      >[0]['serializedTransaction'],
    });
    const price = parsed.gasPrice ?? 0n;
    return {
      hash: keccak256(raw),
      raw,
      sender,
      chainNonce: parsed.nonce ?? 0,
      maxFeePerGas: parsed.maxFeePerGas ?? price,
      maxPriorityFeePerGas: parsed.maxPriorityFeePerGas ?? (parsed.maxFeePerGas ? 0n : price),
      to: parsed.to ?? null,
      amount: parsed.value ?? 0n,
      gasLimit: parsed.gas ?? 0n,
    };
  } catch {
    return undefined;
  }
}

/** As a node shows a transaction that is in no block. */
function describe(transaction: PooledTransaction): Readonly<Record<string, unknown>> {
  const hex = (number: bigint | number): string => `0x${number.toString(16)}`;
  return {
    hash: transaction.hash,
    // Nodes write addresses in lower case, and clients compare what they were told with it.
    from: transaction.sender.toLowerCase(),
    to: transaction.to?.toLowerCase() ?? null,
    nonce: hex(transaction.chainNonce),
    value: hex(transaction.amount),
    gas: hex(transaction.gasLimit),
    maxFeePerGas: hex(transaction.maxFeePerGas),
    maxPriorityFeePerGas: hex(transaction.maxPriorityFeePerGas),
    gasPrice: hex(transaction.maxFeePerGas),
    type: '0x2',
    input: '0x',
    blockHash: null,
    blockNumber: null,
    transactionIndex: null,
  };
}
