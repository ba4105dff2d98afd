// Goal: a block is certified exactly where its page says so. Method: rows of random clearings get
// a minimum fill, a limit close to the prices that their own size would leave, and bounds close to
// what the pool may still take; the law's certificate is compared with one written in fractions.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { naiveCertificate, poolAfter } from '../../../../testing/reference/naiveCertificate.ts';
import { batchSpecs } from '../../../../testing/world/batchSpecs.ts';
import { editTable } from '../../../../testing/world/corruptions.ts';
import type { BatchSpec } from '../../../../testing/world/lawfulBatch.ts';
import { clearedBatch, refilled } from '../../../../testing/world/lawfulBatch.ts';
import { FEE_SCALE, RATION_SCALE } from '../markets/batch/parameters.ts';
import { amount } from '../numbers/amount.ts';
import type { BatchTransition } from '../transition.ts';
import { isCertified } from './blockCertificate.ts';
import { lawContext } from './law.ts';

/** Where a row is put: all in parts per million of what decides. */
interface Case {
  readonly row: number;
  readonly minFillPpm: number;
  /** How far the limit lies below the moved rate; the ramp is ten parts per million long. */
  readonly aheadPpb: number;
  /** Room at each bound, of the row's budget. */
  readonly roomPpm: number;
  readonly factorPpm: number;
}

const cases: fc.Arbitrary<Case> = fc.record({
  row: fc.nat(7),
  minFillPpm: fc.integer({ min: 1, max: 1_000_000 }),
  aheadPpb: fc.integer({ min: -500, max: 12_000 }),
  roomPpm: fc.integer({ min: 0, max: 2_500_000 }),
  factorPpm: fc.constantFrom(0, 300_000, 900_000, 1_000_000, 1_000_000),
});

/** The batch with the row at its own edge of being filled. */
function cornered(transition: BatchTransition, chosen: Case): BatchTransition {
  const { row, minFillPpm, aheadPpb, roomPpm, factorPpm } = chosen;
  const asked = editTable(transition.orders, (copy) => {
    copy.minFillPpm[row] = minFillPpm;
  });
  const { pay, product } = naiveCertificate({ ...transition, orders: asked }, row).moved;
  const billion = 1_000_000_000n;
  const net = FEE_SCALE - BigInt(transition.parameters.feeE7);
  const numerator = (pay * net * 10n ** 12n * (billion - BigInt(aheadPpb))) / billion;
  const limit = product > 0n && pay > 0n ? numerator / (product * FEE_SCALE) : 0n;
  const orders = editTable(asked, (copy) => {
    copy.limitNumerator[row] = limit;
    copy.limitDenominator[row] = 10n ** 12n;
  });
  return bounded({ ...transition, orders }, row, { roomPpm, factorPpm });
}

function bounded(
  transition: BatchTransition,
  row: number,
  { roomPpm, factorPpm }: Pick<Case, 'roomPpm' | 'factorPpm'>,
): BatchTransition {
  const { parameters, orders, solution } = transition;
  const { budget } = orders.order(row);
  const room = (budget * BigInt(roomPpm)) / 1_000_000n;
  const assets = parameters.assets.map((asset, i) => {
    const units = poolAfter(transition, i);
    return {
      ...asset,
      inventoryMin: amount(units > room ? units - room : 0n),
      inventoryMax: amount(units + room),
    };
  });
  const factor = (RATION_SCALE * BigInt(factorPpm)) / 1_000_000n;
  const { pay } = orders.order(row);
  const payFactors = solution.payFactors.map((one, i) => (i === pay ? factor : one));
  const receiveFactors = solution.receiveFactors.map((one, i) => (i === 0 ? factor : one));
  const factors = { ...solution, payFactors, receiveFactors };
  return { ...transition, parameters: { ...parameters, assets }, solution: factors };
}

/** Fills at the mids: the certificate asks nothing of how prices came to be. */
function filledAtMids(spec: BatchSpec): BatchTransition {
  return refilled(clearedBatch({ ...spec, haltReason: 'at the mids', signed: false }), {});
}

test('certifies a block exactly where its page does', () => {
  const seen = { certified: 0, refused: 0, rationed: 0, bounded: 0 };
  fc.assert(
    fc.property(batchSpecs, fc.array(cases, { minLength: 4, maxLength: 8 }), (spec, chosen) => {
      fc.pre(spec.orders.length > 0);
      const transition = filledAtMids(spec);
      for (const one of chosen) {
        const row: number = one.row % transition.orders.count;
        const edge = cornered(transition, { ...one, row });
        const { rules, totals } = lawContext(edge, { authority: 'admitted' });
        assert.equal(rules.flaw, undefined);
        const naive = naiveCertificate(edge, row);
        const judged = isCertified({ transition: edge, rules, totals: totals() }, row);
        assert.equal(judged, naive.isCertified);
        seen[naive.isCertified ? 'certified' : 'refused'] += 1;
        if (naive.share[0] < naive.share[1]) seen.rationed += 1;
        if (naive.passesBound) seen.bounded += 1;
      }
    }),
    { numRuns: 100 },
  );
  const rare = Object.entries(seen).filter(([, count]) => count < 20);
  assert.deepEqual(rare, [], 'every way to decide is met');
});
