// Goal: products, their prices on one scale and their bands are what the rules of a market say.
// Method: three assets of different decimals and two baskets, worked out by hand.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { demoProblem } from '../../../../../testing/world/batchMarkets.ts';
import { at } from '../../failures/invariant.ts';
import type { BatchParameters } from './parameters.ts';
import {
  decimalsMax,
  orderBandPpm,
  productCount,
  productUnits,
  unitWeights,
} from './parameters.ts';
import { productLegs, unitPrice, unitPrices } from './unitPrices.ts';

const ONE = 1_000_000_000_000n;

/** Three assets of six, four and nine decimals, and a basket of the last two. */
function mixedMarket(): BatchParameters {
  const base = demoProblem().parameters;
  const decimals = [6, 4, 9];
  const bands = [100, 300, 200];
  return {
    ...base,
    assets: decimals.map((digits, i) => ({
      ...at(base.assets, i),
      decimals: digits,
      bandPpm: at(bands, i),
    })),
    baskets: [
      { symbol: 'BOTH', units: [0n, 2n, 5n] },
      { symbol: 'FIRST', units: [1n, 0n, 1n] },
    ],
    pairBands: [
      { pay: 0, receive: 3, bandPpm: 50 },
      { pay: 0, receive: 1, bandPpm: 900 },
    ],
  };
}

test('products are the assets and then the baskets, each with its legs', () => {
  const market = mixedMarket();
  assert.equal(productCount(market), 5);
  assert.deepEqual(productUnits(market, 1), [0n, 1n, 0n]);
  assert.deepEqual(productUnits(market, 3), [0n, 2n, 5n]);
  assert.deepEqual(productLegs(market, 2), [{ asset: 2, units: 1n }]);
  assert.deepEqual(productLegs(market, 4), [
    { asset: 0, units: 1n },
    { asset: 2, units: 1n },
  ]);
});

test('prices of units stand on the scale of the finest asset', () => {
  const market = mixedMarket();
  assert.equal(decimalsMax(market), 9);
  assert.deepEqual(unitWeights(market), [1000n, 100_000n, 1n]);
  const prices = [ONE, 2n * ONE, 3n * ONE];
  // The basket: 2 units of 2 dollars at 100,000 and 5 of 3 dollars at 1.
  const wanted = [1000n, 200_000n, 3n, 400_015n, 1003n].map((price) => price * ONE);
  assert.deepEqual(unitPrices(market, prices), wanted);
  wanted.forEach((price, product) => {
    assert.equal(unitPrice(market, prices, product), price);
  });
});

test('a band is the widest of the assets involved, unless the pair has its own', () => {
  const market = mixedMarket();
  const bands = (pay: number): number[] => {
    return [0, 1, 2, 3, 4].map((receive) => orderBandPpm(market, pay, receive));
  };
  assert.deepEqual(bands(0), [100, 900, 200, 50, 200]);
  assert.deepEqual(bands(1), [300, 300, 300, 300, 300]);
  assert.deepEqual(bands(2), [200, 300, 200, 300, 200]);
});
