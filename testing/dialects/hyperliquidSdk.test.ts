// Goal: the unmodified TypeScript SDK of the dialect reads, trades and follows books of this venue.
// Method: a real venue with the demo books on loopback; every call goes through the package as it
// is published. Replies are held against the patterns that its types promise.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { ExchangeClient, InfoClient } from '@nktkas/hyperliquid';
import * as sdk from '@nktkas/hyperliquid';
import { privateKeyToAccount } from 'viem/accounts';
import { at } from '../../packages/exchange/src/failures/invariant.ts';
import { DialectWorld, EUR, EUR_ASSET, GBP, GBP_ASSET } from './dialectWorld.ts';

const DECIMAL = /^[0-9]+(\.[0-9]+)?$/;

function cloid(): `0x${string}` {
  return `0x${randomBytes(16).toString('hex')}`;
}

type Tif = 'Gtc' | 'Ioc' | 'Alo';

/** Parameters of one limit order in EUR. */
function limit(isBuy: boolean, price: string, size: string, tif: Tif = 'Gtc') {
  return { a: EUR_ASSET, b: isBuy, p: price, s: size, r: false, t: { limit: { tif } } };
}

describe('the TypeScript SDK', () => {
  let world: DialectWorld;
  let reader: InfoClient;
  let alice: ExchangeClient;
  let bob: ExchangeClient;

  before(async () => {
    world = await DialectWorld.open();
    await world.grant('alice');
    await world.grant('bob');
    reader = world.infoClient();
    alice = world.exchangeClient(world.secretOf('alice'));
    bob = world.exchangeClient(world.secretOf('bob'), true);
  });
  after(() => world.close());

  /** The id of an order that came to rest. */
  async function rest(client: ExchangeClient, order: ReturnType<typeof limit>): Promise<number> {
    const { response } = await client.order({ orders: [order], grouping: 'na' });
    const status = at(response.data.statuses, 0);
    assert.ok(typeof status === 'object' && 'resting' in status, JSON.stringify(status));
    return status.resting.oid;
  }

  async function refusedWith(call: Promise<unknown>, pattern: RegExp): Promise<void> {
    await assert.rejects(call, (cause: Error) => {
      assert.ok(cause instanceof sdk.ApiRequestError, String(cause));
      assert.match(cause.message, pattern);
      return true;
    });
  }

  const statusOf = async (user: `0x${string}`, oid: number | `0x${string}`): Promise<string> => {
    const found = await reader.orderStatus({ user, oid });
    return found.status === 'order' ? found.order.status : found.status;
  };

  test('loads markets: the books as spot pairs, and no perpetuals', async () => {
    const { tokens, universe } = await reader.spotMeta();
    assert.deepEqual(
      universe.map(({ name, index }) => [name, index]),
      [
        [EUR, 0],
        [GBP, 1],
      ],
    );
    const [base, quote] = at(universe, 0).tokens;
    assert.equal(at(tokens, base).name, 'PLAYEUR');
    assert.equal(at(tokens, base).szDecimals, 0);
    assert.equal(at(tokens, quote).name, 'PLAYUSD');
    for (const [k, { index, tokenId }] of tokens.entries()) {
      assert.equal(index, k);
      assert.match(tokenId, /^0x[a-fA-F0-9]{32}$/);
    }
    assert.deepEqual((await reader.meta()).universe, []);
    const [meta, contexts] = await reader.metaAndAssetCtxs();
    assert.deepEqual([meta.universe, contexts], [[], []]);
    assert.deepEqual(await reader.perpDexs(), [null]);
    assert.equal((await reader.spotMetaAndAssetCtxs())[1].length, 2);
    assert.equal((await reader.exchangeStatus()).specialStatuses, null);
  });

  test('places, finds, modifies and cancels an order', async () => {
    const user = world.addressOf('alice');
    const oid = await rest(alice, limit(false, '1.2', '30'));
    const [open] = await reader.openOrders({ user });
    assert.equal(open?.oid, oid);
    assert.deepEqual([open?.side, open?.limitPx, open?.sz, open?.coin], ['A', '1.2', '30', EUR]);
    await alice.modify({ oid, order: limit(false, '1.2', '20') });
    await alice.batchModify({ modifies: [{ oid, order: limit(false, '1.1999', '25') }] });
    const [shown] = await reader.frontendOpenOrders({ user });
    assert.deepEqual([shown?.oid, shown?.limitPx, shown?.sz], [oid, '1.1999', '25']);
    assert.deepEqual([shown?.orderType, shown?.tif, shown?.isTrigger], ['Limit', 'Gtc', false]);
    const { response } = await alice.cancel({ cancels: [{ a: EUR_ASSET, o: oid }] });
    assert.deepEqual(response.data.statuses, ['success']);
    assert.equal(await statusOf(user, oid), 'canceled');
    assert.deepEqual(await reader.openOrders({ user }), []);
  });

  test('a modify that changes more than price and size replaces the order', async () => {
    const user = world.addressOf('alice');
    const oid = await rest(alice, limit(false, '1.3', '5'));
    const wish = limit(false, '1.3', '5', 'Alo');
    const { response } = await alice.batchModify({ modifies: [{ oid, order: wish }] });
    const status = at(response.data.statuses, 0);
    assert.ok(typeof status === 'object' && 'resting' in status);
    assert.notEqual(status.resting.oid, oid);
    assert.equal(await statusOf(user, oid), 'canceled');
    const found = await reader.orderStatus({ user, oid: status.resting.oid });
    assert.ok(found.status === 'order');
    assert.equal(found.order.order.tif, 'Alo');
    await alice.cancel({ cancels: [{ a: EUR_ASSET, o: status.resting.oid }] });
  });

  test('an id names one order of one market, and only to its owner', async () => {
    const user = world.addressOf('alice');
    const inGbp = await rest(alice, { ...limit(true, '1', '5'), a: GBP_ASSET });
    // The number that the order in the other book has is taken in this one as well.
    const sameNumber = inGbp - 1;
    assert.notEqual(await statusOf(user, sameNumber), 'unknownOid');
    await refusedWith(alice.cancel({ cancels: [{ a: GBP_ASSET, o: sameNumber }] }), /never placed/);
    await refusedWith(alice.cancel({ cancels: [{ a: EUR_ASSET, o: inGbp }] }), /never placed/);
    assert.equal(await statusOf(user, inGbp), 'open');
    assert.equal(await statusOf(world.addressOf('bob'), inGbp), 'unknownOid');
    await alice.cancel({ cancels: [{ a: GBP_ASSET, o: inGbp }] });
  });

  test('names orders by client order id in every call', async () => {
    const user = world.addressOf('alice');
    const id = cloid();
    const { response } = await alice.order({
      orders: [{ ...limit(true, '1.01', '7'), c: id }],
      grouping: 'na',
    });
    const status = at(response.data.statuses, 0);
    assert.ok(typeof status === 'object' && 'resting' in status);
    assert.equal(status.resting.cloid, id);
    assert.equal(await statusOf(user, id), 'open');
    await alice.modify({ oid: id, order: { ...limit(true, '1.02', '7'), c: id } });
    assert.equal((await reader.openOrders({ user }))[0]?.limitPx, '1.02');
    await alice.cancelByCloid({ cancels: [{ asset: EUR_ASSET, cloid: id }] });
    assert.equal(await statusOf(user, id), 'canceled');
    assert.equal(await statusOf(user, cloid()), 'unknownOid');
  });

  test('trades at once, and tells fills, trades, candles, mids and balances of it', async () => {
    const before = await reader.spotClearinghouseState({ user: world.addressOf('bob') });
    const oid = await rest(alice, limit(false, '1.1', '40'));
    const { response } = await bob.order({ orders: [limit(true, '1.2', '15', 'Ioc')] });
    const filled = at(response.data.statuses, 0);
    assert.ok(typeof filled === 'object' && 'filled' in filled);
    assert.deepEqual([filled.filled.totalSz, filled.filled.avgPx], ['15', '1.1']);
    const [maker] = await reader.userFills({ user: world.addressOf('alice') });
    assert.deepEqual(
      [maker?.oid, maker?.crossed, maker?.fee, maker?.dir],
      [oid, false, '0', 'Sell'],
    );
    const since = { user: world.addressOf('bob'), startTime: 0 };
    const taker = (await reader.userFillsByTime(since)).at(-1);
    assert.deepEqual([taker?.px, taker?.sz, taker?.crossed], ['1.1', '15', true]);
    // Two basis points of 16.5.
    assert.deepEqual([taker?.fee, taker?.feeToken], ['0.0033', 'PLAYUSD']);
    const [trade] = await reader.recentTrades({ coin: EUR });
    assert.deepEqual([trade?.px, trade?.sz, trade?.side], ['1.1', '15', 'B']);
    assert.match(trade?.hash ?? '', /^0x[a-f0-9]{64}$/);
    const req = { coin: EUR, interval: '1d' as const, startTime: 0 };
    const candle = (await reader.candleSnapshot(req)).at(-1);
    assert.deepEqual([candle?.h, candle?.l, candle?.v, candle?.n], ['1.1', '1.1', '15', 1]);
    const book = await reader.l2Book({ coin: EUR });
    assert.deepEqual(book?.levels[1], [{ px: '1.1', sz: '25', n: 1 }]);
    assert.equal((await reader.allMids())[EUR], '1.1');
    const [, [context]] = await reader.spotMetaAndAssetCtxs();
    assert.deepEqual([context?.dayBaseVlm, context?.dayNtlVlm], ['15', '16.5']);
    for (const key of ['markPx', 'prevDayPx', 'totalSupply'] as const) {
      assert.match(context?.[key] ?? '', DECIMAL);
    }
    const now = await reader.spotClearinghouseState({ user: world.addressOf('bob') });
    const held = (state: typeof now, coin: string): number => {
      return Number(state.balances.find((balance) => balance.coin === coin)?.total);
    };
    assert.equal(held(now, 'PLAYEUR') - held(before, 'PLAYEUR'), 15);
    assert.ok(Math.abs(held(before, 'PLAYUSD') - held(now, 'PLAYUSD') - 16.5033) < 1e-6);
    await alice.cancel({ cancels: [{ a: EUR_ASSET, o: oid }] });
  });

  test('a smaller size keeps its place in the queue, another price loses it', async () => {
    await world.grant('charlie');
    const charlie = world.exchangeClient(world.secretOf('charlie'));
    const first = await rest(alice, limit(false, '1.12', '20'));
    const second = await rest(bob, limit(false, '1.12', '20'));
    const leftOf = async (name: 'alice' | 'bob', oid: number): Promise<string | undefined> => {
      const open = await reader.openOrders({ user: world.addressOf(name) });
      return open.find((order) => order.oid === oid)?.sz;
    };
    await alice.modify({ oid: first, order: limit(false, '1.12', '15') });
    await charlie.order({ orders: [limit(true, '1.12', '5', 'Ioc')] });
    assert.deepEqual([await leftOf('alice', first), await leftOf('bob', second)], ['10', '20']);
    // What is sent is what shall stay open, whatever had traded.
    await alice.modify({ oid: first, order: limit(false, '1.12', '12') });
    assert.equal(await leftOf('alice', first), '12');
    await charlie.order({ orders: [limit(true, '1.12', '5', 'Ioc')] });
    assert.deepEqual([await leftOf('alice', first), await leftOf('bob', second)], ['12', '15']);
    await alice.cancel({ cancels: [{ a: EUR_ASSET, o: first }] });
    await bob.cancel({ cancels: [{ a: EUR_ASSET, o: second }] });
  });

  test('errors name the rule in the dialect’s own sentences', async () => {
    const place = (order: ReturnType<typeof limit>): Promise<unknown> => {
      return alice.order({ orders: [order] });
    };
    const oid = await rest(bob, limit(true, '1.05', '5'));
    await refusedWith(
      place(limit(true, '1.00005', '5')),
      /Price must be divisible by tick size\. tick=0\.0001 asset=10000/,
    );
    await refusedWith(place(limit(true, '1', '5.5')), /Order has invalid size.* lot=1/);
    await refusedWith(place(limit(true, '0.1', '1')), /minimum value of 1 PLAYUSD/);
    await refusedWith(place(limit(true, '1', '0')), /Order has zero size/);
    await refusedWith(place(limit(true, '101', '1')), /invalid price: must be within 0.0001..100/);
    await refusedWith(place(limit(true, '90', '1000000')), /Insufficient spot balance asset=10000/);
    await refusedWith(
      place(limit(false, '1.05', '5', 'Alo')),
      /Post only order would have immediately matched, best is 1\.05/,
    );
    await refusedWith(
      place(limit(false, '1.06', '5', 'Ioc')),
      /could not immediately match against any resting orders/,
    );
    await refusedWith(place({ ...limit(true, '1', '5'), a: 7 }), /Asset 7 is not traded here/);
    await refusedWith(place({ ...limit(true, '1', '5'), r: true }), /Reduce only order/);
    await refusedWith(
      alice.cancel({ cancels: [{ a: EUR_ASSET, o: 999_000 }] }),
      /Order was never placed, already canceled, or filled/,
    );
    // Somebody else's order, and one of another market.
    await refusedWith(alice.cancel({ cancels: [{ a: EUR_ASSET, o: oid }] }), /never placed/);
    await refusedWith(bob.cancel({ cancels: [{ a: GBP_ASSET, o: oid }] }), /never placed/);
    await refusedWith(alice.modify({ oid, order: limit(true, '1.05', '4') }), /Cannot modify/);
    await bob.cancel({ cancels: [{ a: EUR_ASSET, o: oid }] });
  });

  test('a batch is answered order by order, whatever becomes of each', async () => {
    const orders = [
      limit(true, '1.001', '2'),
      limit(true, '1.00101', '2'),
      limit(true, '1.002', '3'),
    ];
    const thrown = await alice.order({ orders }).catch((cause: unknown) => cause);
    assert.ok(thrown instanceof sdk.ApiRequestError);
    const { response } = thrown.response as { response: { data: { statuses: object[] } } };
    const kinds = response.data.statuses.map((status) => Object.keys(status)[0]);
    assert.deepEqual(kinds, ['resting', 'error', 'resting']);
    const open = await reader.openOrders({ user: world.addressOf('alice') });
    const cancels = open.map(({ oid }) => ({ a: EUR_ASSET, o: oid }));
    assert.equal(cancels.length, 2);
    await alice.cancel({ cancels });
  });

  test('a trigger waits for its price and then takes part', async () => {
    const user = world.addressOf('alice');
    const t = { trigger: { isMarket: false, triggerPx: '1.09', tpsl: 'sl' as const } };
    const oid = await rest(alice, { ...limit(false, '1.08', '3'), t } as never);
    const [waiting] = await reader.frontendOpenOrders({ user });
    assert.deepEqual([waiting?.isTrigger, waiting?.triggerPx], [true, '1.09']);
    assert.deepEqual(
      [waiting?.orderType, waiting?.triggerCondition],
      ['Stop Limit', 'Price below 1.09'],
    );
    const bid = await rest(bob, limit(true, '1.09', '10'));
    await world
      .exchangeClient(world.secretOf('alice'))
      .order({ orders: [limit(false, '1.09', '1', 'Ioc')] });
    assert.equal(await statusOf(user, oid), 'filled');
    await bob.cancel({ cancels: [{ a: EUR_ASSET, o: bid }] });
  });

  test('an approved agent trades for its owner until it is replaced', async () => {
    const secret = `0x${randomBytes(32).toString('hex')}` as const;
    const { address } = privateKeyToAccount(secret);
    const agent = world.exchangeClient(secret);
    await refusedWith(
      agent.order({ orders: [limit(true, '1', '2')] }),
      /User or API Wallet .* does not exist/,
    );
    await alice.approveAgent({ agentAddress: address, agentName: 'bot' });
    const user = world.addressOf('alice');
    assert.deepEqual(await reader.userRole({ user: address }), { role: 'agent', data: { user } });
    const [known] = await reader.extraAgents({ user });
    assert.deepEqual([known?.address, known?.name], [address.toLowerCase(), 'bot']);
    const oid = await rest(agent, limit(true, '1', '2'));
    assert.equal((await reader.openOrders({ user }))[0]?.oid, oid);
    await agent.cancel({ cancels: [{ a: EUR_ASSET, o: oid }] });
    await refusedWith(bob.approveAgent({ agentAddress: address }), /Extra agent already used/);
    await refusedWith(
      agent.approveAgent({ agentAddress: user }),
      /is an agent: its owner signs this itself/,
    );
    const other = privateKeyToAccount(`0x${randomBytes(32).toString('hex')}`).address;
    await alice.approveAgent({ agentAddress: other, agentName: 'bot' });
    await refusedWith(agent.order({ orders: [limit(true, '1', '2')] }), /does not exist/);
  });

  test('a scheduled cancel is set, refused when too near, and taken back', async () => {
    const time = Date.now() + 60_000;
    await alice.scheduleCancel({ time });
    await refusedWith(alice.scheduleCancel({ time: Date.now() + 1000 }), /too early/);
    await alice.scheduleCancel();
  });

  test('what has no meaning here is refused with a reason', async () => {
    const destination = world.addressOf('bob');
    await refusedWith(
      alice.updateLeverage({ asset: 0, isCross: true, leverage: 5 }),
      /has no perpetuals/,
    );
    await refusedWith(
      alice.usdSend({ destination, amount: '1' }),
      /moves money by its own API only/,
    );
    await refusedWith(
      alice.createVault({
        name: 'x'.repeat(3),
        description: 'y'.repeat(10),
        initialUsd: 100_000_000,
      }),
      /no vaults/,
    );
    await refusedWith(
      alice.order({ orders: [limit(true, '1', '2')] }, { vaultAddress: destination }),
      /Vault not registered/,
    );
    await refusedWith(
      alice.order({ orders: [limit(true, '1', '2')] }, { expiresAfter: Date.now() - 1 }),
      /Order expired/,
    );
    await refusedWith(
      alice.order({ orders: [limit(true, '1', '2')], grouping: 'normalTpsl' }),
      /grouping/,
    );
    await alice.noop({ nonce: Date.now() });
    await alice.approveBuilderFee({ builder: destination, maxFeeRate: '0.01%' });
    assert.equal(await reader.maxBuilderFee({ user: destination, builder: destination }), 0);
  });
});
