// Goal: a trader's program reaches everything a book offers through the typed client: by key, by
// session and by wallet, over HTTP and over a feed; and follows ladders and trades without a gap.
// Method: the client against a real venue behind real gateways on loopback.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { DEMO_BOOK_ID } from '@lawbook/analytics/demoBooks';
import type { Ladder } from '@lawbook/api/client/bookLadder';
import type { WalletSigner } from '@lawbook/api/client/bookTrader';
import { Feed } from '@lawbook/api/client/feed';
import { FollowedBook } from '@lawbook/api/client/followedBook';
import { FollowedTrades } from '@lawbook/api/client/followedTrades';
import type { LawbookClient } from '@lawbook/api/client/lawbookClient';
import { unwrap } from '@lawbook/api/client/transport';
import type { BookActionAnswer } from '@lawbook/api/schema/bookActions';
import type { ChannelEvent } from '@lawbook/api/schema/messages';
import { invariant } from '@lawbook/exchange/failures/invariant';
import type { Result } from '@lawbook/exchange/failures/result';
import { privateKeyToAccount } from 'viem/accounts';
import { GatewayWorld } from '../../../../../testing/gateways/gatewayWorld.ts';
import { demoBookInputs } from '../../demo/demoBookInputs.ts';

const marketId = String(DEMO_BOOK_ID);

describe('the client on books', () => {
  let world: GatewayWorld;
  let alice: LawbookClient;
  let bob: LawbookClient;
  before(async () => {
    world = await GatewayWorld.open();
    for (const input of demoBookInputs(world.venue.state.assets.length)) {
      assert.ok((await world.venue.execute(input)).ok, input.kind);
    }
    alice = world.client('alice');
    bob = world.client('bob');
  });
  after(() => world.close());

  test('places, reads, amends and cancels by either id', async () => {
    const clientOrderId = `0x${'0'.repeat(31)}a`;
    const request = { marketId, side: 'sell', size: '30', price: '1.1005' } as const;
    const placed = taken(await alice.books.placeOrder({ ...request, clientOrderId }));
    const { orderId, sequence: atLeast } = placed;
    const { books } = unwrap(await alice.books.list({ atLeast }));
    assert.equal(
      books.find((book) => book.marketId === marketId)?.bestAsk?.price,
      '1.100500000000',
    );
    const depth = unwrap(await alice.books.depth(marketId, { levels: 1 }));
    assert.deepEqual(depth.asks, [{ price: '1.100500000000', size: '30.000000' }]);
    const amended = taken(await alice.books.amendOrder({ marketId, clientOrderId, size: '20' }));
    assert.equal(amended.executions[0]?.execType, 'replaced');
    const moved = { marketId, orderId, size: '20', price: '1.101' };
    assert.equal(taken(await alice.books.amendOrder(moved)).executions.length, 1);
    const owner = world.account('alice').account;
    const open = unwrap(await alice.books.orders(marketId, { owner, open: true }));
    assert.deepEqual(
      open.orders.map((order) => order.price),
      ['1.101000000000'],
    );
    assert.equal(taken(await alice.books.cancelOrder({ marketId, orderId })).orderId, orderId);
    const noId = await alice.books.amendOrder({ marketId, orderId: 'x', size: '1' });
    assert.ok(!noId.ok && noId.rejection.code === 'orderUnknown');
    const again = unwrap(await alice.books.cancelOrder({ marketId, clientOrderId }));
    assert.ok(again.kind === 'rejected' && again.rejection.code === 'orderUnknown');
    assert.equal(taken(await alice.books.heartbeat(marketId, 60_000)).executions.length, 0);
    assert.equal(taken(await alice.books.heartbeat(marketId, 0)).executions.length, 0);
  });

  test('a market order trades within its slippage, and shows in fills and candles', async () => {
    taken(await alice.books.placeOrder({ marketId, side: 'sell', size: '10', price: '1.1' }));
    const bought = taken(await bob.books.placeOrder({ marketId, side: 'buy', size: '4' }));
    assert.deepEqual(
      bought.executions.map(({ execType }) => execType),
      ['new', 'trade'],
    );
    const { sequence: atLeast } = bought;
    const trades = unwrap(await bob.books.trades(marketId, { atLeast, limit: 1 }));
    assert.equal(trades.trades[0]?.size, '4.000000');
    const owner = world.account('bob').account;
    const { fills } = unwrap(await bob.books.fills(marketId, { owner, limit: 1 }));
    assert.equal(fills[0]?.role, 'taker');
    const candles = unwrap(await bob.books.candles(marketId, { intervalMs: 60_000 }));
    assert.equal(candles.candles[0]?.close, '1.100000000000');
    assert.deepEqual(unwrap(await bob.books.epochs(marketId)).epochs, []);
    assert.equal(taken(await alice.books.cancelAll(marketId)).executions.length, 1);
  });

  test('a session trades over a feed without signatures', async () => {
    const session = await world.sessionClient('alice', ['trade']);
    const { signer } = session;
    invariant(signer?.kind === 'session', 'the client speaks through a session');
    const feed = new Feed({ baseUrl: world.url, session: signer });
    const request = { marketId, side: 'buy', size: '5', price: '1.05' } as const;
    const placed = taken(await session.books.placeOrder(request, { feed }));
    const { orderId } = placed;
    assert.equal(
      taken(await session.books.cancelOrder({ marketId, orderId }, { feed })).orderId,
      orderId,
    );
    feed.close();
  });

  test('any EVM wallet signs with the typed data that the venue publishes', async () => {
    const { account: owner, secretKey } = world.account('bob');
    const wallet = privateKeyToAccount(`0x${Buffer.from(secretKey).toString('hex')}`);
    const { domain, types } = await bob.readTypedData();
    const { EIP712Domain: _, ...structs } = types;
    const signer: WalletSigner = {
      kind: 'wallet',
      owner,
      sign: ({ primaryType, message }) =>
        wallet.signTypedData({ domain, types: structs, primaryType, message } as never),
    };
    const books = bob.books.actingFor(signer);
    const request = { marketId, side: 'buy', size: '5', price: '1.04' } as const;
    const { orderId } = taken(await books.placeOrder(request));
    taken(await books.amendOrder({ marketId, orderId, size: '6', price: '1.03' }));
    taken(await books.cancelOrder({ marketId, orderId }));
    taken(await books.heartbeat(marketId, 0));
    taken(await books.cancelAll(marketId));
  });

  test('an order sent twice is placed once, and a refusal names field and limit', async () => {
    const built = await alice.books.orderAction({
      marketId,
      side: 'buy',
      size: '5',
      price: '1.02',
    });
    assert.ok(built.ok);
    const [first] = unwrap(await alice.books.submit([built.value]));
    const [second] = unwrap(await alice.books.submit([built.value]));
    assert.ok(first?.kind === 'accepted' && second?.kind === 'accepted');
    assert.deepEqual(second, { ...first, executions: [], repeated: true });
    const uneven = await alice.books.placeOrder({ marketId, side: 'buy', size: '0.5', price: '1' });
    assert.ok(!uneven.ok && uneven.rejection.code === 'sizeOutOfRange');
    assert.equal(uneven.rejection.field, 'size');
    assert.equal(uneven.rejection.limit, 'a multiple of 1.000000 up to 1000000.000000');
    assert.equal(uneven.rejection.actual, '0.5');
    taken(await alice.books.cancelAll(marketId));
  });

  test('ladder, trades, best prices and executions are followed as they happen', async () => {
    const feed = new Feed({ baseUrl: world.url });
    const owner = world.account('alice').account;
    const executions: ChannelEvent[] = [];
    const quotes: ChannelEvent[] = [];
    const trades: number[] = [];
    const ladders: Ladder[] = [];
    const followed = new FollowedBook(feed, marketId, {
      onLadder: (ladder) => void ladders.push(ladder),
    });
    const since = unwrap(await alice.books.trades(marketId)).trades[0]?.tradeNumber ?? 0;
    // Trades from before the feed was there are fetched, those after it arrive.
    const options = { feed, reader: alice.books, marketId, after: since - 1 };
    const tape = new FollowedTrades(options, {
      onTrade: ({ tradeNumber }) => void trades.push(tradeNumber),
    });
    const ready = new Promise<void>((resolve) => {
      feed.follow(`quotes:${marketId}`, { onEvent: (event) => void quotes.push(event) });
      feed.follow(`executions:${owner}`, {
        onSnapshot: () => resolve(),
        onEvent: (event) => void executions.push(event),
      });
    });
    await ready;
    taken(await alice.books.placeOrder({ marketId, side: 'sell', size: '7', price: '1.2' }));
    taken(await bob.books.placeOrder({ marketId, side: 'buy', size: '3', price: '1.2' }));
    const { sequence } = taken(await alice.books.cancelAll(marketId));
    await until(() => (followed.ladder?.inputSequence ?? 0) >= sequence && trades.length >= 2);
    assert.deepEqual(trades, [since, since + 1]);
    assert.deepEqual(followed.ladder?.asks, []);
    assert.ok(ladders.some(({ asks }) => asks[0]?.size === '4.000000'));
    assert.equal(followed.resyncs, 0);
    assert.ok(quotes.length >= 2);
    const kinds = executions.flatMap((event) =>
      event.kind === 'execution' ? [event.execution.execType] : [],
    );
    assert.deepEqual(kinds, ['new', 'trade', 'canceled']);
    followed.stop();
    await tape.stop();
    feed.close();
  });
});

function taken(result: Result<BookActionAnswer>): Extract<BookActionAnswer, { kind: 'accepted' }> {
  const answer = unwrap(result);
  assert.equal(answer.kind, 'accepted', JSON.stringify(answer));
  return answer as Extract<BookActionAnswer, { kind: 'accepted' }>;
}

/** Waits for what the feed brings; the runner's own limit ends a wait for nothing. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
}
