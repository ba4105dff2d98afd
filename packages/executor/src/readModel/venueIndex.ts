import { ByteWriter } from '@lawbook/exchange/codec/byteWriter';
import type { Hash } from '@lawbook/exchange/codec/hash';
import { hexToBytes } from '@lawbook/exchange/codec/hex';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import type { KeyValueStore, StoreChange } from '../storage/keyValueStore.ts';
import type { Page } from '../venueService.ts';
import type { BatchRecord, OrderRecord, SealedEpoch } from '../venueTypes.ts';
import {
  decodeBatchRecord,
  decodeOrderRecord,
  decodeSealedEpoch,
  encodeBatchRecord,
  encodeOrderRecord,
  encodeSealedEpoch,
} from './records.ts';

/** First byte of a key: which index it belongs to. */
const Index = { cursor: 0, order: 1, ownerOrder: 2, batch: 3, epoch: 4, bundle: 5 } as const;

/**
 * The venue's answers about the past: orders that ended, batches, epochs and bundles.
 *
 * All of it follows from the journal. `cursor` is the last sequence whose effects are stored, in
 * the same atomic write as the effects; where it lags behind a snapshot, the journal is read from
 * the start again. Order of the keys is order of the numbers in them.
 */
export class VenueIndex {
  readonly #store: KeyValueStore;
  /** Writes run one after the other; reads do not wait for them. */
  #tail: Promise<void> = Promise.resolve();
  #failure: unknown;

  constructor(store: KeyValueStore) {
    this.#store = store;
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
   * Stores the effects of one input. Resolves when written; rejects with the store's fault. After a
   * failure nothing more is written, so that the cursor never passes a gap.
   */
  write(sequence: number, changes: readonly StoreChange[]): Promise<void> {
    const cursor = new ByteWriter(8).u64(BigInt(sequence)).finish();
    const entry = { kind: 'put' as const, key: Uint8Array.of(Index.cursor), record: cursor };
    this.#tail = this.#tail.then(() => this.#store.batch([...changes, entry]));
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
    const stored = await this.#store.get(orderKey(orderId));
    return stored === undefined ? undefined : decodeOrderRecord(stored);
  }

  /** Ended orders of an owner, new to old. */
  async orders(owner: AccountId, page: Page): Promise<OrderRecord[]> {
    const from = ownerKey(owner, 0);
    const to = ownerKey(owner, page.before ?? Number.MAX_SAFE_INTEGER);
    const records: OrderRecord[] = [];
    for await (const { record } of this.#store.range({
      from,
      to,
      reverse: true,
      limit: page.limit,
    })) {
      const stored = await this.#store.get(record);
      if (stored !== undefined) records.push(decodeOrderRecord(stored));
    }
    return records;
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
  const key = orderKey(record.orderId);
  return [
    { kind: 'put', key, record: encodeOrderRecord(record) },
    { kind: 'put', key: ownerKey(record.order.owner, record.sequence), record: key },
  ];
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
    { kind: 'put', key: numberKey(Index.bundle, marketId, epochNumber), record: bundle },
  ];
}

function orderKey(orderId: Hash): Uint8Array {
  return new ByteWriter(33).u8(Index.order).fixed(hexToBytes(orderId), 32).finish();
}

function ownerKey(owner: AccountId, sequence: number): Uint8Array {
  const out = new ByteWriter(29).u8(Index.ownerOrder).fixed(hexToBytes(owner), 20);
  return out.u64(BigInt(sequence)).finish();
}

function numberKey(index: number, marketId: number, number: number): Uint8Array {
  return new ByteWriter(13).u8(index).u32(marketId).u64(BigInt(number)).finish();
}
