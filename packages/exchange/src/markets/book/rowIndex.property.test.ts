// Goal: a row is found by its id as long as it is in the index, whatever came and went around it.
// Method: random additions and removals against a map, with ids that crowd the same slots: close
// together, equal in their low 32 bits, and with homes at the end of the table.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RowIndex } from './rowIndex.ts';

const ROWS = 3_000;

test('finds what was added and not removed, in crowds too', () => {
  const id = fc.oneof(
    fc.nat(40),
    fc.nat(40).map((n) => 5 + n * 2 ** 32),
    fc.nat(40).map((n) => n * 4_096),
    fc.maxSafeNat(),
  );
  fc.assert(
    fc.property(fc.array(id, { maxLength: 300 }), (ids) => {
      const doubles = new Float64Array((ROWS + 1) * 8);
      const index = new RowIndex(doubles);
      const known = new Map<number, number>();
      for (const [k, orderId] of ids.entries()) {
        const row = known.get(orderId);
        if (row === undefined) {
          doubles[(k + 1) * 8 + 6] = orderId;
          index.add(k + 1);
          known.set(orderId, k + 1);
        } else {
          index.remove(row);
          known.delete(orderId);
        }
        for (const one of ids) assert.equal(index.find(one), known.get(one) ?? 0);
      }
    }),
    { numRuns: 150 },
  );
});

test('grows with what it holds and finds everything after', () => {
  const doubles = new Float64Array((ROWS + 1) * 8);
  const index = new RowIndex(doubles);
  for (let row = 1; row <= ROWS; row += 1) {
    doubles[row * 8 + 6] = row * 2 ** 20;
    index.add(row);
  }
  for (let row = 1; row <= ROWS; row += 2) index.remove(row);
  for (let row = 1; row <= ROWS; row += 1) {
    assert.equal(index.find(row * 2 ** 20), row % 2 === 0 ? row : 0);
  }
});
