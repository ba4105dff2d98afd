import { PRICE_SCALE, price } from '../../numbers/price.ts';
import type { PoolChange } from './allocation.ts';
import { allocate, poolChange } from './allocation.ts';
import { findEquilibrium } from './equilibrium.ts';
import type { BatchProblem } from './marketModel.ts';
import { MarketModel } from './marketModel.ts';
import type { OrderTable } from './orderTable.ts';
import type { PairBooks } from './pairBooks.ts';
import { RATION_SCALE } from './parameters.ts';
import type { BatchFills, BatchSolution } from './solution.ts';

export type { BatchProblem } from './marketModel.ts';

export type ClearingOutcome =
  | {
      readonly kind: 'cleared';
      readonly solution: BatchSolution;
      readonly fills: BatchFills;
      readonly change: PoolChange;
    }
  | { readonly kind: 'halted'; readonly reason: string; readonly prices: readonly bigint[] };

export function solveBatch(
  problem: BatchProblem,
  books: PairBooks,
  table: OrderTable,
): ClearingOutcome {
  const model = new MarketModel(problem, books, table);
  const eta = new Float64Array(model.assets);
  const found = findEquilibrium(model, eta);
  const prices = problem.oracle.mids.map((mid, i) =>
    i === 0
      ? price(PRICE_SCALE)
      : price(BigInt(Math.round(Number(mid) * (1 + (eta[i] as number))))),
  );
  const ones = problem.parameters.assets.map(() => RATION_SCALE);
  const solution: BatchSolution = {
    prices,
    payFactors: ones,
    receiveFactors: ones,
    blocked: [],
    iterations: found.iterations,
    stepNormE12: BigInt(Math.ceil(found.stepNorm * 1e12)),
  };
  const { parameters, oracle } = problem;
  const input = { parameters, oracle, table, solution };
  const fills = allocate(input);
  const change = poolChange(input, fills);
  return { kind: 'cleared', solution, fills, change };
}
