import type { MarketModel } from './marketModel.ts';
import type { OrderTable } from './orderTable.ts';
import type { SortedRun } from './sortedRuns.ts';

/** Drops come one by one up to this many, then a quarter of the violators at a time. */
const SINGLE_DROPS = 64;
const SURE = 1e-9;

/**
 * Which orders with a minimum fill are left out of the search.
 *
 * The search is relaxed: an order with 0 < f < m takes part until it is dropped here. Choices
 * between equal rows fall by order id, so that arrival does not matter.
 */
export class MinimumFillDrops {
  readonly #model: MarketModel;
  readonly #table: OrderTable;
  /** Rows with a minimum fill, and the pair of each. */
  readonly #rows: Uint32Array;
  readonly #pairs: Uint32Array;
  readonly #rates: Float64Array;
  #dropped = 0;

  constructor(model: MarketModel, table: OrderTable) {
    this.#model = model;
    this.#table = table;
    const { curves } = model;
    const rows: number[] = [];
    const pairs: number[] = [];
    const rates: number[] = [];
    for (let k = 0; k < curves.count; k += 1) {
      const orders = curves.orders[k] as SortedRun;
      for (let place = 0; place < orders.length; place += 1) {
        const row = orders.rows[place] as number;
        if (table.minFillPpm[row] === 0 || table.canceled[row] === 1) continue;
        rows.push(row);
        pairs.push(k);
        rates.push(Math.max(orders.rates[place] as number, curves.protective(k)));
      }
    }
    this.#rows = Uint32Array.from(rows);
    this.#pairs = Uint32Array.from(pairs);
    this.#rates = Float64Array.from(rates);
  }

  /** Rows with a minimum fill, taking part or not. */
  get count(): number {
    return this.#rows.length;
  }

  /** Drops the rows furthest below their minimum; false when none is below. */
  dropWorst(eta: Float64Array): boolean {
    const below: { readonly index: number; readonly missing: number }[] = [];
    for (let index = 0; index < this.#rows.length; index += 1) {
      const row = this.#rows[index] as number;
      if (this.#model.curves.isExcluded(row)) continue;
      const filled = this.fraction(index, eta);
      const minimum = (this.#table.minFillPpm[row] as number) / 1e6;
      if (filled > 0 && filled < minimum * (1 - SURE)) {
        below.push({ index, missing: minimum - filled });
      }
    }
    if (below.length === 0) return false;
    below.sort((a, b) => b.missing - a.missing || this.#compareIds(a.index, b.index));
    const many = this.#dropped < SINGLE_DROPS ? 1 : Math.ceil(below.length / 4);
    this.setExcluded(
      below.slice(0, many).map(({ index }) => index),
      true,
    );
    this.#dropped += many;
    return true;
  }

  /** Fill fraction of a row of this list at eta, rationing included. */
  fraction(index: number, eta: Float64Array): number {
    const k = this.#pairs[index] as number;
    const rate = this.#model.netRate(k, eta);
    const ramp = (1 - (this.#rates[index] as number) / rate) * 1e5;
    return Math.min(1, Math.max(0, ramp)) * this.#model.rationing(k);
  }

  /** Table row of an entry of this list. */
  row(index: number): number {
    return this.#rows[index] as number;
  }

  /** Indices of entries, with a minimum fill, that are left out (or take part). */
  indices(excluded: boolean): number[] {
    const found: number[] = [];
    for (let index = 0; index < this.#rows.length; index += 1) {
      if (this.#model.curves.isExcluded(this.#rows[index] as number) === excluded) {
        found.push(index);
      }
    }
    return found;
  }

  /** Leaves entries out of the search or takes them back. */
  setExcluded(indices: readonly number[], excluded: boolean): void {
    const pairs = new Set<number>();
    for (const index of indices) {
      this.#model.curves.exclude(this.#rows[index] as number, excluded);
      pairs.add(this.#pairs[index] as number);
    }
    for (const k of pairs) this.#model.curves.refresh(k);
  }

  #compareIds(a: number, b: number): number {
    const ids = this.#table.orderIds;
    const first = (this.#rows[a] as number) * 32;
    const second = (this.#rows[b] as number) * 32;
    for (let k = 0; k < 32; k += 1) {
      const difference = (ids[first + k] as number) - (ids[second + k] as number);
      if (difference !== 0) return difference;
    }
    return 0;
  }
}
