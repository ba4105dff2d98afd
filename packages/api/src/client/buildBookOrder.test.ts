// Goal: an order in a person's words becomes exactly the ticks and lots that are signed, or is
// refused at its field with the limit that it broke.
// Method: examples on a book with lots of a hundredth and ticks of a hundred.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { accountId } from '@lawbook/exchange/ledger/account';
import { NO_CLIENT_ORDER_ID } from '@lawbook/exchange/orders/bookOrder';
import type { BookView } from '../schema/bookViews.ts';
import type { BookOrderRequest } from './buildBookOrder.ts';
import { buildBookOrder } from './buildBookOrder.ts';

/** A lot of 0.01 for 1 unit a tick: a tick is 100. */
const VIEW: BookView = {
  ...{ marketId: '7', symbol: 'AAA-BBB', base: 'AAA', quote: 'BBB' },
  ...{ lotSize: '0.01', tickSize: '100.000000000000', lotUnits: '1', tickUnits: '1' },
  ...{ baseDecimals: 2, quoteDecimals: 0, notionalMin: '1', priceTicksMax: 1000 },
  ...{ sizeLotsMax: 5000, ordersMax: 10, makerFeePpm: 0, takerFeePpm: 0, breakerBandPpm: 0 },
  ...{ breakerWindowMs: 0, state: 'open', openOrders: 2, settles: false },
  epoch: { number: 1, events: 0 },
  bestBid: { price: '9000.000000000000', size: '1.00' },
  bestAsk: { price: '10000.000000000000', size: '1.00' },
};
const FRAME = {
  owner: accountId(`0x${'ab'.repeat(20)}`),
  orderNonce: 5n,
  expiresAtMs: 1_900_000_000_000,
  clientOrderId: NO_CLIENT_ORDER_ID,
};
const PLAIN: BookOrderRequest = { marketId: '7', side: 'buy', size: '2.5', price: '10000' };

const built = (request: Partial<BookOrderRequest>) => {
  const order = buildBookOrder({ ...PLAIN, ...request } as BookOrderRequest, VIEW, FRAME);
  assert.ok(order.ok, order.ok ? '' : order.rejection.code);
  return order.value;
};
const refused = (request: Partial<BookOrderRequest>): string => {
  const order = buildBookOrder({ ...PLAIN, ...request } as BookOrderRequest, VIEW, FRAME);
  assert.ok(!order.ok, 'the order is refused');
  const { code, field, limit = '', actual = '' } = order.rejection;
  return `${code} ${field} ${limit} ${actual}`;
};
const without = ({ price: _, ...rest }: BookOrderRequest): BookOrderRequest => rest;

describe('building an order for a book', () => {
  test('a limit order rests until canceled, in ticks and lots', () => {
    const { priceTicks, sizeLots, type, timeInForce, displayLots } = built({});
    assert.deepEqual(
      { priceTicks, sizeLots, type, timeInForce, displayLots },
      { priceTicks: 100, sizeLots: 250, type: 'limit', timeInForce: 'gtc', displayLots: 0 },
    );
  });

  test('a market order without a price stays within its slippage, rounded outwards', () => {
    for (const [side, slippagePpm, ticks] of [
      ['buy', undefined, 105],
      ['buy', 1, 101],
      ['sell', undefined, 85],
      ['sell', 2_000_000, 1],
    ] as const) {
      const request = {
        ...without(PLAIN),
        side,
        ...(slippagePpm !== undefined && { slippagePpm }),
      };
      const order = buildBookOrder(request, VIEW, FRAME);
      assert.ok(order.ok);
      assert.equal(order.value.priceTicks, ticks, side);
      assert.equal(order.value.timeInForce, 'ioc');
    }
  });

  test('special terms are taken over', () => {
    const goodUntilMs = 1_900_000_100_000;
    const order = built({
      ...{ goodUntilMs, displaySize: '0.5', selfTradePolicy: 'decrement', ocoWith: '12' },
      trigger: { kind: 'stop', price: '9500', source: 'oracle' },
      clientOrderId: `0x${'AB'.repeat(16)}`,
    });
    assert.deepEqual(
      [order.timeInForce, order.goodUntilMs, order.displayLots, order.ocoWith],
      ['gtd', goodUntilMs, 50, 12],
    );
    assert.deepEqual(
      [order.trigger, order.triggerTicks, order.triggerSource],
      ['stop', 95, 'oracle'],
    );
    assert.equal(order.clientOrderId, `0x${'ab'.repeat(16)}`);
  });

  test('what is no whole tick or lot is refused at its field, with the limit', () => {
    const sizes = 'a multiple of 0.01 up to 50.00';
    const prices = 'a multiple of 100.000000000000 up to 100000.000000000000';
    assert.equal(refused({ size: '0.001' }), `sizeOutOfRange size ${sizes} 0.001`);
    assert.equal(refused({ size: '0' }), `sizeOutOfRange size ${sizes} 0`);
    assert.equal(refused({ price: '10001' }), `priceOutOfRange price ${prices} 10001`);
    assert.equal(refused({ price: '0' }), `priceOutOfRange price ${prices} 0`);
    assert.equal(refused({ price: '100100' }), `priceOutOfRange price ${prices} 100100`);
    const display = 'displayOutOfRange displaySize a multiple of 0.01 x';
    assert.equal(refused({ displaySize: 'x' }), display);
    const trigger = 'triggerOutOfRange trigger.price a multiple of 100.000000000000 50';
    assert.equal(refused({ trigger: { kind: 'stop', price: '50' } }), trigger);
    assert.equal(refused({ ocoWith: '-1' }), 'ocoUnknown ocoWith  -1');
    assert.match(refused({ clientOrderId: '0x12' }), /^malformedRequest clientOrderId/);
  });

  test('a market order on an empty book needs a worst price', () => {
    const { bestAsk: _, ...empty } = VIEW;
    const order = buildBookOrder(without(PLAIN), empty, FRAME);
    assert.ok(!order.ok && order.rejection.code === 'priceOutOfRange');
    assert.match(order.rejection.limit ?? '', /worst price/);
  });
});
