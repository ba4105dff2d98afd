import type { ByteReader } from '../../codec/byteReader.ts';
import { DecodeError } from '../../codec/byteReader.ts';
import type { ByteWriter } from '../../codec/byteWriter.ts';
import { bytesToHex, hexToBytes } from '../../codec/hex.ts';
import type { ClientOrderId } from '../../orders/bookOrder.ts';
import {
  CLIENT_ORDER_ID_BYTES,
  clientOrderId,
  NO_CLIENT_ORDER_ID,
} from '../../orders/bookOrder.ts';

/** What became of an order when it was submitted: the answer to submitting it again. */
export interface ClientOrder {
  readonly orderId: number;
  /** Sequence number of its admission. */
  readonly sequence: number;
}

/** Client order ids of one owner that a market remembers, besides those of open orders. */
export const CLIENT_ORDERS_MAX = 4_096;

/**
 * Which client order ids the owners of a market have used, and for which orders.
 *
 * The last `CLIENT_ORDERS_MAX` of each owner are remembered and, beyond these, those of orders that
 * are still open. An order whose id is forgotten cannot be placed again all the same: its nonce is
 * used.
 */
export class ClientOrders {
  readonly #byAccount = new Map<number, Map<ClientOrderId, ClientOrder>>();
  readonly #isOpen: (orderId: number) => boolean;

  constructor(isOpen: (orderId: number) => boolean) {
    this.#isOpen = isOpen;
  }

  /** The order for which an account used an id. */
  find(account: number, id: ClientOrderId): ClientOrder | undefined {
    return this.#byAccount.get(account)?.get(id);
  }

  /** Whether nothing that an account used was forgotten: it has used fewer than are kept. */
  remembersAll(account: number): boolean {
    return (this.#byAccount.get(account)?.size ?? 0) < CLIENT_ORDERS_MAX;
  }

  /** Remembers an order under an id that its account has not used. */
  add(account: number, id: ClientOrderId, order: ClientOrder): void {
    if (id === NO_CLIENT_ORDER_ID) return;
    const own = this.#byAccount.get(account) ?? new Map<ClientOrderId, ClientOrder>();
    this.#byAccount.set(account, own);
    own.set(id, order);
    if (own.size > CLIENT_ORDERS_MAX) this.#forgetOldest(own);
  }

  /** Forgets the oldest order that is not open; open ones met on the way count as new. */
  #forgetOldest(own: Map<ClientOrderId, ClientOrder>): void {
    let left = own.size;
    for (const [id, order] of own) {
      if (left === 0) return;
      left -= 1;
      own.delete(id);
      if (!this.#isOpen(order.orderId)) return;
      own.set(id, order);
    }
  }

  /** Appends the canonical bytes of the memory, in order of use. */
  encode(out: ByteWriter): void {
    out.u32(this.#byAccount.size);
    for (const [account, own] of this.#byAccount) {
      out.u32(account).u32(own.size);
      for (const [id, { orderId, sequence }] of own) {
        out.fixed(hexToBytes(id), CLIENT_ORDER_ID_BYTES);
        out.u64(BigInt(orderId)).u64(BigInt(sequence));
      }
    }
  }

  /** Reads a memory into this one, which is empty. @throws DecodeError on an id twice. */
  decode(reader: ByteReader): void {
    for (let accounts = reader.count(8); accounts > 0; accounts -= 1) {
      const own = new Map<ClientOrderId, ClientOrder>();
      const { offset } = reader;
      const account = reader.u32();
      if (this.#byAccount.has(account)) throw new DecodeError('an account twice', offset);
      this.#byAccount.set(account, own);
      for (let left = reader.count(32); left > 0; left -= 1) {
        const id = clientOrderId(bytesToHex(reader.fixed(CLIENT_ORDER_ID_BYTES)));
        if (own.has(id)) throw new DecodeError('a client order id twice', reader.offset);
        own.set(id, { orderId: reader.natural(), sequence: reader.natural() });
      }
    }
  }
}
