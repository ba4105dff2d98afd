import type { Hash } from '@lawbook/exchange/codec/hash';

/**
 * How far a list has come. `refused` waits for a person; `settled` may fall back to `proven` when
 * the chain reorganises; `finalized` is the end.
 */
export type ListStage = 'sealed' | 'proven' | 'settled' | 'finalized' | 'refused';

/** What a venue remembers of one list. Everything but the proof can be computed again. */
export interface ListRecord {
  readonly listNumber: bigint;
  readonly marketId: number;
  readonly epochNumber: number;
  readonly listHash: Hash;
  readonly previousListHash: Hash;
  readonly stage: ListStage;
  /** Milliseconds since 1970; undefined until it happened. */
  readonly sealedAtMs: number;
  readonly provenAtMs: number | undefined;
  readonly settledAtMs: number | undefined;
  readonly finalizedAtMs: number | undefined;
  /** Canonical bytes of proof and place; see proofs/statements/epoch. */
  readonly attachment: Uint8Array | undefined;
  /** Names of the circuit and of the backend that proved it. */
  readonly provedBy: { readonly circuit: string; readonly backend: string } | undefined;
  readonly transaction: string | undefined;
  readonly blockNumber: bigint | undefined;
  readonly gasUsed: bigint | undefined;
  /** Failed attempts since the last success, and what the last one said. */
  readonly failures: number;
  readonly lastFailure: string | undefined;
}

/**
 * Durable memory of a settler. `put` resolves once the record would survive a crash; a record that
 * is lost all the same costs work, never a second settlement.
 */
export interface SettlementStore {
  get(listNumber: bigint): Promise<ListRecord | undefined>;
  put(record: ListRecord): Promise<void>;
  /** The highest list number that is stored; zero for none. */
  last(): Promise<bigint>;
}
