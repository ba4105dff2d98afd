// Goal: sizes are chosen, and what no circuit proves is named beforehand and for the right reason.
// Method: gate counts are held to limits; unprovable batches are made one reason at a time; the
// rounded certificate is compared with the law's own and with the circuit on generated blocks.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isCertified } from '@lawbook/exchange/laws/blockCertificate';
import { totalFills } from '@lawbook/exchange/laws/fillTotals';
import { restateRules } from '@lawbook/exchange/laws/ruleTable';
import type { BatchParameters } from '@lawbook/exchange/markets/batch/parameters';
import { amount } from '@lawbook/exchange/numbers/amount';
import type { BatchTransition } from '@lawbook/exchange/transition';
import fc from 'fast-check';
import {
  acceptsBatches,
  provable,
  provableBatch,
  SMALLEST,
} from '../../../../testing/proofs/epochClaims.ts';
import { reassemble } from '../../../../testing/world/assembleBatch.ts';
import {
  hiddenDay,
  limitNearMid,
  ordinaryDay,
  scarceDay,
} from '../../../../testing/world/batchSpecs.ts';
import { editTable, refusals } from '../../../../testing/world/corruptions.ts';
import { lawfulBatch, refilled } from '../../../../testing/world/lawfulBatch.ts';
import { circuitOf } from './circuit.ts';
import { EPOCH_SHAPES, smallestCircuit, unprovable } from './epochCircuit.ts';
import { isCertifiedRounded } from './roundedCertificate.ts';

/** Gates may fall; whoever lets one rise says so here. */
const GATES_MAX = { batchEpoch16: 31_454, batchEpoch64: 52_367, batchEpoch256: 130_287 } as const;

test('gates stay below what they were, and below the powers of two that proving pays for', () => {
  for (const { name } of EPOCH_SHAPES) {
    const { gates, gatesDyadic } = circuitOf(name);
    assert.ok(gates <= GATES_MAX[name], `${name}: ${gates}`);
    assert.ok(gatesDyadic < 2 * GATES_MAX[name], `${name}: ${gatesDyadic}`);
  }
  const [small, large] = [circuitOf('batchEpoch16').gates, circuitOf('batchEpoch64').gates];
  assert.ok((large - small) / 48 <= 1_000, 'an order takes at most 1,000 gates');
});

test('the smallest size with room is chosen', () => {
  const named = (orders: number, more = {}): string | undefined =>
    smallestCircuit({ batches: 1, orders, vaults: 3, ...more })?.name;
  assert.equal(named(0), 'batchEpoch16');
  assert.equal(named(17), 'batchEpoch64');
  assert.equal(named(1, { vaults: 19 }), 'batchEpoch64');
  assert.equal(named(1, { blocked: 3 }), 'batchEpoch64');
  assert.equal(named(256), 'batchEpoch256');
  assert.equal(named(257), undefined);
  assert.equal(named(1, { batches: 9 }), undefined);
});

test('what no circuit proves is named with its reason', () => {
  const day = provableBatch();
  const under = (change: Partial<BatchParameters>): BatchTransition => ({
    ...day,
    parameters: { ...day.parameters, ...change },
  });
  const silent = provableBatch({ ...hiddenDay(), silent: [1] });
  const dear = day.solution.prices.map((price, i) => (i === 2 ? (1n << 63n) - 1n : price));
  const reasons: readonly [readonly BatchTransition[], RegExp][] = [
    [[], /has a batch/],
    [[under({ scarcity: 'scarcityPricing' })], /pro rata/],
    [[day, under({ feeE7: 1 })], /one set of parameters/],
    [new Array<BatchTransition>(9).fill(day), /room for 8 batches/],
    [[day, day, day], /room for 16 orders/],
    [[under({ feeE7: 10_000_000 })], /fee/],
    [[under({ pairBands: [{ pay: 0, receive: 1, bandPpm: 1_000_001 }] })], /band/],
    [[under({ scaledCovariance: [1n << 63n, 0n, 0n, 0n] })], /63 bits/],
    [[silent], /bond/],
    [[{ ...day, solution: { ...day.solution, prices: dear as never } }], /64 bits/],
    [[refilled(day, { blocked: [0, 1, 2] })], /room for 2 blocked/],
    [[refilled(day, { blocked: [3] })], /rounding/],
  ];
  for (const [batches, reason] of reasons) {
    assert.match(unprovable(batches, SMALLEST) ?? 'provable', reason);
  }
  const free = provableBatch({ ...hiddenDay(), silent: [] });
  const bonded = under({ bond: amount(5n) });
  for (const batches of [[day], [free], [bonded], [day, day]]) {
    assert.equal(unprovable(batches, SMALLEST), undefined);
  }
});

/** An order that is blocked, beside others that clear without it, perhaps at a tight bound. */
const blocks = fc
  .record({
    usd: fc.integer({ min: 100, max: 12_000_000 }),
    shift: fc.option(fc.integer({ min: -1500, max: -50 }), { nil: undefined }),
    minFillPpm: fc.constantFrom(1, 1_000, 300_000, 900_000, 1_000_000),
    isScarce: fc.boolean(),
    receive: fc.constantFrom(1, 2),
  })
  .map(({ usd, shift, minFillPpm, isScarce, receive }): BatchTransition | undefined => {
    const spec = isScarce ? scarceDay('proRata') : { ...ordinaryDay(), orders: [] };
    const pair = { pay: 0, receive };
    const limit = shift === undefined ? {} : { limit: limitNearMid(spec.parameters, pair, shift) };
    const budget = BigInt(usd) * 1_000_000n;
    const ending = 'canceled' as const;
    const order = { trader: 9, ...pair, budget, minFillPpm, ending, ...limit };
    const cleared = lawfulBatch(provable({ ...spec, orders: [order, ...spec.orders] }));
    if (cleared === undefined) return undefined;
    const orders = editTable(cleared.orders, (copy) => {
      copy.canceled[0] = 0;
    });
    const solution = { ...cleared.solution, blocked: [0] };
    return reassemble(cleared, { orders, solution, cancellations: [] });
  });

/** Whether the law, the rounded certificate and the rules let the first row be blocked. */
function opinions(transition: BatchTransition): {
  readonly law: boolean;
  readonly rounded: boolean;
} {
  const broken = refusals(transition, { authority: 'admitted' });
  assert.deepEqual(
    broken.filter((law) => ['L3', 'L4', 'L5', 'L7', 'L8', 'L9', 'L10'].includes(law)),
    [],
  );
  const rounded = isCertifiedRounded(transition, restateRules(transition), 0);
  return { law: !broken.includes('L6'), rounded };
}

test('the rounded certificate accepts nothing more than the law, and hardly less', () => {
  const counts = { law: 0, rounded: 0, refused: 0 };
  fc.assert(
    fc.property(blocks, (transition) => {
      fc.pre(transition !== undefined);
      const { orders } = transition;
      const rules = restateRules(transition);
      const rounded = isCertifiedRounded(transition, rules, 0);
      const law = isCertified({ transition, rules, totals: totalFills(transition, rules) }, 0);
      assert.equal(orders.canceled[0], 0);
      assert.ok(law || !rounded, 'what rounds to a certificate is one');
      counts.law += law ? 1 : 0;
      counts.rounded += rounded ? 1 : 0;
      counts.refused += law ? 0 : 1;
    }),
    { numRuns: 60 },
  );
  const isTelling = counts.law > 3 && counts.refused > 3;
  assert.ok(isTelling && counts.rounded >= counts.law - 1, JSON.stringify(counts));
});

/** A seed whose blocks are of both kinds, so that neither answer goes untried. */
const BOTH_KINDS = 1;

test('the circuit blocks what the law and the rounded certificate let be blocked', async () => {
  const said = { yes: 0, no: 0 };
  const agreement = fc.asyncProperty(blocks, async (transition) => {
    fc.pre(transition !== undefined);
    const { law, rounded } = opinions(transition);
    const isAccepted = await acceptsBatches([transition]);
    assert.equal(isAccepted, law && rounded);
    said[isAccepted ? 'yes' : 'no'] += 1;
  });
  await fc.assert(agreement, { numRuns: 10, seed: BOTH_KINDS });
  assert.ok(said.yes > 0 && said.no > 0, JSON.stringify(said));
  await fc.assert(agreement, { numRuns: Number(process.env['LAWBOOK_RUNS'] ?? 15) });
});
