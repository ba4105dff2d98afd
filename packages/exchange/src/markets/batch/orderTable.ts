import type { ByteReader } from '../../codec/byteReader.ts';
import { DecodeError } from '../../codec/byteReader.ts';
import { ByteWriter } from '../../codec/byteWriter.ts';
import type { Hash } from '../../codec/hash.ts';
import { hashFromBytes } from '../../codec/hash.ts';
import { hexToBytes } from '../../codec/hex.ts';
import { at, invariant } from '../../failures/invariant.ts';
import type { AccountId } from '../../ledger/account.ts';
import { amount } from '../../numbers/amount.ts';
import type { AuthorisedOrder, BatchOrder } from '../../orders/batchOrder.ts';
import { AUTHORISATION_BYTES } from '../../orders/batchOrder.ts';
import { decodeAuthorisedOrder, ORDER_BYTES } from '../../orders/orderCodec.ts';

/**
 * The orders of one batch in columns, in order of admission.
 *
 * Columns and not objects: a batch of a million orders is judged every second, and an object with
 * bigint fields costs four times the 148 bytes of a row here. Rows are only appended; a cancelled
 * row stays, marked, because the laws must see that it was admitted.
 */
export class OrderTable {
  readonly marketId: number;
  #count = 0;
  readonly #owners: AccountId[] = [];
  readonly #ownerNumbers = new Map<AccountId, number>();
  ownerIndex: Uint32Array;
  pay: Uint8Array;
  receive: Uint8Array;
  budget: BigUint64Array;
  limitNumerator: BigUint64Array;
  limitDenominator: BigUint64Array;
  minFillPpm: Uint32Array;
  orderNonce: BigUint64Array;
  /** Milliseconds: stays under 2^53 until the year 287396. */
  expiresAtMs: Float64Array;
  /** 32 bytes a row. */
  orderIds: Uint8Array;
  /** 65 bytes a row. */
  authorisations: Uint8Array;
  /** 1 where the owner cancelled the order before the batch closed. */
  canceled: Uint8Array;
  /**
   * Open addressing over order ids: row + 1, or 0 for a free slot. Ids are Keccak digests, so a
   * few of their bytes are hash enough; a JavaScript map would cost more than the row itself.
   */
  #slots: Uint32Array;
  /**
   * Rows in the slots so far. They are filled by the first search: whoever judges a bundle searches
   * for none, and ids in a hostile one are not digests but may all fall into one slot.
   */
  #indexed = 0;

  constructor(marketId: number, capacity = 64) {
    this.marketId = marketId;
    this.ownerIndex = new Uint32Array(capacity);
    this.pay = new Uint8Array(capacity);
    this.receive = new Uint8Array(capacity);
    this.budget = new BigUint64Array(capacity);
    this.limitNumerator = new BigUint64Array(capacity);
    this.limitDenominator = new BigUint64Array(capacity);
    this.minFillPpm = new Uint32Array(capacity);
    this.orderNonce = new BigUint64Array(capacity);
    this.expiresAtMs = new Float64Array(capacity);
    this.orderIds = new Uint8Array(capacity * 32);
    this.authorisations = new Uint8Array(capacity * AUTHORISATION_BYTES);
    this.canceled = new Uint8Array(capacity);
    this.#slots = new Uint32Array(slotCount(capacity));
  }

  /** Rows, the cancelled ones included. */
  get count(): number {
    return this.#count;
  }

  /** Distinct owners in order of first appearance; `ownerIndex` points here. */
  get owners(): readonly AccountId[] {
    return this.#owners;
  }

  /** Appends an admitted order and returns its row. */
  append(entry: AuthorisedOrder): number {
    const row = this.#count;
    if (row === this.pay.length) this.#grow(row * 2);
    const { order } = entry;
    invariant(order.marketId === this.marketId, 'a table holds the orders of one market');
    this.ownerIndex[row] = this.#ownerNumber(order.owner);
    this.pay[row] = order.pay;
    this.receive[row] = order.receive;
    this.budget[row] = order.budget;
    this.limitNumerator[row] = order.limitNumerator;
    this.limitDenominator[row] = order.limitDenominator;
    this.minFillPpm[row] = order.minFillPpm;
    this.orderNonce[row] = order.orderNonce;
    this.expiresAtMs[row] = order.expiresAtMs;
    this.orderIds.set(hexToBytes(entry.orderId), row * 32);
    this.authorisations.set(entry.authorisation, row * AUTHORISATION_BYTES);
    this.#count = row + 1;
    return row;
  }

  /** The row of an order id, or undefined. */
  find(orderId: Hash): number | undefined {
    const id = hexToBytes(orderId);
    for (; this.#indexed < this.#count; this.#indexed += 1) this.#index(this.#indexed);
    const mask = this.#slots.length - 1;
    for (let slot = firstSlot(id, 0, mask); ; slot = (slot + 1) & mask) {
      const row = (this.#slots[slot] as number) - 1;
      if (row < 0) return undefined;
      if (id.every((byte, k) => byte === this.orderIds[row * 32 + k])) return row;
    }
  }

  /** Marks a row as withdrawn by its owner. */
  cancel(row: number): void {
    invariant(row < this.#count, 'a cancelled row exists');
    this.canceled[row] = 1;
  }

  /** The order of a row as an object: for edges and slow twins, not for loops over a batch. */
  order(row: number): BatchOrder {
    invariant(row >= 0 && row < this.#count, 'a row that is read exists');
    return {
      owner: at(this.#owners, this.ownerIndex[row] as number),
      marketId: this.marketId,
      pay: this.pay[row] as number,
      receive: this.receive[row] as number,
      budget: amount(this.budget[row] as bigint),
      limitNumerator: this.limitNumerator[row] as bigint,
      limitDenominator: this.limitDenominator[row] as bigint,
      minFillPpm: this.minFillPpm[row] as number,
      orderNonce: this.orderNonce[row] as bigint,
      expiresAtMs: this.expiresAtMs[row] as number,
    };
  }

  /** The id of a row's order. */
  orderId(row: number): Hash {
    return hashFromBytes(this.orderIds.subarray(row * 32, row * 32 + 32));
  }

  /** A copy of a row's authorisation. */
  authorisation(row: number): Uint8Array {
    return this.authorisations.slice(row * AUTHORISATION_BYTES, (row + 1) * AUTHORISATION_BYTES);
  }

  /** Order, id and authorisation of a row. */
  entry(row: number): AuthorisedOrder {
    return {
      order: this.order(row),
      orderId: this.orderId(row),
      authorisation: this.authorisation(row),
    };
  }

  #index(row: number): void {
    const mask = this.#slots.length - 1;
    let slot = firstSlot(this.orderIds, row * 32, mask);
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = row + 1;
  }

  #ownerNumber(owner: AccountId): number {
    const known = this.#ownerNumbers.get(owner);
    if (known !== undefined) return known;
    this.#ownerNumbers.set(owner, this.#owners.length);
    return this.#owners.push(owner) - 1;
  }

  #grow(capacity: number): void {
    const widen = <T extends { set(source: T): void }>(column: T, grown: T): T => {
      grown.set(column);
      return grown;
    };
    this.ownerIndex = widen(this.ownerIndex, new Uint32Array(capacity));
    this.pay = widen(this.pay, new Uint8Array(capacity));
    this.receive = widen(this.receive, new Uint8Array(capacity));
    this.budget = widen(this.budget, new BigUint64Array(capacity));
    this.limitNumerator = widen(this.limitNumerator, new BigUint64Array(capacity));
    this.limitDenominator = widen(this.limitDenominator, new BigUint64Array(capacity));
    this.minFillPpm = widen(this.minFillPpm, new Uint32Array(capacity));
    this.orderNonce = widen(this.orderNonce, new BigUint64Array(capacity));
    this.expiresAtMs = widen(this.expiresAtMs, new Float64Array(capacity));
    this.orderIds = widen(this.orderIds, new Uint8Array(capacity * 32));
    this.authorisations = widen(
      this.authorisations,
      new Uint8Array(capacity * AUTHORISATION_BYTES),
    );
    this.canceled = widen(this.canceled, new Uint8Array(capacity));
    this.#slots = new Uint32Array(slotCount(capacity));
    this.#indexed = 0;
  }
}

/**
 * Canonical bytes of a table: rows in order of admission. The canceled marks are not part of it.
 * Written from the columns, in the layout of `appendOrder`: a bundle is encoded every second.
 */
export function encodeOrderTable(table: OrderTable): Uint8Array {
  const out = new ByteWriter(16 + table.count * ROW_BYTES);
  out.u32(table.marketId).u32(table.count);
  const owners = table.owners.map((owner) => hexToBytes(owner));
  for (let row = 0; row < table.count; row += 1) {
    out
      .fixed(at(owners, table.ownerIndex[row] as number), 20)
      .u32(table.marketId)
      .u16(table.pay[row] as number)
      .u16(table.receive[row] as number)
      .u64(table.budget[row] as bigint)
      .u64(table.limitNumerator[row] as bigint)
      .u64(table.limitDenominator[row] as bigint)
      .u32(table.minFillPpm[row] as number)
      .u64(table.orderNonce[row] as bigint)
      .timeMs(table.expiresAtMs[row] as number)
      .fixed(table.orderIds.subarray(row * 32, row * 32 + 32), 32)
      .fixed(
        table.authorisations.subarray(row * AUTHORISATION_BYTES, (row + 1) * AUTHORISATION_BYTES),
        AUTHORISATION_BYTES,
      );
  }
  return out.finish();
}

const ROW_BYTES = ORDER_BYTES + 32 + AUTHORISATION_BYTES;

/** @throws DecodeError on bytes that are not a canonical table. */
export function decodeOrderTable(reader: ByteReader): OrderTable {
  const marketId = reader.u32();
  const offset = reader.offset;
  const count = reader.count(ROW_BYTES);
  const table = new OrderTable(marketId, Math.max(1, count));
  for (let row = 0; row < count; row += 1) {
    const entry = decodeAuthorisedOrder(reader);
    if (entry.order.marketId !== marketId) throw new DecodeError('an order elsewhere', offset);
    if (entry.order.pay > 0xff || entry.order.receive > 0xff) {
      throw new DecodeError('a product beyond the table', offset);
    }
    table.append(entry);
  }
  return table;
}

/** Twice the capacity, as a power of two: short probes. */
function slotCount(capacity: number): number {
  let slots = 16;
  while (slots < capacity * 2) slots *= 2;
  return slots;
}

/** Both ends of the id: test ids need not look random at one of them. */
function firstSlot(ids: Uint8Array, offset: number, mask: number): number {
  return (wordAt(ids, offset) ^ Math.imul(wordAt(ids, offset + 28), 0x9e3779b1)) & mask;
}

function wordAt(bytes: Uint8Array, offset: number): number {
  return (
    ((bytes[offset] as number) << 24) |
    ((bytes[offset + 1] as number) << 16) |
    ((bytes[offset + 2] as number) << 8) |
    (bytes[offset + 3] as number)
  );
}
