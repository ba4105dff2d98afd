// Goal: sums of fills that leave 63 bits are refused by every law that adds them up, at the order
// that goes beyond. Method: payments and receipts of a lawful day are made as large as their
// columns hold, alone and together, of assets and of baskets.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ordinaryDay } from '../../../../testing/world/batchSpecs.ts';
import { editAt } from '../../../../testing/world/corruptions.ts';
import { clearedBatch } from '../../../../testing/world/lawfulBatch.ts';
import { AMOUNT_MAX } from '../numbers/amount.ts';
import type { BatchTransition } from '../transition.ts';
import { totalFills } from './fillTotals.ts';
import { judgeBatch } from './judge.ts';
import { restateRules } from './ruleTable.ts';

const DAY = clearedBatch({ ...ordinaryDay(), signed: false });
/** The row that buys the basket. */
const BASKET_ROW = 3;

function filled(paid: readonly [number, bigint][], received: readonly [number, bigint][]) {
  const set = (column: BigUint64Array, cells: readonly [number, bigint][]): BigUint64Array =>
    cells.reduce((old, [row, units]) => editAt(old, row, () => units), column);
  const zeros = DAY.fills.paid.map(() => 0n);
  return { ...DAY, fills: { paid: set(zeros, paid), received: set(zeros, received) } };
}

function overflowRow(transition: BatchTransition): number | undefined {
  const { overflow } = totalFills(transition, restateRules(transition));
  if (overflow === undefined) return undefined;
  return overflow.locus.kind === 'order' ? overflow.locus.row : -1;
}

test('a sum is refused at the row that takes it beyond 63 bits', () => {
  assert.equal(overflowRow(DAY), undefined);
  assert.equal(overflowRow(filled([[0, AMOUNT_MAX]], [])), undefined);
  assert.equal(overflowRow(filled([[0, AMOUNT_MAX + 1n]], [])), 0);
  assert.equal(overflowRow(filled([[0, 2n ** 64n - 1n]], [])), 0);
  assert.equal(
    overflowRow(
      filled(
        [
          [0, AMOUNT_MAX - 1n],
          [4, 2n],
        ],
        [],
      ),
    ),
    4,
  );
  assert.equal(
    overflowRow(
      filled(
        [],
        [
          [0, AMOUNT_MAX],
          [5, 1n],
        ],
      ),
    ),
    5,
  );
  assert.equal(overflowRow(filled([], [[0, AMOUNT_MAX + 1n]])), 0);
  assert.equal(
    overflowRow(
      filled(
        [],
        [
          [2, AMOUNT_MAX],
          [0, AMOUNT_MAX],
        ],
      ),
    ),
    2,
  );
});

test('a basket counts with the units of each of its legs', () => {
  const legs = DAY.parameters.baskets.flatMap(({ units }) => units).filter((units) => units > 0n);
  const most = BigInt(Math.max(...legs.map(Number)));
  assert.equal(overflowRow(filled([], [[BASKET_ROW, AMOUNT_MAX / most]])), undefined);
  assert.equal(overflowRow(filled([], [[BASKET_ROW, AMOUNT_MAX / most + 1n]])), BASKET_ROW);
});

test('every law that adds fills up refuses such a sum', () => {
  const beyond = filled([[0, 2n ** 63n]], []);
  const refusing = judgeBatch(beyond, { authority: 'admitted' }).flatMap(({ id, verdict }) => {
    return verdict.kind === 'violated' && /63 bits/.test(verdict.rule) ? [id] : [];
  });
  assert.deepEqual(refusing, ['L2', 'L7', 'L8', 'L10']);
});
