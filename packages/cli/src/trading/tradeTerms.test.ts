// Goal: words become the exact integers that are signed. Method: examples against the demo market.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MarketView } from '@lawbook/api/schema/marketViews';
import { UsageFault } from '../terminal/cliFault.ts';
import { tradeTerms } from './tradeTerms.ts';

const MARKET = {
  marketId: '1',
  products: [
    { index: 0, symbol: 'USD', kind: 'asset', decimals: 6 },
    { index: 1, symbol: 'EUR', kind: 'asset', decimals: 6 },
    { index: 2, symbol: 'JPY', kind: 'asset', decimals: 4 },
    { index: 3, symbol: 'FX5', kind: 'basket', decimals: 0 },
  ],
} as unknown as MarketView;

test('reads an amount and a symbol as one word or two', () => {
  for (const pay of [['1_000.50', 'usd'], ['1000.50USD']]) {
    const terms = tradeTerms(MARKET, { pay, receive: 'eur' });
    assert.deepEqual(terms, {
      marketId: '1',
      pay: 0,
      receive: 1,
      budget: '1000500000',
      limitNumerator: '0',
      limitDenominator: '1',
      minFillPpm: 0,
    });
  }
});

test('states a limit of whole units in ledger units, lowest terms', () => {
  const yen = tradeTerms(MARKET, { pay: ['1', 'USD'], receive: 'JPY', limit: '149.5' });
  assert.deepEqual([yen.limitNumerator, yen.limitDenominator], ['299', '200']);
  const dollars = tradeTerms(MARKET, { pay: ['1', 'JPY'], receive: 'USD', limit: '0.0067' });
  assert.deepEqual([dollars.limitNumerator, dollars.limitDenominator], ['67', '100']);
  const basket = tradeTerms(MARKET, { pay: ['1', 'USD'], receive: 'FX5', limit: '199' });
  assert.deepEqual([basket.limitNumerator, basket.limitDenominator], ['199', '1000000']);
});

test('reads a minimum fill in percent', () => {
  const part = tradeTerms(MARKET, { pay: ['1', 'USD'], receive: 'EUR', minFill: '12.5%' });
  assert.equal(part.minFillPpm, 125_000);
});

test('names the word that does not fit', () => {
  const wrong = [
    [{ pay: ['USD'], receive: 'EUR' }, /1000 USD/],
    [{ pay: ['1', 'XYZ'], receive: 'EUR' }, /has no XYZ: it has USD EUR JPY FX5/],
    [{ pay: ['1.00001', 'JPY'], receive: 'EUR' }, /JPY has 4 decimals/],
    [{ pay: ['1', 'FX5'], receive: 'EUR' }, /pays an asset/],
    [{ pay: ['1', 'USD'], receive: 'EUR', limit: 'cheap' }, /--limit/],
    [{ pay: ['1', 'USD'], receive: 'EUR', limit: '0' }, /above zero/],
    [{ pay: ['1', 'USD'], receive: 'JPY', limit: '123456789012.123456789' }, /digits/],
    [{ pay: ['1', 'USD'], receive: 'EUR', minFill: '101' }, /--min-fill/],
  ] as const;
  for (const [words, message] of wrong) {
    assert.throws(
      () => tradeTerms(MARKET, words),
      (failure: unknown) => {
        return failure instanceof UsageFault && message.test(failure.message);
      },
    );
  }
});
