// Goal: books stay sorted while orders arrive, and the sequence does not depend on arrival.
// Method: random insertions against a plain sort, in two orders of arrival, with a merge midway.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SortedRuns } from './sortedRuns.ts';

const orders = fc.array(fc.tuple(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 1, max: 9 })), {
  maxLength: 400,
});

test('merging equals sorting by rate and budget', () => {
  fc.assert(
    fc.property(orders, fc.nat(), (sketches, cut) => {
      const runs = new SortedRuns();
      sketches.forEach(([rate, budget], row) => {
        runs.insert(rate, budget, row);
        if (row === cut) runs.merged();
      });
      const merged = runs.merged();
      const sorted = [...sketches].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
      assert.equal(merged.length, sketches.length);
      assert.deepEqual(
        [...merged.rates.subarray(0, merged.length)],
        sorted.map(([rate]) => rate),
      );
      assert.deepEqual(
        [...merged.budgets.subarray(0, merged.length)],
        sorted.map(([, budget]) => budget),
      );
      const rows = [...merged.rows.subarray(0, merged.length)];
      assert.deepEqual(
        rows.map((row) => sketches[row]?.[0]),
        sorted.map(([rate]) => rate),
      );
      assert.equal(new Set(rows).size, rows.length);
    }),
  );
});

test('a book counts what was inserted, and its bytes grow with it', () => {
  const runs = new SortedRuns();
  assert.deepEqual([runs.length, runs.byteLength, runs.merged().length], [0, 0, 0]);
  for (let row = 0; row < 1000; row += 1) {
    runs.insert((row * 7919) % 1000, row, row);
    assert.equal(runs.length, row + 1);
  }
  // A rate and a budget of eight bytes and a row of four; a tail may be half empty.
  assert.ok(runs.byteLength >= 20 * 1000 && runs.byteLength <= 20 * 1032, `${runs.byteLength}`);
  const merged = runs.merged();
  assert.deepEqual(
    [...merged.rates.slice(0, 1000)],
    Array.from({ length: 1000 }, (_, k) => k),
  );
  assert.equal(runs.merged().length, 1000, 'merged twice is the same');
});
