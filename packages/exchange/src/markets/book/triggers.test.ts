// Goal: what happens when several triggers, pairs, expiries and states meet at one price or moment.
// Method: a few commands a story on the bare book; reports printed as short lines, compared whole.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OrderDesk } from '../../../../../testing/exchange/orderDesk.ts';
import { openOrders } from './openOrders.ts';

const STOP = { trigger: 'stop', account: 3 } as const;
const TAKE_PROFIT = { trigger: 'takeProfit', account: 3 } as const;

test('triggers at one price fire in the order in which they came', () => {
  const desk = new OrderDesk();
  for (const price of [100, 101, 102, 103]) desk.place('sell', 1, price);
  for (const price of [150, 140, 130]) desk.place('buy', 1, price, { ...STOP, triggerTicks: 100 });
  assert.deepEqual(desk.place('buy', 1, 100).slice(1), [
    'trade 1 with 8: 1 at 100, leaves 0',
    'triggered 5: 1 at 150, leaves 1',
    'trade 2 with 5: 1 at 101, leaves 0',
    'triggered 6: 1 at 140, leaves 1',
    'trade 3 with 6: 1 at 102, leaves 0',
    'triggered 7: 1 at 130, leaves 1',
    'trade 4 with 7: 1 at 103, leaves 0',
  ]);
});

test('at one price a rise fires before a fall', () => {
  const desk = new OrderDesk();
  desk.place('sell', 1, 100);
  desk.place('buy', 1, 90, { ...TAKE_PROFIT, triggerTicks: 100 });
  desk.place('sell', 1, 110, { ...STOP, triggerTicks: 100 });
  desk.place('buy', 1, 91, { ...STOP, triggerTicks: 100 });
  desk.place('sell', 1, 111, { ...TAKE_PROFIT, triggerTicks: 100 });
  assert.deepEqual(desk.place('buy', 1, 100).slice(2), [
    'triggered 4: 1 at 91, leaves 1',
    'triggered 5: 1 at 111, leaves 1',
    'triggered 2: 1 at 90, leaves 1',
    'triggered 3: 1 at 110, leaves 1',
  ]);
});

test('a trigger fires at its price and not one tick before', () => {
  const desk = new OrderDesk();
  for (const price of [99, 100]) desk.place('sell', 1, price);
  desk.place('buy', 1, 50, { ...STOP, triggerTicks: 100 });
  assert.equal(desk.place('buy', 1, 99).length, 2);
  assert.deepEqual(desk.place('buy', 1, 100).slice(2), ['triggered 3: 1 at 50, leaves 1']);
});

test('an order whose trigger is reached when it comes acts at once', () => {
  const desk = new OrderDesk();
  desk.place('sell', 1, 100);
  desk.place('buy', 1, 100);
  assert.deepEqual(desk.place('buy', 1, 90, { ...STOP, triggerTicks: 100 }), [
    'new 3: 1 at 90, leaves 1 (waiting)',
    'triggered 3: 1 at 90, leaves 1',
  ]);
});

test('of a pair whose orders trigger at one price, the first ends the other', () => {
  const desk = new OrderDesk();
  desk.place('sell', 5, 100);
  desk.place('buy', 2, 105, { ...STOP, triggerTicks: 100 });
  desk.place('buy', 2, 95, { ...TAKE_PROFIT, triggerTicks: 100, ocoWith: 2 });
  assert.deepEqual(desk.place('buy', 1, 100).slice(1), [
    'trade 1 with 4: 1 at 100, leaves 4',
    'triggered 2: 2 at 105, leaves 2',
    'canceled 3: 2 at 95, leaves 0 (oco)',
    'trade 1 with 2: 2 at 100, leaves 2',
  ]);
});

test('of a pair, what is filled and what the same trade would fire never both trade', () => {
  const desk = new OrderDesk();
  desk.place('sell', 2, 100, { account: 3 });
  desk.place('sell', 2, 90, { ...STOP, triggerTicks: 100, ocoWith: 1 });
  desk.place('buy', 9, 80);
  assert.deepEqual(desk.place('buy', 2, 100).slice(1), [
    'trade 1 with 4: 2 at 100, leaves 0',
    'canceled 2: 2 at 90, leaves 0 (oco)',
  ]);
});

test('a pair ends whole when one order expires, is canceled or meets its own account', () => {
  const ends = (how: (desk: OrderDesk) => string[]): string[] => {
    const desk = new OrderDesk();
    desk.place('sell', 2, 110, { account: 3, timeInForce: 'gtd', expiresAt: 9 });
    desk.place('sell', 2, 90, { ...STOP, triggerTicks: 90, ocoWith: 1 });
    const told = how(desk);
    assert.ok(openOrders(desk.book).every(({ orderId }) => orderId > 2));
    return told;
  };
  const partner = 'canceled 2: 2 at 90, leaves 0 (oco)';
  assert.deepEqual(
    ends((desk) => desk.send({ kind: 'advanceTime', now: 9 })),
    ['expired 1: 2 at 110, leaves 0', partner],
  );
  assert.deepEqual(
    ends((desk) => desk.send({ kind: 'cancel', orderId: 1, account: 3 })),
    ['canceled 1: 2 at 110, leaves 0 (owner)', partner],
  );
  assert.deepEqual(
    ends((desk) => desk.place('buy', 1, 110, { account: 3 }).slice(1)),
    ['canceled 1: 2 at 110, leaves 0 (selfTrade)', partner],
  );
});

test('an order that waits expires at its time and does not fire any more', () => {
  const desk = new OrderDesk();
  desk.place('sell', 1, 100);
  desk.place('buy', 1, 100, { ...STOP, triggerTicks: 100, timeInForce: 'gtd', expiresAt: 5 });
  assert.deepEqual(desk.send({ kind: 'advanceTime', now: 5 }), ['expired 2: 1 at 100, leaves 0']);
  assert.equal(desk.place('buy', 1, 100).length, 2);
});

test('a halted market refuses its traders, and time goes on in it', () => {
  const desk = new OrderDesk();
  desk.place('buy', 5, 100);
  desk.place('buy', 5, 99, { timeInForce: 'gtd', expiresAt: 7, account: 3 });
  desk.place('buy', 5, 98, { account: 4 });
  desk.send({ kind: 'heartbeat', account: 4, deadline: 8 });
  desk.send({ kind: 'marketState', state: 'halted' });
  const no = ['rejected stateForbids 0 3'];
  const [orderId, account] = [1, 1];
  assert.deepEqual(desk.place('sell', 1, 100), no);
  assert.deepEqual(desk.place('sell', 1, 200, { postOnly: true }), no);
  assert.deepEqual(desk.send({ kind: 'cancel', orderId, account }), no);
  assert.deepEqual(desk.send({ kind: 'cancelAll', account }), no);
  assert.deepEqual(desk.send({ kind: 'reduce', orderId, account, sizeLots: 1 }), no);
  const replace = { kind: 'replace', orderId, account, priceTicks: 1, sizeLots: 1 } as const;
  assert.deepEqual(desk.send(replace), no);
  assert.deepEqual(desk.send({ kind: 'advanceTime', now: 7 }), ['expired 2: 5 at 99, leaves 0']);
  assert.deepEqual(desk.send({ kind: 'advanceTime', now: 8 }), [
    'canceled 3: 5 at 98, leaves 0 (deadMan)',
  ]);
  desk.send({ kind: 'marketState', state: 'open' });
  assert.equal(desk.place('sell', 5, 100).at(-1), 'trade 1 with 6: 5 at 100, leaves 0');
});

test('what an oracle reaches while a market is halted fires when it opens', () => {
  const desk = new OrderDesk();
  desk.place('sell', 1, 100);
  const oracle = { ...STOP, triggerSource: 'oracle', triggerTicks: 100 } as const;
  desk.place('buy', 1, 100, oracle);
  desk.send({ kind: 'marketState', state: 'halted' });
  assert.deepEqual(desk.send({ kind: 'oraclePrice', priceTicks: 100 }), []);
  assert.deepEqual(desk.send({ kind: 'marketState', state: 'postOnly' }), ['postOnly by operator']);
  assert.deepEqual(desk.send({ kind: 'marketState', state: 'open' }), [
    'open by operator',
    'triggered 2: 1 at 100, leaves 1',
    'trade 1 with 2: 1 at 100, leaves 0',
  ]);
});

test('a trigger whose order trips the breaker ends it, and the others wait on', () => {
  const desk = new OrderDesk({ breakerBandPpm: 100_000, breakerWindow: 50 });
  for (const price of [100, 105, 120]) desk.place('sell', 1, price);
  desk.place('buy', 2, 200, { ...STOP, triggerTicks: 100 });
  desk.place('buy', 1, 200, { ...STOP, triggerTicks: 100, account: 4 });
  assert.deepEqual(desk.place('buy', 1, 100).slice(1), [
    'trade 1 with 6: 1 at 100, leaves 0',
    'triggered 4: 2 at 200, leaves 2',
    'trade 2 with 4: 1 at 105, leaves 0',
    'halted by breaker',
    'canceled 4: 1 at 200, leaves 0 (breaker)',
  ]);
  assert.deepEqual(
    openOrders(desk.book).map(({ orderId, isWaiting }) => [orderId, isWaiting]),
    [
      [3, false],
      [5, true],
    ],
  );
  assert.deepEqual(desk.send({ kind: 'marketState', state: 'open' }).slice(1), [
    'triggered 5: 1 at 200, leaves 1',
    'trade 3 with 5: 1 at 120, leaves 0',
  ]);
});

test('the breaker lets the edge of its band trade, and measures anew after its window', () => {
  const desk = new OrderDesk({ breakerBandPpm: 50_000, breakerWindow: 10 });
  for (const price of [100, 105, 110, 111]) desk.place('sell', 1, price);
  desk.place('buy', 1, 100);
  assert.equal(desk.place('buy', 1, 105).at(-1), 'trade 2 with 6: 1 at 105, leaves 0');
  desk.send({ kind: 'advanceTime', now: 9 });
  assert.deepEqual(desk.place('buy', 1, 110).slice(1), [
    'halted by breaker',
    'canceled 7: 1 at 110, leaves 0 (breaker)',
  ]);
  desk.send({ kind: 'marketState', state: 'open' });
  assert.equal(desk.place('buy', 1, 110).at(-1), 'trade 3 with 8: 1 at 110, leaves 0');
  desk.send({ kind: 'advanceTime', now: 10 });
  assert.equal(desk.place('buy', 1, 111).at(-1), 'trade 4 with 9: 1 at 111, leaves 0');
});

test('a trigger that is reached while a market takes posts alone waits until it opens', () => {
  const desk = new OrderDesk();
  desk.place('sell', 2, 100);
  desk.place('buy', 1, 100);
  desk.send({ kind: 'oraclePrice', priceTicks: 100 });
  desk.send({ kind: 'marketState', state: 'postOnly' });
  const posts = { ...STOP, postOnly: true, triggerTicks: 100 };
  assert.equal(desk.place('buy', 1, 90, posts).length, 1);
  assert.equal(desk.place('buy', 1, 91, { ...posts, triggerSource: 'oracle' }).length, 1);
  assert.equal(desk.send({ kind: 'oraclePrice', priceTicks: 101 }).length, 0);
  assert.deepEqual(desk.send({ kind: 'marketState', state: 'open' }), [
    'open by operator',
    'triggered 3: 1 at 90, leaves 1',
    'triggered 4: 1 at 91, leaves 1',
  ]);
});

test('a trigger on one price does not look at the other', () => {
  const desk = new OrderDesk();
  desk.place('sell', 1, 100);
  desk.place('buy', 1, 50, { ...STOP, triggerTicks: 100, triggerSource: 'oracle' });
  desk.place('buy', 1, 51, { ...STOP, triggerTicks: 200 });
  assert.deepEqual(desk.place('buy', 1, 100).slice(1), ['trade 1 with 4: 1 at 100, leaves 0']);
  assert.deepEqual(desk.send({ kind: 'oraclePrice', priceTicks: 200 }), [
    'triggered 2: 1 at 50, leaves 1',
  ]);
  assert.deepEqual(
    openOrders(desk.book).map(({ orderId, isWaiting }) => [orderId, isWaiting]),
    [
      [2, false],
      [3, true],
    ],
  );
});

test('an order that waits is canceled, by itself and with its account, and fires no more', () => {
  for (const command of [
    { kind: 'cancel', orderId: 2, account: 3 },
    { kind: 'cancelAll', account: 3 },
  ] as const) {
    const desk = new OrderDesk();
    desk.place('sell', 1, 100);
    desk.place('buy', 1, 100, { ...STOP, triggerTicks: 100 });
    desk.place('buy', 1, 99, { ...STOP, triggerTicks: 101, account: 4 });
    assert.equal(desk.send(command).length, 1);
    assert.equal(desk.place('buy', 1, 100).length, 2);
    assert.equal(openOrders(desk.book).length, 1);
  }
});
