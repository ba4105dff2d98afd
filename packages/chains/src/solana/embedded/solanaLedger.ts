import { createHash } from 'node:crypto';
import { at, invariant } from '@lawbook/exchange/failures/invariant';
import type { Address, EncodedAccount } from '@solana/kit';
import { address, getBase58Decoder, lamports } from '@solana/kit';
import type { SolanaCommitment } from '../finality.ts';
import { solanaFee } from '../solanaFee.ts';
import { SYSTEM_PROGRAM } from '../solTransfer.ts';
import type { SolanaMachine } from './solanaMachine.ts';
import type { WireTransaction } from './wireTransaction.ts';

/**
 * A chain of slots and blocks with forks around a runtime that has neither.
 *
 * How forks are made of a runtime without forks: before a transaction runs, the ledger keeps the
 * state of every account that it may write (the message lists them; programs can write no others).
 * Undoing a block writes these states back, newest block first. The same states answer reads of the
 * past: an account as of a block is the earliest kept state after that block, or else what it is
 * now. The new branch goes on at the next slot, as on the cluster, where the slots of a dropped
 * fork count as skipped; its heights are used again, its blockhashes never.
 *
 * Not modelled: two forks that live side by side (every endpoint changes over at once), votes
 * (finality is a depth), epochs, leader schedules, look-up tables, and the clock of a past block.
 */
export class SolanaLedger {
  readonly machine: SolanaMachine;
  readonly genesisHash: string;
  readonly #depths: LedgerDepths;
  /** Canonical blocks, oldest first; heights are consecutive. */
  readonly #blocks: LedgerBlock[];
  /** Transactions of canonical blocks by signature. */
  readonly #landed: Map<string, LandedTransaction> = new Map();
  readonly #waiting: Map<string, WaitingTransaction> = new Map();
  readonly #heightOf: Map<string, number> = new Map();
  #slot: number;
  /** The highest height that was ever final: shortening the chain by a fork takes nothing back. */
  #rootHeight: number = FIRST_HEIGHT;
  #branches = 0;
  #forks = 0;

  constructor(machine: SolanaMachine, depths: LedgerDepths = DEFAULT_LEDGER_DEPTHS) {
    this.machine = machine;
    this.#depths = depths;
    this.genesisHash = hashOf('lawbook embedded solana');
    // Slots run ahead of heights, as on every cluster that ever skipped a slot.
    this.#slot = FIRST_SLOT;
    const first = { slot: FIRST_SLOT, height: FIRST_HEIGHT, blockhash: hashOf('first block') };
    this.#blocks = [{ ...first, signatures: [], before: new Map() }];
    this.#heightOf.set(first.blockhash, first.height);
  }

  /** Puts lamports into an account as if they had always been there. */
  fund(account: Address, amount: bigint): void {
    this.machine.setAccount(credited(this.machine.account(account), account, amount));
  }

  /**
   * Takes a transaction to be run in a later block. It waits `slots` slots (0: the next block), and
   * is forgotten once its blockhash is too old.
   */
  submit(transaction: WireTransaction, slots = 0): void {
    const { signature } = transaction;
    if (this.#landed.has(signature) || this.#waiting.has(signature)) return;
    this.#waiting.set(signature, { transaction, notBeforeSlot: this.#slot + 1 + slots });
  }

  /** Credits an account in the next block. @returns the signature under which it is recorded. */
  airdrop(account: Address, amount: bigint): string {
    const name = `airdrop ${this.#slot} ${this.#waiting.size} ${account} ${amount}`;
    const signature = hashOf(name, 'sha512');
    this.#waiting.set(signature, { airdrop: { account, amount }, notBeforeSlot: this.#slot + 1 });
    return signature;
  }

  /** Time passes without a block: the leader of the slot was away. */
  skipSlot(): void {
    this.#slot += 1;
  }

  /** The next slot gets a block with everything that waits for it. Seconds since 1970. */
  produceBlock(unixSeconds = 0): LedgerBlock {
    this.#slot += 1;
    const parent = this.tip();
    const block: LedgerBlock = {
      slot: this.#slot,
      height: parent.height + 1,
      blockhash: hashOf(`${parent.blockhash} ${this.#slot} ${this.#branches}`),
      signatures: [],
      before: new Map(),
    };
    this.machine.setSlot(this.#slot, unixSeconds);
    for (const [signature, waiting] of this.#waiting) {
      if (waiting.notBeforeSlot > this.#slot) continue;
      this.#waiting.delete(signature);
      if ('airdrop' in waiting) this.#credit(block, signature, waiting.airdrop);
      else if (this.#isFresh(waiting.transaction.blockhash, block)) this.#run(block, waiting);
    }
    this.#blocks.push(block);
    this.#heightOf.set(block.blockhash, block.height);
    this.#rootHeight = Math.max(this.#rootHeight, block.height - this.#depths.finalized);
    this.#prune();
    return block;
  }

  /**
   * Drops the latest `depth` blocks, never finalized ones. `lands` says of each transaction in them
   * whether it waits for a block of the new branch; the others are gone.
   * @returns the signatures that were undone.
   */
  fork(depth: number, lands: (signature: string) => boolean): readonly string[] {
    const undoable = this.tip().height - this.#rootHeight;
    const undone: string[] = [];
    this.#branches += 1;
    for (let left = Math.min(depth, undoable); left > 0; left -= 1) {
      const block = at(this.#blocks, this.#blocks.length - 1);
      this.#blocks.pop();
      this.#heightOf.delete(block.blockhash);
      for (const [account, state] of block.before) this.#restore(account as Address, state);
      undone.unshift(...block.signatures);
    }
    if (undone.length > 0) this.#forks += 1;
    for (const signature of undone) {
      const landed = this.#landed.get(signature);
      this.#landed.delete(signature);
      const transaction = landed?.transaction;
      if (transaction === undefined || !lands(signature)) continue;
      this.#waiting.set(signature, { transaction, notBeforeSlot: this.#slot + 1 });
    }
    return undone;
  }

  /** Makes every blockhash so far too old, by as many blocks; what waits may land in the first. */
  expireBlockhashes(): void {
    for (let count = 0; count <= this.#depths.blockhashAge + 1; count += 1) this.produceBlock();
  }

  tip(): LedgerBlock {
    return at(this.#blocks, this.#blocks.length - 1);
  }

  /** The slot that time has reached, with or without a block. */
  slot(): number {
    return this.#slot;
  }

  /** Blocks that were dropped in at least one fork each, as a count of forks. */
  forks(): number {
    return this.#forks;
  }

  /** The newest block of this commitment, as somebody `slotLag` slots behind sees it. */
  blockAt(commitment: SolanaCommitment, slotLag: number): LedgerBlock {
    const seen = this.#slot - slotLag;
    let index = this.#blocks.length - 1;
    while (index > 0 && at(this.#blocks, index).slot > seen) index -= 1;
    const buried = Math.max(0, index - this.#depths[commitment]);
    // Somebody who lags learns of the root later, and is told of less than he was before a fork.
    const root = slotLag === 0 ? this.#rootHeight - at(this.#blocks, 0).height : 0;
    return at(this.#blocks, Math.max(buried, Math.min(index, root)));
  }

  /** Whether a transaction with this blockhash could land on top of `block`. */
  isBlockhashValid(blockhash: string, block: LedgerBlock): boolean {
    const height = this.#heightOf.get(blockhash);
    if (height === undefined || height > block.height) return false;
    return block.height - height <= this.#depths.blockhashAge;
  }

  /** The height up to which transactions with the hash of `block` may land, as endpoints say it. */
  lastValidHeight(block: LedgerBlock): number {
    return block.height + this.#depths.blockhashAge;
  }

  /** A transaction of the canonical chain. */
  landed(signature: string): LandedTransaction | undefined {
    return this.#landed.get(signature);
  }

  /** Every transaction of the canonical chain that this account paid for, oldest first. */
  paidBy(payer: Address): readonly LandedTransaction[] {
    return [...this.#landed.values()].filter(({ transaction }) => transaction?.payer === payer);
  }

  /** Transactions that wait for a block. */
  waiting(): readonly string[] {
    return [...this.#waiting.keys()];
  }

  /** The slot of the oldest block that is still kept. */
  firstSlot(): number {
    return at(this.#blocks, 0).slot;
  }

  /** An account as it was after `block`. */
  accountAt(account: Address, block: LedgerBlock): EncodedAccount | undefined {
    const firstLater = block.height - at(this.#blocks, 0).height + 1;
    for (let index = firstLater; index < this.#blocks.length; index += 1) {
      const { before } = at(this.#blocks, index);
      if (before.has(account)) return before.get(account);
    }
    return this.machine.account(account);
  }

  #isFresh(blockhash: string, block: LedgerBlock): boolean {
    const parent = this.tip();
    invariant(parent.height + 1 === block.height, 'a block stands on the tip');
    return this.isBlockhashValid(blockhash, parent);
  }

  #run(block: LedgerBlock, { transaction }: { transaction: WireTransaction }): void {
    const { signature, payer, terms } = transaction;
    const states = transaction.writable.map((account) => {
      return [account, this.machine.account(account)] as const;
    });
    const balance = this.machine.balance(payer);
    const { error, units, logs } = this.machine.execute(transaction.transaction);
    // A transaction that cannot even pay its fee is not in any block.
    if (error !== null && this.machine.balance(payer) === balance) return;
    for (const [account, state] of states) {
      if (!block.before.has(account)) block.before.set(account, state);
    }
    const fee = solanaFee(terms);
    this.#record(block, { signature, slot: block.slot, error, fee, units, logs, transaction });
  }

  #credit(block: LedgerBlock, signature: string, { account, amount }: Airdrop): void {
    const state = this.machine.account(account);
    if (!block.before.has(account)) block.before.set(account, state);
    this.machine.setAccount(credited(state, account, amount));
    const outcome = { error: null, fee: 0n, units: 0, logs: [], transaction: undefined };
    this.#record(block, { signature, slot: block.slot, ...outcome });
  }

  #record(block: LedgerBlock, landed: LandedTransaction): void {
    block.signatures.push(landed.signature);
    this.#landed.set(landed.signature, landed);
  }

  #restore(account: Address, state: EncodedAccount | undefined): void {
    this.machine.setAccount(state ?? emptyAccount(account));
  }

  /** Keeps the memory of a long-running chain bounded: old blocks and their transactions go. */
  #prune(): void {
    while (this.#blocks.length > this.#depths.kept) {
      const oldest = at(this.#blocks, 0);
      this.#blocks.shift();
      this.#heightOf.delete(oldest.blockhash);
      for (const signature of oldest.signatures) this.#landed.delete(signature);
    }
  }
}

/** A block of the canonical chain. Slots, heights and counts stay under 2^53. */
export interface LedgerBlock {
  readonly slot: number;
  readonly height: number;
  readonly blockhash: string;
  readonly signatures: string[];
  /** Accounts that it changed, as they were before; undefined for those that did not exist. */
  readonly before: Map<string, EncodedAccount | undefined>;
}

/** A transaction in a canonical block. */
export interface LandedTransaction {
  readonly signature: string;
  readonly slot: number;
  /** Null when it succeeded. */
  readonly error: unknown;
  /** Lamports. */
  readonly fee: bigint;
  readonly units: number;
  readonly logs: readonly string[];
  /** Undefined for an airdrop. */
  readonly transaction: WireTransaction | undefined;
}

/** Blocks between the tip and the newest block of each commitment, and two more bounds. */
export interface LedgerDepths extends Readonly<Record<SolanaCommitment, number>> {
  /** Blocks during which a blockhash may be used. */
  readonly blockhashAge: number;
  /** Blocks kept with their transactions. */
  readonly kept: number;
}

/** As on the cluster: votes take about a slot, finality 32, a blockhash lives for 150 blocks. */
export const DEFAULT_LEDGER_DEPTHS: LedgerDepths = {
  processed: 0,
  confirmed: 1,
  finalized: 32,
  blockhashAge: 150,
  kept: 10_000,
};

interface Airdrop {
  readonly account: Address;
  readonly amount: bigint;
}

type WaitingTransaction =
  | { readonly transaction: WireTransaction; readonly notBeforeSlot: number }
  | { readonly airdrop: Airdrop; readonly notBeforeSlot: number };

const FIRST_SLOT = 1_000_000;
const FIRST_HEIGHT = 900_000;

/** Made-up hashes (32 bytes) and signatures (64 bytes), base58 as the cluster writes them. */
function hashOf(text: string, algorithm: 'sha256' | 'sha512' = 'sha256'): string {
  return getBase58Decoder().decode(createHash(algorithm).update(text).digest());
}

function emptyAccount(account: Address): EncodedAccount {
  return {
    address: account,
    data: new Uint8Array(),
    executable: false,
    lamports: lamports(0n),
    programAddress: address(SYSTEM_PROGRAM),
    space: 0n,
  };
}

function credited(
  state: EncodedAccount | undefined,
  account: Address,
  amount: bigint,
): EncodedAccount {
  const before = state ?? emptyAccount(account);
  return { ...before, lamports: lamports(before.lamports + amount) };
}
