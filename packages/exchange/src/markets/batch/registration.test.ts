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
import { COVARIANCE_MAX, checkBasketWorth, checkOracle, checkParameters } from './registration.ts';

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

const products = GOOD.assets.length + GOOD.baskets.length;
const bandOf = (pay: number, receive: number, bandPpm = 5): Partial<BatchParameters> => {
  return { pairBands: [{ pay, receive, bandPpm }] };
};

/** What is the least or the most that is accepted, and what lies just beyond it. */
const LIMITS: readonly (readonly [string, Partial<BatchParameters>, Partial<BatchParameters>])[] = [
  ['assets[1].decimals', assetsWith({ decimals: 9 }), assetsWith({ decimals: 10 })],
  ['assets[1].bandPpm', assetsWith({ bandPpm: 500_000 }), assetsWith({ bandPpm: 500_001 })],
  ['assets[1].bandPpm', assetsWith({ bandPpm: 1 }), assetsWith({ bandPpm: 0 })],
  [
    'baskets',
    { baskets: new Array<typeof BASKET>(64).fill(BASKET) },
    { baskets: new Array<typeof BASKET>(65).fill(BASKET) },
  ],
  ['baskets[0].symbol', basketWith({ symbol: 'B2' }), basketWith({ symbol: 'B' })],
  [
    'baskets[0].symbol',
    basketWith({ symbol: 'A23456789012' }),
    basketWith({ symbol: 'A234567890123' }),
  ],
  ['baskets[0].symbol', basketWith({ symbol: 'AB' }), basketWith({ symbol: 'AB\n' })],
  ['baskets[0].symbol', basketWith({ symbol: 'AB' }), basketWith({ symbol: '-AB' })],
  [
    'baskets[0].units',
    basketWith({ units: unitsOf(1n, 10n ** 12n) }),
    basketWith({ units: unitsOf(1n, 10n ** 12n + 1n) }),
  ],
  ['pairBands[0]', bandOf(GOOD.assets.length - 1, 0), bandOf(GOOD.assets.length, 0)],
  ['pairBands[0]', bandOf(0, products - 1), bandOf(0, products)],
  ['pairBands[0].bandPpm', bandOf(0, 1, 500_000), bandOf(0, 1, 500_001)],
  ['pairBands[0].bandPpm', bandOf(0, 1, 1), bandOf(0, 1, 0)],
  ['feeE7', { feeE7: 9_999_999 }, { feeE7: 10_000_000 }],
  ['feeE7', { feeE7: 0 }, { feeE7: -1 }],
  ['haltBandPpm', { haltBandPpm: 1 }, { haltBandPpm: 0 }],
  ['haltBandPpm', { haltBandPpm: 999_999 }, { haltBandPpm: 1_000_000 }],
  ['batchIntervalMs', { batchIntervalMs: 10 }, { batchIntervalMs: 9 }],
  ['batchIntervalMs', { batchIntervalMs: 86_400_000 }, { batchIntervalMs: 86_400_001 }],
  ['oracleAgeMsMax', { oracleAgeMsMax: 1 }, { oracleAgeMsMax: 0 }],
  ['oracleAgeMsMax', { oracleAgeMsMax: 0xffff_ffff }, { oracleAgeMsMax: 0x1_0000_0000 }],
  ['orderCountMax', { orderCountMax: 1 }, { orderCountMax: 0 }],
  ['orderCountMax', { orderCountMax: 4_000_000 }, { orderCountMax: 4_000_001 }],
];

for (const [field, within, beyond] of LIMITS) {
  test(`${field} is accepted at its limit and refused beyond: ${shown(beyond)}`, () => {
    assert.equal(verdictOn(within), 'accepted');
    assert.equal(verdictOn(beyond), `parametersInvalid ${field}`);
  });
}

function shown(changes: Partial<BatchParameters>): string {
  return JSON.stringify(changes, (_, x) => (typeof x === 'bigint' ? String(x) : x)).slice(-60);
}

/** Rules of so many assets without correlations: a diagonal of the given variance. */
function uncorrelated(count: number, variance: bigint): Partial<BatchParameters> {
  const assets = Array.from({ length: count }, (_, k) => ({ ...EUR, assetId: assetId(k) }));
  const scaledCovariance = Array.from({ length: (count - 1) ** 2 }, (_, place) => {
    return place % count === 0 ? variance : 0n;
  });
  return { assets, scaledCovariance, baskets: [], pairBands: [] };
}

test('two to sixty-four assets make a market, of a covariance up to 2^100', () => {
  assert.equal(verdictOn(uncorrelated(2, 1n)), 'accepted');
  assert.equal(verdictOn(uncorrelated(64, 1n)), 'accepted');
  assert.equal(verdictOn(uncorrelated(65, 1n)), 'parametersInvalid assets');
  assert.equal(verdictOn(uncorrelated(3, COVARIANCE_MAX)), 'accepted');
  assert.equal(
    verdictOn(uncorrelated(3, COVARIANCE_MAX + 1n)),
    'parametersInvalid scaledCovariance',
  );
  const apart = (covariance: bigint): Partial<BatchParameters> => {
    const scaledCovariance = [COVARIANCE_MAX, covariance, covariance, COVARIANCE_MAX];
    return { ...uncorrelated(3, 1n), scaledCovariance };
  };
  // No correlation of minus one or less; and none that is too large for its field.
  assert.equal(verdictOn(apart(1n - COVARIANCE_MAX)), 'accepted');
  assert.equal(verdictOn(apart(-COVARIANCE_MAX)), 'covarianceNotPositiveDefinite scaledCovariance');
  assert.equal(verdictOn(apart(-COVARIANCE_MAX - 1n)), 'parametersInvalid scaledCovariance');
});

test('bands of a pair and of its reverse are two', () => {
  const pairBands = [
    { pay: 0, receive: 1, bandPpm: 5 },
    { pay: 1, receive: 0, bandPpm: 5 },
    { pay: 1, receive: 2, bandPpm: 5 },
  ];
  assert.equal(verdictOn({ pairBands }), 'accepted');
});

test('a refusal says what is allowed and what was found', () => {
  const told = (changes: Partial<BatchParameters>): unknown[] => {
    const result = checkParameters({ ...GOOD, ...changes });
    return result.ok ? [] : [result.rejection.limit, result.rejection.actual];
  };
  assert.deepEqual(told({ feeE7: -1 }), ['0..9999999', '-1']);
  assert.deepEqual(told({ haltBandPpm: 1_000_000 }), ['1..999999', '1000000']);
  const size = (GOOD.assets.length - 1) ** 2;
  assert.deepEqual(told({ scaledCovariance: [1n] }), [`${size} entries`, '1']);
  assert.deepEqual(told({ assets: [USD] }), ['2..64 assets', '1']);
});

test('one unit of a basket is worth no more than the venue allows', () => {
  // Two dollars and three euros at 1.10, in whole units of six decimals: 5.3 dollars.
  const million = 1_000_000n;
  const rules = { ...GOOD, ...basketWith({ units: unitsOf(2n * million, 3n * million) }) };
  const decimals = rules.assets.map((asset) => ({ ...asset, decimals: 6 }));
  const mids = GOOD.assets.map((_, i) => price(i === 1 ? 1_100_000_000_000n : 1_000_000_000_000n));
  const worth = (units: bigint[], worthMax: bigint): string => {
    const result = checkBasketWorth(
      {
        ...rules,
        assets: decimals,
        baskets: [
          { ...BASKET, units: unitsOf(1n, 1n) },
          { ...BASKET, units },
        ],
      },
      mids,
      worthMax,
    );
    if (result.ok) return 'accepted';
    return `${result.rejection.field} ${result.rejection.actual}`;
  };
  assert.equal(worth(unitsOf(2n * million, 3n * million), 6n), 'accepted');
  assert.equal(worth(unitsOf(2n * million, 3n * million), 5n), 'baskets[1].units 6');
  assert.equal(worth(unitsOf(4n * million, 10n * million), 15n), 'accepted', 'exactly 15');
  assert.equal(worth(unitsOf(4n * million, 10n * million), 14n), 'baskets[1].units 15');
});
