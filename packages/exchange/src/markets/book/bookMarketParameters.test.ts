// Goal: the rules of a market are taken up to the very bounds that their fields have, cite the
// field beyond them, and are bound by their hash field by field.
// Method: one sound set of rules; each number at its bounds, one beyond, and changed alone.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ByteReader, DecodeError } from '../../codec/byteReader.ts';
import { assetId } from '../../ledger/asset.ts';
import type { Amount } from '../../numbers/amount.ts';
import { amount } from '../../numbers/amount.ts';
import type { BookMarketParameters } from './bookMarketParameters.ts';
import {
  BOOK_PARAMETERS_BYTES,
  bookParameterHash,
  decodeBookParameters,
  encodeBookParameters,
  refuseBookParameters,
} from './bookMarketParameters.ts';

const RULES: BookMarketParameters = {
  marketId: 7,
  base: assetId(3),
  quote: assetId(1),
  lotSize: amount(1_000n),
  tickSize: amount(10n),
  notionalMin: amount(100n),
  priceTicksMax: 1_000_000,
  sizeLotsMax: 2_000_000,
  ordersMax: 500,
  accountsMax: 50,
  makerFeePpm: -100,
  takerFeePpm: 500,
  breakerBandPpm: 50_000,
  breakerWindowMs: 60_000,
};

/** Numbers with the least and the most that they may be; a rebate is within the taker's fee. */
const BOUNDS: readonly (readonly [keyof BookMarketParameters, number, number])[] = [
  ['marketId', 1, 4_294_967_295],
  ['priceTicksMax', 1, 1_073_741_823],
  ['sizeLotsMax', 1, 2_147_483_647],
  ['ordersMax', 1, 1_048_576],
  ['accountsMax', 1, 1_048_576],
  ['makerFeePpm', -100_000, 100_000],
  ['takerFeePpm', 0, 100_000],
  ['breakerBandPpm', 0, 1_000_000],
  ['breakerWindowMs', 0, 4_294_967_295],
];

function cited(changes: Partial<BookMarketParameters>): readonly unknown[] | undefined {
  const refused = refuseBookParameters({ ...RULES, ...changes });
  if (refused === undefined) return undefined;
  const { code, field, limit, actual } = refused.rejection;
  return [code, field, limit, actual];
}

for (const [field, low, high] of BOUNDS) {
  test(`${field} is a whole number of ${low} to ${high}`, () => {
    // Fees that leave room for the one under test.
    const room = field === 'makerFeePpm' ? { takerFeePpm: 100_000 } : { makerFeePpm: 0 as number };
    for (const number of [low, high]) {
      assert.equal(cited({ ...room, [field]: number }), undefined, String(number));
    }
    for (const number of [low - 1, high + 1, low + 0.5, Number.NaN]) {
      const limit = `${low}..${high}`;
      const wanted = ['parametersInvalid', `parameters.${field}`, limit, String(number)];
      assert.deepEqual(cited({ ...room, [field]: number }), wanted);
    }
  });
}

for (const field of ['lotSize', 'tickSize', 'notionalMin'] as const) {
  test(`${field} is 1 to 2^40 ledger units`, () => {
    const most = 1n << 40n;
    for (const units of [1n, most]) assert.equal(cited({ [field]: amount(units) }), undefined);
    for (const units of [0n, most + 1n]) {
      const wanted = ['parametersInvalid', `parameters.${field}`, `1..${most}`, String(units)];
      assert.deepEqual(cited({ [field]: units as Amount }), wanted);
    }
  });
}

test('a rebate is at most the fee of the same trade', () => {
  assert.equal(cited({ makerFeePpm: -500 }), undefined);
  const wanted = ['parametersInvalid', 'parameters.makerFeePpm', '-500', '-501'];
  assert.deepEqual(cited({ makerFeePpm: -501 }), wanted);
});

test('an asset is not traded for itself', () => {
  assert.deepEqual(cited({ base: assetId(1) }), ['sameAsset', 'parameters.quote', undefined, '1']);
});

test('rules are 64 bytes, come back the same, and each of them changes their hash', () => {
  const bytes = encodeBookParameters(RULES);
  assert.equal(bytes.length, BOOK_PARAMETERS_BYTES);
  const reader = new ByteReader(bytes);
  assert.deepEqual(decodeBookParameters(reader), RULES);
  assert.equal(reader.remaining, 0);
  const hashes = [bookParameterHash(RULES)];
  for (const [field, rule] of Object.entries(RULES)) {
    const other = typeof rule === 'bigint' ? rule + 1n : rule + 1;
    const changed = { ...RULES, [field]: other } as BookMarketParameters;
    assert.deepEqual(decodeBookParameters(new ByteReader(encodeBookParameters(changed))), changed);
    hashes.push(bookParameterHash(changed));
  }
  assert.equal(new Set(hashes).size, hashes.length);
  for (let length = 0; length < bytes.length; length += 1) {
    const cut = (): unknown => decodeBookParameters(new ByteReader(bytes.subarray(0, length)));
    assert.throws(cut, DecodeError);
  }
});
