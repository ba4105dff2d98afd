import { hash } from 'node:crypto';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import type { BatchParameters } from '@lawbook/exchange/markets/batch/parameters';
import type { FieldHash } from '@lawbook/proofs/statements/epoch/fieldHash';
import { FIELD_MODULUS } from '@lawbook/proofs/statements/fieldElement';
import { keccak_256 } from '@noble/hashes/sha3.js';

export const SHARD = 1;
export const FINALITY_BLOCKS = 6;
/** Blocks between the request of an exit and the unlocking of the vault, and of a base epoch. */
export const EXIT_BLOCKS = 600n;
export const BASE_EPOCH_BLOCKS = 4n;

/**
 * What epochs settle on: contracts written anew in memory, or the committed bytecode on a chain
 * with nodes, mempools and fees, reached through the chain engine.
 */
export type BaseKind = 'memory' | 'evm';

/** How the base layer behaves now; faults change it while it runs. */
export interface BaseTerms {
  /** Milliseconds between blocks. */
  blockMs: number;
  /** Every call fails. */
  away: boolean;
  /** Share of the calls whose answers are lost, before or after they took effect. */
  answersLost: number;
  /** Share of the blocks that leave waiting acts out. */
  withheld: number;
  /** Share of the blocks after which the chain reorganises. */
  reorganises: number;
}

/** A base layer on which nothing goes wrong. */
export const GOOD_BASE: BaseTerms = {
  blockMs: 1000,
  away: false,
  answersLost: 0,
  withheld: 0,
  reorganises: 0,
};

/** Money that somebody pays into a vault, ledger units. */
export interface BaseDeposit {
  readonly owner: AccountId;
  readonly assetId: number;
  readonly units: bigint;
}

/** A list as the chain holds it. */
export interface ListOnChain {
  readonly number: bigint;
  readonly listHash: string;
}

/** The chain beside the venue, as the world moves it and checkers look at it, past every fault. */
export interface SimulatedBase {
  readonly kind: BaseKind;
  readonly terms: BaseTerms;
  readonly tokens: readonly AccountId[];
  readonly hash: FieldHash;
  /** What happened so far, by name. */
  readonly counts: Readonly<Record<string, number>>;
  /** Registers the venue and pays its pool and people in; blocks come from then on. */
  open(parameters: BatchParameters, deposits: readonly BaseDeposit[]): Promise<void>;
  /** Lets somebody pay tokens in, once, in one of the next blocks. */
  deposit(deposit: BaseDeposit): void;
  requestExit(owner: AccountId): void;
  cancelExit(owner: AccountId): void;
  completeExit(owner: AccountId, assetId: number): void;
  /** Ends what goes wrong by itself: the world comes to rest. */
  calm(): void;
  /** Deposits that the chain has counted, over all shards. */
  depositCount(): bigint;
  /** Whether acts of people wait for a block. */
  isBusy(): boolean;
  /** Every list of the shard that is on the chain now, in order. */
  lists(): readonly ListOnChain[];
  /** What the contract itself says of its last list; number 0 before the first. */
  lastList(): Promise<ListOnChain>;
  /** Ledger units that a vault holds. */
  balanceOf(owner: AccountId, assetId: number): Promise<bigint>;
  /** Whether an order of this nonce could still be settled. */
  isOrderNonceFresh(owner: AccountId, orderNonce: bigint): Promise<boolean>;
}

/**
 * Stands in for the circuits' hash: nobody here opens a commitment, and the real one takes
 * milliseconds for each list. The contract stores and compares commitments and computes none.
 */
export const quickFieldHash: FieldHash = (elements) => {
  const digest = hash('sha256', elements.join(), 'hex');
  return BigInt(`0x${digest}`) % FIELD_MODULUS;
};

/** The bytes that the simulated verifier takes for a proof of these public inputs. */
export function proofFor(publicInputs: readonly bigint[]): Uint8Array {
  const words = publicInputs.map((input) => input.toString(16).padStart(64, '0'));
  return keccak_256(Buffer.from(words.join(''), 'hex'));
}
