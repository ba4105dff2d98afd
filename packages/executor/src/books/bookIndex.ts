import { ByteWriter } from '@lawbook/exchange/codec/byteWriter';
import type { Hash } from '@lawbook/exchange/codec/hash';
import { hexToBytes } from '@lawbook/exchange/codec/hex';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import type { ClientOrderId } from '@lawbook/exchange/orders/bookOrder';
import { CLIENT_ORDER_ID_BYTES, NO_CLIENT_ORDER_ID } from '@lawbook/exchange/orders/bookOrder';
import type { Page } from '../readModel/page.ts';
import type { KeyValueStore, StoreChange } from '../storage/keyValueStore.ts';
import type {
  BookFill,
  BookOrderRecord,
  BookStateChange,
  BookTrade,
  SealedBookEpoch,
  TwapRecord,
} from './bookRecords.ts';
import { decodeRow, encodeRow } from './bookRecords.ts';

/** First byte of a key, after those of `VenueIndex` and of settlement (0x20, 0x21). */
const Index = {
  order: 64,
  ownerOrder: 65,
  usedNonce: 66,
  trade: 67,
  fill: 68,
  epoch: 69,
  stateChange: 70,
  violation: 71,
  clientOrder: 72,
  twap: 73,
  ownerTwap: 74,
  activeTwap: 75,
} as const;

/** The venue's answers about the past of its books. Rows follow from the journal. */
export class BookIndex {
  readonly #store: KeyValueStore;

  constructor(store: KeyValueStore) {
    this.#store = store;
  }

  /** An order as it was admitted or, once it has ended, as it ended. */
  async order(marketId: number, orderId: number): Promise<BookOrderRecord | undefined> {
    return row(await this.#store.get(numberKey(Index.order, marketId, orderId)));
  }

  /** The order with which an owner used a nonce. */
  async byNonce(
    marketId: number,
    owner: AccountId,
    orderNonce: bigint,
  ): Promise<BookOrderRecord | undefined> {
    const key = await this.#store.get(ownerKey(Index.usedNonce, marketId, owner, orderNonce));
    return key === undefined ? undefined : row(await this.#store.get(key));
  }

  /** The order for which an owner used a client order id. */
  async byClientOrderId(
    marketId: number,
    owner: AccountId,
    id: ClientOrderId,
  ): Promise<BookOrderRecord | undefined> {
    const key = await this.#store.get(clientKey(marketId, owner, id));
    return key === undefined ? undefined : row(await this.#store.get(key));
  }

  /** Orders of an owner by admission, new to old, as `order` tells them. */
  async orders(marketId: number, owner: AccountId, page: Page): Promise<BookOrderRecord[]> {
    const keys = await this.#owned(Index.ownerOrder, marketId, owner, page);
    const rows = await Promise.all(keys.map((key) => this.#store.get(key)));
    return rows.flatMap((bytes) => row<BookOrderRecord>(bytes) ?? []);
  }

  /** Fills of an owner by trade number, new to old. */
  async fills(marketId: number, owner: AccountId, page: Page): Promise<BookFill[]> {
    const rows = await this.#owned(Index.fill, marketId, owner, page);
    return rows.map((bytes) => decodeRow<BookFill>(bytes));
  }

  /** Trades of a market, new to old. */
  trades(marketId: number, page: Page): Promise<BookTrade[]> {
    return this.#numbered(Index.trade, marketId, page);
  }

  /** Sealed epochs of a market, new to old. */
  epochs(marketId: number, page: Page): Promise<SealedBookEpoch[]> {
    return this.#numbered(Index.epoch, marketId, page);
  }

  /** One sealed epoch of a market. */
  async epoch(marketId: number, epochNumber: number): Promise<SealedBookEpoch | undefined> {
    return row(await this.#store.get(numberKey(Index.epoch, marketId, epochNumber)));
  }

  /** Changes of what a market allows, new to old by sequence. */
  stateChanges(marketId: number, page: Page): Promise<BookStateChange[]> {
    return this.#numbered(Index.stateChange, marketId, page);
  }

  /** The epochs of a market to which a law objects, old to new: at most so many. */
  async violations(marketId: number, limit: number): Promise<number[]> {
    const from = numberKey(Index.violation, marketId, 0);
    const to = numberKey(Index.violation, marketId, Number.MAX_SAFE_INTEGER);
    const epochs: number[] = [];
    for await (const { record } of this.#store.range({ from, to, reverse: false, limit })) {
      epochs.push(decodeRow<{ readonly epochNumber: number }>(record).epochNumber);
    }
    return epochs;
  }

  /** A sliced order. These rows alone do not follow from the journal. */
  async twap(twapId: Hash): Promise<TwapRecord | undefined> {
    return row(await this.#store.get(twapKey(Index.twap, twapId)));
  }

  /** Sliced orders of an owner, new to old. */
  async twaps(owner: AccountId, limit: number): Promise<TwapRecord[]> {
    const keys = await this.#owned(Index.ownerTwap, 0, owner, { limit });
    const rows = await Promise.all(keys.map((key) => this.#store.get(key)));
    return rows.flatMap((bytes) => row<TwapRecord>(bytes) ?? []);
  }

  /** Sliced orders that run. */
  async activeTwaps(limit: number): Promise<TwapRecord[]> {
    const from = Uint8Array.of(Index.activeTwap);
    const to = Uint8Array.of(Index.activeTwap + 1);
    const keys = await this.#range(from, to, limit);
    const rows = await Promise.all(keys.map((key) => this.#store.get(key)));
    return rows.flatMap((bytes) => row<TwapRecord>(bytes) ?? []);
  }

  /** Stores a sliced order as it stands; no journal has it, so this waits for the disk. */
  async putTwap(record: TwapRecord): Promise<void> {
    const { twapId, owner, startMs, state } = record;
    const key = twapKey(Index.twap, twapId);
    const active = twapKey(Index.activeTwap, twapId);
    const listed = ownerKey(Index.ownerTwap, 0, owner, BigInt(startMs));
    // Two of one owner in one millisecond stand side by side.
    const listedKey = new ByteWriter(56).fixed(listed, 33).fixed(hexToBytes(twapId), 16).finish();
    await this.#store.batch([
      { kind: 'put', key, record: encodeRow(record) },
      { kind: 'put', key: listedKey, record: key },
      state === 'active'
        ? { kind: 'put', key: active, record: key }
        : { kind: 'delete', key: active },
    ]);
    await this.#store.flush();
  }

  async #owned(index: number, marketId: number, owner: AccountId, page: Page) {
    const from = ownerKey(index, marketId, owner, 0n);
    const to = ownerKey(index, marketId, owner, BigInt(page.before ?? Number.MAX_SAFE_INTEGER));
    return await this.#range(from, to, page.limit);
  }

  async #numbered<T>(index: number, marketId: number, page: Page): Promise<T[]> {
    const from = numberKey(index, marketId, 0);
    const to = numberKey(index, marketId, page.before ?? Number.MAX_SAFE_INTEGER);
    return (await this.#range(from, to, page.limit)).map((bytes) => decodeRow<T>(bytes));
  }

  async #range(from: Uint8Array, to: Uint8Array, limit: number): Promise<Uint8Array[]> {
    const rows: Uint8Array[] = [];
    const range = this.#store.range({ from, to, reverse: true, limit });
    for await (const { record } of range) rows.push(record);
    return rows;
  }
}

/** Changes that store an order, list it under its owner, and note the nonce that it used. */
export function bookOrderChanges(record: BookOrderRecord): StoreChange[] {
  const { marketId, orderId, order, sequence } = record;
  const { owner, orderNonce } = order;
  const key = numberKey(Index.order, marketId, orderId);
  const listed = ownerKey(Index.ownerOrder, marketId, owner, BigInt(sequence));
  const used = ownerKey(Index.usedNonce, marketId, owner, orderNonce);
  return [
    { kind: 'put', key, record: encodeRow(record) },
    { kind: 'put', key: listed, record: key },
    { kind: 'put', key: used, record: key },
    ...(order.clientOrderId === NO_CLIENT_ORDER_ID
      ? []
      : [
          {
            kind: 'put' as const,
            key: clientKey(marketId, owner, order.clientOrderId),
            record: key,
          },
        ]),
  ];
}

/** Change that stores a trade. */
export function tradeChange(trade: BookTrade): StoreChange {
  const key = numberKey(Index.trade, trade.marketId, trade.tradeNumber);
  return { kind: 'put', key, record: encodeRow(trade) };
}

/** Change that stores a fill under its owner. */
export function fillChange(fill: BookFill): StoreChange {
  const { marketId, owner, tradeNumber } = fill;
  const key = ownerKey(Index.fill, marketId, owner, BigInt(tradeNumber));
  return { kind: 'put', key, record: encodeRow(fill) };
}

/** Changes that store a sealed epoch, and that a law objects to it where one does. */
export function bookEpochChanges(epoch: SealedBookEpoch): StoreChange[] {
  const { marketId, epochNumber, verdicts } = epoch;
  const key = numberKey(Index.epoch, marketId, epochNumber);
  const stored: StoreChange = { kind: 'put', key, record: encodeRow(epoch) };
  if (verdicts.every(({ verdict }) => verdict.kind === 'holds')) return [stored];
  const flaw = numberKey(Index.violation, marketId, epochNumber);
  return [stored, { kind: 'put', key: flaw, record: encodeRow({ epochNumber }) }];
}

/** Change that stores what a market allows from now on. */
export function stateChange(change: BookStateChange): StoreChange {
  const key = numberKey(Index.stateChange, change.marketId, change.sequence);
  return { kind: 'put', key, record: encodeRow(change) };
}

function row<T>(bytes: Uint8Array | undefined): T | undefined {
  return bytes === undefined ? undefined : decodeRow<T>(bytes);
}

function numberKey(index: number, marketId: number, number: number): Uint8Array {
  return new ByteWriter(13).u8(index).u32(marketId).u64(BigInt(number)).finish();
}

function clientKey(marketId: number, owner: AccountId, id: ClientOrderId): Uint8Array {
  const out = new ByteWriter(41).u8(Index.clientOrder).u32(marketId);
  return out.fixed(hexToBytes(owner), 20).fixed(hexToBytes(id), CLIENT_ORDER_ID_BYTES).finish();
}

function twapKey(index: number, twapId: Hash): Uint8Array {
  return new ByteWriter(17).u8(index).fixed(hexToBytes(twapId), 16).finish();
}

function ownerKey(index: number, marketId: number, owner: AccountId, number: bigint): Uint8Array {
  const out = new ByteWriter(33).u8(index).u32(marketId).fixed(hexToBytes(owner), 20);
  return out.u64(number).finish();
}
