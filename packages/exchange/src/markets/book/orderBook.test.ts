// Goal: the edges that random flows meet seldom, each as a story that a trader can follow.
// Method: few commands a test; reports printed as short lines and compared whole.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OrderDesk } from '../../../../../testing/exchange/orderDesk.ts';
import type { PlaceOrder } from './bookCommand.ts';
import { LOTS_MAX, TICKS_MAX } from './bookTerms.ts';
import { depth, openOrders } from './openOrders.ts';

test('fills at the resting price, the older order first', () => {
  const desk = new OrderDesk();
  desk.place('sell', 5, 101);
  desk.place('sell', 5, 100);
  desk.place('sell', 5, 100);
  assert.deepEqual(desk.place('buy', 12, 105), [
    'new 4: 12 at 105, leaves 12',
    'trade 2 with 4: 5 at 100, leaves 0',
    'trade 3 with 4: 5 at 100, leaves 0',
    'trade 1 with 4: 2 at 101, leaves 3',
  ]);
  assert.deepEqual([desk.book.bestBid, desk.book.bestAsk], [0, 101]);
});

test('refuses an id that was used, even by an order long gone', () => {
  const desk = new OrderDesk();
  desk.place('buy', 1, 100, { orderId: 7 });
  desk.send({ kind: 'cancel', orderId: 7, account: 1 });
  assert.deepEqual(desk.place('buy', 1, 100, { orderId: 7 }), ['rejected orderIdUsed 8 7']);
  assert.deepEqual(desk.place('buy', 1, 100, { orderId: 2 ** 53 }), [
    'rejected orderIdUsed 8 9007199254740992',
  ]);
  const last = 2 ** 53 - 1;
  assert.equal(desk.place('buy', 1, 100, { orderId: last }).length, 1);
  assert.deepEqual(desk.send({ kind: 'cancel', orderId: last, account: 1 }), [
    `canceled ${last}: 1 at 100, leaves 0 (owner)`,
  ]);
});

test('finds ids that share their low 32 bits', () => {
  const desk = new OrderDesk();
  const ids = [5, 5 + 2 ** 32, 5 + 2 ** 33, 5 + 2 ** 34];
  for (const orderId of ids) desk.place('buy', 1, 100, { orderId });
  for (const orderId of [ids[2], ids[0], ids[3], ids[1]] as number[]) {
    const told = desk.send({ kind: 'cancel', orderId, account: 1 });
    assert.deepEqual(told, [`canceled ${orderId}: 1 at 100, leaves 0 (owner)`]);
  }
});

test('knows no filled, canceled or foreign order', () => {
  const desk = new OrderDesk();
  desk.place('sell', 1, 100);
  desk.place('buy', 1, 100);
  desk.place('buy', 1, 90);
  for (const [orderId, account] of [
    [1, 2],
    [2, 1],
    [3, 2],
    [99, 1],
  ] as const) {
    const told = desk.send({ kind: 'cancel', orderId, account });
    assert.deepEqual(told, [`rejected orderUnknown 3 ${orderId}`]);
  }
});

test('cancels the resting order of the same account, the arriving one, or shrinks both', () => {
  const meet = (selfTradePolicy: PlaceOrder['selfTradePolicy']): string[] => {
    const desk = new OrderDesk();
    desk.place('sell', 5, 100, { account: 1 });
    desk.place('sell', 5, 100);
    return desk.place('buy', 7, 100, { selfTradePolicy }).slice(1);
  };
  assert.deepEqual(meet('cancelResting'), [
    'canceled 1: 5 at 100, leaves 0 (selfTrade)',
    'trade 2 with 3: 5 at 100, leaves 0',
  ]);
  assert.deepEqual(meet('cancelArriving'), ['canceled 3: 7 at 100, leaves 0 (selfTrade)']);
  assert.deepEqual(meet('decrement'), [
    'decremented 1 with 3: 5 at 100, leaves 0',
    'canceled 1: 0 at 100, leaves 0 (selfTrade)',
    'trade 2 with 3: 2 at 100, leaves 3',
  ]);
});

test('expires an order when time reaches its expiry, and not one unit before', () => {
  const desk = new OrderDesk();
  desk.send({ kind: 'advanceTime', now: 10 });
  assert.deepEqual(desk.place('buy', 1, 100, { timeInForce: 'gtd', expiresAt: 10 }), [
    'rejected timeOutOfRange 11 10',
  ]);
  desk.place('buy', 1, 100, { timeInForce: 'gtd', expiresAt: 20 });
  desk.place('buy', 1, 99, { timeInForce: 'gtd', expiresAt: 11 });
  desk.place('buy', 1, 98, { timeInForce: 'gtd', expiresAt: 20 });
  assert.deepEqual(desk.send({ kind: 'advanceTime', now: 19 }), ['expired 3: 1 at 99, leaves 0']);
  assert.deepEqual(desk.send({ kind: 'advanceTime', now: 20 }), [
    'expired 2: 1 at 100, leaves 0',
    'expired 4: 1 at 98, leaves 0',
  ]);
  assert.deepEqual(desk.send({ kind: 'advanceTime', now: 19 }), ['rejected timeOutOfRange 20 19']);
});

test('refuses sizes, prices and products that would leave exact integers', () => {
  const desk = new OrderDesk();
  const told = (sizeLots: number, priceTicks: number): string | undefined =>
    desk.place('buy', sizeLots, priceTicks)[0];
  assert.equal(told(2 ** 53, 1), `rejected sizeOutOfRange ${LOTS_MAX} ${2 ** 53}`);
  assert.equal(told(2 ** 32 + 1, 1), `rejected sizeOutOfRange ${LOTS_MAX} ${2 ** 32 + 1}`);
  assert.equal(told(1.5, 1), `rejected sizeOutOfRange ${LOTS_MAX} 1.5`);
  assert.equal(told(1, 2 ** 30), `rejected priceOutOfRange ${TICKS_MAX} ${2 ** 30}`);
  assert.equal(told(Number.NaN, 1), `rejected sizeOutOfRange ${LOTS_MAX} NaN`);
  const product = LOTS_MAX * TICKS_MAX;
  assert.equal(told(LOTS_MAX, TICKS_MAX), `rejected notionalTooLarge ${2 ** 53 - 1} ${product}`);
  assert.equal(told(2 ** 24, 2 ** 29), `rejected notionalTooLarge ${2 ** 53 - 1} ${2 ** 53}`);
  assert.match(told(2 ** 24 - 1, 2 ** 29) ?? '', /^new/);
});

test('sums the largest orders of a level without losing a lot', () => {
  const desk = new OrderDesk();
  for (let k = 0; k < 90; k += 1) desk.place('sell', LOTS_MAX, 3, { account: 3 });
  assert.deepEqual(depth(desk.book, 'sell', 9), [{ priceTicks: 3, shownLots: 90 * LOTS_MAX }]);
  assert.equal(desk.place('buy', LOTS_MAX, 3, { timeInForce: 'fok' }).length, 2);
  assert.deepEqual(depth(desk.book, 'sell', 9), [{ priceTicks: 3, shownLots: 89 * LOTS_MAX }]);
});

test('keeps order at the edges of its window and of all prices', () => {
  const desk = new OrderDesk();
  const prices = [1000, 1015, 1016, 983, 984, 1047, 1048, 1, TICKS_MAX, 936, 1064, 1063, 1000];
  for (const priceTicks of prices) desk.place('sell', 1, priceTicks);
  const sorted = [...new Set(prices)].sort((a, b) => a - b);
  const levels = depth(desk.book, 'sell', 99).map(({ priceTicks }) => priceTicks);
  assert.deepEqual(levels, sorted);
  const told = desk.place('buy', 99, TICKS_MAX, { type: 'market', timeInForce: 'ioc' });
  const traded = told.filter((text) => text.startsWith('trade')).map((text) => text.split(' ')[6]);
  assert.deepEqual(
    traded,
    prices.sort((a, b) => a - b).map((price) => `${price},`),
  );
  assert.equal(desk.book.bestAsk, 0);
});

test('moves its window under load without losing an order or its place', () => {
  const desk = new OrderDesk();
  for (let k = 0; k < 90; k += 1) desk.place('buy', 1, 500 + (k % 45) * 2);
  const before = openOrders(desk.book);
  for (let k = 0; k < 60; k += 1) {
    desk.place('buy', 1, 90_000 + (k % 2) * 70_000);
    desk.send({ kind: 'cancelAll', account: 9 });
    const { orderId } = openOrders(desk.book)[0] as { orderId: number };
    desk.send({ kind: 'cancel', orderId, account: 1 });
    assert.deepEqual(openOrders(desk.book), before);
  }
});

test('fires stops on the way of a sweep, the nearest first', () => {
  const desk = new OrderDesk();
  for (const price of [100, 101, 102, 110]) desk.place('sell', 1, price);
  const stop = { trigger: 'stop', account: 3 } as const;
  desk.place('buy', 1, 120, { ...stop, triggerTicks: 102 });
  desk.place('buy', 1, 120, { ...stop, triggerTicks: 101 });
  assert.deepEqual(desk.place('buy', 2, 101).slice(1), [
    'trade 1 with 7: 1 at 100, leaves 0',
    'trade 2 with 7: 1 at 101, leaves 0',
    'triggered 6: 1 at 120, leaves 1',
    'trade 3 with 6: 1 at 102, leaves 0',
    'triggered 5: 1 at 120, leaves 1',
    'trade 4 with 5: 1 at 110, leaves 0',
  ]);
});

test('cancels the stop of a pair when its limit trades a part', () => {
  const desk = new OrderDesk();
  desk.place('sell', 5, 90, { trigger: 'stop', triggerTicks: 90 });
  desk.place('sell', 5, 110, { ocoWith: 1 });
  assert.deepEqual(desk.place('buy', 2, 110).slice(1), [
    'trade 2 with 3: 2 at 110, leaves 3',
    'canceled 1: 5 at 90, leaves 0 (oco)',
  ]);
  assert.deepEqual(desk.place('sell', 1, 120, { ocoWith: 2 }), ['rejected ocoUnfit 1 0']);
});

test('lets an iceberg queue again with each tranche', () => {
  const desk = new OrderDesk();
  desk.place('sell', 5, 100, { displayLots: 2 });
  desk.place('sell', 2, 100);
  assert.deepEqual(depth(desk.book, 'sell', 1), [{ priceTicks: 100, shownLots: 4 }]);
  assert.deepEqual(desk.place('buy', 5, 100).slice(1), [
    'trade 1 with 3: 2 at 100, leaves 3',
    'refreshed 1: 2 at 100, leaves 3',
    'trade 2 with 3: 2 at 100, leaves 0',
    'trade 1 with 3: 1 at 100, leaves 2',
  ]);
});

test('fills all or nothing, hidden lots counted, own orders in the way not', () => {
  const desk = new OrderDesk();
  desk.place('sell', 5, 100, { displayLots: 1 });
  desk.place('sell', 1, 101, { account: 1 });
  desk.place('sell', 5, 102);
  const fok = { timeInForce: 'fok', selfTradePolicy: 'cancelArriving' } as const;
  const killed = 'canceled 4: 6 at 102, leaves 0 (fokUnfilled)';
  assert.deepEqual(desk.place('buy', 6, 102, fok).slice(1), [killed]);
  assert.equal(desk.place('buy', 5, 102, fok).at(-1), 'trade 1 with 5: 1 at 100, leaves 0');
});

test('keeps priority when only the size shrinks, and loses it otherwise', () => {
  const desk = new OrderDesk();
  desk.place('buy', 5, 100);
  desk.place('buy', 5, 100, { account: 3 });
  const order = { kind: 'replace', orderId: 1, account: 1 } as const;
  assert.deepEqual(desk.send({ ...order, priceTicks: 100, sizeLots: 4 }), [
    'replaced 1: 4 at 100, leaves 4 (keptPriority)',
  ]);
  assert.deepEqual(
    openOrders(desk.book).map(({ orderId }) => orderId),
    [1, 2],
  );
  assert.deepEqual(desk.send({ ...order, priceTicks: 100, sizeLots: 6 }), [
    'replaced 1: 6 at 100, leaves 6 (lostPriority)',
  ]);
  assert.deepEqual(
    openOrders(desk.book).map(({ orderId }) => orderId),
    [2, 1],
  );
});

test('halts before a trade outside the band and takes cancels again when it opens', () => {
  const desk = new OrderDesk({ breakerBandPpm: 50_000, breakerWindow: 100 });
  desk.place('sell', 1, 100);
  desk.place('sell', 1, 105);
  desk.place('sell', 1, 106);
  assert.deepEqual(desk.place('buy', 9, 200).slice(1), [
    'trade 1 with 4: 1 at 100, leaves 0',
    'trade 2 with 4: 1 at 105, leaves 0',
    'halted by breaker',
    'canceled 4: 7 at 200, leaves 0 (breaker)',
  ]);
  const cancel = { kind: 'cancel', orderId: 3, account: 2 } as const;
  assert.deepEqual(desk.send(cancel), ['rejected stateForbids 0 3']);
  assert.deepEqual(desk.send({ kind: 'marketState', state: 'cancelOnly' }), [
    'cancelOnly by operator',
  ]);
  assert.equal(desk.send(cancel).length, 1);
});

test('cancels everything of an account whose heartbeat does not come', () => {
  const desk = new OrderDesk();
  desk.place('buy', 1, 100);
  desk.place('buy', 1, 99);
  desk.send({ kind: 'heartbeat', account: 1, deadline: 5 });
  desk.send({ kind: 'heartbeat', account: 1, deadline: 9 });
  assert.deepEqual(desk.send({ kind: 'advanceTime', now: 8 }), []);
  assert.deepEqual(desk.send({ kind: 'advanceTime', now: 9 }), [
    'canceled 1: 1 at 100, leaves 0 (deadMan)',
    'canceled 2: 1 at 99, leaves 0 (deadMan)',
  ]);
});

test('loses no report when one command causes more than the ring holds', () => {
  const desk = new OrderDesk({ ordersMax: 6_000 });
  for (let k = 0; k < 5_000; k += 1) desk.place('sell', 1, 100 + k);
  assert.equal(desk.place('buy', 5_000, 9_000).length, 5_001);
  assert.equal(desk.book.reports.written, 10_001);
});
