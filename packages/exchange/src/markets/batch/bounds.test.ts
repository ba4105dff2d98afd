// Goal: the search sees the bounds of the integers: where they are, and how wide tightness is.
// Method: one asset whose figures can be worked out on paper, and one without any room.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { demoProblem, tableOf } from '../../../../../testing/world/batchMarkets.ts';
import { amount } from '../../numbers/amount.ts';
import type { AssetBounds } from './bounds.ts';
import { searchBounds } from './bounds.ts';
import { MarketModel } from './marketModel.ts';
import { PairBooks } from './pairBooks.ts';

/** Bounds of the Australian dollar, worth 0.75, with an inventory and bounds in ledger units. */
function boundsOf(inventory: bigint, least: bigint, most: bigint): AssetBounds | undefined {
  const base = demoProblem();
  const assets = base.parameters.assets.map((asset, i) => {
    return i === 5 ? { ...asset, inventoryMin: amount(least), inventoryMax: amount(most) } : asset;
  });
  const problem = {
    ...base,
    parameters: { ...base.parameters, assets },
    inventory: base.inventory.map((units, i) => (i === 5 ? inventory : units)),
  };
  const table = tableOf([]);
  return searchBounds(problem, new MarketModel(problem, PairBooks.of(table, 6), table))[5];
}

function areClose(found: AssetBounds | undefined, wanted: AssetBounds): void {
  for (const name of Object.keys(wanted) as (keyof AssetBounds)[]) {
    const gap = Math.abs((found?.[name] ?? Number.NaN) - wanted[name]);
    assert.ok(gap <= 1e-12 + 1e-12 * Math.abs(wanted[name]), `${name}: ${found?.[name]}`);
  }
}

test('bounds are dollars from the inventory, and the search aims into the tight band', () => {
  // Between 1 and 9 million units of 0.75e-6 dollars, at 4: 3 below and 5 above. Tight is within
  // 8e6 / 1e6 + 1 = 9 units; the search aims at half of them and stops within a quarter.
  areClose(boundsOf(4_000_000n, 1_000_000n, 9_000_000n), {
    low: -2.25,
    high: 3.75,
    zone: 9 * 0.75e-6,
    lowTarget: -2.25 + 4.5 * 0.75e-6,
    highTarget: 3.75 - 4.5 * 0.75e-6,
    slack: 2.25 * 0.75e-6,
    unit: 0.75e-6,
  });
});

test('a tight band is no wider than the room between bounds', () => {
  areClose(boundsOf(7n, 7n, 7n), {
    low: 0,
    high: 0,
    zone: 0,
    lowTarget: 0,
    highTarget: 0,
    slack: 0.25 * 0.75e-6,
    unit: 0.75e-6,
  });
});
