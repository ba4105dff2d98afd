// Goal: quantiles and means of costs are what their names say. Method: hand-made lists.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { quantile, spreadOf } from './spread.ts';

test('counts orders for quantiles and weighs notional for the mean', () => {
  const costs = [
    { bps: 4, usd: 100 },
    { bps: 1, usd: 300 },
    { bps: 2, usd: 0 },
    { bps: 3, usd: 100 },
  ];
  assert.deepEqual(spreadOf(costs), { p50: 2, p90: 4, p99: 4, mean: (4 * 100 + 300 + 300) / 500 });
});

test('has no spread of nothing', () => {
  assert.equal(spreadOf([]), undefined);
});

test('takes the nearest rank', () => {
  const hundred = Array.from({ length: 100 }, (_, k) => k + 1);
  assert.equal(quantile(hundred, 50), 50);
  assert.equal(quantile(hundred, 90), 90);
  assert.equal(quantile(hundred, 99), 99);
  assert.equal(quantile([5], 1), 5);
});
