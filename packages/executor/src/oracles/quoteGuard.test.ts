// Goal: no mid is traded on that is stale, doubtful or absent, and each refusal says which.
// Method: readings fed by hand; time is an argument.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refuse } from '@lawbook/exchange/failures/rejection';
import { price } from '@lawbook/exchange/numbers/price';
import { QuoteGuard } from './quoteGuard.ts';
import type { Reading } from './reader.ts';

const LIMITS = { ageMsMax: 1000, jumpPpmMax: 10_000, jumpConfirmations: 3 };

/** A reading of mids in millionths of a dollar. */
function reading(micros: Readonly<Record<string, number>>, observedAtMs: number): Reading {
  const mids = Object.entries(micros).map(
    ([symbol, mid]) => [symbol, { mid: price(BigInt(mid) * 1_000_000n), observedAtMs }] as const,
  );
  return { mids: new Map(mids), refusals: [], sources: [] };
}

const codes = (guard: QuoteGuard, nowMs: number): string[] =>
  guard.refusals(nowMs).map(({ code, field }) => `${code} ${field}`);

test('before its first reading a guard refuses every symbol', () => {
  const guard = new QuoteGuard(['EUR', 'JPY'], LIMITS);
  assert.deepEqual(codes(guard, 0), ['oracleUnavailable EUR', 'oracleUnavailable JPY']);
  guard.observe(reading({ EUR: 1_100_000 }, 0));
  assert.deepEqual(codes(guard, 0), ['oracleUnavailable JPY']);
  assert.equal(guard.observedAtMs(), undefined);
});

test('a mid is stale from exactly the configured age on', () => {
  const guard = new QuoteGuard(['EUR'], LIMITS);
  guard.observe(reading({ EUR: 1_100_000 }, 500));
  assert.deepEqual(codes(guard, 1499), []);
  const [stale] = guard.refusals(1500);
  assert.equal(stale?.code, 'oracleStale');
  assert.equal(stale?.limit, '1000');
  assert.equal(stale?.actual, '1000');
});

test('the oldest mid decides the age of the quote', () => {
  const guard = new QuoteGuard(['EUR', 'JPY'], LIMITS);
  guard.observe(reading({ EUR: 1_100_000, JPY: 6_667 }, 0));
  guard.observe(reading({ EUR: 1_100_000 }, 900));
  assert.equal(guard.observedAtMs(), 0);
  assert.deepEqual(codes(guard, 1000), ['oracleStale JPY']);
});

test('a clock that is set back makes no mid fresh for ever', () => {
  const guard = new QuoteGuard(['EUR'], LIMITS);
  guard.observe(reading({ EUR: 1_100_000 }, 10_000));
  assert.deepEqual(codes(guard, 5000), ['oracleStale EUR']);
  guard.observe(reading({ EUR: 1_100_000 }, 5000));
  assert.deepEqual(codes(guard, 5000), []);
});

test('a move of exactly the limit passes, one step more is quarantined', () => {
  const guard = new QuoteGuard(['EUR'], LIMITS);
  guard.observe(reading({ EUR: 1_000_000 }, 0));
  guard.observe(reading({ EUR: 1_010_000 }, 1));
  assert.deepEqual(codes(guard, 1), []);
  guard.observe(reading({ EUR: 1_020_101 }, 2));
  const [outlier] = guard.refusals(2);
  assert.equal(outlier?.code, 'oracleOutlier');
  assert.equal(outlier?.limit, '10000');
  assert.equal(outlier?.actual, '10000');
  assert.equal(guard.mids().get('EUR'), price(1_010_000n * 1_000_000n));
});

test('a jump is accepted once as many observations in a row support it', () => {
  const guard = new QuoteGuard(['EUR'], LIMITS);
  guard.observe(reading({ EUR: 1_000_000 }, 0));
  for (const [atMs, mid] of [
    [1, 1_200_000],
    [2, 1_201_000],
  ] as const) {
    guard.observe(reading({ EUR: mid }, atMs));
    assert.deepEqual(codes(guard, atMs), ['oracleOutlier EUR']);
  }
  guard.observe(reading({ EUR: 1_202_000 }, 3));
  assert.deepEqual(codes(guard, 3), []);
  assert.equal(guard.mids().get('EUR'), price(1_202_000n * 1_000_000n));
});

test('a lone outlier is forgotten when the mid returns', () => {
  const guard = new QuoteGuard(['EUR'], LIMITS);
  guard.observe(reading({ EUR: 1_000_000 }, 0));
  guard.observe(reading({ EUR: 2_000_000 }, 1));
  guard.observe(reading({ EUR: 1_001_000 }, 2));
  assert.deepEqual(codes(guard, 2), []);
  guard.observe(reading({ EUR: 2_000_000 }, 3));
  guard.observe(reading({ EUR: 2_000_000 }, 4));
  assert.deepEqual(codes(guard, 4), ['oracleOutlier EUR']);
});

test('jumps in different directions do not confirm one another', () => {
  const guard = new QuoteGuard(['EUR'], LIMITS);
  guard.observe(reading({ EUR: 1_000_000 }, 0));
  for (const [index, mid] of [2_000_000, 500_000, 2_000_000, 500_000].entries()) {
    guard.observe(reading({ EUR: mid }, index + 1));
    assert.deepEqual(codes(guard, index + 1), ['oracleOutlier EUR']);
  }
});

test('one observation told twice confirms nothing', () => {
  const guard = new QuoteGuard(['EUR'], LIMITS);
  guard.observe(reading({ EUR: 1_000_000 }, 0));
  for (let repeat = 0; repeat < 5; repeat += 1) guard.observe(reading({ EUR: 2_000_000 }, 1));
  assert.deepEqual(codes(guard, 1), ['oracleOutlier EUR']);
});

test('refusals of the reading come first where their number is lower, and go with the next', () => {
  const guard = new QuoteGuard(['EUR'], LIMITS);
  const { rejection } = refuse('oracleContradictory', { field: 'EUR' });
  guard.observe({ mids: new Map(), refusals: [rejection], sources: [] });
  assert.deepEqual(codes(guard, 0), ['oracleContradictory EUR', 'oracleUnavailable EUR']);
  guard.observe(reading({ EUR: 1_000_000, SEK: 1 }, 0));
  assert.deepEqual(codes(guard, 0), []);
  assert.deepEqual([...guard.mids().keys()], ['EUR']);
});
