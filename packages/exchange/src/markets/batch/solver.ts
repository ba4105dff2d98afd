import { at } from '../../failures/invariant.ts';
import { abs } from '../../numbers/mulDiv.ts';
import type { Price } from '../../numbers/price.ts';
import { PPM, PRICE_MAX, PRICE_SCALE, price } from '../../numbers/price.ts';
import type { PoolChange } from './allocation.ts';
import { settle } from './allocation.ts';
import { searchBounds } from './bounds.ts';
import { FillRules } from './fillRules.ts';
import type { BatchProblem } from './marketModel.ts';
import { MarketModel } from './marketModel.ts';
import type { SettledBatch } from './minimumFill.ts';
import { blockIsCertified, wouldFill } from './minimumFill.ts';
import { MinimumFillDrops } from './minimumFillDrops.ts';
import type { OrderTable } from './orderTable.ts';
import type { PairBooks } from './pairBooks.ts';
import { RATION_SCALE, Scarcity } from './parameters.ts';
import { fitToGrid } from './priceGrid.ts';
import { boundsHold, quoteTestHolds, tightness } from './quoteTest.ts';
import { alignFactors } from './rationFactors.ts';
import { rationToBounds } from './rationing.ts';
import { priceToBounds } from './scarcityPrices.ts';
import type { PriceSearch } from './search.ts';
import type { BatchFills, BatchSolution } from './solution.ts';

export type { BatchProblem } from './marketModel.ts';

/** Why a batch ends without a trade. */
export const HaltReason = {
  /** A clearing price leaves the halt band around its mid (E6). */
  priceOutsideHaltBand: 'priceOutsideHaltBand',
  /** No prices and factors keep the inventory inside its bounds to the unit. */
  boundsUnreachable: 'boundsUnreachable',
  /** The integer quote test is missed on every grid point tried. */
  quoteMissed: 'quoteMissed',
  /** Orders with minimum fills displace one another without end. */
  minimumFillsUnresolved: 'minimumFillsUnresolved',
  /** Receipts could leave the range of an amount. */
  amountsOutOfRange: 'amountsOutOfRange',
  /** The search for prices did not converge. */
  searchUnfinished: 'searchUnfinished',
} as const;
export type HaltReason = (typeof HaltReason)[keyof typeof HaltReason];

/** A cleared batch with its exact fills and the pool's change, or why there is no trade. */
export type ClearingOutcome =
  | {
      readonly kind: 'cleared';
      readonly solution: BatchSolution;
      readonly fills: BatchFills;
      readonly change: PoolChange;
    }
  | {
      readonly kind: 'halted';
      readonly reason: HaltReason;
      /** Where the search stood; for the report, no law believes it. */
      readonly prices: readonly Price[];
    };

/** Rounds of integer check and repair before a batch halts. */
const REPAIRS_MAX = 100;
/** Rounds in which bounds or quotes were missed by the integers' dust. */
const MISSES_MAX = 8;
/** How often one row may return from the blocked list before the batch halts. */
const RETURNS_MAX = 3;
/** Receipts of one pair stay below this many units, well inside an amount. */
const RECEIPTS_MAX = 4e18;

/**
 * Clears a batch: searches prices (and rationing factors) in doubles, then allocates in integers
 * and asks the integers' own tests; what they find is fed back until they are content.
 *
 * `start` are price deviations p / mid - 1 by asset to search from; the answer does not depend on
 * it beyond the quote tolerance. Nothing of the search is believed by the laws.
 */
export function solveBatch(
  problem: BatchProblem,
  books: PairBooks,
  table: OrderTable,
  start?: Float64Array,
): ClearingOutcome {
  const model = new MarketModel(problem, books, table);
  return new Clearing(problem, model, table, start).run();
}

/**
 * Searches prices and factors for a model whose books are summed: the part that an iterative
 * method competes with. Leaves the factors in the model and the deviations in `search.eta`.
 */
export function searchPrices(search: PriceSearch, scarcity: Scarcity): boolean {
  return scarcity === Scarcity.proRata ? rationToBounds(search) : priceToBounds(search);
}

/** A search that starts from the mids, or from the given deviations. */
export function startSearch(
  problem: BatchProblem,
  model: MarketModel,
  start?: Float64Array,
): PriceSearch {
  const eta = new Float64Array(model.assets);
  if (start !== undefined) eta.set(start);
  eta[0] = 0;
  const bounds = searchBounds(problem, model);
  return { model, bounds, eta, rationed: undefined, iterations: 0, stepNorm: 0 };
}

type Repair = 'content' | 'repaired' | HaltReason;

class Clearing {
  readonly #problem: BatchProblem;
  readonly #model: MarketModel;
  readonly #table: OrderTable;
  readonly #search: PriceSearch;
  readonly #drops: MinimumFillDrops;
  readonly #returns = new Map<number, number>();

  constructor(
    problem: BatchProblem,
    model: MarketModel,
    table: OrderTable,
    start: Float64Array | undefined,
  ) {
    this.#problem = problem;
    this.#model = model;
    this.#table = table;
    this.#search = startSearch(problem, model, start);
    this.#drops = new MinimumFillDrops(model, table);
  }

  run(): ClearingOutcome {
    if (!this.#receiptsFit()) return this.#halt(HaltReason.amountsOutOfRange);
    let reason: HaltReason = HaltReason.searchUnfinished;
    let missed = 0;
    for (let round = 0; round < REPAIRS_MAX; round += 1) {
      if (!this.#searchWithMinimums()) return this.#halt(HaltReason.searchUnfinished);
      const prices = this.#alignToGrid(this.#roundedPrices());
      if (!this.#insideHaltBand(prices)) return this.#halt(HaltReason.priceOutsideHaltBand);
      const settled = this.#settle(prices);
      if (settled === undefined) return this.#halt(HaltReason.amountsOutOfRange);
      const { batch, fills, blocked } = settled;
      const repair = this.#repair(batch, fills, blocked);
      if (repair === 'content') {
        return { kind: 'cleared', solution: batch.solution, fills, change: batch.change };
      }
      if (repair === HaltReason.minimumFillsUnresolved) return this.#halt(repair);
      if (repair === 'repaired') continue;
      reason = repair;
      missed += 1;
      if (missed === MISSES_MAX) break;
    }
    return this.#halt(reason);
  }

  /** Relaxed search, then drops of unreachable minimum fills until none is missed. */
  #searchWithMinimums(): boolean {
    const { scarcity } = this.#problem.parameters;
    for (;;) {
      if (!searchPrices(this.#search, scarcity)) return false;
      if (!this.#drops.dropWorst(this.#search.eta)) return true;
    }
  }

  /** Allocates in integers; rows left out that the rules would fill are the blocked ones. */
  #settle(prices: readonly Price[]):
    | {
        readonly batch: SettledBatch;
        readonly fills: BatchFills;
        readonly blocked: readonly number[];
      }
    | undefined {
    const { parameters, oracle, inventory } = this.#problem;
    const table = this.#table;
    const open: BatchSolution = {
      prices,
      payFactors: scaledFactors(this.#model.payFactors),
      receiveFactors: scaledFactors(this.#model.receiveFactors),
      blocked: [],
      iterations: this.#search.iterations,
      stepNormE12: BigInt(Math.ceil(this.#search.stepNorm * 1e12)),
    };
    const rules = new FillRules(parameters, oracle, open);
    const blocked = this.#drops.indices(true).filter((index) => {
      const row = this.#drops.row(index);
      return wouldFill(rules, table, row);
    });
    const rows = blocked.map((index) => this.#drops.row(index)).sort((a, b) => a - b);
    const solution = { ...open, blocked: rows };
    const settlement = settle({ parameters, oracle, table, solution });
    if (settlement === undefined) return undefined;
    const { fills, change } = settlement;
    const position = { parameters, oracle, inventory, trade: change.trade, fees: change.fees };
    return { batch: { position, solution, change, rules, table }, fills, blocked };
  }

  /** Asks the integer tests of a settled batch and prepares the next round where one fails. */
  #repair(batch: SettledBatch, fills: BatchFills, blocked: readonly number[]): Repair {
    if (this.#dropUnsettled(fills)) return 'repaired';
    const returning = blocked.filter((index) => !blockIsCertified(batch, this.#drops.row(index)));
    if (returning.length > 0) return this.#takeBack(returning);
    const bounded = boundsHold(batch.position) && rationingIsTight(batch);
    if (bounded && quoteTestHolds(batch.position, batch.solution.prices)) return 'content';
    this.#bookDust(batch);
    return bounded ? HaltReason.quoteMissed : HaltReason.boundsUnreachable;
  }

  /** Leaves out rows that the search filled to their minimum and the integers did not. */
  #dropUnsettled(fills: BatchFills): boolean {
    const missed = this.#drops.indices(false).filter((index) => {
      const filled = fills.paid[this.#drops.row(index)] !== 0n;
      return !filled && this.#drops.fraction(index, this.#search.eta) > 1e-9;
    });
    if (missed.length === 0) return false;
    this.#drops.setExcluded(missed, true);
    return true;
  }

  #takeBack(indices: readonly number[]): Repair {
    const allowed = indices.filter((index) => (this.#returns.get(index) ?? 0) < RETURNS_MAX);
    if (allowed.length === 0) return HaltReason.minimumFillsUnresolved;
    // All at once the first time; later one by one, so that returning rows cannot chase each other.
    const fresh = allowed.filter((index) => !this.#returns.has(index));
    const chosen = fresh.length > 0 ? fresh : allowed.slice(0, 1);
    for (const index of chosen) this.#returns.set(index, (this.#returns.get(index) ?? 0) + 1);
    this.#drops.setExcluded(chosen, false);
    return 'repaired';
  }

  /**
   * Books the difference between the integers' trade and the model's at the same rounded prices,
   * so that the next search aims at what the integers will do.
   */
  #bookDust({ position, solution }: SettledBatch): void {
    const model = this.#model;
    for (let i = 0; i < model.assets; i += 1) {
      model.payFactors[i] = Number(at(solution.payFactors, i)) / Number(RATION_SCALE);
      model.receiveFactors[i] = Number(at(solution.receiveFactors, i)) / Number(RATION_SCALE);
    }
    model.evaluate(this.#deviations(solution.prices));
    for (let i = 0; i < model.assets; i += 1) {
      const trade = Number(at(position.trade, i)) * model.usd(i);
      const change = Number(at(position.trade, i) - at(position.fees, i)) * model.usd(i);
      model.tradeOffset[i] = (model.tradeOffset[i] as number) + trade - model.trade(i);
      model.changeOffset[i] = (model.changeOffset[i] as number) + change - model.change(i);
    }
  }

  /**
   * Answers the bounds for what rounding prices moved there: factors absorb it under pro-rata
   * rationing, and single ticks of the prices under scarcity pricing.
   */
  #alignToGrid(rounded: readonly Price[]): readonly Price[] {
    const { model, bounds } = { model: this.#model, bounds: this.#search.bounds };
    if (this.#problem.parameters.scarcity === Scarcity.proRata) {
      alignFactors(model, bounds, this.#deviations(rounded));
      return rounded;
    }
    if (!model.isWalled && model.numeraireMultiple === 1) return rounded;
    const prices: bigint[] = [...rounded];
    fitToGrid({ model, bounds, mids: this.#problem.oracle.mids, prices });
    return prices.map(price);
  }

  /** P / mid - 1 of integer prices, as doubles. */
  #deviations(prices: readonly Price[]): Float64Array {
    return Float64Array.from(prices, (p, i) => {
      const mid = at(this.#problem.oracle.mids, i);
      return Number(p - mid) / Number(mid);
    });
  }

  #roundedPrices(): Price[] {
    return this.#problem.oracle.mids.map((mid, i) => {
      if (i === 0) return price(PRICE_SCALE);
      // The deviation is rounded, not the price: a price above 2^53 would lose digits as a double.
      const moved = Math.round(Number(mid) * (this.#search.eta[i] as number));
      // A search that got lost may leave no number behind; its batch halts, and halts at the mid.
      const shift = BigInt(Number.isFinite(moved) ? moved : 0);
      const scaled = mid + shift;
      if (scaled < 1n) return price(1n);
      return price(scaled > PRICE_MAX ? PRICE_MAX : scaled);
    });
  }

  #insideHaltBand(prices: readonly Price[]): boolean {
    const { parameters, oracle } = this.#problem;
    const band = BigInt(parameters.haltBandPpm);
    return prices.every((p, i) => abs(p - at(oracle.mids, i)) * PPM <= at(oracle.mids, i) * band);
  }

  /**
   * Whether no pair could receive more units at twice the mid rate than an amount can count: so
   * that the search is not begun in vain. What the integers come to is asked of every settlement.
   */
  #receiptsFit(): boolean {
    const { curves } = this.#model;
    const mids = new Float64Array(this.#model.assets);
    for (let k = 0; k < curves.count; k += 1) {
      if (curves.total(k) * this.#model.netRate(k, mids) * 2 > RECEIPTS_MAX) return false;
    }
    return true;
  }

  #halt(reason: HaltReason): ClearingOutcome {
    return { kind: 'halted', reason, prices: this.#roundedPrices() };
  }
}

/** Factors as integers 1..RATION_SCALE, rounded down. */
function scaledFactors(factors: Float64Array): bigint[] {
  return Array.from(factors, (share) => {
    if (share >= 1) return RATION_SCALE;
    const scaled = BigInt(Math.floor(share * Number(RATION_SCALE)));
    return scaled < 1n ? 1n : scaled;
  });
}

/** Whether factors below one stand at tight bounds: lower for receivers, upper for payers. */
function rationingIsTight({ position, solution }: SettledBatch): boolean {
  return tightness(position).every(
    ({ lower, upper }, i) =>
      (lower || at(solution.receiveFactors, i) === RATION_SCALE) &&
      (upper || at(solution.payFactors, i) === RATION_SCALE),
  );
}
