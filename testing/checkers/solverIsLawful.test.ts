// Goal: what the solver clears, every law accepts, for every shape of market.
// Method: generated markets are solved, their fills put into a transition by the plain assembly of
// the test world, and judged; the solver and the laws share no code.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ZERO_HASH } from '../../packages/exchange/src/codec/hash.ts';
import { SystemRole, systemAccount } from '../../packages/exchange/src/ledger/account.ts';
import { orderSetRoot } from '../../packages/exchange/src/markets/batch/orderSet.ts';
import { PairBooks } from '../../packages/exchange/src/markets/batch/pairBooks.ts';
import { productCount } from '../../packages/exchange/src/markets/batch/parameters.ts';
import { solveBatch } from '../../packages/exchange/src/markets/batch/solver.ts';
import { EMPTY_WINDOW } from '../../packages/exchange/src/orders/orderNonces.ts';
import type { BatchTransition } from '../../packages/exchange/src/transition.ts';
import { assemble } from '../world/assembleBatch.ts';
import type { GeneratedMarket } from '../world/batchMarkets.ts';
import { generateMarket, SHAPES, tableOf } from '../world/batchMarkets.ts';
import { refusals } from '../world/corruptions.ts';
import { TEST_DOMAIN } from '../world/lawfulBatch.ts';

const WEALTH = 4_000_000_000_000_000_000n;

/** The market cleared by the solver; undefined where it halts. */
function solved({ problem, orders: sketches }: GeneratedMarket): BatchTransition | undefined {
  const { parameters, oracle, inventory } = problem;
  const orders = tableOf(sketches);
  for (let row = 0; row < orders.count; row += 1) orders.authorisations[row * 65 + 64] = 27;
  const books = PairBooks.of(orders, productCount(parameters));
  const outcome = solveBatch(problem, books, orders);
  if (outcome.kind === 'halted') return undefined;
  const accounts = [
    ...orders.owners,
    systemAccount(SystemRole.pool, parameters.marketId),
    systemAccount(SystemRole.fees, parameters.marketId),
  ];
  const width = inventory.length;
  const balances = new BigInt64Array(accounts.length * width).fill(WEALTH);
  balances.set(inventory, (accounts.length - 2) * width);
  balances.fill(0n, (accounts.length - 1) * width);
  return assemble({
    kind: 'batch',
    domain: TEST_DOMAIN,
    parameters,
    batchNumber: 1,
    parentReportHash: ZERO_HASH,
    closedAtMs: oracle.observedAtMs + 1,
    oracle,
    orders,
    admittedRoot: orderSetRoot(orders),
    cancellations: [],
    grants: [],
    commitments: [],
    nonceWindows: orders.owners.map(() => EMPTY_WINDOW),
    before: { accounts, balances },
    solution: outcome.solution,
    fills: outcome.fills,
    outcome: { kind: 'cleared' },
  });
}

for (const shape of SHAPES) {
  test(`the solver clears ${shape} markets lawfully`, () => {
    let cleared = 0;
    for (let seed = 1; seed <= 6; seed += 1) {
      for (const size of [
        { assets: 3, orders: 12, budgetUsd: 20_000_000 },
        { assets: 6, orders: 120 },
      ]) {
        const market = generateMarket({ shape, seed, ...size });
        const transition = solved(market);
        if (transition === undefined) continue;
        cleared += 1;
        assert.deepEqual(refusals(transition, { authority: 'admitted' }), [], market.name);
      }
    }
    assert.ok(cleared > 0);
  });
}
