import { ByteWriter } from '@lawbook/exchange/codec/byteWriter';
import type { Hash } from '@lawbook/exchange/codec/hash';
import { hexToBytes } from '@lawbook/exchange/codec/hex';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import { BookIndex } from '../books/bookIndex.ts';
import type { KeyValueStore, StoreChange } from '../storage/keyValueStore.ts';
import type { BatchRecord, OrderRecord, SealedEpoch } from '../venueTypes.ts';
import type { DepositRecord, WithdrawalRecord } from './crossings.ts';
import {
  decodeDeposit,
  decodeWithdrawalRecord,
  encodeDeposit,
  encodeWithdrawalRecord,
} from './crossings.ts';
import type { Page } from './page.ts';
import {
  decodeBatchRecord,
  decodeOrderRecord,
  decodeSealedEpoch,
  encodeBatchRecord,
  encodeOrderRecord,
  encodeSealedEpoch,
} from './records.ts';

/**
 * First byte of a key: which index it belongs to. Settlement has 0x20 and 0x21, books begin at 64.
 */
const Index = {
  cursor: 0,
  order: 1,
  ownerOrder: 2,
  batch: 3,
  epoch: 4,
  bundle: 5,
  withdrawal: 6,
  ownerWithdrawal: 7,
  deposit: 8,
} as const;

/**
 * The venue's answers about the past: orders that ended, batches, epochs and bundles.
 *
 * All of it follows from the journal. `cursor` is the last sequence whose effects are stored, in
 * the same atomic write as the effects; where it lags behind a snapshot, the journal is read from
 * the start again. Order of the keys is order of the numbers in them.
 */
export class VenueIndex {
  /** The past of books. */
  readonly books: BookIndex;
  readonly #store: KeyValueStore;
  /** Writes run one after the other; reads do not wait for them. */
  #tail: Promise<void> = Promise.resolve();
  /** Effects that the next write stores together; undefined while none waits. */
  #gathering: { sequence: number; readonly changes: StoreChange[] } | undefined;
  #failure: unknown;

  constructor(store: KeyValueStore) {
    this.#store = store;
    this.books = new BookIndex(store);
  }

  /** The last sequence whose effects are stored; zero for an empty index. */
  async cursor(): Promise<number> {
    const stored = await this.#store.get(Uint8Array.of(Index.cursor));
    return stored === undefined ? 0 : Number(new DataView(stored.slice().buffer).getBigUint64(0));
  }

  /** What made the index stop taking rows, if anything; the next start rebuilds what is missing. */
  get failure(): unknown {
    return this.#failure;
  }

  /**
   * Stores the effects of one input; inputs come in order. Resolves when written; rejects with the
   * store's fault. After a failure nothing more is written, so that the cursor never passes a gap.
   *
   * Inputs of one turn are stored by one commit: a store syncs each of them, which takes longer
   * than all else that happens to an order.
   */
  write(sequence: number, changes: readonly StoreChange[]): Promise<void> {
    if (this.#gathering !== undefined) {
      this.#gathering.sequence = sequence;
      this.#gathering.changes.push(...changes);
      return this.#tail;
    }
    const gathered = { sequence, changes: [...changes] };
    this.#gathering = gathered;
    this.#tail = this.#tail.then(() => {
      this.#gathering = undefined;
      const cursor = new ByteWriter(8).u64(BigInt(gathered.sequence)).finish();
      const entry = { kind: 'put' as const, key: Uint8Array.of(Index.cursor), record: cursor };
      return this.#store.batch([...gathered.changes, entry]);
    });
    this.#tail.catch((fault: unknown) => {
      this.#failure ??= fault;
    });
    return this.#tail;
  }

  /** Resolves once everything written so far survives a loss of power. */
  async flush(): Promise<void> {
    await this.#tail;
    await this.#store.flush();
  }

  async order(orderId: Hash): Promise<OrderRecord | undefined> {
    const stored = await this.#store.get(hashKey(Index.order, orderId));
    return stored === undefined ? undefined : decodeOrderRecord(stored);
  }

  /** Ended orders of an owner, new to old. */
  async orders(owner: AccountId, page: Page): Promise<OrderRecord[]> {
    return (await this.#pointed(Index.ownerOrder, owner, page)).map(decodeOrderRecord);
  }

  async withdrawal(withdrawalId: Hash): Promise<WithdrawalRecord | undefined> {
    const stored = await this.#store.get(hashKey(Index.withdrawal, withdrawalId));
    return stored === undefined ? undefined : decodeWithdrawalRecord(stored);
  }

  /** Withdrawals of an owner, new to old. */
  async withdrawals(owner: AccountId, page: Page): Promise<WithdrawalRecord[]> {
    const rows = await this.#pointed(Index.ownerWithdrawal, owner, page);
    return rows.map(decodeWithdrawalRecord);
  }

  /** Deposits into an account, new to old. */
  async deposits(account: AccountId, page: Page): Promise<DepositRecord[]> {
    return (await this.#owned(Index.deposit, account, page)).map(decodeDeposit);
  }

  async batch(marketId: number, batchNumber: number): Promise<BatchRecord | undefined> {
    const stored = await this.#store.get(numberKey(Index.batch, marketId, batchNumber));
    return stored === undefined ? undefined : decodeBatchRecord(stored);
  }

  /** Batches of a market, new to old. */
  batches(marketId: number, page: Page): Promise<BatchRecord[]> {
    return this.#page(Index.batch, marketId, page, decodeBatchRecord);
  }

  async epoch(marketId: number, epochNumber: number): Promise<SealedEpoch | undefined> {
    const stored = await this.#store.get(numberKey(Index.epoch, marketId, epochNumber));
    return stored === undefined ? undefined : decodeSealedEpoch(stored);
  }

  /** Epochs of a market, new to old. */
  epochs(marketId: number, page: Page): Promise<SealedEpoch[]> {
    return this.#page(Index.epoch, marketId, page, decodeSealedEpoch);
  }

  bundle(marketId: number, epochNumber: number): Promise<Uint8Array | undefined> {
    return this.#store.get(numberKey(Index.bundle, marketId, epochNumber));
  }

  /** Closes the store, whether or not it failed before. */
  async close(): Promise<void> {
    await this.#tail.catch(() => undefined);
    await this.#store.close();
  }

  /** Rows of an owner, new to old. */
  async #owned(index: number, owner: AccountId, page: Page): Promise<Uint8Array[]> {
    const from = ownerKey(index, owner, 0);
    const to = ownerKey(index, owner, page.before ?? Number.MAX_SAFE_INTEGER);
    const rows: Uint8Array[] = [];
    const range = this.#store.range({ from, to, reverse: true, limit: page.limit });
    for await (const { record } of range) rows.push(record);
    return rows;
  }

  /** What the rows of an owner point to, new to old. */
  async #pointed(index: number, owner: AccountId, page: Page): Promise<Uint8Array[]> {
    const keys = await this.#owned(index, owner, page);
    const rows = await Promise.all(keys.map((key) => this.#store.get(key)));
    return rows.flatMap((row) => row ?? []);
  }

  async #page<T>(
    index: number,
    marketId: number,
    page: Page,
    decode: (bytes: Uint8Array) => T,
  ): Promise<T[]> {
    const from = numberKey(index, marketId, 0);
    const to = numberKey(index, marketId, page.before ?? Number.MAX_SAFE_INTEGER);
    const records: T[] = [];
    for await (const { record } of this.#store.range({
      from,
      to,
      reverse: true,
      limit: page.limit,
    })) {
      records.push(decode(record));
    }
    return records;
  }
}

/** Changes that store an ended order and list it under its owner. */
export function orderChanges(record: OrderRecord): StoreChange[] {
  const key = hashKey(Index.order, record.orderId);
  const { owner } = record.order;
  return [
    { kind: 'put', key, record: encodeOrderRecord(record) },
    { kind: 'put', key: ownerKey(Index.ownerOrder, owner, record.sequence), record: key },
  ];
}

/** Changes that store a withdrawal and list it under its owner. */
export function withdrawalChanges(record: WithdrawalRecord): StoreChange[] {
  const key = hashKey(Index.withdrawal, record.withdrawalId);
  const { owner } = record.withdrawal;
  return [
    { kind: 'put', key, record: encodeWithdrawalRecord(record) },
    { kind: 'put', key: ownerKey(Index.ownerWithdrawal, owner, record.sequence), record: key },
  ];
}

/** Change that stores a deposit under its account. */
export function depositChange(record: DepositRecord): StoreChange {
  const key = ownerKey(Index.deposit, record.account, record.sequence);
  return { kind: 'put', key, record: encodeDeposit(record) };
}

/** Change that stores a batch. */
export function batchChange(record: BatchRecord): StoreChange {
  const { marketId, batchNumber } = record.report;
  return {
    kind: 'put',
    key: numberKey(Index.batch, marketId, batchNumber),
    record: encodeBatchRecord(record),
  };
}

/** Changes that store a sealed epoch and its bundle. */
export function epochChanges(record: SealedEpoch, bundle: Uint8Array): StoreChange[] {
  const { marketId, epochNumber } = record.epoch;
  return [
    {
      kind: 'put',
      key: numberKey(Index.epoch, marketId, epochNumber),
      record: encodeSealedEpoch(record),
    },
    bundleChange(marketId, epochNumber, bundle),
  ];
}

/** Change that stores the bundle of an epoch, of whatever market. */
export function bundleChange(
  marketId: number,
  epochNumber: number,
  bundle: Uint8Array,
): StoreChange {
  return { kind: 'put', key: numberKey(Index.bundle, marketId, epochNumber), record: bundle };
}

function hashKey(index: number, id: Hash): Uint8Array {
  return new ByteWriter(33).u8(index).fixed(hexToBytes(id), 32).finish();
}

function ownerKey(index: number, owner: AccountId, sequence: number): Uint8Array {
  const out = new ByteWriter(29).u8(index).fixed(hexToBytes(owner), 20);
  return out.u64(BigInt(sequence)).finish();
}

function numberKey(index: number, marketId: number, number: number): Uint8Array {
  return new ByteWriter(13).u8(index).u32(marketId).u64(BigInt(number)).finish();
}
