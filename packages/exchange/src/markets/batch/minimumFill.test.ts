// Goal: an order with a minimum fill is filled to it or not at all, and a blocked one is certified.
// Method: markets built so that one large order moves the quote past its own limit; random books
// whose every blocked row is checked; unjustified blocks refused.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OrderSketch } from '../../../../../testing/world/batchMarkets.ts';
import { demoProblem, generateMarket, tableOf } from '../../../../../testing/world/batchMarkets.ts';
import type { Cleared } from '../../../../../testing/world/clearedMarkets.ts';
import { clearLawfully } from '../../../../../testing/world/clearedMarkets.ts';
import { withRoom } from '../../../../../testing/world/searchedMarkets.ts';
import { amount } from '../../numbers/amount.ts';
import { FillRules } from './fillRules.ts';
import { blockIsCertified, wouldFill } from './minimumFill.ts';
import { RATION_SCALE } from './parameters.ts';
import type { BatchProblem } from './solver.ts';

const MILLION = 1_000_000_000_000n;

/** Buys euros up to a limit of so many tenths of a basis point above the mid. */
function buyer(millions: bigint, tenthBps: bigint, minFillPpm = 0): OrderSketch {
  return {
    pay: 0,
    receive: 1,
    budget: millions * MILLION,
    limitNumerator: 10n ** 10n,
    limitDenominator: 11n * (10n ** 9n + tenthBps * 10n ** 4n),
    minFillPpm,
  };
}

function certified(problem: BatchProblem, cleared: Cleared, row: number): boolean {
  const { parameters, oracle, inventory } = problem;
  const { solution, change, table } = cleared;
  const position = { parameters, oracle, inventory, trade: change.trade, fees: change.fees };
  const rules = new FillRules(parameters, oracle, solution);
  const batch = { position, solution, change, rules, table };
  return wouldFill(rules, table, row) && blockIsCertified(batch, row);
}

test('an order whose minimum moves the quote past its limit is blocked with a certificate', () => {
  const problem = demoProblem({ feeE7: 0 });
  // Eight million at 5e-7 per USD move the euro by about 1.4 bps; the limit stands at 0.5.
  const cleared = clearLawfully(problem, [buyer(8n, 5n, 900_000), buyer(1n, 40n)]);
  assert.deepEqual(cleared.solution.blocked, [0]);
  assert.equal(cleared.fills.paid[0], 0n);
  assert.ok((cleared.fills.paid[1] as bigint) > 0n);
});

test('the same order without a minimum is filled in part', () => {
  const problem = demoProblem({ feeE7: 0 });
  const { fills } = clearLawfully(problem, [buyer(8n, 5n), buyer(1n, 40n)]);
  const share = Number(fills.paid[0]) / 8e12;
  assert.ok(share > 0.05 && share < 0.9, String(share));
});

test('a block that the quote does not justify is refused', () => {
  const problem = demoProblem({ feeE7: 0 });
  const cleared = clearLawfully(problem, [buyer(1n, 400n, 500_000), buyer(1n, 40n)]);
  assert.deepEqual(cleared.solution.blocked, []);
  assert.equal(certified(problem, cleared, 0), false);
});

test('an all-or-nothing order too large for the bound is blocked whatever the quote', () => {
  const base = demoProblem({ feeE7: 0 }, 1e-9);
  const inventory = base.inventory[1] as bigint;
  const assets = base.parameters.assets.map((asset, i) =>
    i === 1 ? { ...asset, inventoryMin: amount(inventory - 4n * MILLION) } : asset,
  );
  const problem = { ...base, parameters: { ...base.parameters, assets } };
  const orders: OrderSketch[] = [
    { pay: 0, receive: 1, budget: 8n * MILLION, minFillPpm: 1_000_000 },
    { pay: 0, receive: 1, budget: MILLION },
  ];
  const cleared = clearLawfully(problem, orders);
  assert.deepEqual(cleared.solution.blocked, [0]);
  assert.equal(cleared.fills.paid[1], MILLION);
  const priced = {
    ...problem,
    parameters: { ...problem.parameters, scarcity: 'scarcityPricing' as const },
  };
  assert.deepEqual(clearLawfully(priced, orders).solution.blocked, [0]);
});

test('a share below the minimum is no reason to block where rationing would leave more', () => {
  const base = demoProblem({ feeE7: 0 }, 1e-9);
  const inventory = base.inventory[1] as bigint;
  const assets = base.parameters.assets.map((asset, i) =>
    i === 1 ? { ...asset, inventoryMin: amount(inventory - 4n * MILLION) } : asset,
  );
  const problem = { ...base, parameters: { ...base.parameters, assets } };
  const cleared = clearLawfully(problem, [
    { pay: 0, receive: 1, budget: 6n * MILLION, minFillPpm: 300_000 },
    { pay: 0, receive: 1, budget: 3n * MILLION },
  ]);
  assert.deepEqual(cleared.solution.blocked, []);
  assert.ok((cleared.fills.paid[0] as bigint) > 2n * MILLION);
});

test('under scarcity pricing a minimum that reaches a bound to the unit passes none', () => {
  // The row's minimum, ten million dollars, buys g euros net and h for the fee at 1.10.
  const base = demoProblem({ feeE7: 3000, scarcity: 'scarcityPricing' }, 1e-20);
  const spend = 10n * MILLION;
  const [net, fee] = [(spend * 9997n) / 11_000n, (spend * 3n) / 11_000n];
  const isCertified = (dollars: bigint, euros: bigint): boolean => {
    const room = withRoom(base, (i) => {
      if (i === 0) return { below: MILLION, above: dollars };
      return i === 1 ? { below: euros, above: MILLION } : undefined;
    });
    const { parameters, oracle, inventory } = room;
    const table = tableOf([{ pay: 0, receive: 1, budget: spend, minFillPpm: 1_000_000 }]);
    const none = inventory.map(() => 0n);
    const change = { paid: none, received: none, trade: none, fees: none };
    const ones = none.map(() => RATION_SCALE);
    const factors = { payFactors: ones, receiveFactors: ones };
    const claims = { blocked: [0], iterations: 0, stepNormE12: 0n };
    const solution = { prices: oracle.mids, ...factors, ...claims };
    const rules = new FillRules(parameters, oracle, solution);
    const position = { parameters, oracle, inventory, trade: none, fees: none };
    return blockIsCertified({ position, solution, change, rules, table }, 0);
  };
  assert.equal(isCertified(spend, net + fee), false, 'there is room, and the quote does not move');
  assert.equal(isCertified(spend - 1n, net + fee), true, 'one dollar unit too many');
  assert.equal(isCertified(spend, net + fee - 1n), true, 'one euro unit too few');
});

test('random books leave no row between nothing and its minimum, and no unjustified block', () => {
  let blocked = 0;
  for (let seed = 1; seed <= 60; seed += 1) {
    const { problem, orders } = generateMarket({
      shape: 'minimumFills',
      assets: 2 + (seed % 4),
      orders: 40,
      seed,
      budgetUsd: 3_000_000,
    });
    const { solution, fills, table } = clearLawfully(problem, orders);
    blocked += solution.blocked.length;
    for (let row = 0; row < table.count; row += 1) {
      const paid = fills.paid[row] as bigint;
      const least = (table.budget[row] as bigint) * BigInt(table.minFillPpm[row] as number);
      assert.ok(paid === 0n || paid * 1_000_000n >= least);
    }
  }
  assert.ok(blocked > 0, 'some of the books block an order');
});
