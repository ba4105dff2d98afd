// Goal: a table gives back what was appended, finds rows by id, and its encoding is one to one.
// Method: a property against a plain list, ids that collide on purpose, and hostile bytes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ByteReader, DecodeError } from '../../codec/byteReader.ts';
import { ByteWriter } from '../../codec/byteWriter.ts';
import type { Hash } from '../../codec/hash.ts';
import { accountId } from '../../ledger/account.ts';
import { amount } from '../../numbers/amount.ts';
import type { AuthorisedOrder } from '../../orders/batchOrder.ts';
import { encodeAuthorisedOrder } from '../../orders/orderCodec.ts';
import { decodeOrderTable, encodeOrderTable, OrderTable } from './orderTable.ts';

const entry = fc
  .record({
    owner: fc.constantFrom(1, 2, 3),
    pay: fc.nat(63),
    receive: fc.nat(127),
    budget: fc.bigInt(1n, (1n << 63n) - 1n),
    orderNonce: fc.bigInt(1n, (1n << 63n) - 1n),
    minFillPpm: fc.nat(1_000_000),
    id: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    authorisation: fc.uint8Array({ minLength: 65, maxLength: 65 }),
  })
  .map(
    (x): AuthorisedOrder => ({
      order: {
        owner: accountId(`0x${String(x.owner).repeat(40)}`),
        marketId: 7,
        pay: x.pay,
        receive: x.receive,
        budget: amount(x.budget),
        limitNumerator: 3n,
        limitDenominator: 4n,
        minFillPpm: x.minFillPpm,
        orderNonce: x.orderNonce,
        expiresAtMs: 1_700_000_000_000,
      },
      orderId: `0x${Buffer.from(x.id).toString('hex')}` as Hash,
      authorisation: x.authorisation,
    }),
  );

function naiveEncoding(entries: readonly AuthorisedOrder[]): Uint8Array {
  const out = new ByteWriter().u32(7).u32(entries.length);
  for (const one of entries) encodeAuthorisedOrder(out, one);
  return out.finish();
}

test('rows come back as they were appended, whatever the capacity, and are found by id', () => {
  fc.assert(
    fc.property(fc.uniqueArray(entry, { selector: (e) => e.orderId }), (entries) => {
      const table = new OrderTable(7, 1);
      for (const one of entries) table.append(one);
      assert.equal(table.count, entries.length);
      entries.forEach((one, row) => {
        assert.deepEqual(table.entry(row), one);
        assert.equal(table.find(one.orderId), row);
      });
      assert.equal(table.find(`0x${'ab'.repeat(32)}` as Hash), undefined);
      const bytes = encodeOrderTable(table);
      assert.deepEqual(bytes, naiveEncoding(entries), 'columns are written as objects would be');
      const reader = new ByteReader(bytes);
      const copy = decodeOrderTable(reader);
      reader.end();
      assert.deepEqual(encodeOrderTable(copy), bytes);
    }),
  );
});

test('ids that share both ends are still told apart', () => {
  const table = new OrderTable(7, 1);
  const ids = Array.from({ length: 300 }, (_, k) => {
    return `0x${'00'.repeat(14)}${k.toString(16).padStart(8, '0')}${'00'.repeat(14)}` as Hash;
  });
  const [sample] = fc.sample(entry, 1);
  assert.ok(sample !== undefined);
  for (const orderId of ids) table.append({ ...sample, orderId });
  ids.forEach((orderId, row) => {
    assert.equal(table.find(orderId), row);
  });
});

test('a table with a foreign market, a wide product or missing rows is refused', () => {
  const table = new OrderTable(7, 1);
  const [sample] = fc.sample(entry, 1);
  assert.ok(sample !== undefined);
  table.append(sample);
  const bytes = encodeOrderTable(table);
  const patched = (offset: number, byte: number): Uint8Array => {
    const copy = bytes.slice();
    copy[offset] = byte;
    return copy;
  };
  for (const bad of [patched(3, 9), patched(32, 1), patched(7, 200), bytes.subarray(0, 100)]) {
    assert.throws(() => decodeOrderTable(new ByteReader(bad)), DecodeError);
  }
});

test('only rows that were appended are read or withdrawn, and only own orders taken', () => {
  const table = new OrderTable(7, 4);
  const [sample] = fc.sample(entry, 1);
  assert.ok(sample !== undefined);
  table.append(sample);
  assert.throws(() => table.order(1), /read exists/);
  assert.throws(() => table.order(-1), /read exists/);
  assert.throws(() => table.cancel(1), /cancelled row exists/);
  const elsewhere = { ...sample, order: { ...sample.order, marketId: 8 } };
  assert.throws(() => table.append(elsewhere), /one market/);
  assert.equal(table.count, 1);
});

test('owners are listed once, by first appearance, and rows point to theirs', () => {
  const [sample] = fc.sample(entry, 1);
  assert.ok(sample !== undefined);
  const table = new OrderTable(7, 1);
  const owners = [3, 1, 3, 2, 1].map((n) => accountId(`0x${String(n).repeat(40)}`));
  owners.forEach((owner, k) => {
    const orderId = `0x${(k + 1).toString(16).padStart(64, '0')}` as Hash;
    table.append({ ...sample, order: { ...sample.order, owner }, orderId });
  });
  assert.deepEqual(table.owners, [owners[0], owners[1], owners[3]]);
  assert.deepEqual([...table.ownerIndex.slice(0, 5)], [0, 1, 0, 2, 1]);
});

test('marks survive growth, and a copy of an authorisation is a copy', () => {
  const [sample] = fc.sample(entry, 1);
  assert.ok(sample !== undefined);
  const table = new OrderTable(7, 1);
  const idOf = (k: number): Hash => `0x${(k + 1).toString(16).padStart(64, '0')}` as Hash;
  for (let k = 0; k < 40; k += 1) {
    table.append({ ...sample, orderId: idOf(k) });
    if (k % 3 === 0) table.cancel(k);
    assert.equal(table.find(idOf(k)), k, 'found while the table grows');
    assert.equal(table.find(idOf(k + 1)), undefined);
  }
  assert.deepEqual(
    [...table.canceled.slice(0, 40)],
    Array.from({ length: 40 }, (_, k) => (k % 3 === 0 ? 1 : 0)),
  );
  const copy = table.authorisation(3);
  copy.fill(255);
  assert.deepEqual(table.authorisation(3), sample.authorisation);
});
