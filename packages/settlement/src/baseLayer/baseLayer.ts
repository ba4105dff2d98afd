import type { Hash } from '@lawbook/exchange/codec/hash';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import type { VenueDomain } from '@lawbook/exchange/orders/typedData';
import type { BaseLayerEvent, EventCursor } from './baseLayerEvent.ts';
import type { DomainAgreement } from './domainAgreement.ts';
import type { SettleCheck, SettleOutcome, Submission } from './submission.ts';

/** How sure a reading is: of the newest block, or of one that can no longer leave the chain. */
export type Certainty = 'included' | 'final';

/** How far a shard and its market are settled. All zero before the first list. */
export interface SettledProgress {
  readonly listNumber: bigint;
  readonly listHash: Hash;
  readonly epochNumber: number;
  readonly batchNumber: number;
  /** When the last settled batch closed, milliseconds since 1970. */
  readonly closedAtMs: number;
}

/** What a vault holds and whether its owner is leaving. Ledger units by asset id. */
export interface Vault {
  readonly owner: AccountId;
  readonly balances: ReadonlyMap<number, bigint>;
  /** The block from which the shard can no longer debit it; undefined without a request. */
  readonly exitDueBlock: bigint | undefined;
}

/** The settlement of one list as the base layer tells it. */
export interface SettledList {
  readonly listNumber: bigint;
  readonly listHash: Hash;
  readonly epochNumber: number;
  readonly certainty: Certainty;
  /** What names the act on the base layer: a transaction hash, or the list's own hash. */
  readonly transaction: string;
  readonly blockNumber: bigint;
}

/** How the base layer is doing, in a sentence for people. */
export interface BaseLayerHealth {
  readonly state: 'ready' | 'unready';
  readonly detail: string;
  /** Newest block that is known; undefined where there are no blocks. */
  readonly headBlock: bigint | undefined;
}

/**
 * The chain's side of one shard, as its operator sees it.
 *
 * Two kinds of rule hold behind it. Global laws are the chain's own: debits are authorised and
 * fresh, changes sum to zero, no vault goes negative, lists follow one another. Local laws are the
 * venue's: proved, and verified against the agreement's key. Adapters differ in where they hold.
 *
 * Reads answer for the shard and market that the adapter was opened for.
 * @throws SettlementFault SETTLEMENT_UNAVAILABLE from every call while the base layer is away.
 */
export interface BaseLayer {
  readonly id: 'evm' | 'memory' | 'delta';
  /** What users sign for: the chain and the contract that holds the tokens. */
  readonly domain: VenueDomain;
  readonly shard: number;
  readonly marketId: number;

  /** The agreement that holds now, or the first one while it waits; undefined without one. */
  agreement(): Promise<DomainAgreement | undefined>;
  /** How far it is settled. */
  progress(certainty: Certainty): Promise<SettledProgress>;
  vault(owner: AccountId): Promise<Vault>;
  /**
   * The settlement of a list, undefined while it is not settled (any more), or where the base layer
   * has no record of so long ago.
   */
  settled(listNumber: bigint): Promise<SettledList | undefined>;

  /** What `settle` would say now, without sending anything. */
  check(submission: Submission): Promise<SettleCheck>;
  /**
   * Settles a list: at most once, however often it is asked with the same list. Resolves once the
   * list is included or refused for good. A reorganisation may take it back later: `progress` says
   * so, and the adapter sends the same act again by itself.
   * @throws SettlementFault SETTLEMENT_UNCERTAIN when the signal ends the wait first.
   */
  settle(submission: Submission, signal: AbortSignal): Promise<SettleOutcome>;

  /**
   * What others did, final and in order, each once, from after a cursor on. Waits as long as
   * nothing happens. Undefined starts at the beginning of the contract.
   */
  events(after: EventCursor | undefined, signal: AbortSignal): AsyncIterable<BaseLayerEvent>;

  health(): BaseLayerHealth;
  close(): Promise<void>;
}
