// Goal: the root of open orders binds every fact of every order and their sequence, and depth tells
// the best levels as far as it is asked.
// Method: one book of each kind of open order; each fact changed at a time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OrderDesk } from '../../../../../testing/exchange/orderDesk.ts';
import { at } from '../../failures/invariant.ts';
import type { OpenOrder } from './openOrders.ts';
import { depth, openOrders, openOrdersRoot } from './openOrders.ts';

/** Two bids, an iceberg partly filled, and a pair of which one order waits. */
function played(): OrderDesk {
  const desk = new OrderDesk();
  desk.place('buy', 5, 90);
  desk.place('buy', 7, 91);
  desk.place('sell', 9, 100, { displayLots: 4 });
  desk.place('buy', 3, 100);
  desk.place('sell', 2, 110);
  desk.place('sell', 2, 80, { trigger: 'stop', triggerTicks: 80, ocoWith: 5 });
  return desk;
}

test('open orders are bids, asks and those that wait, best and oldest first', () => {
  const told = openOrders(played().book);
  assert.deepEqual(told, [
    plain(2, 1, 'buy', 91, { leavesLots: 7, shownLots: 7 }),
    plain(1, 1, 'buy', 90, { leavesLots: 5, shownLots: 5 }),
    plain(3, 2, 'sell', 100, { leavesLots: 6, shownLots: 1, filledLots: 3 }),
    plain(5, 2, 'sell', 110, { leavesLots: 2, shownLots: 2, partner: 6 }),
    plain(6, 2, 'sell', 80, { leavesLots: 2, partner: 5, isWaiting: true }),
  ]);
});

function plain(
  orderId: number,
  account: number,
  side: 'buy' | 'sell',
  priceTicks: number,
  more: Partial<OpenOrder>,
): OpenOrder {
  const nothing = { leavesLots: 0, shownLots: 0, filledLots: 0, partner: 0, isWaiting: false };
  return { orderId, account, side, priceTicks, ...nothing, ...more };
}

test('the root changes with every fact of an order, with their sequence and their number', () => {
  const orders = openOrders(played().book);
  const first = at(orders, 0);
  const roots = [openOrdersRoot(orders), openOrdersRoot([...orders].reverse())];
  for (const field of Object.keys(first) as (keyof OpenOrder)[]) {
    const fact = first[field];
    const other = typeof fact === 'number' ? fact + 1 : typeof fact === 'boolean' ? !fact : 'sell';
    roots.push(openOrdersRoot([{ ...first, [field]: other }, ...orders.slice(1)]));
  }
  roots.push(openOrdersRoot(orders.slice(1)), openOrdersRoot([...orders, first]));
  roots.push(openOrdersRoot([]));
  assert.equal(new Set(roots).size, roots.length);
  assert.equal(openOrdersRoot(openOrders(played().book)), roots[0]);
});

test('depth tells what shows of the best levels, no more of them than asked', () => {
  const { book } = played();
  const bids = [
    { priceTicks: 91, shownLots: 7 },
    { priceTicks: 90, shownLots: 5 },
  ];
  assert.deepEqual(depth(book, 'buy', 9), bids);
  assert.deepEqual(depth(book, 'buy', 2), bids);
  assert.deepEqual(depth(book, 'buy', 1), bids.slice(0, 1));
  assert.deepEqual(depth(book, 'buy', 0), []);
  assert.deepEqual(depth(book, 'sell', 9), [
    { priceTicks: 100, shownLots: 1 },
    { priceTicks: 110, shownLots: 2 },
  ]);
});
