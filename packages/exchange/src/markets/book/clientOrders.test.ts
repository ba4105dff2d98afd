// Goal: an owner's client order id is answered for while its order is open and for 4,096 later ids
// after that, so that memory is bounded and no open order can be doubled.
// Method: stories at the bound, a random history against a plain list, and memories sent through
// their bytes, sound and corrupted.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ByteReader, DecodeError } from '../../codec/byteReader.ts';
import { ByteWriter } from '../../codec/byteWriter.ts';
import { at } from '../../failures/invariant.ts';
import type { ClientOrderId } from '../../orders/bookOrder.ts';
import { clientOrderId, NO_CLIENT_ORDER_ID } from '../../orders/bookOrder.ts';
import type { ClientOrder } from './clientOrders.ts';
import { CLIENT_ORDERS_MAX, ClientOrders } from './clientOrders.ts';

/** The id that an owner gives its n-th order. */
function idOf(n: number): ClientOrderId {
  return clientOrderId(`0x${n.toString(16).padStart(32, '0')}`);
}

function orderOf(n: number): ClientOrder {
  return { orderId: n, sequence: n * 10 };
}

/** A memory and the orders that it is told are open. */
function memory(): { readonly clients: ClientOrders; readonly open: Set<number> } {
  const open = new Set<number>();
  return { clients: new ClientOrders((orderId) => open.has(orderId)), open };
}

function use(clients: ClientOrders, from: number, to: number, account = 0): void {
  for (let n = from; n <= to; n += 1) clients.add(account, idOf(n), orderOf(n));
}

function bytesOf(clients: ClientOrders): Uint8Array {
  const out = new ByteWriter(1_024);
  clients.encode(out);
  return out.finish();
}

test('keeps the last 4,096 ids of an owner and forgets the one before them', () => {
  const { clients } = memory();
  use(clients, 1, CLIENT_ORDERS_MAX);
  assert.deepEqual(clients.find(0, idOf(1)), orderOf(1));
  use(clients, CLIENT_ORDERS_MAX + 1, CLIENT_ORDERS_MAX + 1);
  assert.equal(clients.find(0, idOf(1)), undefined);
  assert.deepEqual(clients.find(0, idOf(2)), orderOf(2));
  assert.deepEqual(clients.find(0, idOf(CLIENT_ORDERS_MAX + 1)), orderOf(CLIENT_ORDERS_MAX + 1));
});

test('says that it may have forgotten from the use of the last id that it keeps', () => {
  const { clients } = memory();
  assert.equal(clients.remembersAll(0), true);
  use(clients, 1, CLIENT_ORDERS_MAX - 1);
  assert.equal(clients.remembersAll(0), true);
  use(clients, CLIENT_ORDERS_MAX, CLIENT_ORDERS_MAX);
  assert.equal(clients.remembersAll(0), false);
  assert.equal(clients.remembersAll(1), true, 'another owner has used none');
});

test('never forgets an open order, however many ids come after it', () => {
  const { clients, open } = memory();
  for (const n of [1, 2, 5]) open.add(n);
  use(clients, 1, CLIENT_ORDERS_MAX + 3);
  for (const n of [1, 2, 5]) assert.deepEqual(clients.find(0, idOf(n)), orderOf(n));
  for (const n of [3, 4, 6]) assert.equal(clients.find(0, idOf(n)), undefined);
  assert.deepEqual(clients.find(0, idOf(7)), orderOf(7));
});

test('forgets nothing while every order is open, and goes on when one has ended', () => {
  const { clients, open } = memory();
  for (let n = 1; n <= CLIENT_ORDERS_MAX + 2; n += 1) open.add(n);
  use(clients, 1, CLIENT_ORDERS_MAX + 2);
  for (let n = 1; n <= CLIENT_ORDERS_MAX + 2; n += 1) {
    assert.deepEqual(clients.find(0, idOf(n)), orderOf(n));
  }
  open.delete(9);
  use(clients, CLIENT_ORDERS_MAX + 3, CLIENT_ORDERS_MAX + 3);
  assert.equal(clients.find(0, idOf(9)), undefined);
  assert.deepEqual(clients.find(0, idOf(8)), orderOf(8));
});

test('keeps the ids of owners apart, and none for orders without one', () => {
  const { clients } = memory();
  clients.add(0, idOf(1), orderOf(1));
  clients.add(1, idOf(1), orderOf(2));
  clients.add(2, NO_CLIENT_ORDER_ID, orderOf(3));
  assert.deepEqual(clients.find(0, idOf(1)), orderOf(1));
  assert.deepEqual(clients.find(1, idOf(1)), orderOf(2));
  assert.equal(clients.find(2, idOf(1)), undefined);
  assert.equal(clients.find(2, NO_CLIENT_ORDER_ID), undefined);
});

test('a random history is remembered as by a list from which the oldest ended order goes', () => {
  const end = fc.record({ kind: fc.constant('end' as const), place: fc.nat(40) });
  const add = fc.record({ kind: fc.constant('add' as const), stays: fc.boolean() });
  fc.assert(
    fc.property(fc.array(fc.oneof(add, end), { maxLength: 60 }), (steps) => {
      const { clients, open } = memory();
      let list: number[] = [];
      let last = 0;
      const place = (stays: boolean): void => {
        last += 1;
        // An order is open, if it is at all, only after its id was noted.
        clients.add(0, idOf(last), orderOf(last));
        list.push(last);
        if (list.length > CLIENT_ORDERS_MAX) {
          const gone = list.findIndex((n) => !open.has(n));
          list = [...list.slice(gone + 1), ...list.slice(0, gone)];
        }
        if (stays) open.add(last);
      };
      for (let k = 0; k < CLIENT_ORDERS_MAX - 5; k += 1) place(k % 7 < 2 || k < 20);
      for (const step of steps) {
        if (step.kind === 'add') place(step.stays);
        else open.delete(at(list, step.place));
      }
      const known = new Set(list);
      for (let n = 1; n <= last; n += 1) {
        assert.deepEqual(clients.find(0, idOf(n)), known.has(n) ? orderOf(n) : undefined, `${n}`);
      }
    }),
    { numRuns: 20 },
  );
});

test('a memory that went through its bytes is the same, and forgets in the same order', () => {
  const { clients, open } = memory();
  for (const n of [1, 3]) open.add(n);
  use(clients, 1, CLIENT_ORDERS_MAX + 2);
  use(clients, 1, 3, 7);
  const bytes = bytesOf(clients);
  const copy = new ClientOrders((orderId) => open.has(orderId));
  const reader = new ByteReader(bytes);
  copy.decode(reader);
  assert.equal(reader.remaining, 0);
  assert.deepEqual(bytesOf(copy), bytes);
  open.clear();
  for (const one of [clients, copy]) {
    use(one, 5_000, 5_002);
    assert.deepEqual(one.find(7, idOf(2)), orderOf(2));
  }
  assert.deepEqual(bytesOf(copy), bytesOf(clients));
});

test('refuses bytes that name an account or an id twice, or that stop short', () => {
  const row = (n: number): ByteWriter => {
    const bytes = Buffer.from(idOf(n).slice(2), 'hex');
    return new ByteWriter(32).fixed(bytes, 16).u64(1n).u64(10n);
  };
  const bytes = (...accounts: readonly (readonly [number, ...number[]])[]): Uint8Array => {
    const out = new ByteWriter(256).u32(accounts.length);
    for (const [account, ...ids] of accounts) {
      out.u32(account).u32(ids.length);
      for (const id of ids) out.fixed(row(id).finish(), 32);
    }
    return out.finish();
  };
  const read = (sent: Uint8Array): void => memory().clients.decode(new ByteReader(sent));
  read(bytes([0, 1, 2], [1, 1]));
  assert.throws(() => read(bytes([4, 1], [4, 2])), /an account twice at byte 44/);
  assert.throws(() => read(bytes([4, 1, 1])), /a client order id twice/);
  for (const sent of [bytes([4, 1, 2]), bytes([4], [5])]) {
    for (let length = 0; length < sent.length; length += 1) {
      assert.throws(() => read(sent.subarray(0, length)), DecodeError);
    }
  }
});
