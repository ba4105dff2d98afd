// Goal: the fast book does what the naive book does, report for report and order for order, and a
// judge that knows only the log finds nothing to object to.
// Method: seeded flows of every shape, each command given to both; reports compared and judged at
// every command, all open orders and their root from time to time, depth against orders' sums.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NaiveBook } from '../../../../../testing/reference/naiveBook.ts';
import type { FlowShape } from '../../../../../testing/world/bookFlows.ts';
import { BookFlow, FLOW_SHAPES, TIGHT_BOOK } from '../../../../../testing/world/bookFlows.ts';
import { SeededRandom } from '../../../../../testing/world/seededRandom.ts';
import { COMMAND_STRIDE, encodeCommand } from './bookCommand.ts';
import type { BookParameters } from './bookTerms.ts';
import { BookJudge } from './judge/bookJudge.ts';
import { depth, openOrders, openOrdersRoot } from './openOrders.ts';
import { OrderBook } from './orderBook.ts';

const MARKETS = {
  tight: TIGHT_BOOK,
  unbanded: { ...TIGHT_BOOK, breakerBandPpm: 0, ordersMax: 400 },
  crowded: { ...TIGHT_BOOK, breakerBandPpm: 0, ordersMax: 12 },
  roomy: { ...TIGHT_BOOK, breakerBandPpm: 0, ordersMax: 400, windowLevels: 4096 },
} satisfies Readonly<Record<string, BookParameters>>;

/** Low prices, far apart, under a band as wide as the price itself. */
const WIDE: Omit<Comparison, 'seed'> = {
  parameters: { ...TIGHT_BOOK, ordersMax: 40, notionalMin: 1, breakerBandPpm: 1_000_000 },
  shape: { ...FLOW_SHAPES.calm, accounts: 30, spread: 300, mid: 40 },
};

for (const [shapeName, shape] of Object.entries(FLOW_SHAPES)) {
  for (const [marketName, parameters] of Object.entries(MARKETS)) {
    for (let seed = 1; seed <= 3; seed += 1) {
      test(`both books agree on ${shapeName} flow ${seed} in a ${marketName} market`, () => {
        compare({ parameters, shape, seed });
      });
    }
  }
}

for (let seed = 1; seed <= 5; seed += 1) {
  test(`both books agree on flow ${seed} of low prices in a wide band`, () => {
    compare({ ...WIDE, seed });
  });
}

for (const [shapeName, shape] of Object.entries(FLOW_SHAPES)) {
  test(`${shapeName} flows reach what books report`, () => {
    const seen = new Set<string>();
    for (let seed = 1; seed <= 6; seed += 1) {
      const flow = new BookFlow(new SeededRandom(seed), shape);
      const naive = new NaiveBook(MARKETS.tight);
      for (let step = 0; step < 400; step += 1) {
        const reports = naive.apply(flow.next());
        flow.observe(reports);
        for (const { kind } of reports) seen.add(kind);
      }
    }
    for (const kind of ['trade', 'canceled', 'triggered', 'refreshed', 'rejected', 'expired']) {
      assert.ok(seen.has(kind), `the flows reach ${kind}`);
    }
  });
}

interface Comparison {
  readonly parameters: BookParameters;
  readonly shape: FlowShape;
  readonly seed: number;
}

function compare({ parameters, shape, seed }: Comparison): void {
  const flow = new BookFlow(new SeededRandom(seed), shape);
  const fast = new OrderBook(parameters);
  const naive = new NaiveBook(parameters);
  const judge = new BookJudge(parameters);
  const encoded = new Float64Array(COMMAND_STRIDE);
  for (let step = 0; step < 1_500; step += 1) {
    const command = flow.next();
    encodeCommand(command, encoded, 0);
    fast.apply(encoded, 0);
    const reports = fast.reports.drain();
    const where = `seed ${seed}, step ${step}: ${JSON.stringify(command)}`;
    assert.deepEqual(reports, naive.apply(command), where);
    assert.equal(judge.judge({ command, reports }), undefined, where);
    flow.observe(reports);
    if (step % 25 === 0) assertSameState(fast, naive, where);
  }
  assertSameState(fast, naive, `seed ${seed}, at the end`);
}

function assertSameState(fast: OrderBook, naive: NaiveBook, where: string): void {
  const orders = openOrders(fast);
  assert.deepEqual(orders, naive.openOrders(), where);
  assert.equal(openOrdersRoot(orders), openOrdersRoot(naive.openOrders()), where);
  for (const side of ['buy', 'sell'] as const) {
    const shown = new Map<number, number>();
    for (const order of orders) {
      if (order.side !== side || order.isWaiting) continue;
      shown.set(order.priceTicks, (shown.get(order.priceTicks) ?? 0) + order.shownLots);
    }
    const levels = [...shown].map(([priceTicks, shownLots]) => ({ priceTicks, shownLots }));
    assert.deepEqual(depth(fast, side, 1_000), levels, where);
  }
}
