// Goal: a mid is taken only where sources agree. Method: a table of what sources say and what
// follows, then properties over any quotes.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { price } from '@lawbook/exchange/numbers/price';
import fc from 'fast-check';
import { agree } from './agreement.ts';
import type { ObservedMid } from './reader.ts';

const LIMITS = { ageMsMax: 1000, deviationPpmMax: 2000, nowMs: 10_000 };

const quote = (mid: number, ageMs = 0): ObservedMid => ({
  mid: price(BigInt(mid)),
  observedAtMs: LIMITS.nowMs - ageMs,
});

/** The agreed mid, or the code of the refusal. */
function outcome(...quotes: ObservedMid[]): number | string {
  const agreement = agree('EUR', quotes, LIMITS);
  return agreement.ok ? Number(agreement.agreed.mid) : agreement.rejection.code;
}

test('of two sources that agree the lower is taken', () => {
  assert.equal(outcome(quote(1_001_000), quote(1_000_000)), 1_000_000);
  assert.equal(outcome(quote(1_000_000), quote(1_002_000)), 1_000_000);
});

test('of several sources that agree the lower median is taken', () => {
  assert.equal(outcome(quote(1_000_000), quote(1_000_900), quote(1_000_500)), 1_000_500);
  const four = [quote(1_000_000), quote(1_000_300), quote(1_000_600), quote(1_000_900)];
  assert.equal(outcome(...four), 1_000_300);
});

test('two sources that disagree contradict each other', () => {
  assert.equal(outcome(quote(1_000_000), quote(1_002_001)), 'oracleContradictory');
});

test('one source out of line is outvoted', () => {
  assert.equal(outcome(quote(1_000_000), quote(1_000_100), quote(5_000_000)), 1_000_000);
  assert.equal(outcome(quote(1), quote(1_000_000), quote(1_000_100)), 1_000_000);
});

test('two camps of equal size contradict each other', () => {
  const camps = [quote(1_000_000), quote(1_000_000), quote(2_000_000), quote(2_000_000)];
  assert.equal(outcome(...camps), 'oracleContradictory');
});

test('fewer than two sources, or fewer than two fresh ones, are not enough', () => {
  assert.equal(outcome(), 'oracleUnavailable');
  assert.equal(outcome(quote(1_000_000)), 'oracleUnavailable');
  assert.equal(outcome(quote(1_000_000), quote(1_000_000, 1000)), 'oracleStale');
  assert.equal(outcome(quote(1_000_000), quote(1_000_000, 999)), 1_000_000);
});

test('the agreed mid is as old as the oldest source behind it', () => {
  const agreement = agree('EUR', [quote(1_000_000, 10), quote(1_000_000, 700)], LIMITS);
  assert.ok(agreement.ok);
  assert.equal(agreement.agreed.observedAtMs, LIMITS.nowMs - 700);
});

test('a contradiction names the limit and how far each source lies from the centre', () => {
  const agreement = agree('EUR', [quote(1_000_000), quote(1_010_000)], LIMITS);
  assert.ok(!agreement.ok);
  const { field, limit, actual } = agreement.rejection;
  assert.deepEqual({ field, limit, actual }, { field: 'EUR', limit: '2000', actual: '0, 10000' });
});

const quotes = fc.array(
  fc.record({ mid: fc.integer({ min: 990_000, max: 1_010_000 }), ageMs: fc.nat(1500) }),
  { maxLength: 7 },
);

test('the order of sources does not matter, and the mid is one that a fresh source quoted', () => {
  fc.assert(
    fc.property(quotes, (list) => {
      const observed = list.map(({ mid, ageMs }) => quote(mid, ageMs));
      const there = outcome(...observed);
      assert.equal(there, outcome(...observed.toReversed()));
      if (typeof there === 'string') return;
      const near = list.filter(({ mid }) => Math.abs(mid - there) * 1e6 <= 2 * 2000 * mid);
      assert.ok(list.some(({ mid, ageMs }) => mid === there && ageMs < 1000));
      assert.ok(near.length >= 2);
    }),
  );
});
