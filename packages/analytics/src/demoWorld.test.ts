// Goal: the demo world is the published one, exact, and a venue accepts it. Method: recompute
// single figures by hand, compare signs of correlations with recorded rates, if at hand.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { at } from '@lawbook/exchange/failures/invariant';
import { isPositiveDefinite } from '@lawbook/exchange/markets/batch/measures';
import { checkOracle, checkParameters } from '@lawbook/exchange/markets/batch/registration';
import { formatDecimal } from '@lawbook/exchange/numbers/amount';
import {
  DEMO_ASSETS,
  DEMO_CORRELATIONS,
  demoAccounts,
  demoBalances,
  demoCovariance,
  demoMids,
  demoOracle,
  demoParameters,
  demoTargets,
  PRINTED_CORRELATIONS,
} from './demoWorld.ts';

const RATES = resolve(import.meta.dirname, '../../../../shared/data/fx-monthly-usd-per-unit.csv');

test('is accepted by the rules of a market, with either list of correlations', () => {
  assert.equal(checkParameters(demoParameters()).ok, true);
  const golden = { correlations: PRINTED_CORRELATIONS, gamma: '0.0000005', decimals: 6 };
  assert.equal(checkParameters(demoParameters(golden)).ok, true);
  assert.equal(checkOracle(demoParameters(), demoOracle(0)).ok, true);
});

test('states mids and inventories exactly', () => {
  assert.deepEqual(demoMids(), [
    1_000_000_000_000n,
    1_100_000_000_000n,
    6_667_000_000n,
    1_250_000_000_000n,
    1_075_000_000_000n,
    750_000_000_000n,
  ]);
  const targets = demoTargets().map((t, i) => formatDecimal(t, at(DEMO_ASSETS, i).decimals));
  assert.deepEqual(targets, [
    '100000000.000000',
    '90910000.000000',
    '15000000000.0000',
    '80000000.000000',
    '93020000.000000',
    '133330000.000000',
  ]);
});

test('bounds each currency at 20 % and the dollar reserve at a fifth', () => {
  for (const [i, asset] of demoParameters().assets.entries()) {
    const lower = i === 0 ? 20n : 80n;
    assert.equal(asset.inventoryMin * 100n, asset.target * lower);
    if (i > 0) assert.equal(asset.inventoryMax * 100n, asset.target * 120n);
  }
});

test('rounds each covariance once', () => {
  const covariance = demoCovariance();
  // 1.25e-7 * 0.006 * 0.006 * 2^80 and 1.25e-7 * 0.006 * 0.008 * 0.8 * 2^80, rounded by hand.
  const scale = 1n << 80n;
  const rounded = (digits: bigint, under: bigint): bigint =>
    (2n * digits * scale + under) / (2n * under);
  assert.equal(covariance[0], rounded(125n * 36n, 10n ** 15n));
  assert.equal(covariance[2], rounded(125n * 48n * 8n, 10n ** 16n));
  assert.equal(covariance[2], covariance[10]);
});

test('is positive definite and positively correlated in dollars per unit', () => {
  const covariance = demoCovariance();
  assert.equal(isPositiveDefinite(covariance), true);
  assert.ok(covariance.every((entry) => entry > 0n));
  const printed = demoCovariance({ correlations: PRINTED_CORRELATIONS });
  assert.equal(isPositiveDefinite(printed), true);
  assert.equal(printed.filter((entry) => entry < 0n).length, 10);
});

test('has the signs of correlation that recorded rates have', (t) => {
  if (!existsSync(RATES)) {
    t.skip('the recorded monthly rates are not at hand');
    return;
  }
  const [head, ...rows] = readFileSync(RATES, 'utf8').trim().split('\n');
  const columns = (head as string).split(',');
  const returnsOf = (symbol: string): number[] => {
    const column = columns.indexOf(symbol);
    const rates = rows.map((row) => Number(row.split(',')[column]));
    return rates.slice(1).map((rate, k) => Math.log(rate / at(rates, k)));
  };
  for (const [pair, stated] of Object.entries(DEMO_CORRELATIONS)) {
    const [a = '', b = ''] = pair.split('-');
    const measured = correlation(returnsOf(a), returnsOf(b));
    assert.equal(Math.sign(measured), Math.sign(Number(stated)), `${pair} ${measured}`);
  }
});

test('gives each demo account about $100,000 of each asset under a public key', () => {
  assert.deepEqual(
    demoAccounts().map(({ name, account }) => [name, account]),
    [
      ['alice', '0xb2755771d818621ed250c26f9377abc2d74fb68b'],
      ['bob', '0x43cc5f7b43631120a3453159ad662c67aab00030'],
      ['charlie', '0x16627cc47316f80db984c5411a003a9b35d2d0e2'],
    ],
  );
  for (const [i, units] of demoBalances().entries()) {
    const { decimals, mid } = at(DEMO_ASSETS, i);
    const usd = (Number(units) / 10 ** decimals) * Number(mid);
    assert.ok(Math.abs(usd - 100_000) < 0.01, `${i}: ${usd}`);
  }
});

function correlation(xs: readonly number[], ys: readonly number[]): number {
  const centred = (zs: readonly number[]): number[] => {
    const mean = zs.reduce((sum, z) => sum + z, 0) / zs.length;
    return zs.map((z) => z - mean);
  };
  const [a, b] = [centred(xs), centred(ys)];
  const dot = (p: readonly number[], q: readonly number[]): number =>
    p.reduce((sum, z, k) => sum + z * at(q, k), 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}
