import type { Address, Hex } from 'viem';
import { keccak256, numberToHex } from 'viem';
import type { ChainTerms, ReorgOptions } from './chainDouble.ts';
import { ChainDouble, orderCandidates } from './chainDouble.ts';
import type { ContractMachine } from './contractMachine.ts';
import { accountsIn } from './contractState.ts';
import type { PaperTransaction } from './paperSigner.ts';
import type { Account, TruthBlock, TruthReceipt } from './truth.ts';

/**
 * The one truth, with bytecode in it: blocks are made by a machine that keeps a state for each of
 * them, so that a reorganisation rolls contracts back; a new branch has the times of the old
 * one. What makes blocks takes microtasks and no simulated time; the methods that make them at once
 * are for blocks without transactions only.
 */
export class MachineChain extends ChainDouble {
  override readonly machine: ContractMachine;

  constructor(terms: ChainTerms, machine: ContractMachine) {
    super(terms);
    this.machine = machine;
  }

  /** Adds a block of whatever of `candidates` executes. Its time is that of the clock. */
  async mine(candidates: readonly PaperTransaction[]): Promise<TruthBlock> {
    const block = await this.#build(this.head(), candidates, this.#nowSeconds());
    this.publish(block);
    return block;
  }

  /** Replaces the last blocks. @returns the dropped blocks, highest first. */
  async fork(options: ReorgOptions): Promise<readonly TruthBlock[]> {
    const { dropped, fork, pending, length } = this.openBranch(options);
    const times = dropped.map(({ timestamp }) => timestamp).toReversed();
    let tip = fork;
    for (let k = 0; k < length; k += 1) {
      tip = await this.#build(tip, k === 0 ? pending : [], times[k] ?? this.#nowSeconds());
    }
    this.publish(tip);
    return dropped;
  }

  #nowSeconds(): number {
    return Math.floor(this.terms.nowMs() / 1000);
  }

  async #build(
    parent: TruthBlock,
    candidates: readonly PaperTransaction[],
    seconds: number,
  ): Promise<TruthBlock> {
    const timestamp = Math.max(parent.timestamp + 1, seconds);
    const opened = { ...this.open(parent), timestamp };
    const { number, baseFee } = opened;
    const own = { number, parent, timestamp, baseFee };
    if (candidates.length === 0) {
      return this.seal({ ...own, receipts: [], accounts: parent.accounts, logsBloom: NO_LOGS });
    }
    return await this.machine.build(parent, opened, {
      candidates: orderCandidates(candidates, baseFee),
      seal: (receipts, diff) => {
        const accounts = new Map<Address, Account>([...parent.accounts, ...accountsIn(diff)]);
        return this.seal({ ...own, receipts, accounts, logsBloom: bloomOf(receipts) });
      },
    });
  }
}

const BLOOM_BITS = 2_048n;
const NO_LOGS: Hex = numberToHex(0n, { size: 256 });

/** Three bits for each address and topic. @see Ethereum yellow paper, section 4.3.1. */
function bloomOf(receipts: readonly TruthReceipt[]): Hex {
  let bloom = 0n;
  for (const { address, topics } of receipts.flatMap(({ logs }) => logs)) {
    for (const entry of [address, ...topics]) {
      const digest = keccak256(entry);
      for (const start of [2, 6, 10]) {
        bloom |= 1n << (BigInt(`0x${digest.slice(start, start + 4)}`) % BLOOM_BITS);
      }
    }
  }
  return numberToHex(bloom, { size: 256 });
}
