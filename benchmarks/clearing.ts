/**
 * How long a batch takes from its last order to its exact fills, stage by stage.
 *
 * Prints one JSON line per figure; times are milliseconds, medians over `n` repetitions of the same
 * orders under oracle mids that move by up to five basis points. Markets are generated: orders over
 * all ordered pairs, half of them with limits around the mid, 60,000 USD each on average.
 *   insert     filing all orders in the sorted books, which is paid as they arrive
 *   aggregate  summing the books at close
 *   solve      searching prices to 1e-12; `ratio` says how many times longer the peer takes to 1e-7
 *   allocate   exact integer fills and their sums
 *   judge      all eleven laws on the transition, signatures as at admission
 *   total      from the closed batch to judged fills: aggregate, solve, allocate, state diffs and
 *              report with its hashes, judge
 *   memory     bytes per order in columns, books and sums; fills add 16
 *   unfinished markets of 200 that the solver could not clear, every shape, up to 50 assets
 * Run with --quick for sizes up to 1e5 orders and fewer repetitions.
 */
import { at } from '../packages/exchange/src/failures/invariant.ts';
import { settle } from '../packages/exchange/src/markets/batch/allocation.ts';
import { MarketModel } from '../packages/exchange/src/markets/batch/marketModel.ts';
import type { OrderTable } from '../packages/exchange/src/markets/batch/orderTable.ts';
import { PairBooks } from '../packages/exchange/src/markets/batch/pairBooks.ts';
import { productCount } from '../packages/exchange/src/markets/batch/parameters.ts';
import type { BatchProblem } from '../packages/exchange/src/markets/batch/solver.ts';
import {
  searchPrices,
  solveBatch,
  startSearch,
} from '../packages/exchange/src/markets/batch/solver.ts';
import type { MarketShape, MarketSketch } from '../testing/world/batchMarkets.ts';
import { generateMarket, oracleOf, SHAPES, tableOf } from '../testing/world/batchMarkets.ts';
import { SeededRandom } from '../testing/world/seededRandom.ts';
import { ClosedBatch, judgeLawful } from './clearing/closedBatch.ts';
import { depthTatonnement, quoteIteration, tatonnement } from './peers/tatonnement.ts';

const quick = process.argv.includes('--quick');

interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly ratio?: number;
  readonly peer?: string;
  readonly n: number;
}

function print(figure: Figure): void {
  const rounded = { ...figure, value: Number(figure.value.toPrecision(4)) };
  const { ratio } = figure;
  const line = ratio === undefined ? rounded : { ...rounded, ratio: Number(ratio.toPrecision(3)) };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function quantile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return at(sorted, Math.min(sorted.length - 1, Math.floor(share * sorted.length)));
}

function timed<T>(samples: number[], work: () => T): T {
  const start = performance.now();
  const answer = work();
  samples.push(performance.now() - start);
  return answer;
}

/** The same problem under mids that moved a little: every repetition searches other prices. */
function moved(problem: BatchProblem, random: SeededRandom): BatchProblem {
  const mids = problem.oracle.mids.map((mid, i) => {
    const ppb = i === 0 ? 0 : random.integer(-500_000, 500_000);
    return mid + (mid * BigInt(ppb)) / 1_000_000_000n;
  });
  return { ...problem, oracle: oracleOf(mids) };
}

interface Samples {
  readonly aggregate: number[];
  readonly solve: number[];
  readonly tatonnement: number[];
  readonly depth: number[];
  readonly quotes: number[];
  readonly allocate: number[];
  readonly judge: number[];
  readonly total: number[];
}

/** The table of a generated market; its sketches are let go, as a million objects slow every GC. */
function admitted(sketch: MarketSketch): { problem: BatchProblem; table: OrderTable } {
  const { problem, orders } = generateMarket(sketch);
  return { problem, table: tableOf(orders) };
}

function measureMarket(sketch: MarketSketch, label: string, repetitions: number): void {
  const { problem, table } = admitted(sketch);
  const inserted: number[] = [];
  const books = timed(inserted, () => PairBooks.of(table, productCount(problem.parameters)));
  const closedBatch = new ClosedBatch(problem, table);
  const random = new SeededRandom(1);
  const samples: Samples = {
    aggregate: [],
    solve: [],
    tatonnement: [],
    depth: [],
    quotes: [],
    allocate: [],
    judge: [],
    total: [],
  };
  let bytes = 0;
  for (let round = -2; round < repetitions; round += 1) {
    const into = round < 0 ? emptySamples() : samples;
    bytes = measureRound(moved(problem, random), { books, table, closedBatch }, into);
  }
  const n = repetitions;
  const name = (stage: string): string => `clearing/${label}/${stage}`;
  print({ name: name('insert'), value: at(inserted, 0), unit: 'ms', n: 1 });
  print({ name: name('aggregate'), value: quantile(samples.aggregate, 0.5), unit: 'ms', n });
  for (const [stage, share] of [
    ['solve', 0.5],
    ['solveP95', 0.95],
  ] as const) {
    const own = quantile(samples.solve, share);
    const against = (peer: string, times: readonly number[]): void => {
      print({
        name: name(stage),
        value: own,
        unit: 'ms',
        ratio: quantile(times, share) / own,
        peer,
        n,
      });
    };
    against('tatonnement', samples.tatonnement);
    against('depthTatonnement', samples.depth);
    against('quoteIteration', samples.quotes);
  }
  print({ name: name('allocate'), value: quantile(samples.allocate, 0.5), unit: 'ms', n });
  print({ name: name('judge'), value: quantile(samples.judge, 0.5), unit: 'ms', n });
  print({ name: name('total'), value: quantile(samples.total, 0.5), unit: 'ms', n });
  print({ name: name('memory'), value: bytes / table.count, unit: 'bytes/order', n: 1 });
}

function emptySamples(): Samples {
  return {
    aggregate: [],
    solve: [],
    tatonnement: [],
    depth: [],
    quotes: [],
    allocate: [],
    judge: [],
    total: [],
  };
}

/** One repetition; answers the bytes held by columns, books and sums. */
function measureRound(
  problem: BatchProblem,
  orders: {
    readonly books: PairBooks;
    readonly table: OrderTable;
    readonly closedBatch: ClosedBatch;
  },
  samples: Samples,
): number {
  const { books, table, closedBatch } = orders;
  const { parameters, oracle } = problem;
  const model = timed(samples.aggregate, () => new MarketModel(problem, books, table));
  const searched = (into: number[], search: (fresh: MarketModel) => unknown): void => {
    // Every method starts on sums that it has not read yet, as at the close of a batch.
    const fresh = new MarketModel(problem, books, table);
    timed(into, () => search(fresh));
  };
  searched(samples.solve, (fresh) =>
    searchPrices(startSearch(problem, fresh), parameters.scarcity),
  );
  searched(samples.tatonnement, (fresh) => tatonnement(fresh, new Float64Array(fresh.assets)));
  searched(samples.depth, (fresh) => depthTatonnement(fresh, new Float64Array(fresh.assets)));
  searched(samples.quotes, (fresh) => quoteIteration(fresh, new Float64Array(fresh.assets)));
  const cleared = timed(samples.total, () => {
    const outcome = solveBatch(problem, books, table);
    if (outcome.kind === 'cleared') {
      const transition = closedBatch.clear(problem, outcome);
      timed(samples.judge, () => judgeLawful(transition));
    }
    return outcome;
  });
  if (cleared.kind === 'cleared') {
    const { solution } = cleared;
    timed(samples.allocate, () => {
      return settle({ parameters, oracle, table, solution });
    });
  }
  return columnBytes(table) + books.byteLength + model.curves.byteLength;
}

function columnBytes(table: OrderTable): number {
  return Object.values(table).reduce(
    (sum, column) => sum + (ArrayBuffer.isView(column) ? column.byteLength : 0),
    0,
  );
}

function measureSizes(): void {
  const sizes: readonly (readonly [assets: number, orders: number, repetitions: number])[] = [
    [6, 100, 41],
    [6, 1_000, 41],
    [6, 10_000, 41],
    [6, 100_000, 21],
    ...(quick ? [] : ([[6, 1_000_000, 21]] as const)),
    [50, 100_000, 21],
    ...(quick ? [] : ([[50, 1_000_000, 21]] as const)),
  ];
  for (const [assets, orders, repetitions] of sizes) {
    const sketch = { shape: 'uniform' as const, assets, orders, seed: 42, budgetUsd: 60_000 };
    const label = `${assets}x${orders}`;
    measureMarket(sketch, label, quick ? 7 : repetitions);
  }
  const skewed = { shape: 'skewed' as const, assets: 50, orders: 10_000, seed: 42, budgetUsd: 600 };
  measureMarket(skewed, '50x10000skewed', quick ? 7 : 21);
}

/** Clears 200 markets of every shape and counts those that end halted. */
function measureUnfinished(): void {
  const sizes = [
    [2, 5],
    [6, 100],
    [12, 500],
    [25, 2000],
    [50, 5000],
  ] as const;
  const times: number[] = [];
  const reasons: Record<string, number> = {};
  let unfinished = 0;
  for (let k = 0; k < 200; k += 1) {
    const shape = SHAPES[k % SHAPES.length] as MarketShape;
    const [assets, orders] = at(sizes, Math.floor(k / SHAPES.length) % (quick ? 3 : sizes.length));
    const { problem, orders: sketches } = generateMarket({ shape, assets, orders, seed: k + 1 });
    const table = tableOf(sketches);
    const books = PairBooks.of(table, productCount(problem.parameters));
    const outcome = timed(times, () => solveBatch(problem, books, table));
    if (outcome.kind === 'cleared') continue;
    unfinished += 1;
    const key = `${shape} ${outcome.reason}`;
    reasons[key] = (reasons[key] ?? 0) + 1;
  }
  print({ name: 'clearing/unfinished', value: unfinished, unit: 'markets', n: 200 });
  print({ name: 'clearing/shapes/p50', value: quantile(times, 0.5), unit: 'ms', n: 200 });
  print({ name: 'clearing/shapes/max', value: quantile(times, 1), unit: 'ms', n: 200 });
  if (unfinished > 0) process.stderr.write(`${JSON.stringify(reasons)}\n`);
}

measureSizes();
measureUnfinished();
