// Goal: each account's open orders are listed in order of acceptance, and rows are used again only
// when they are free.
// Method: random orders taken, registered, unregistered and freed against plain lists; the last row
// asked for once too often.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededRandom } from '../../../../../testing/world/seededRandom.ts';
import { at } from '../../failures/invariant.ts';
import { OrderRows, PLACE, ROW, ROW_STRIDE } from './orderRows.ts';

const [CAPACITY, ACCOUNTS] = [30, 4];

function listed(rows: OrderRows, account: number): number[] {
  const ids: number[] = [];
  let row = rows.firstOwn[account] as number;
  for (; row !== 0; row = rows.integers[row * ROW_STRIDE + ROW.nextOwn] as number) {
    ids.push(rows.id(row));
  }
  return ids;
}

/** The same list, read from its end. */
function listedBack(rows: OrderRows, account: number): number[] {
  const ids: number[] = [];
  let row = rows.lastOwn[account] as number;
  for (; row !== 0; row = rows.integers[row * ROW_STRIDE + ROW.previousOwn] as number) {
    ids.unshift(rows.id(row));
  }
  return ids;
}

test('lists the open orders of each account in order of acceptance', () => {
  const random = new SeededRandom(5);
  const rows = new OrderRows(CAPACITY, ACCOUNTS);
  let open: { readonly row: number; readonly orderId: number; readonly account: number }[] = [];
  for (let step = 1; step <= 1_500; step += 1) {
    if (open.length < CAPACITY && random.next() < 0.55) {
      assert.equal(rows.isFull, false);
      const account = random.integer(0, ACCOUNTS - 1);
      const orderId = step + random.integer(0, 9) * 2 ** 32;
      const row = rows.take();
      assert.ok(row > 0 && open.every((other) => other.row !== row));
      rows.integers[row * ROW_STRIDE + ROW.account] = account;
      rows.doubles[row * 8 + 6] = orderId;
      rows.register(row);
      open = [...open, { row, orderId, account }];
    } else if (open.length > 0) {
      const one = at(open, random.integer(0, open.length - 1));
      rows.unregister(one.row);
      rows.free(one.row);
      assert.equal(rows.integers[one.row * ROW_STRIDE + ROW.place], PLACE.nowhere);
      assert.equal(rows.find(one.orderId), 0);
      open = open.filter((other) => other !== one);
    }
    assert.equal(rows.count, open.length);
    assert.equal(rows.isFull, open.length === CAPACITY);
    for (let account = 0; account < ACCOUNTS; account += 1) {
      const ids = open.filter((one) => one.account === account).map(({ orderId }) => orderId);
      assert.deepEqual(listed(rows, account), ids);
      assert.deepEqual(listedBack(rows, account), ids);
    }
    for (const { row, orderId } of open) assert.equal(rows.find(orderId), row);
  }
});

test('stops rather than hand out a row beyond the last', () => {
  const rows = new OrderRows(2, 1);
  assert.deepEqual([rows.take(), rows.take()], [1, 2]);
  assert.equal(rows.isFull, true);
  assert.throws(() => rows.take(), /while there is one/);
  rows.free(1);
  assert.equal(rows.take(), 1);
});
