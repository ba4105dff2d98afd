// Goal: the golden vectors of the specification's section 10, which an independent prototype wrote.
// Method: prices within the quote tolerance (they agree to the last digit), fills exactly.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OrderSketch } from '../../../../../testing/world/batchMarkets.ts';
import { demoProblem } from '../../../../../testing/world/batchMarkets.ts';
import { clearLawfully } from '../../../../../testing/world/clearedMarkets.ts';
import { quoteResidualE12 } from './quoteTest.ts';

const USD = 0;
const EUR = 1;
const GBP = 3;

const MILLION = 1_000_000_000_000n;

test('one order: a million dollars for euros', () => {
  const problem = demoProblem();
  const { solution, fills, change } = clearLawfully(problem, [
    { pay: USD, receive: EUR, budget: MILLION },
  ]);
  assert.deepEqual(solution.prices.map(String), [
    '1000000000000',
    '1100019793704',
    '6666972008',
    '1250023992368',
    '1074988716089',
    '750006747854',
  ]);
  assert.deepEqual([...fills.paid], [MILLION]);
  assert.deepEqual([...fills.received], [908_801_828_586n]);
  assert.deepEqual(change.trade, [MILLION, -908_801_828_586n, 0n, 0n, 0n, 0n]);
  const identity = change.trade.reduce((sum, z, i) => sum + z * (solution.prices[i] as bigint), 0n);
  assert.equal(identity / 10n ** 12n, 300_000_001n);
  assert.ok(quoteResidualE12({ ...problem, ...change }, solution.prices) < 1000n);
});

test('netting: euros for dollars take the other side', () => {
  const { solution, fills, change } = clearLawfully(demoProblem(), [
    { pay: USD, receive: EUR, budget: MILLION },
    { pay: EUR, receive: USD, budget: 900_000_000_000n },
  ]);
  assert.equal(solution.prices[EUR], 1_100_000_192_057n);
  assert.deepEqual([...fills.received], [908_818_023_141n, 989_703_172_799n]);
  assert.deepEqual(change.trade.slice(0, 2), [10_296_827_201n, -8_818_023_141n]);
});

test('a chain with limits and a minimum fill', () => {
  const orders: OrderSketch[] = [
    {
      pay: USD,
      receive: EUR,
      budget: 2n * MILLION,
      limitNumerator: 100_000_000n,
      limitDenominator: 110_022_000n,
    },
    { pay: EUR, receive: GBP, budget: MILLION, minFillPpm: 500_000 },
    {
      pay: GBP,
      receive: USD,
      budget: 500_000_000_000n,
      limitNumerator: 1_250_125n,
      limitDenominator: 1_000_000n,
    },
  ];
  const { solution, fills } = clearLawfully(demoProblem({ feeE7: 0 }), orders);
  assert.deepEqual(solution.prices.map(String), [
    '1000000000000',
    '1100041050170',
    '6666944000',
    '1250065597542',
    '1074975652308',
    '750018449309',
  ]);
  assert.deepEqual([...fills.received], [1_818_113_969_193n, 879_986_660_166n, 0n]);
  assert.deepEqual([...fills.paid], [2n * MILLION, MILLION, 0n]);
});
