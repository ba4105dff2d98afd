// Goal: L3 refuses stale, absurd and impossible prices.
// Method: the clock, the mids and the prices of a lawful day are moved just across each limit.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reassemble } from '../../../../testing/world/assembleBatch.ts';
import { ordinaryDay } from '../../../../testing/world/batchSpecs.ts';
import { refusals } from '../../../../testing/world/corruptions.ts';
import { CLOSED_AT_MS, clearedBatch } from '../../../../testing/world/lawfulBatch.ts';
import { at } from '../failures/invariant.ts';
import type { Price } from '../numbers/price.ts';
import { PRICE_MAX } from '../numbers/price.ts';
import type { BatchTransition } from '../transition.ts';
import { lawContext } from './law.ts';
import { pricesAreInDomain } from './pricesAreInDomain.ts';

const ADMITTED = { authority: 'admitted' } as const;
const DAY = clearedBatch({ ...ordinaryDay(), signed: false });

function observedAt(transition: BatchTransition, observedAtMs: number): BatchTransition {
  return reassemble(transition, { oracle: { ...transition.oracle, observedAtMs } });
}

test('accepts an oracle at its age limit and refuses one a millisecond older', () => {
  const limit = CLOSED_AT_MS - DAY.parameters.oracleAgeMsMax;
  assert.deepEqual(refusals(observedAt(DAY, limit), ADMITTED), []);
  assert.deepEqual(refusals(observedAt(DAY, limit - 1), ADMITTED), ['L3']);
});

test('refuses an oracle from after the close', () => {
  assert.deepEqual(refusals(observedAt(DAY, CLOSED_AT_MS + 1), ADMITTED), ['L3']);
});

test('refuses a price outside the halt band', () => {
  const parameters = { ...DAY.parameters, haltBandPpm: 1 };
  assert.deepEqual(refusals(reassemble(DAY, { parameters }), ADMITTED), ['L3']);
});

test('refuses a numeraire that does not cost one', () => {
  const prices = DAY.solution.prices.map((p, i) => (i === 0 ? ((p + 1n) as Price) : p));
  const moved = reassemble(DAY, { solution: { ...DAY.solution, prices } });
  assert.ok(refusals(moved, ADMITTED).includes('L3'));
});

test('refuses a price of zero', () => {
  const prices = DAY.solution.prices.map((p, i) => (i === 2 ? (0n as Price) : p));
  const free = { ...DAY, solution: { ...DAY.solution, prices } };
  assert.ok(refusals(free, ADMITTED).includes('L3'));
});

test('refuses a basket of nothing, whose unit would be free', () => {
  const baskets = DAY.parameters.baskets.map((basket) => {
    return { ...basket, units: basket.units.map(() => 0n) };
  });
  const free = { ...DAY, parameters: { ...DAY.parameters, baskets } };
  const verdict = pricesAreInDomain.check(free, lawContext(free, ADMITTED));
  assert.equal(verdict.kind, 'violated');
  const product = DAY.parameters.assets.length;
  assert.deepEqual(verdict.locus, { kind: 'batch', field: `unitPrices[${product}]` });
  assert.ok(refusals(free, ADMITTED).includes('L3'));
});

test('accepts a price at the very edge of the halt band and refuses one beyond it', () => {
  const mid = at(DAY.oracle.mids, 1);
  const ppm = 1_000n;
  const edge = mid + (mid * ppm) / 1_000_000n;
  const kindAt = (price: bigint): string => {
    const prices = DAY.oracle.mids.map((p, i) => (i === 1 ? (price as Price) : p));
    const parameters = { ...DAY.parameters, haltBandPpm: Number(ppm) };
    const moved = { ...DAY, parameters, solution: { ...DAY.solution, prices } };
    return pricesAreInDomain.check(moved, lawContext(moved, ADMITTED)).kind;
  };
  assert.deepEqual([edge, edge + 1n, 2n * mid - edge].map(kindAt), ['holds', 'violated', 'holds']);
});

test('refuses prices and mids of more than 63 bits, at the first asset that has one', () => {
  for (const [units, kind] of [
    [PRICE_MAX, 'holds'],
    [PRICE_MAX + 1n, 'violated'],
  ] as const) {
    const prices = DAY.oracle.mids.map((p, i) => (i === 2 ? (units as Price) : p));
    const oracle = { ...DAY.oracle, mids: prices };
    const far = { ...DAY, oracle, solution: { ...DAY.solution, prices } };
    const verdict = pricesAreInDomain.check(far, lawContext(far, ADMITTED));
    assert.equal(verdict.kind, kind);
    if (verdict.kind === 'violated') assert.deepEqual(verdict.locus, { kind: 'asset', asset: 2 });
  }
});

test('asks neither band nor age of a halted batch', () => {
  const halted = clearedBatch({ ...ordinaryDay(), signed: false, haltReason: 'stale oracle' });
  assert.deepEqual(refusals(observedAt(halted, 0), ADMITTED), []);
});
