import type { Address, Hash, Hex } from 'viem';
import type { PaperTransaction } from './paperSigner.ts';

/** What an account has at the end of a block. */
export interface Account {
  /** Wei. */
  readonly balance: bigint;
  /** Transactions that it sent. */
  readonly count: number;
}

/** An event of a contract. */
export interface TruthLog {
  readonly address: Address;
  readonly topics: readonly Hex[];
  readonly payload: Hex;
}

/** What became of a transaction in one block. */
export interface TruthReceipt {
  readonly transaction: PaperTransaction;
  readonly success: boolean;
  readonly gasUsed: bigint;
  /** Wei per gas. */
  readonly effectiveGasPrice: bigint;
  /** Wei. */
  readonly feePaid: bigint;
  readonly logs: readonly TruthLog[];
  /** The contract that it made. */
  readonly created?: Address | undefined;
}

/** What nodes do with transactions of a block that a reorganisation drops. */
export type OrphanFate = 'returned' | 'lost';

/** A block, with everything that is true at its end. */
export interface TruthBlock {
  readonly number: number;
  readonly hash: Hash;
  readonly parent: TruthBlock | undefined;
  /** Seconds since 1970. */
  readonly timestamp: number;
  /** Wei per gas. */
  readonly baseFee: bigint;
  readonly gasUsed: bigint;
  readonly gasLimit: bigint;
  /** Grows with every reorganisation; contracts may behave differently from branch to branch. */
  readonly branch: number;
  readonly receipts: readonly TruthReceipt[];
  readonly accounts: ReadonlyMap<Address, Account>;
  /** Which logs may be in it; left away by chains whose contracts are scripts. */
  readonly logsBloom?: Hex;
  /** Set when the block is dropped. */
  orphanFate: OrphanFate | undefined;
  /** Position in the log of heads from which on nodes know the block. */
  knownFrom: number;
}

/** What a scripted contract does with a call. */
export interface ContractResult {
  readonly success: boolean;
  /** On top of the intrinsic gas. */
  readonly gasUsed: bigint;
  readonly logs?: readonly TruthLog[];
  /** Bytes of the revert. */
  readonly output?: Hex;
}

/** The behaviour of one address. */
export type ContractScript = (call: {
  readonly from: Address;
  readonly amount: bigint;
  readonly callData: Hex;
  readonly branch: number;
  readonly blockNumber: number;
}) => ContractResult;
