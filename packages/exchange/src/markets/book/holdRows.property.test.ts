// Goal: what an open order holds is found under its id while the order is open, rows are used again
// and never by two orders at once.
// Method: random openings and endings against a map, up to the last row that there is.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededRandom } from '../../../../../testing/world/seededRandom.ts';
import { at } from '../../failures/invariant.ts';
import { HOLD, HOLD_DOUBLE, HOLD_STRIDE, HoldRows } from './holdRows.ts';

const CAPACITY = 50;

test('finds each open order in a row of its own, with what was written there', () => {
  const random = new SeededRandom(11);
  const rows = new HoldRows(CAPACITY);
  const open = new Map<number, { readonly row: number; readonly leaves: number }>();
  let lastId = 0;
  for (let step = 0; step < 2_000; step += 1) {
    const ids = [...open.keys()];
    if (open.size < CAPACITY && random.next() < 0.55) {
      lastId += random.integer(1, 3) * 2 ** random.integer(0, 33);
      const row = rows.take(lastId);
      const leaves = random.integer(1, 99);
      rows.integers[row * HOLD_STRIDE + HOLD.leaves] = leaves;
      rows.doubles[(row * HOLD_STRIDE) / 2 + HOLD_DOUBLE.perLot] = leaves * 1_000;
      open.set(lastId, { row, leaves });
    } else if (ids.length > 0) {
      const orderId = at(ids, random.integer(0, ids.length - 1));
      rows.free(rows.find(orderId));
      open.delete(orderId);
      assert.equal(rows.find(orderId), 0);
    }
    assert.equal(new Set([...open.values()].map(({ row }) => row)).size, open.size);
    for (const [orderId, { row, leaves }] of open) {
      assert.equal(rows.find(orderId), row);
      assert.equal(rows.integers[row * HOLD_STRIDE + HOLD.leaves], leaves);
      assert.equal(rows.doubles[(row * HOLD_STRIDE) / 2 + HOLD_DOUBLE.perLot], leaves * 1_000);
    }
  }
});

test('stops rather than hand out a row beyond the last', () => {
  const rows = new HoldRows(3);
  const taken = [10, 20, 30].map((orderId) => rows.take(orderId));
  assert.deepEqual(taken, [1, 2, 3], 'row 0 is no order');
  assert.throws(() => rows.take(40), /while there is one/);
  rows.free(2);
  assert.equal(rows.take(50), 2);
  assert.deepEqual(
    [10, 20, 30, 40, 50].map((orderId) => rows.find(orderId)),
    [1, 0, 3, 0, 2],
  );
});
