import type { Hash } from '@lawbook/exchange/codec/hash';
import { ZERO_HASH } from '@lawbook/exchange/codec/hash';
import type { ListRecord, SettlementStore } from './settlementStore.ts';

/** The list before the first one that is this venue's to settle. */
export interface ListBase {
  readonly listNumber: bigint;
  readonly listHash: Hash;
}

/** Before the first list of a shard. */
export const NO_LIST: ListBase = { listNumber: 0n, listHash: ZERO_HASH };

/**
 * The records of lists that are not final yet, as they are stored. A record is changed by writing
 * it down first; changes take place one after another, whoever asks for them.
 */
export class ListBook {
  readonly base: ListBase;
  readonly #store: SettlementStore;
  readonly #onRecord: (record: ListRecord) => void;
  readonly #records = new Map<bigint, ListRecord>();
  #settled: bigint;
  #finalized: bigint;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(
    base: ListBase,
    {
      store,
      onRecord,
    }: {
      readonly store: SettlementStore;
      readonly onRecord: (record: ListRecord) => void;
    },
  ) {
    this.base = base;
    this.#store = store;
    this.#onRecord = onRecord;
    this.#settled = base.listNumber;
    this.#finalized = base.listNumber;
  }

  /** Reads the records from the last one back to a final one; what was refused is tried anew. */
  static async open(
    base: ListBase,
    parts: {
      readonly store: SettlementStore;
      readonly onRecord: (record: ListRecord) => void;
    },
  ): Promise<ListBook> {
    const book = new ListBook(base, parts);
    for (let k = await parts.store.last(); k > base.listNumber; k -= 1n) {
      const record = await parts.store.get(k);
      if (record === undefined) continue;
      book.#records.set(k, reopened(record));
      const isSettled = record.stage === 'settled' || record.stage === 'finalized';
      if (isSettled && k > book.#settled) book.#settled = k;
      if (record.stage !== 'finalized') continue;
      book.#finalized = k;
      break;
    }
    return book;
  }

  /** Highest list that the chain was seen to hold. */
  settled(): bigint {
    return this.#settled;
  }

  /** Highest list that the chain was seen to hold for good. */
  finalized(): bigint {
    return this.#finalized;
  }

  /** Highest list up to which all are settled or proven. */
  proven(): bigint {
    let k = this.#settled;
    while (this.isProven(k + 1n)) k += 1n;
    return k;
  }

  /** Whether a list has its proof, or needs none any more. */
  isProven(listNumber: bigint): boolean {
    const record = this.#records.get(listNumber);
    return record !== undefined && record.stage !== 'sealed';
  }

  /** A record that is not final, or the last final one. */
  get(listNumber: bigint): ListRecord | undefined {
    return this.#records.get(listNumber);
  }

  /** A record of any age. */
  async read(listNumber: bigint): Promise<ListRecord | undefined> {
    return this.#records.get(listNumber) ?? (await this.#store.get(listNumber));
  }

  /** The hash of a list that is known, the base included. */
  async hashOf(listNumber: bigint): Promise<Hash | undefined> {
    if (listNumber === this.base.listNumber) return this.base.listHash;
    return (await this.read(listNumber))?.listHash;
  }

  /** Writes a record down as `change` makes it of the present one, if it makes another. */
  async change(
    listNumber: bigint,
    change: (before: ListRecord | undefined) => ListRecord,
  ): Promise<ListRecord> {
    const turn = this.#turn.then(async () => {
      const before = await this.read(listNumber);
      const record = change(before);
      if (record !== before) await this.#store.put(record);
      if (listNumber >= this.#finalized) this.#records.set(listNumber, record);
      if (record !== before) this.#onRecord(record);
      return record;
    });
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** Says up to where the chain holds the lists now. */
  noteSettled(listNumber: bigint): void {
    this.#settled = listNumber;
  }

  /** Says up to where they are final; older records are read from the store from now on. */
  noteFinalized(listNumber: bigint): void {
    this.#finalized = listNumber;
    for (const k of this.#records.keys()) if (k < listNumber) this.#records.delete(k);
  }
}

function reopened(record: ListRecord): ListRecord {
  if (record.stage !== 'refused') return record;
  return { ...record, stage: record.attachment === undefined ? 'sealed' : 'proven' };
}
