// Goal: the unmodified ccxt class of the dialect reads, trades and streams books of this venue.
// Method: a real venue with the demo books on loopback; ccxt is pointed at it by its own options
// and used by its unified methods only. Waiting is for what ccxt itself resolves.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { hyperliquid, Order } from 'ccxt';
import { errors } from 'ccxt';
import { at } from '../../packages/exchange/src/failures/invariant.ts';
import { DialectWorld, EUR, EUR_SYMBOL } from './dialectWorld.ts';

/** The id of an order that was placed. */
function idOf({ id }: Order): string {
  assert.ok(id !== undefined);
  return id;
}

describe('ccxt', () => {
  let world: DialectWorld;
  let alice: hyperliquid;
  let bob: hyperliquid;

  before(async () => {
    world = await DialectWorld.open();
    await world.grant('alice');
    await world.grant('bob');
    alice = world.ccxt('alice');
    bob = world.ccxt('bob');
    // Prices are rounded by what the book shows, so it shows something before markets are loaded.
    await alice.createOrder(EUR_SYMBOL, 'limit', 'buy', 10, 1.05);
    await alice.loadMarkets(true);
  });
  after(() => world.close());

  test('loads markets with the precision of ticks and lots', () => {
    const market = alice.market(EUR_SYMBOL);
    assert.deepEqual(
      [market.id, market.type, market.spot, market.swap],
      [EUR, 'spot', true, false],
    );
    assert.equal(market.precision?.price, 0.0001);
    assert.equal(market.precision?.amount, 1);
    assert.deepEqual(Object.keys(alice.markets ?? {}).sort(), [EUR_SYMBOL, 'PLAYGBP/PLAYUSD']);
  });

  test('its first private call settles for no builder fee and one balance', async () => {
    const balance = await alice.fetchBalance();
    assert.equal(alice.options['approvedBuilderFee'], true);
    assert.equal(alice.options['enableUnifiedMargin'], true);
    assert.equal(balance['PLAYEUR']?.total, 1_000_000);
    assert.equal(balance['PLAYUSD']?.used, 10.5021);
  });

  test('places, fetches, edits and cancels an order', async () => {
    const id = idOf(await alice.createOrder(EUR_SYMBOL, 'limit', 'sell', 30, 1.2));
    const placed = await alice.fetchOrder(id, EUR_SYMBOL);
    assert.deepEqual(
      [placed.status, placed.side, placed.price, placed.amount, placed.filled, placed.symbol],
      ['open', 'sell', 1.2, 30, 0, EUR_SYMBOL],
    );
    const edited = await alice.editOrder(id, EUR_SYMBOL, 'limit', 'sell', 20, 1.19);
    assert.equal(edited.id, id);
    const open = await alice.fetchOpenOrders(EUR_SYMBOL);
    const found = open.find((order) => order.id === id);
    assert.deepEqual([found?.price, found?.amount, found?.remaining], [1.19, 20, 20]);
    await alice.cancelOrder(id, EUR_SYMBOL);
    assert.equal((await alice.fetchOrder(id, EUR_SYMBOL)).status, 'canceled');
    await assert.rejects(alice.cancelOrder(id, EUR_SYMBOL), errors.OrderNotFound);
  });

  test('orders go by client order id', async () => {
    const clientOrderId = `0x${randomBytes(16).toString('hex')}`;
    const id = idOf(await bob.createOrder(EUR_SYMBOL, 'limit', 'sell', 4, 1.3, { clientOrderId }));
    const found = await bob.fetchOrder(id, EUR_SYMBOL, { clientOrderId });
    assert.deepEqual([found.id, found.clientOrderId], [id, clientOrderId]);
    await bob.cancelOrder(id, EUR_SYMBOL, { clientOrderId });
    assert.equal((await bob.fetchOrder(clientOrderId)).status, 'canceled');
  });

  test('a trade shows in fills, trades, candles, the book and the history', async () => {
    const id = idOf(
      await alice.createOrder(EUR_SYMBOL, 'limit', 'sell', 30, 1.1, {
        postOnly: true,
      }),
    );
    const taken = await bob.createOrder(EUR_SYMBOL, 'limit', 'buy', 12, 1.1, {
      timeInForce: 'IOC',
    });
    assert.deepEqual([taken.filled, taken.average], [12, 1.1]);
    const market = await bob.createOrder(EUR_SYMBOL, 'market', 'buy', 3, 1.1);
    assert.equal(market.filled, 3);
    const [first] = await bob.fetchMyTrades(EUR_SYMBOL);
    assert.deepEqual([first?.side, first?.takerOrMaker, first?.price], ['buy', 'taker', 1.1]);
    assert.deepEqual(first?.fee, { cost: 0.00264, currency: 'PLAYUSD' });
    const book = await alice.fetchOrderBook(EUR_SYMBOL);
    assert.deepEqual([book.bids, book.asks], [[[1.05, 10]], [[1.1, 15]]]);
    const candles = await alice.fetchOHLCV(EUR_SYMBOL, '1d');
    assert.deepEqual(at(candles, 0).slice(1), [1.1, 1.1, 1.1, 1.1, 15]);
    const { [EUR_SYMBOL]: ticker } = await alice.fetchTickers();
    assert.deepEqual([ticker?.close, ticker?.quoteVolume], [1.075, 16.5]);
    const closed = await bob.fetchClosedOrders(EUR_SYMBOL);
    assert.equal(closed.filter((order) => order.filled === 12).length, 1);
    const rates = await bob.fetchTradingFee(EUR_SYMBOL);
    assert.deepEqual([rates.maker, rates.taker], [0, 0.0002]);
    await alice.cancelOrder(id, EUR_SYMBOL);
  });

  test('many orders at once, and a cancel of many', async () => {
    const wishes = [1.001, 1.002, 1.003].map((price) => ({
      ...{ symbol: EUR_SYMBOL, type: 'limit', side: 'buy', amount: 5, price },
    }));
    const orders = await bob.createOrders(wishes as never);
    const ids = orders.map(idOf);
    assert.equal((await bob.fetchOpenOrders(EUR_SYMBOL)).length, 3);
    await bob.cancelOrders(ids, EUR_SYMBOL);
    assert.equal((await bob.fetchOpenOrders(EUR_SYMBOL)).length, 0);
  });

  test('the dead-man switch is set', async () => {
    assert.deepEqual(await bob.cancelAllOrdersAfter(60_000), {
      status: 'ok',
      response: { type: 'default' },
    });
  });

  test('refusals become the errors that ccxt has for them', async () => {
    const place = (amount: number, price: number, more = {}): Promise<unknown> => {
      return alice.createOrder(EUR_SYMBOL, 'limit', 'buy', amount, price, more);
    };
    await assert.rejects(place(900_000, 90), errors.InsufficientFunds);
    await assert.rejects(place(5, 0.98765), errors.InvalidOrder);
    await assert.rejects(place(5, 1.01, { timeInForce: 'IOC' }), errors.InvalidOrder);
    await assert.rejects(
      bob.createOrder(EUR_SYMBOL, 'limit', 'sell', 5, 1.05, { postOnly: true }),
      errors.InvalidOrder,
    );
    await assert.rejects(alice.fetchOrder('999000', EUR_SYMBOL), errors.OrderNotFound);
    await assert.rejects(alice.setLeverage(5, EUR_SYMBOL), errors.ExchangeError);
    await assert.rejects(alice.fetchDeposits(), errors.ExchangeError);
  });

  test('streams books, trades, candles, tickers, orders, fills and balances', async () => {
    const watcher = world.ccxtPro('alice');
    // What ccxt asks for where the stream is not encrypted.
    await watcher.loadHttpProxyAgent();
    await watcher.loadMarkets();
    const id = idOf(await alice.createOrder(EUR_SYMBOL, 'limit', 'sell', 20, 1.1));
    const book = await watcher.watchOrderBook(EUR_SYMBOL);
    assert.deepEqual(at(book.asks, 0), [1.1, 20]);
    const orders = watcher.watchOrders(EUR_SYMBOL);
    // The server takes messages in their order: once these began, the one before is followed too.
    await Promise.all([watcher.watchTrades(EUR_SYMBOL), watcher.watchMyTrades(EUR_SYMBOL)]);
    await Promise.all([watcher.watchTicker(EUR_SYMBOL), watcher.watchTickers([EUR_SYMBOL])]);
    await watcher.watchBalance({ type: 'spot' });
    await watcher.watchOHLCV(EUR_SYMBOL, '1m');
    const wait = [
      watcher.watchTrades(EUR_SYMBOL),
      watcher.watchMyTrades(EUR_SYMBOL),
      watcher.watchOHLCV(EUR_SYMBOL, '1m'),
      watcher.watchBalance({ type: 'spot' }),
    ] as const;
    await bob.createOrder(EUR_SYMBOL, 'limit', 'buy', 4, 1.1);
    const [trades, fills, candles] = await Promise.all(wait);
    assert.equal(trades.at(-1)?.price, 1.1);
    assert.equal(fills.at(-1)?.order, id);
    assert.equal(candles.at(-1)?.[4], 1.1);
    const [update] = await orders;
    assert.deepEqual([update?.id, update?.remaining], [id, 16]);
    const placed = idOf(await watcher.createOrderWs(EUR_SYMBOL, 'limit', 'buy', 6, 1.02));
    const moved = await watcher.editOrderWs(placed, EUR_SYMBOL, 'limit', 'buy', 6, 1.03);
    assert.equal(moved.id, placed);
    await watcher.cancelOrderWs(placed, EUR_SYMBOL);
    assert.equal((await alice.fetchOrder(placed, EUR_SYMBOL)).status, 'canceled');
    await alice.cancelOrder(id, EUR_SYMBOL);
  });
});
