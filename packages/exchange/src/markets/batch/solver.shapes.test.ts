// Goal: the solver finishes on every shape of market: it clears lawfully.
// Method: 200 generated markets of all shapes and small sizes with fixed seeds; baskets and the
// positions that they leave among them. The benchmark runs the same shapes in full size.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  generateBasketWorld,
  generateMarket,
  SHAPES,
} from '../../../../../testing/world/batchMarkets.ts';
import { clearLawfully } from '../../../../../testing/world/clearedMarkets.ts';

const SIZES = [
  { assets: 2, orders: 3 },
  { assets: 3, orders: 12 },
  { assets: 6, orders: 60 },
  { assets: 12, orders: 200 },
] as const;

for (const shape of SHAPES) {
  test(`${shape} markets clear lawfully`, () => {
    for (let seed = 1; seed <= 15; seed += 1) {
      const size = SIZES[seed % SIZES.length] ?? SIZES[0];
      const { problem, orders } = generateMarket({ shape, ...size, seed });
      clearLawfully(problem, orders);
    }
  });
}

test('a market of 64 assets clears', () => {
  const { problem, orders } = generateMarket({
    shape: 'uniform',
    assets: 64,
    orders: 600,
    seed: 1,
  });
  clearLawfully(problem, orders);
});

test('a market without orders keeps the pool’s own quotes', () => {
  const { problem } = generateMarket({ shape: 'displaced', assets: 5, orders: 0, seed: 4 });
  const { change } = clearLawfully(problem, []);
  assert.ok(change.trade.every((z) => z === 0n));
});

test('a basket order fills all legs in its composition at one price vector', () => {
  const { problem, orders } = generateBasketWorld();
  const { fills, change } = clearLawfully(problem, orders);
  const units = problem.parameters.baskets[0]?.units ?? [];
  const received = fills.received[0] as bigint;
  assert.ok(received > 0n);
  change.received.forEach((leg, i) => {
    assert.equal(leg, received * (units[i] as bigint));
  });
});
