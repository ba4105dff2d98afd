// Goal: a figure on the status screen is what the venue counted between two readings. Method: two
// texts in the format of Prometheus, and one of a venue that was started again between.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { meanBetween, rateBetween, readMetrics, sumOf } from './readMetrics.ts';

const text = (orders: number, sum: number, count: number): string => `
# HELP orders_total Orders.
orders_total{market="1"} ${orders}
orders_total{market="101"} 5
step_seconds_bucket{step="solve",le="0.1"} 1
step_seconds_sum{step="solve"} ${sum}
step_seconds_count{step="solve"} ${count}
step_seconds_count{step="judge"} 99
orders_totally_else 1000
`;
const before = readMetrics(text(10, 1, 4), 1000);
const after = readMetrics(text(30, 3, 8), 6000);

test('sums every sample of a name, and none of a longer one', () => {
  assert.equal(sumOf(after, { name: 'orders_total' }), 35);
  assert.equal(sumOf(after, { name: 'orders_total', labels: ['market="101"'] }), 5);
  assert.equal(sumOf(after, { name: 'orders' }), undefined);
});

test('a rate is per second, and never negative after a restart', () => {
  assert.equal(rateBetween(before, after, { name: 'orders_total' }), 4);
  assert.equal(rateBetween(after, { ...before, atMs: 9000 }, { name: 'orders_total' }), 0);
  assert.equal(rateBetween(before, after, { name: 'absent' }), undefined);
});

test('a mean is of what was counted between, and of nothing there is none', () => {
  const step = { name: 'step_seconds', labels: ['step="solve"'] };
  assert.equal(meanBetween(before, after, step), 0.5);
  assert.equal(meanBetween(after, after, step), undefined);
});
