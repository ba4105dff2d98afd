// Goal: a scenario is what its name says and never changes unnoticed. Method: count shares and
// bounds, pin the digest of every order of the suite.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { taggedHash } from '@lawbook/exchange/codec/hash';
import { at } from '@lawbook/exchange/failures/invariant';
import { encodeOrder } from '@lawbook/exchange/orders/orderCodec';
import { recoverSigner } from '@lawbook/exchange/orders/signature';
import { Signing } from '@lawbook/exchange/orders/signedTypes';
import { DEMO_ASSETS, DEMO_DOMAIN, demoMids } from '../demoWorld.ts';
import { Draws } from './draws.ts';
import { scenarioOrders, scenarioTable, unsignedOrders } from './scenarioOrders.ts';
import { SCENARIOS, scenarioOf, scenarioWishes } from './scenarios.ts';

test('draws what mulberry32 draws', () => {
  const draws = new Draws(42);
  assert.deepEqual(
    [draws.bits(), draws.bits(), draws.bits()],
    [2581720956, 1925393290, 3661312704],
  );
});

test('gives the same orders for ever', () => {
  const digests = SCENARIOS.map((scenario) => {
    const epochs = Array.from({ length: scenario.epochs }, (_, k) => unsignedOrders(scenario, k));
    const bytes = epochs.flat().map(encodeOrder);
    return [scenario.id, taggedHash('test', ...bytes).slice(0, 18)];
  });
  assert.deepEqual(digests, PINNED);
});

test('has the number of orders that it states, and differs between epochs', () => {
  for (const scenario of SCENARIOS) {
    assert.equal(scenarioWishes(scenario, 0).length, scenario.orderCount);
  }
  const discovery = scenarioOf('F');
  assert.notDeepEqual(scenarioWishes(discovery, 0), scenarioWishes(discovery, 1));
});

test('keeps budgets within the stated millions of the asset paid', () => {
  for (const { pay, budget } of scenarioWishes(scenarioOf('B'), 0)) {
    const whole = Number(budget) / 10 ** at(DEMO_ASSETS, pay).decimals;
    assert.ok(whole >= 100_000 && whole <= 1_000_000, String(whole));
  }
});

test('sends exactly the stated shares', () => {
  const intoEuro = scenarioWishes(scenarioOf('C'), 0).filter(({ receive }) => receive === 1);
  assert.ok(intoEuro.length >= 48, 'sixty per cent of eighty, and what falls there by chance');
  const shares = [
    ['D', 48],
    ['G', 60],
    ['I', 12],
  ] as const;
  for (const [id, limited] of shares) {
    const wishes = scenarioWishes(scenarioOf(id), 0);
    assert.equal(wishes.filter((wish) => wish.limited).length, limited, id);
  }
});

test('pays and receives the same worth in scenario E', () => {
  const mids = demoMids();
  const net = DEMO_ASSETS.map(() => 0);
  for (const { pay, receive, budget } of scenarioWishes(scenarioOf('E'), 0)) {
    const usd =
      ((Number(budget) / 10 ** at(DEMO_ASSETS, pay).decimals) * Number(at(mids, pay))) / 1e12;
    net[pay] = at(net, pay) + usd;
    net[receive] = at(net, receive) - usd;
  }
  for (const usd of net) assert.ok(Math.abs(usd) < 0.01, String(net));
});

test('limits orders to five basis points above the mid, in ledger units', () => {
  const mids = demoMids();
  const limited = scenarioOrders(scenarioOf('D'), 0).filter(
    ({ order }) => order.limitNumerator > 0n,
  );
  for (const { order } of limited) {
    const scale =
      10 ** (at(DEMO_ASSETS, order.receive).decimals - at(DEMO_ASSETS, order.pay).decimals);
    const midRate = (Number(at(mids, order.pay)) / Number(at(mids, order.receive))) * scale;
    const limit = Number(order.limitNumerator) / Number(order.limitDenominator);
    assert.ok(Math.abs(midRate / limit - 1.0005) < 1e-12);
  }
});

test('signs every order with the key of its trader', () => {
  const signing = new Signing(DEMO_DOMAIN);
  for (const { order, authorisation } of scenarioOrders(scenarioOf('H'), 0)) {
    assert.equal(recoverSigner(signing.orderDigest(order), authorisation), order.owner);
    assert.equal(order.receive, DEMO_ASSETS.length);
  }
});

test('fills a table in order of admission', () => {
  const table = scenarioTable(scenarioOf('J'), 0);
  const orders = scenarioOrders(scenarioOf('J'), 0);
  assert.equal(table.count, 80);
  assert.deepEqual(table.entry(79), orders[79]);
});

/** First 64 bits of the digest of each scenario's canonical orders. */
const PINNED = [
  ['A', '0xceb73749c8996937'],
  ['B', '0xad99f7dbe0d95c28'],
  ['C', '0x7c97a4338afb5ba0'],
  ['D', '0x1d6203bf418df14b'],
  ['E', '0xfe9dc8ebbdc20751'],
  ['F', '0x3819ecb0cfb8fb73'],
  ['G', '0xa05d3838d125f004'],
  ['H', '0xd51b95e7759e5e8c'],
  ['I', '0x37b2ff7a47699f9e'],
  ['J', '0x8be5f9ab7d56e2d8'],
];
