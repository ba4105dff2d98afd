import assert from 'node:assert/strict';
import { allocateNaive } from '../../packages/exchange/src/markets/batch/allocation.ts';
import { FillRules } from '../../packages/exchange/src/markets/batch/fillRules.ts';
import {
  blockIsCertified,
  wouldFill,
} from '../../packages/exchange/src/markets/batch/minimumFill.ts';
import type { OrderTable } from '../../packages/exchange/src/markets/batch/orderTable.ts';
import { PairBooks } from '../../packages/exchange/src/markets/batch/pairBooks.ts';
import {
  productCount,
  RATION_SCALE,
} from '../../packages/exchange/src/markets/batch/parameters.ts';
import {
  boundsHold,
  quoteTestHolds,
  tightness,
} from '../../packages/exchange/src/markets/batch/quoteTest.ts';
import type {
  BatchProblem,
  ClearingOutcome,
} from '../../packages/exchange/src/markets/batch/solver.ts';
import { solveBatch } from '../../packages/exchange/src/markets/batch/solver.ts';
import type { OrderSketch } from './batchMarkets.ts';
import { tableOf } from './batchMarkets.ts';

/** A cleared batch with the table it came from. */
export type Cleared = Extract<ClearingOutcome, { kind: 'cleared' }> & {
  readonly table: OrderTable;
};

/** Clears sketched orders and fails the test unless the batch clears lawfully. */
export function clearLawfully(
  problem: BatchProblem,
  orders: readonly OrderSketch[],
  start?: Float64Array,
): Cleared {
  const table = tableOf(orders);
  const books = PairBooks.of(table, productCount(problem.parameters));
  const outcome = solveBatch(problem, books, table, start);
  assert.equal(
    outcome.kind,
    'cleared',
    JSON.stringify(outcome, (_, x) => String(x)),
  );
  assert.ok(outcome.kind === 'cleared');
  assertLawful(problem, table, outcome);
  return { ...outcome, table };
}

/** Every integer test that the clearing promises to have passed, asked again from outside. */
export function assertLawful(
  problem: BatchProblem,
  table: OrderTable,
  outcome: Extract<ClearingOutcome, { kind: 'cleared' }>,
): void {
  const { parameters, oracle, inventory } = problem;
  const { solution, fills, change } = outcome;
  const input = { parameters, oracle, table, solution };
  const naive = allocateNaive(input);
  assert.deepEqual(fills.paid, naive.paid);
  assert.deepEqual(fills.received, naive.received);
  const position = { parameters, oracle, inventory, trade: change.trade, fees: change.fees };
  assert.ok(quoteTestHolds(position, solution.prices), 'prices are the quotes after the trade');
  assert.ok(boundsHold(position), 'inventories stay inside their bounds');
  tightness(position).forEach(({ lower, upper }, i) => {
    assert.ok(lower || solution.receiveFactors[i] === RATION_SCALE, 'receivers wait at a bound');
    assert.ok(upper || solution.payFactors[i] === RATION_SCALE, 'payers wait at a bound');
  });
  const rules = new FillRules(parameters, oracle, solution);
  const batch = { position, solution, change, rules, table };
  for (const row of solution.blocked) {
    assert.ok(wouldFill(rules, table, row), 'a blocked row would be filled');
    assert.ok(blockIsCertified(batch, row), 'a blocked row is certified');
  }
}
