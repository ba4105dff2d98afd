// Goal: L8 holds exactly where its page says so. Method: random fills leave the pool somewhere,
// bounds stand at and around its positions, and prices are put at the naive quotes moved by parts
// of the tolerance and by a common factor; the law is compared with its sentence in fractions.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { poolAfter } from '../../../../testing/reference/naiveCertificate.ts';
import { naiveQuote } from '../../../../testing/reference/naiveClearing.ts';
import { batchSpecs } from '../../../../testing/world/batchSpecs.ts';
import type { BatchSpec } from '../../../../testing/world/lawfulBatch.ts';
import { clearedBatch, naiveBatch, refilled } from '../../../../testing/world/lawfulBatch.ts';
import { at } from '../failures/invariant.ts';
import { RATION_SCALE } from '../markets/batch/parameters.ts';
import { amount } from '../numbers/amount.ts';
import type { Price } from '../numbers/price.ts';
import type { BatchTransition } from '../transition.ts';
import { lawContext } from './law.ts';
import { poolQuoteIsOptimal } from './poolQuoteIsOptimal.ts';

interface Place {
  /** Parts per billion of the mid by which the price misses the quote; a thousand are allowed. */
  readonly missPpb: number;
  readonly tight: 'lower' | 'upper' | 'none';
  readonly factor: bigint;
}

const place: fc.Arbitrary<Place> = fc.record({
  missPpb: fc.constantFrom(-1_500, -1_001, -999, 0, 0, 0, 999, 1_001, 1_500, 4_000),
  tight: fc.constantFrom('none', 'none', 'lower', 'upper'),
  factor: fc.constantFrom(
    ...Array(24).fill(RATION_SCALE),
    RATION_SCALE / 2n,
    1n,
    0n,
    RATION_SCALE + 1n,
  ),
});

interface Choice {
  readonly places: readonly Place[];
  /** Parts per million of the target by which the pool stands off it. */
  readonly offset: readonly number[];
  readonly commonPpm: number;
}

const choices: fc.Arbitrary<Choice> = fc.record({
  places: fc.array(place, { minLength: 4, maxLength: 4 }),
  offset: fc.array(fc.integer({ min: -20_000, max: 20_000 }), { minLength: 4, maxLength: 4 }),
  commonPpm: fc.constantFrom(0, 0, 0, 700, -700),
});

interface Quoted {
  readonly transition: BatchTransition;
  /** Q and N of the page. */
  readonly quotes: readonly bigint[];
  readonly scale: bigint;
}

function quoted(spec: BatchSpec, { places, offset, commonPpm }: Choice): Quoted {
  const inventory = spec.parameters.assets.map(({ target }, i) => {
    return target + (target * BigInt(at(offset, i))) / 1_000_000n;
  });
  const named = { ...spec, inventory, haltReason: 'at the mids', signed: false };
  const filled = refilled(clearedBatch(named), {});
  const trade = filled.report.poolTrade;
  const found = filled.solution.prices.map((_, i) => naiveQuote(naiveBatch(named), trade, i));
  const prices = filled.oracle.mids.map((mid, i) => {
    if (i === 0) return mid;
    const { quote, scale } = at(found, i);
    const miss = (mid * BigInt(at(places, i).missPpb)) / 1_000_000_000n;
    return (((quote / scale + miss) * BigInt(1_000_000 + commonPpm)) / 1_000_000n) as Price;
  });
  const factors = filled.oracle.mids.map((_, i) => at(places, i).factor);
  const solution = { ...filled.solution, prices, receiveFactors: factors };
  const assets = spec.parameters.assets.map((asset, i) => {
    const units = poolAfter(filled, i);
    const { tight } = at(places, i);
    const inventoryMin = amount(tight === 'lower' ? units : 0n);
    const inventoryMax = amount(tight === 'upper' ? units : 10n ** 17n);
    return { ...asset, inventoryMin, inventoryMax };
  });
  const report = { ...filled.report, outcome: { kind: 'cleared' as const } };
  const parameters = { ...spec.parameters, assets };
  return {
    transition: { ...filled, solution, report, parameters },
    quotes: found.map(({ quote }) => quote),
    scale: at(found, 0).scale,
  };
}

type Ratio = readonly [numerator: bigint, denominator: bigint];

function isLess(a: Ratio, b: Ratio): boolean {
  return a[0] * b[1] < b[0] * a[1];
}

/** The page's sentence: one sigma > 0 brings every price into the tolerance of its quote. */
function isOptimal({ transition, quotes, scale }: Quoted, { places }: Choice): boolean {
  const { parameters, solution, oracle } = transition;
  const isPriced = parameters.scarcity === 'scarcityPricing';
  const lows: Ratio[] = [];
  const highs: Ratio[] = [];
  for (const [i, price] of solution.prices.entries()) {
    const { tight, factor } = at(places, i);
    const isRationed = factor !== RATION_SCALE;
    const mayRation = !isPriced && tight === 'lower' && factor >= 1n && factor <= RATION_SCALE;
    if (isRationed && !mayRation) return false;
    const allowance = i === 0 ? 0n : at(oracle.mids, i) * scale;
    const under = price * scale * 1_000_000n;
    const quote = at(quotes, i) * 1_000_000n;
    if (!(isPriced && tight === 'upper')) lows.push([quote - allowance, under]);
    if (!(isPriced && tight === 'lower')) highs.push([quote + allowance, under]);
  }
  return highs.every((high) => high[0] > 0n && lows.every((low) => !isLess(high, low)));
}

test('holds exactly where one factor brings every free price to its quote', () => {
  const seen = { holds: 0, violated: 0 };
  fc.assert(
    fc.property(batchSpecs, choices, (spec, choice) => {
      const one = quoted(spec, choice);
      const context = lawContext(one.transition, { authority: 'admitted' });
      assert.equal(context.rules.flaw, undefined);
      const verdict = poolQuoteIsOptimal.check(one.transition, context);
      assert.equal(verdict.kind, isOptimal(one, choice) ? 'holds' : 'violated');
      if (verdict.kind === 'violated') assert.equal(verdict.locus.kind, 'asset');
      seen[verdict.kind] += 1;
    }),
    { numRuns: 250 },
  );
  assert.ok(seen.holds > 30 && seen.violated > 30, JSON.stringify(seen));
});
