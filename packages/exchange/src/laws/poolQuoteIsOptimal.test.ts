// Goal: L8 refuses a price that is not the pool's own quote, and rationing without need.
// Method: prices and factors of lawful days are moved and the fills worked out again by the rules,
// so that nothing but the choice of the prices is wrong.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reassemble } from '../../../../testing/world/assembleBatch.ts';
import { ordinaryDay, scarceDay } from '../../../../testing/world/batchSpecs.ts';
import { refusals } from '../../../../testing/world/corruptions.ts';
import type { BatchSpec } from '../../../../testing/world/lawfulBatch.ts';
import {
  clearedBatch,
  refilled,
  worldMids,
  worldParameters,
} from '../../../../testing/world/lawfulBatch.ts';
import { at } from '../failures/invariant.ts';
import { RATION_SCALE } from '../markets/batch/parameters.ts';
import { amount } from '../numbers/amount.ts';
import type { Price } from '../numbers/price.ts';
import type { BatchTransition } from '../transition.ts';

const ADMITTED = { authority: 'admitted' } as const;
const DAY = clearedBatch({ ...ordinaryDay(), signed: false });

/** The day with one price moved by parts per billion of its mid, refilled. */
function moved(transition: BatchTransition, asset: number, ppb: bigint): BatchTransition {
  const prices = transition.solution.prices.map((p, i) => {
    const shift = (at(transition.oracle.mids, i) * ppb) / 1_000_000_000n;
    return (i === asset ? p + shift : p) as Price;
  });
  return refilled(transition, { prices });
}

function factored(
  transition: BatchTransition,
  side: 'payFactors' | 'receiveFactors',
  factor: bigint,
): BatchTransition {
  const factors = transition.solution[side].map((old, i) => (i === 1 ? factor : old));
  return refilled(transition, { [side]: factors });
}

test('accepts a price within the tolerance and refuses one beyond it', () => {
  assert.deepEqual(refusals(moved(DAY, 1, 500n), ADMITTED), []);
  assert.deepEqual(refusals(moved(DAY, 1, -500n), ADMITTED), []);
  assert.deepEqual(refusals(moved(DAY, 1, 1_500n), ADMITTED), ['L8']);
  assert.deepEqual(refusals(moved(DAY, 1, -1_500n), ADMITTED), ['L8']);
});

test('refuses prices at the mid after a trade that moves the quote', () => {
  assert.deepEqual(refusals(refilled(DAY, { prices: DAY.oracle.mids }), ADMITTED), ['L8']);
});

test('refuses rationing where no bound is tight', () => {
  assert.deepEqual(refusals(factored(DAY, 'receiveFactors', RATION_SCALE - 1n), ADMITTED), ['L8']);
  assert.deepEqual(refusals(factored(DAY, 'payFactors', RATION_SCALE - 1n), ADMITTED), ['L8']);
});

test('refuses a factor above one and a factor of zero', () => {
  for (const factor of [RATION_SCALE + 1n, 0n]) {
    const solution = { ...DAY.solution, receiveFactors: [RATION_SCALE, factor, RATION_SCALE] };
    assert.ok(refusals(reassemble(DAY, { solution }), ADMITTED).includes('L8'));
  }
});

test('refuses to ration more than the tight bound asks for', () => {
  const day = clearedBatch({ ...scarceDay('proRata'), signed: false });
  const factor = at(day.solution.receiveFactors, 1);
  assert.ok(factor < RATION_SCALE);
  assert.deepEqual(refusals(day, ADMITTED), []);
  assert.deepEqual(refusals(factored(day, 'receiveFactors', (factor * 9n) / 10n), ADMITTED), [
    'L8',
  ]);
});

test('refuses a premium under pro-rata rationing even at a tight bound', () => {
  const day = clearedBatch({ ...scarceDay('proRata'), signed: false });
  assert.deepEqual(refusals(moved(day, 1, 50_000n), ADMITTED), ['L8']);
});

test('accepts a premium at a tight lower bound with scarcity pricing, nowhere else', () => {
  const day = clearedBatch({ ...scarceDay('scarcityPricing'), signed: false });
  const quoted = clearedBatch({ ...scarceDay('proRata'), signed: false });
  assert.ok(at(day.solution.prices, 1) > at(quoted.solution.prices, 1));
  assert.deepEqual(refusals(day, ADMITTED), []);
  assert.deepEqual(refusals(moved(day, 2, 1_500n), ADMITTED), ['L8']);
  assert.deepEqual(refusals(moved(day, 1, 9_000n), ADMITTED), ['L8']);
});

test('refuses factors with scarcity pricing', () => {
  const day = clearedBatch({ ...scarceDay('scarcityPricing'), signed: false });
  const ones = day.solution.receiveFactors.map(() => RATION_SCALE - 1n);
  const solution = { ...day.solution, receiveFactors: ones };
  assert.ok(refusals(reassemble(day, { solution }), ADMITTED).includes('L8'));
});

/** No orders; the pool's dollars stand at a bound or between. */
function reserveDay(dollars: bigint, bounds: readonly [bigint, bigint]): BatchSpec {
  const parameters = worldParameters(3, { scarcity: 'scarcityPricing' });
  const [inventoryMin, inventoryMax] = bounds.map((units) => amount(units)) as [never, never];
  const assets = parameters.assets.map((asset, i) =>
    i === 0 ? { ...asset, inventoryMin, inventoryMax } : asset,
  );
  const inventory = assets.map(({ target }, i) => (i === 0 ? dollars : target));
  return {
    parameters: { ...parameters, assets },
    mids: worldMids(3),
    orders: [],
    inventory,
    signed: false,
  };
}

/** All prices besides the numeraire's scaled by the same factor. */
function scaledBy(transition: BatchTransition, ppm: bigint): BatchTransition {
  const prices = transition.solution.prices.map(
    (p, i) => (i === 0 ? p : (p * ppm) / 1_000_000n) as Price,
  );
  return refilled(transition, { prices });
}

test('lets one common factor lower all prices only while the reserve is tight', () => {
  const empty = clearedBatch(reserveDay(1_000n, [1_000n, 10n ** 16n]));
  assert.deepEqual(refusals(empty, ADMITTED), []);
  assert.deepEqual(refusals(scaledBy(empty, 999_000n), ADMITTED), []);
  assert.deepEqual(refusals(scaledBy(empty, 1_001_000n), ADMITTED), ['L8']);
  assert.deepEqual(refusals(moved(scaledBy(empty, 999_000n), 1, 5_000n), ADMITTED), ['L8']);
  const full = clearedBatch(reserveDay(10n ** 15n, [1_000n, 10n ** 15n]));
  assert.deepEqual(refusals(scaledBy(full, 1_001_000n), ADMITTED), []);
  assert.deepEqual(refusals(scaledBy(full, 999_000n), ADMITTED), ['L8']);
  const loose = clearedBatch(reserveDay(10n ** 14n, [1_000n, 10n ** 16n]));
  assert.deepEqual(refusals(scaledBy(loose, 999_000n), ADMITTED), ['L8']);
});

test('asks nothing of a halted batch', () => {
  const halted = clearedBatch({ ...ordinaryDay(), signed: false, haltReason: 'operator' });
  const solution = { ...halted.solution, prices: DAY.solution.prices };
  assert.deepEqual(refusals(reassemble(halted, { solution }), ADMITTED), []);
});
