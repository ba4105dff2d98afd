// Goal: prices and sizes of the dialect are read exactly or refused, and what this venue writes it
// reads back.
// Method: random markets, coarse and fine; every tick and lot is written and read; decimals that
// fall between two are told by a comparison in whole numbers.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ExchangeState } from '@lawbook/exchange/application/exchangeState';
import { assetId } from '@lawbook/exchange/ledger/asset';
import type { BookMarketParameters } from '@lawbook/exchange/markets/book/bookMarketParameters';
import { amount } from '@lawbook/exchange/numbers/amount';
import fc from 'fast-check';
import { plainDecimal, SpotUnits } from './spotUnits.ts';

interface Shape {
  readonly base: number;
  readonly quote: number;
  readonly lotSize: bigint;
  readonly tickSize: bigint;
}

function unitsOf({ base, quote, lotSize, tickSize }: Shape): SpotUnits {
  const assets = [{ decimals: base }, { decimals: quote }];
  const parameters = { base: assetId(0), quote: assetId(1) };
  const sizes = { lotSize: amount(lotSize), tickSize: amount(tickSize) };
  return new SpotUnits(
    { assets } as unknown as ExchangeState,
    { ...parameters, ...sizes } as BookMarketParameters,
  );
}

const decimals = fc.integer({ min: 0, max: 9 });
const powerOfTen = fc.integer({ min: 0, max: 9 }).map((k) => 10n ** BigInt(k));
const shape = fc.record({
  base: decimals,
  quote: decimals,
  lotSize: powerOfTen,
  tickSize: fc.bigInt({ min: 1n, max: 1_000_000n }),
});
const count = fc.integer({ min: 1, max: 2 ** 31 });

/** Whether a price of so many ticks has at most the twelve digits that are written. */
function isExact({ base, quote, lotSize, tickSize }: Shape): boolean {
  const above = tickSize * 10n ** BigInt(base) * 10n ** 12n;
  return above % (lotSize * 10n ** BigInt(quote)) === 0n;
}

test('what is written is read back, tick by tick and lot by lot', () => {
  fc.assert(
    fc.property(shape, count, count, (market, ticks, lots) => {
      fc.pre(isExact(market));
      const units = unitsOf(market);
      // Longer ones are refused for their length.
      fc.pre(units.price(ticks).length <= 20);
      assert.equal(units.ticks(units.price(ticks)), ticks);
      assert.equal(units.lots(units.size(lots)), lots);
      // Zeros at the end change nothing.
      const padded = units.price(ticks).includes('.') ? `${units.price(ticks)}00` : undefined;
      if (padded !== undefined) assert.equal(units.ticks(padded), ticks);
    }),
  );
});

test('a size between two lots, and a price between two ticks, is refused', () => {
  fc.assert(
    fc.property(shape, count, (market, ticks) => {
      const { base, quote, lotSize, tickSize } = market;
      const units = unitsOf(market);
      // Halfway: 2 ticks + 1 over twice the scale, written with enough digits where it is finite.
      const above = (2n * BigInt(ticks) + 1n) * tickSize * 10n ** BigInt(base) * 10n ** 18n;
      const below = 2n * lotSize * 10n ** BigInt(quote);
      fc.pre(above % below === 0n && above / below < 10n ** 37n);
      const digits = String(above / below).padStart(19, '0');
      assert.equal(units.ticks(`${digits.slice(0, -18)}.${digits.slice(-18)}`), undefined);
    }),
  );
  const euro = unitsOf({ base: 6, quote: 6, lotSize: 1_000_000n, tickSize: 100n });
  for (const text of ['1.5', '0.000001', '0.999999']) assert.equal(euro.lots(text), undefined);
  for (const text of ['1.10001', '0.00005', '1.09999999'])
    assert.equal(euro.ticks(text), undefined);
});

test('a tick that is no finite decimal is read as it is written', () => {
  const units = unitsOf({ base: 6, quote: 6, lotSize: 3_000_000n, tickSize: 100n });
  assert.equal(units.price(1), '0.000033333333');
  assert.equal(units.ticks('0.000033333333'), 1);
  assert.equal(units.ticks('0.000033333334'), undefined);
  assert.equal(units.ticks('0.0001'), 3);
});

test('only plain decimals are read', () => {
  const euro = unitsOf({ base: 6, quote: 6, lotSize: 1_000_000n, tickSize: 100n });
  const odd = ['', '.', '1.', '.5', '-1', '+1', '1e3', '0x10', ' 1', '1 ', '１', 'NaN', 'Infinity'];
  for (const text of [...odd, '1'.repeat(21), `1.${'0'.repeat(21)}`]) {
    assert.equal(euro.ticks(text), undefined, text);
    assert.equal(euro.lots(text), undefined, text);
  }
  assert.equal(euro.ticks('0001.1000'), 11_000);
  assert.equal(euro.lots('99999999999999999999'), 1e20);
});

test('a plain decimal has no zeros to spare', () => {
  const cases = {
    '1.10': '1.1',
    '1.00': '1',
    '0.0': '0',
    '010.5': '10.5',
    '-0.50': '-0.5',
    '100': '100',
  };
  for (const [text, plain] of Object.entries(cases)) assert.equal(plainDecimal(text), plain);
});
