// Goal: the measures that L0 asks for are those that the market reports, whatever the fills, prices
// and bounds. Method: random orders filled at random prices near the mids, with inventory bounds at
// and around the positions that the pool is left with; the report is the market's own, the
// measures of the laws share no code with it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { poolAfter } from '../../../../testing/reference/naiveCertificate.ts';
import { reassemble } from '../../../../testing/world/assembleBatch.ts';
import { batchSpecs, ordinaryDay } from '../../../../testing/world/batchSpecs.ts';
import { clearedBatch, refilled } from '../../../../testing/world/lawfulBatch.ts';
import { at } from '../failures/invariant.ts';
import { TIGHT_TOLERANCE } from '../markets/batch/parameters.ts';
import { amount } from '../numbers/amount.ts';
import type { Price } from '../numbers/price.ts';
import type { BatchTransition } from '../transition.ts';
import { restateMeasures } from './batchMeasures.ts';
import { lawContext } from './law.ts';
import { tightBounds } from './tightBounds.ts';

/** How far a bound lies outside the position, beyond what still counts as tight. */
const BEYOND = [-5n, 0n, 1n, 10n ** 12n];
const WIDTH = 10n ** 13n;
const SLACK = WIDTH / TIGHT_TOLERANCE + 1n;

interface Place {
  readonly ppm: number;
  readonly bound: 'lower' | 'upper';
  readonly beyond: bigint;
}

const places: fc.Arbitrary<readonly Place[]> = fc.array(
  fc.record({
    ppm: fc.integer({ min: -2_000, max: 2_000 }),
    bound: fc.constantFrom('lower', 'upper'),
    beyond: fc.constantFrom(...BEYOND),
  }),
  { minLength: 4, maxLength: 4 },
);

function priced(transition: BatchTransition, chosen: readonly Place[]): BatchTransition {
  const prices = transition.oracle.mids.map((mid, i) => {
    const moved = i === 0 ? 0n : (mid * BigInt(at(chosen, i).ppm)) / 1_000_000n;
    return (mid + moved) as Price;
  });
  return refilled(transition, { prices });
}

/** The batch with one bound of each asset at its place, the other far away. */
function bounded(transition: BatchTransition, chosen: readonly Place[]): BatchTransition {
  const { parameters } = transition;
  const assets = parameters.assets.map((asset, i) => {
    const { bound, beyond } = at(chosen, i);
    const units = poolAfter(transition, i);
    const lower = bound === 'lower' ? units - SLACK - beyond : units + SLACK + beyond - WIDTH;
    const inventoryMin = amount(lower < 0n ? 0n : lower);
    return { ...asset, inventoryMin, inventoryMax: amount(inventoryMin + WIDTH) };
  });
  return reassemble(transition, { parameters: { ...parameters, assets } });
}

test('restates every measure of the report', () => {
  fc.assert(
    fc.property(batchSpecs, places, (spec, chosen) => {
      const atMids = clearedBatch({ ...spec, haltReason: 'at the mids', signed: false });
      const transition = bounded(priced(atMids, chosen), chosen);
      const { rules, totals } = lawContext(transition, { authority: 'admitted' });
      assert.equal(rules.flaw, undefined);
      const restated = restateMeasures(transition, rules, totals());
      assert.deepEqual(restated, transition.report.measures);
    }),
    { numRuns: 150 },
  );
});

test('a bound is tight up to a millionth of the width and a unit, and no further', () => {
  const day = clearedBatch({ ...ordinaryDay(), haltReason: 'no trade', signed: false });
  for (const [beyond, isTight] of [
    [-1n, true],
    [0n, true],
    [1n, false],
  ] as const) {
    for (const bound of ['lower', 'upper'] as const) {
      const chosen = day.parameters.assets.map(() => ({ ppm: 0, bound, beyond }));
      const facts = tightBounds(bounded(day, chosen));
      assert.deepEqual(
        facts[bound],
        chosen.map(() => isTight),
        `${bound} ${beyond}`,
      );
    }
  }
});
