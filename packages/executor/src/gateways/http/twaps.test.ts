// Goal: a session has an order taken to a book in slices, reads how far it came and stops it;
// whoever has no session, or asks for what no book takes, is told at which field.
// Method: a real venue behind real gateways whose beat the test gives by hand.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEMO_BOOK_ID } from '@lawbook/analytics/demoBooks';
import { unwrap } from '@lawbook/api/client/transport';
import type { TwapView } from '@lawbook/api/schema/twapRoutes';
import { GatewayWorld } from '../../../../../testing/gateways/gatewayWorld.ts';
import { demoBookInputs } from '../../demo/demoBookInputs.ts';

const marketId = String(DEMO_BOOK_ID);
const REQUEST = {
  marketId,
  side: 'buy',
  size: '9',
  worstPrice: '1.12',
  slices: 3,
  intervalMs: 100,
} as const;

test('slices trade one by one, are reported and stop when told', async (t) => {
  const world = await GatewayWorld.open();
  t.after(() => world.close());
  for (const input of demoBookInputs(world.venue.state.assets.length)) {
    assert.ok((await world.venue.execute(input)).ok, input.kind);
  }
  const alice = await world.sessionClient('alice', ['trade']);
  const bob = world.client('bob');
  unwrap(await bob.books.placeOrder({ marketId, side: 'sell', size: '100', price: '1.1' }));
  const until = async (isSo: (twap: TwapView) => boolean): Promise<TwapView> => {
    for (;;) {
      world.wired.scheduler.tick();
      const [twap] = unwrap(await alice.books.listTwaps()).twaps;
      if (twap !== undefined && isSo(twap)) return twap;
    }
  };
  const { twap: placed } = unwrap(await alice.books.placeTwap(REQUEST));
  assert.deepEqual([placed.state, placed.filledSize], ['active', '0.000000']);
  const done = await until(({ state }) => state !== 'active');
  assert.deepEqual(
    [done.state, done.filledSize, done.averagePrice, done.slicesDone],
    ['done', '9.000000', '1.100000000000', 3],
  );
  const owner = world.account('alice').account;
  const { orders } = unwrap(await alice.books.orders(marketId, { owner }));
  assert.deepEqual(
    done.orderIds.map((id) => orders.find(({ orderId }) => orderId === id)?.filledSize),
    ['3.000000', '3.000000', '3.000000'],
  );

  const slow = unwrap(await alice.books.placeTwap({ ...REQUEST, intervalMs: 3_600_000 })).twap;
  await until(({ slicesDone }) => slicesDone === 1);
  const { twap } = unwrap(await alice.books.cancelTwap(slow.twapId));
  assert.deepEqual([twap.state, twap.filledSize], ['canceled', '3.000000']);

  const refusals: readonly (readonly [object, string, string])[] = [
    [{ size: '2' }, 'sizeOutOfRange', 'size'],
    [{ size: '9.5' }, 'sizeOutOfRange', 'size'],
    [{ worstPrice: '0.00001' }, 'priceOutOfRange', 'worstPrice'],
    [{ worstPrice: '0.0001' }, 'notionalTooSmall', 'slices'],
    [{ marketId: '1' }, 'notFound', 'marketId'],
    [{ slices: 1 }, 'malformedRequest', 'slices'],
  ];
  for (const [change, code, field] of refusals) {
    const refused = await alice.books.placeTwap({ ...REQUEST, ...change });
    assert.ok(!refused.ok, JSON.stringify(change));
    assert.deepEqual([refused.rejection.code, refused.rejection.field], [code, field]);
  }
  const unsigned = await bob.books.placeTwap(REQUEST);
  assert.ok(!unsigned.ok && unsigned.rejection.code === 'unauthenticated');
  const stranger = await world.sessionClient('bob', ['trade']);
  const foreign = await stranger.books.cancelTwap(slow.twapId);
  assert.ok(!foreign.ok && foreign.rejection.code === 'notFound');
});
