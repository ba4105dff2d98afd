// Goal: an order in a person's words becomes exactly the order that is signed, or is refused.
// Method: examples with mixed decimals, and a property that the signed limit is the stated one.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { accountId } from '@lawbook/exchange/ledger/account';
import fc from 'fast-check';
import type { MarketView, ProductView } from '../schema/marketViews.ts';
import { wireTerms } from '../schema/wireTerms.ts';
import type { OrderRequest } from './createOrder.ts';
import { buildOrder } from './createOrder.ts';
import { ratioLimit } from './limitRatio.ts';

const PRODUCTS: readonly ProductView[] = [
  { index: 0, symbol: 'USD', kind: 'asset', decimals: 6 },
  { index: 1, symbol: 'EUR', kind: 'asset', decimals: 6 },
  { index: 2, symbol: 'JPY', kind: 'asset', decimals: 4 },
  { index: 3, symbol: 'FX5', kind: 'basket', decimals: 0 },
];
const MARKET = { marketId: '7', products: PRODUCTS } as unknown as MarketView;
const FRAME = {
  owner: accountId(`0x${'ab'.repeat(20)}`),
  orderNonce: 5n,
  expiresAtMs: 1_900_000_000_000,
};

function codeOf(request: OrderRequest): string {
  const built = buildOrder(request, MARKET, FRAME);
  return built.ok ? 'built' : `${built.rejection.code} ${built.rejection.field}`;
}

describe('building an order', () => {
  test('a market order pays ledger units of its asset and asks for no price', () => {
    const built = buildOrder({ pay: 'USD', receive: 'EUR', amount: '1000.5' }, MARKET, FRAME);
    assert.ok(built.ok);
    assert.deepEqual(wireTerms(built.value), {
      owner: FRAME.owner,
      marketId: '7',
      pay: 0,
      receive: 1,
      budget: '1000500000',
      limitNumerator: '0',
      limitDenominator: '1',
      minFillPpm: 0,
      orderNonce: '5',
      expiresAtMs: FRAME.expiresAtMs,
    });
  });

  test('a limit is units paid per unit received, across decimals', () => {
    const eur = buildOrder(
      { pay: 'USD', receive: 'EUR', amount: '1', limit: '1.1005' },
      MARKET,
      FRAME,
    );
    assert.ok(eur.ok);
    // At least 10000/11005 EUR per USD; both have six decimals.
    assert.deepEqual([eur.value.limitNumerator, eur.value.limitDenominator], [2000n, 2201n]);
    const jpy = buildOrder(
      { pay: 'USD', receive: 'JPY', amount: '1', limit: '0.0067' },
      MARKET,
      FRAME,
    );
    assert.ok(jpy.ok);
    assert.deepEqual([jpy.value.limitNumerator, jpy.value.limitDenominator], [100n, 67n]);
    const basket = buildOrder(
      { pay: 'USD', receive: 'FX5', amount: '1', limit: '0.005' },
      MARKET,
      FRAME,
    );
    assert.ok(basket.ok);
    assert.deepEqual([basket.value.limitNumerator, basket.value.limitDenominator], [1n, 5000n]);
  });

  test('a minimum fill is a fraction of the amount', () => {
    const built = buildOrder(
      { pay: 'USD', receive: 'EUR', amount: '1', minFill: '0.25' },
      MARKET,
      FRAME,
    );
    assert.ok(built.ok);
    assert.equal(built.value.minFillPpm, 250_000);
  });

  test('what cannot be expressed exactly is refused at its field', () => {
    const base = { pay: 'USD', receive: 'EUR', amount: '1' };
    assert.equal(codeOf({ ...base, pay: 'XXX' }), 'assetUnknown pay');
    assert.equal(codeOf({ ...base, pay: 'FX5' }), 'assetUnknown pay');
    assert.equal(codeOf({ ...base, receive: 'XXX' }), 'assetUnknown receive');
    for (const amount of ['0', '-1', '1e6', '1.0000001', '', '1,000', '99999999999999999999']) {
      assert.equal(codeOf({ ...base, amount }), 'amountOutOfRange amount', amount);
    }
    for (const limit of ['0', '-1', 'cheap', '1.', `91.${'1'.repeat(18)}`]) {
      assert.equal(codeOf({ ...base, limit }), 'limitOutOfRange limit', limit);
    }
    for (const minFill of ['1.1', '0.0000001', '-0.5']) {
      assert.equal(codeOf({ ...base, minFill }), 'minFillOutOfRange minFill', minFill);
    }
  });
});

test('the signed limit is the stated ratio, exactly and in lowest terms', () => {
  const decimals = fc.integer({ min: 0, max: 9 });
  const whole = fc.integer({ min: 0, max: 9999 });
  const fraction = fc.integer({ min: 0, max: 999_999 });
  fc.assert(
    fc.property(decimals, decimals, whole, fraction, (pay, receive, units, parts) => {
      const text = `${units}.${String(parts).padStart(6, '0')}`;
      const limit = ratioLimit(text, { decimals: pay }, { decimals: receive });
      const ratioE6 = BigInt(units) * 1_000_000n + BigInt(parts);
      if (ratioE6 === 0n) {
        assert.equal(limit, undefined);
        return;
      }
      assert.ok(limit);
      // received / paid = 1 / ratio, in ledger units on both sides.
      const left = limit.numerator * ratioE6 * 10n ** BigInt(pay);
      const right = limit.denominator * 1_000_000n * 10n ** BigInt(receive);
      assert.equal(left, right);
      let [a, b] = [limit.numerator, limit.denominator];
      while (b !== 0n) [a, b] = [b, a % b];
      assert.equal(a, 1n);
    }),
  );
});
