// Goal: an account that meets itself never trades with itself, whatever its order asks for, and the
// arriving order's policy alone says who gives way.
// Method: one resting pair of own and foreign orders, met by arriving orders of every size, kind
// and policy on the bare book; reports printed as short lines, compared whole.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OrderDesk } from '../../../../../testing/exchange/orderDesk.ts';
import type { PlaceOrder } from './bookCommand.ts';
import { depth } from './openOrders.ts';

/** Account 1 and then account 2 offer five lots each at 100; account 1 buys. */
function meet(sizeLots: number, terms: Partial<PlaceOrder>): string[] {
  const desk = new OrderDesk();
  desk.place('sell', 5, 100, { account: 1 });
  desk.place('sell', 5, 100);
  return desk.place('buy', sizeLots, 100, terms).slice(1);
}

test('cancels what rests and goes on to the next in the queue', () => {
  const selfTradePolicy = 'cancelResting';
  assert.deepEqual(meet(3, { selfTradePolicy }), [
    'canceled 1: 5 at 100, leaves 0 (selfTrade)',
    'trade 2 with 3: 3 at 100, leaves 2',
  ]);
  assert.deepEqual(meet(6, { selfTradePolicy, timeInForce: 'fok' }), [
    'canceled 3: 6 at 100, leaves 0 (fokUnfilled)',
  ]);
  assert.deepEqual(meet(5, { selfTradePolicy, timeInForce: 'fok' }), [
    'canceled 1: 5 at 100, leaves 0 (selfTrade)',
    'trade 2 with 3: 5 at 100, leaves 0',
  ]);
});

test('cancels what arrives before it takes anything behind its own order', () => {
  const selfTradePolicy = 'cancelArriving';
  for (const sizeLots of [3, 5, 7]) {
    assert.deepEqual(meet(sizeLots, { selfTradePolicy, timeInForce: 'ioc' }), [
      `canceled 3: ${sizeLots} at 100, leaves 0 (selfTrade)`,
    ]);
  }
});

test('what arrives keeps what it took before it met its own order', () => {
  const desk = new OrderDesk();
  desk.place('sell', 5, 99);
  desk.place('sell', 5, 100, { account: 1 });
  assert.deepEqual(desk.place('buy', 9, 100, { selfTradePolicy: 'cancelArriving' }).slice(1), [
    'trade 1 with 3: 5 at 99, leaves 0',
    'canceled 3: 4 at 100, leaves 0 (selfTrade)',
  ]);
  assert.deepEqual(depth(desk.book, 'sell', 9), [{ priceTicks: 100, shownLots: 5 }]);
});

test('shrinks both by the smaller, which ends', () => {
  const selfTradePolicy = 'decrement';
  assert.deepEqual(meet(3, { selfTradePolicy }), [
    'decremented 1 with 3: 3 at 100, leaves 2',
    'canceled 3: 0 at 100, leaves 0 (selfTrade)',
  ]);
  assert.deepEqual(meet(5, { selfTradePolicy }), [
    'decremented 1 with 3: 5 at 100, leaves 0',
    'canceled 1: 0 at 100, leaves 0 (selfTrade)',
    'canceled 3: 0 at 100, leaves 0 (selfTrade)',
  ]);
  assert.deepEqual(meet(7, { selfTradePolicy, type: 'market', timeInForce: 'ioc' }), [
    'decremented 1 with 3: 5 at 100, leaves 0',
    'canceled 1: 0 at 100, leaves 0 (selfTrade)',
    'trade 2 with 3: 2 at 100, leaves 3',
  ]);
});

test('shrinks an own iceberg tranche by tranche, with others between', () => {
  const desk = new OrderDesk();
  desk.place('sell', 5, 100, { account: 1, displayLots: 2 });
  desk.place('sell', 1, 100);
  assert.deepEqual(desk.place('buy', 6, 100, { selfTradePolicy: 'decrement' }).slice(1), [
    'decremented 1 with 3: 2 at 100, leaves 3',
    'refreshed 1: 2 at 100, leaves 3',
    'trade 2 with 3: 1 at 100, leaves 0',
    'decremented 1 with 3: 2 at 100, leaves 1',
    'refreshed 1: 1 at 100, leaves 1',
    'decremented 1 with 3: 1 at 100, leaves 0',
    'canceled 1: 0 at 100, leaves 0 (selfTrade)',
    'canceled 3: 0 at 100, leaves 0 (selfTrade)',
  ]);
  assert.equal(desk.book.bestAsk, 0);
});

test('a trigger and a replacement that meet their own account keep to their policy', () => {
  const desk = new OrderDesk();
  desk.place('sell', 2, 100, { account: 3 });
  const stop = { trigger: 'stop', triggerTicks: 90, account: 3 } as const;
  desk.place('buy', 2, 100, { ...stop, selfTradePolicy: 'cancelArriving' });
  desk.place('sell', 1, 90);
  assert.deepEqual(desk.place('buy', 1, 90).slice(2), [
    'triggered 2: 2 at 100, leaves 2',
    'canceled 2: 2 at 100, leaves 0 (selfTrade)',
  ]);
  desk.place('buy', 2, 80, { account: 3 });
  const replace = {
    kind: 'replace',
    orderId: 5,
    account: 3,
    priceTicks: 100,
    sizeLots: 3,
  } as const;
  assert.deepEqual(desk.send(replace), [
    'replaced 5: 3 at 100, leaves 3 (lostPriority)',
    'canceled 1: 2 at 100, leaves 0 (selfTrade)',
  ]);
  assert.deepEqual(depth(desk.book, 'buy', 9), [{ priceTicks: 100, shownLots: 3 }]);
});

test('all or nothing is judged by the band that its own first trade would set', () => {
  const killed = (sizeLots: number, breakerBandPpm: number): boolean => {
    const desk = new OrderDesk({ breakerBandPpm, breakerWindow: 100 });
    for (const price of [100, 105, 150, 200, 201, 400]) desk.place('sell', 1, price);
    const told = desk.place('buy', sizeLots, 999, { timeInForce: 'fok' });
    const isKilled = told.some((text) => text.endsWith('(fokUnfilled)'));
    assert.equal(told.length, isKilled ? 2 : 1 + sizeLots, told.join());
    return isKilled;
  };
  // A twentieth of 100 is 5 ticks, and the band's last tick may trade.
  assert.deepEqual([killed(2, 50_000), killed(3, 50_000)], [false, true]);
  assert.deepEqual([killed(4, 1_000_000), killed(5, 1_000_000)], [false, true]);
  assert.equal(killed(6, 0), false);
});
