// Goal: words become the request that the client signs. Method: examples and words that do not fit.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageFault } from '../terminal/cliFault.ts';
import { tradeRequest } from './tradeWords.ts';

test('reads an amount and a symbol as one word or two', () => {
  for (const pay of [['1_000.50', 'usd'], ['1000.50USD']]) {
    assert.deepEqual(tradeRequest({ pay, receive: 'eur', market: '1' }), {
      pay: 'USD',
      receive: 'EUR',
      amount: '1000.50',
      marketId: '1',
    });
  }
});

test('moves percent to a part of one without rounding', () => {
  const words = { pay: ['1', 'USD'], receive: 'EUR', market: '1', limit: '1.1005' };
  const parts = ['0', '7', '12.5%', '100'].map((minFill) => tradeRequest({ ...words, minFill }));
  assert.deepEqual(
    parts.map(({ minFill }) => Number(minFill)),
    [0, 0.07, 0.125, 1],
  );
  assert.equal(parts[0]?.limit, '1.1005');
});

test('names the word that does not fit', () => {
  for (const wrong of [
    { pay: ['USD'], minFill: '1' },
    { pay: ['1000'], minFill: '1' },
    { pay: ['1', 'USD'], minFill: 'half' },
  ]) {
    assert.throws(() => tradeRequest({ ...wrong, receive: 'EUR', market: '1' }), UsageFault);
  }
});
