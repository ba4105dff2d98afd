// Goal: what happens in order of a number happens in that order, ties by the second, whatever was
// taken out of the middle before.
// Method: random pushes and removals against a sorted list, from empty to well past the first
// growth, with keys that collide.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RowHeap } from './rowHeap.ts';

interface Entry {
  readonly row: number;
  readonly key: number;
  readonly tie: number;
}

const ROWS = 300;

function first(entries: readonly Entry[]): Entry | undefined {
  return [...entries].sort((a, b) => a.key - b.key || a.tie - b.tie)[0];
}

test('the least key is on top, the lower tie first, after every push and removal', () => {
  const push = fc.record({ row: fc.nat(ROWS - 1), key: fc.nat(60), tie: fc.nat(2 ** 31) });
  const remove = fc.record({ row: fc.nat(ROWS - 1) });
  const step = fc.oneof({ weight: 3, arbitrary: push }, { weight: 1, arbitrary: remove });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 250 }), (steps) => {
      const heap = new RowHeap(ROWS);
      let entries: Entry[] = [];
      for (const [k, one] of steps.entries()) {
        const isIn = entries.some(({ row }) => row === one.row);
        if ('key' in one && !isIn) {
          // Ties are ids and never collide.
          const entry = { ...one, tie: one.tie * 1_000 + k };
          heap.push(entry.row, entry.key, entry.tie);
          entries.push(entry);
        } else {
          heap.remove(one.row);
          entries = entries.filter(({ row }) => row !== one.row);
        }
        assert.equal(heap.top, first(entries)?.row ?? -1);
        assert.equal(heap.topKey, first(entries)?.key ?? Number.POSITIVE_INFINITY);
      }
      // What a removal from the middle left behind shows when all the rest comes out.
      const sorted = [...entries].sort((a, b) => a.key - b.key || a.tie - b.tie);
      for (const { row } of sorted) {
        assert.equal(heap.top, row);
        heap.remove(row);
      }
    }),
    { numRuns: 60 },
  );
});

test('empties in order, also when every row that it has room for is in it', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(40), { minLength: 1, maxLength: 200 }), (keys) => {
      const heap = new RowHeap(keys.length);
      for (const [row, key] of keys.entries()) heap.push(row, key, row);
      const drained: number[] = [];
      for (; heap.top >= 0; heap.remove(heap.top)) drained.push(heap.top);
      const rows = keys.map((key, row) => ({ row, key, tie: row }));
      rows.sort((a, b) => a.key - b.key || a.tie - b.tie);
      assert.deepEqual(
        drained,
        rows.map(({ row }) => row),
      );
      assert.equal(heap.topKey, Number.POSITIVE_INFINITY);
    }),
    { numRuns: 100 },
  );
});

test('stops rather than take a row twice', () => {
  const heap = new RowHeap(4);
  heap.push(3, 1, 1);
  assert.throws(() => heap.push(3, 2, 2), /enters a heap once/);
  heap.remove(3);
  heap.remove(3);
  heap.push(3, 2, 2);
  assert.deepEqual([heap.top, heap.topKey], [3, 2]);
});
