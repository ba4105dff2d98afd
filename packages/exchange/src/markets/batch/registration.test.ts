// Goal: rules that no batch could clear under are refused before a market lives by them, each with
// the field at fault. Method: the rules of the demo market, one thing changed at a time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fundedBench } from '../../../../../testing/exchange/exchangeBench.ts';
import { at } from '../../failures/invariant.ts';
import { assetId } from '../../ledger/asset.ts';
import { AMOUNT_MAX, amount } from '../../numbers/amount.ts';
import { price } from '../../numbers/price.ts';
import type { BatchParameters } from './parameters.ts';
import { COVARIANCE_MAX, checkOracle, checkParameters } from './registration.ts';

const MARKET = fundedBench().bench.market();
const GOOD = MARKET.parameters;
const BASKET = at(GOOD.baskets, 0);
const USD = at(GOOD.assets, 0);
const EUR = at(GOOD.assets, 1);

/** The field that is refused, or 'accepted'. */
function verdictOn(changes: Partial<BatchParameters>): string {
  const result = checkParameters({ ...GOOD, ...changes });
  return result.ok ? 'accepted' : `${result.rejection.code} ${result.rejection.field}`;
}

function assetsWith(change: Partial<typeof EUR>): Pick<BatchParameters, 'assets'> {
  return { assets: GOOD.assets.map((asset, i) => (i === 1 ? { ...asset, ...change } : asset)) };
}

function basketWith(change: Partial<typeof BASKET>): Pick<BatchParameters, 'baskets'> {
  return { baskets: [{ ...BASKET, ...change }] };
}

const unitsOf = (first: bigint, second: bigint): bigint[] =>
  GOOD.assets.map((_, i) => (i === 0 ? first : i === 1 ? second : 0n));

test('the rules of the demo market are accepted, and so are those at every bound', () => {
  assert.equal(verdictOn({}), 'accepted');
  assert.equal(verdictOn(assetsWith({ bandPpm: 1 })), 'accepted');
  assert.equal(verdictOn(assetsWith({ inventoryMin: EUR.inventoryMax })), 'accepted');
  assert.equal(verdictOn({ budgetMax: amount(AMOUNT_MAX) }), 'accepted');
  assert.equal(verdictOn({ budgetMax: amount(1n) }), 'accepted');
  assert.equal(verdictOn({ baskets: [] }), 'accepted');
  assert.equal(verdictOn(basketWith({ units: unitsOf(1n, 1n) })), 'accepted');
});

const REFUSED: readonly (readonly [string, Partial<BatchParameters>, string])[] = [
  ['one asset alone', { assets: [USD] }, 'assets'],
  ['an asset twice', { assets: GOOD.assets.map(() => USD) }, 'assets'],
  ['a first asset that is not the numeraire', { assets: [EUR, USD] }, 'assets[0]'],
  ['more decimals than nine', assetsWith({ decimals: 10 }), 'assets[1].decimals'],
  [
    'bounds of inventory in the wrong order',
    assetsWith({ inventoryMin: amount(EUR.inventoryMax + 1n) }),
    'assets[1].inventoryMin',
  ],
  ['no band at all', assetsWith({ bandPpm: 0 }), 'assets[1].bandPpm'],
  ['a band beyond a million', assetsWith({ bandPpm: 1_000_001 }), 'assets[1].bandPpm'],
  ['a basket in small letters', basketWith({ symbol: 'basket' }), 'baskets[0].symbol'],
  ['a basket of one letter', basketWith({ symbol: 'B' }), 'baskets[0].symbol'],
  ['a basket of fewer entries than assets', basketWith({ units: [1n, 1n] }), 'baskets[0].units'],
  ['a basket of one asset', basketWith({ units: unitsOf(1n, 0n) }), 'baskets[0].units'],
  [
    'a basket with a negative part',
    basketWith({ units: GOOD.assets.map((_, i) => (i === 2 ? -1n : 1n)) }),
    'baskets[0].units',
  ],
  ['a pair with no band', { pairBands: [{ pay: 0, receive: 1, bandPpm: 0 }] }, 'pairBands[0].ban'],
  ['a fee of everything', { feeE7: 10_000_000 }, 'feeE7'],
  ['a fee below nothing', { feeE7: -1 }, 'feeE7'],
  ['a fee of half a unit', { feeE7: 0.5 }, 'feeE7'],
  ['no band to halt at', { haltBandPpm: 0 }, 'haltBandPpm'],
  ['a batch of nine milliseconds', { batchIntervalMs: 9 }, 'batchIntervalMs'],
  ['a mid that may be of no age', { oracleAgeMsMax: 0 }, 'oracleAgeMsMax'],
  ['a batch of no orders', { orderCountMax: 0 }, 'orderCountMax'],
  [
    'a band of a pair beyond the products',
    { pairBands: [{ pay: 0, receive: 99, bandPpm: 5 }] },
    'pairBands[0]',
  ],
  [
    'a band of one pair twice',
    { pairBands: [1, 2].map((bandPpm) => ({ pay: 0, receive: 1, bandPpm })) },
    'pairBands[1]',
  ],
  ['a covariance cut short', { scaledCovariance: [1n] }, 'scaledCovariance'],
  [
    'a covariance of an entry too large',
    { scaledCovariance: GOOD.scaledCovariance.map(() => COVARIANCE_MAX + 1n) },
    'scaledCovariance',
  ],
  [
    'a covariance of an entry too small',
    { scaledCovariance: GOOD.scaledCovariance.map(() => -COVARIANCE_MAX - 1n) },
    'scaledCovariance',
  ],
  ['a budget of nothing', { budgetMax: amount(0n) }, 'budgetMax'],
  [
    'a reveal window of a blink',
    { admission: 'commitReveal', revealWindowMs: 9 },
    'revealWindowMs',
  ],
  [
    'a reveal window of more than a day',
    { admission: 'commitReveal', revealWindowMs: 86_400_001 },
    'revealWindowMs',
  ],
];

for (const [what, changes, field] of REFUSED) {
  test(`${what} is refused at ${field}`, () => {
    const told = verdictOn(changes);
    assert.ok(told.startsWith(`parametersInvalid ${field}`), told);
  });
}

test('a covariance that no returns have is refused by its own code', () => {
  const flat = GOOD.scaledCovariance.map(() => 1n);
  assert.equal(
    verdictOn({ scaledCovariance: flat }),
    'covarianceNotPositiveDefinite scaledCovariance',
  );
});

test('a reveal window matters only where orders are hidden', () => {
  assert.equal(verdictOn({ admission: 'open', revealWindowMs: 0 }), 'accepted');
  assert.equal(verdictOn({ admission: 'commitReveal', revealWindowMs: 10 }), 'accepted');
  assert.equal(verdictOn({ admission: 'commitReveal', revealWindowMs: 86_400_000 }), 'accepted');
});

test('an oracle fits a market with one mid per asset and a numeraire worth one', () => {
  const good = MARKET.reference;
  const verdict = (mids: typeof good.mids): string | undefined => {
    const result = checkOracle(GOOD, { ...good, mids });
    return result.ok ? undefined : result.rejection.field;
  };
  assert.equal(verdict(good.mids), undefined);
  assert.equal(verdict(good.mids.slice(1)), 'oracle.mids');
  assert.equal(verdict([price(1n), ...good.mids.slice(1)]), 'oracle.mids[0]');
});

test('no market has more assets than a venue', () => {
  const assets = Array.from({ length: 65 }, (_, k) => ({ ...EUR, assetId: assetId(k) }));
  assert.equal(verdictOn({ assets }), 'parametersInvalid assets');
});
