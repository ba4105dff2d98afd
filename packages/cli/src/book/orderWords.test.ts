// Goal: flags become the order that the client signs, and flags that do not go together are refused
// by name. Method: one example of each kind of order, and one of each mistake.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageFault } from '../terminal/cliFault.ts';
import type { BookOrderFlags } from './orderWords.ts';
import {
  bookOrderRequest,
  orderNaming,
  plainDecimal,
  readClientOrderId,
  readSpan,
} from './orderWords.ts';

const WHAT = { marketId: '101', side: 'BUY', size: '1_000' };
const NOW_MS = Date.parse('2026-11-21T10:00:00Z');

function request(flags: Partial<BookOrderFlags>): ReturnType<typeof bookOrderRequest> {
  return bookOrderRequest({ expires: '60', watches: 'lastTrade', ...flags }, WHAT, NOW_MS);
}

const PLAIN = {
  marketId: '101',
  side: 'buy',
  size: '1000',
  type: 'limit',
  price: '1.1',
  slippagePpm: 50_000,
  ttlMs: 60_000,
};

test('a price alone is a limit order; the client chooses how long it lives', () => {
  assert.deepEqual(request({ price: '1.1' }), PLAIN);
});

test('a market order has a worst price, or one from the best by basis points', () => {
  const { price, ...rest } = PLAIN;
  const market = { ...rest, type: 'market' };
  assert.deepEqual(request({ market: true }), market);
  assert.deepEqual(request({ market: true, price: '1.2' }), { ...market, price: '1.2' });
  const close = request({ market: true, slippageBps: '12.5' });
  assert.deepEqual(close, { ...market, slippagePpm: 1_250 });
  assert.equal(price, '1.1');
});

test('an order ends after a span or at a time', () => {
  const goodUntilMs = NOW_MS + 8 * 3_600_000;
  assert.deepEqual(request({ price: '1.1', goodFor: '8h' }), { ...PLAIN, goodUntilMs });
  const until = request({ price: '1.1', goodUntil: '2026-11-21T18:00:00Z', tif: 'GTD' });
  assert.deepEqual(until, { ...PLAIN, goodUntilMs, timeInForce: 'gtd' });
  assert.equal(readSpan('--interval', '90s'), 90_000);
});

test('says everything else that an order can say', () => {
  const special = request({
    price: '1.1',
    tif: 'fok',
    postOnly: true,
    stop: '1.2',
    watches: 'oracle',
    oco: '57',
    display: '100',
    selfTrade: 'decrement',
    clientId: 'exit-1',
    expires: '5',
  });
  assert.deepEqual(special, {
    ...PLAIN,
    timeInForce: 'fok',
    postOnly: true,
    trigger: { kind: 'stop', price: '1.2', source: 'oracle' },
    ocoWith: '57',
    displaySize: '100',
    selfTradePolicy: 'decrement',
    clientOrderId: `0x${Buffer.from('exit-1').toString('hex').padEnd(32, '0')}`,
    ttlMs: 5_000,
  });
  const takes = request({ price: '1.1', takeProfit: '1.2' });
  assert.deepEqual(takes.trigger, { kind: 'takeProfit', price: '1.2', source: 'lastTrade' });
});

const MISTAKES: readonly (readonly [string, Partial<BookOrderFlags>, RegExp])[] = [
  ['neither a price nor --market', {}, /--price, or --market/],
  ['two triggers', { price: '1', stop: '1', takeProfit: '2' }, /--oco/],
  ['two ends', { price: '1', goodFor: '1h', goodUntil: '2027-01-01T00:00Z' }, /exclude/],
  ['gtd without an end', { price: '1', tif: 'gtd' }, /--good-for/],
  ['an end without gtd', { price: '1', tif: 'ioc', goodFor: '1h' }, /gtd/],
  ['an end in the past', { price: '1', goodUntil: '2020-01-01T00:00:00Z' }, /later time/],
  ['an end without a zone', { price: '1', goodUntil: '2027-01-01T00:00:00' }, /UTC/],
  ['an unknown life', { price: '1', tif: 'day' }, /gtc, gtd, ioc, fok/],
  ['a price in words', { price: 'high' }, /--price is a decimal/],
  ['a span without its unit', { price: '1', goodFor: '90' }, /90s/],
  ['a pair with an own id', { price: '1', oco: 'exit-1' }, /--oco is named by its number/],
  ['an id of 17 letters', { price: '1', clientId: 'a'.repeat(17) }, /16 letters/],
  ['half an id in hex', { price: '1', clientId: '0x1234' }, /32 hexadecimal/],
  ['a slippage below zero', { market: true, slippageBps: '-1' }, /--slippage-bps/],
];

for (const [what, flags, sentence] of MISTAKES) {
  test(`refuses ${what}`, () => {
    assert.throws(
      () => request(flags),
      (failure: unknown) => failure instanceof UsageFault && sentence.test(failure.message),
    );
  });
}

test('names an order by the number of the venue, or by an own id', () => {
  assert.deepEqual(orderNaming('57'), { orderId: '57' });
  assert.deepEqual(orderNaming('exit-1'), { clientOrderId: readClientOrderId('exit-1') });
  const hex = `0x${'aB'.repeat(16)}`;
  assert.deepEqual(orderNaming(hex), { clientOrderId: hex.toLowerCase() });
  for (const word of ['0', '9'.repeat(17), '']) assert.throws(() => orderNaming(word), UsageFault);
});

test('reads decimals with groups, and nothing else', () => {
  assert.equal(plainDecimal('x', '1,000.50'), '1000.50');
  for (const word of ['1e3', '-1', '.5', '1.', '']) {
    assert.throws(() => plainDecimal('x', word), UsageFault);
  }
});
