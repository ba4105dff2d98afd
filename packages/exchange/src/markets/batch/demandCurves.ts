import type { OrderTable } from './orderTable.ts';
import type { PairBooks } from './pairBooks.ts';
import type { SortedRun } from './sortedRuns.ts';

/** Net rates of a pair that its curve starts from, as doubles. */
export interface PairRates {
  /** The least rate that the protective band lets an order accept. */
  readonly protective: number;
  /** The rate at the mids: where the first query is likely to be. */
  readonly expected: number;
}

/** Width mu of the fill ramp, relative: 1 / RAMP. */
export const RAMP_WIDTH = 1e-5;

/**
 * Supply of every pair as a function of its net rate, with prefix sums over the sorted books.
 *
 * Key, for one pair with orders sorted by effective rate r (own limit or protective, the larger):
 *   j1 = count(r <= rho (1 - mu)),  j2 = count(r <= rho),  PB, PR prefix sums of B and B r
 *   X(rho) = PB[j1] + ((PB[j2] - PB[j1]) - (PR[j2] - PR[j1]) / rho) / mu
 *   dX / dln rho = (PR[j2] - PR[j1]) / (mu rho)
 * Cancelled and excluded rows have no budget here. Doubles throughout: nothing in this class is
 * published.
 */
export class DemandCurves {
  /** Pairs that hold orders. */
  readonly count: number;
  readonly pay: Uint8Array;
  readonly receive: Uint8Array;
  /** Rates of pair k are at start[k] .. start[k + 1] of `rates`, in the order of its book. */
  readonly start: Uint32Array;
  readonly rates: Float64Array;
  /** The sorted orders that each pair was summed from. */
  readonly orders: readonly SortedRun[];
  /** The ramp in use; wider only while the search approaches a hard market. */
  rampWidth: number = RAMP_WIDTH;
  /** Answers of the last `query`: units paid, and their derivative by the log of the rate. */
  amount = 0;
  slope = 0;
  /** PB and PR side by side; pair k owns one entry more than it has rows. */
  readonly #sums: Float64Array;
  readonly #protective: Float64Array;
  readonly #expected: Float64Array;
  readonly #lowPlace: Uint32Array;
  readonly #highPlace: Uint32Array;
  readonly #table: OrderTable;
  /** By row; made when the first row is left out. */
  #excluded: Uint8Array | undefined;

  constructor(
    books: PairBooks,
    table: OrderTable,
    ratesOf: (pay: number, receive: number) => PairRates,
  ) {
    const all = [...books.books()];
    this.count = all.length;
    this.pay = Uint8Array.from(all, (book) => book.pay);
    this.receive = Uint8Array.from(all, (book) => book.receive);
    this.start = new Uint32Array(all.length + 1);
    this.rates = new Float64Array(books.length);
    this.orders = all.map((book) => book.orders);
    this.#sums = new Float64Array(2 * (books.length + all.length));
    const rates = all.map((book) => ratesOf(book.pay, book.receive));
    this.#protective = Float64Array.from(rates, (pair) => pair.protective);
    this.#expected = Float64Array.from(rates, (pair) => pair.expected);
    this.#lowPlace = new Uint32Array(all.length);
    this.#highPlace = new Uint32Array(all.length);
    this.#table = table;
    all.forEach(({ orders }, k) => {
      const from = this.start[k] as number;
      this.start[k + 1] = from + orders.length;
      this.rates.set(orders.rates.subarray(0, orders.length), from);
      this.#sum(k);
    });
  }

  /** Least rate of pair k that the protective band allows. */
  protective(k: number): number {
    return this.#protective[k] as number;
  }

  /** Sum of the budgets of pair k, ledger units of the pay asset. */
  total(k: number): number {
    return this.#sums[2 * ((this.start[k + 1] as number) + k)] as number;
  }

  /** Whether a row is left out of the sums by `exclude`. */
  isExcluded(row: number): boolean {
    return this.#excluded?.[row] === 1;
  }

  /** Leaves a row out, or takes it back; `refresh` the pair before the next query. */
  exclude(row: number, excluded: boolean): void {
    this.#excluded ??= new Uint8Array(this.#table.count);
    this.#excluded[row] = excluded ? 1 : 0;
  }

  /** Takes the sums of pair k anew after exclusions changed. */
  refresh(k: number): void {
    this.#sum(k);
  }

  /** Bytes held besides the books. */
  get byteLength(): number {
    const excluded = this.#excluded?.byteLength ?? 0;
    return this.rates.byteLength + this.#sums.byteLength + excluded;
  }

  /** Answers supply and slope of pair k at net rate rho > 0 in `amount` and `slope`. */
  query(k: number, rho: number): void {
    this.amount = 0;
    this.slope = 0;
    const protective = this.#protective[k] as number;
    if (rho <= protective) return;
    const from = this.start[k] as number;
    const until = this.start[k + 1] as number;
    const full = rho * (1 - this.rampWidth);
    const high = this.#gallop(this.#highPlace[k] as number, from, until, rho);
    this.#highPlace[k] = high;
    let low = from;
    if (full >= protective) {
      low = this.#gallop(this.#lowPlace[k] as number, from, until, full);
      this.#lowPlace[k] = low;
    }
    const sums = this.#sums;
    const lowAt = 2 * (low + k);
    const highAt = 2 * (high + k);
    const sure = sums[lowAt] as number;
    const ramped = (sums[highAt + 1] as number) - (sums[lowAt + 1] as number);
    this.slope = ramped / (this.rampWidth * rho);
    this.amount = sure + ((sums[highAt] as number) - sure - ramped / rho) / this.rampWidth;
  }

  /** First place in from..until whose rate exceeds the limit, searched outwards from a guess. */
  #gallop(guess: number, from: number, until: number, limit: number): number {
    const rates = this.rates;
    let low = from;
    let high = until;
    let step = 1;
    let probe = Math.max(guess, from);
    if (probe < until && (rates[probe] as number) <= limit) {
      low = probe + 1;
      while (low + step <= until && (rates[low + step - 1] as number) <= limit) {
        low += step;
        step *= 2;
      }
      high = Math.min(until, low + step - 1);
    } else {
      high = Math.min(probe, until);
      probe = high - step;
      while (probe >= from && (rates[probe] as number) > limit) {
        high = probe;
        step *= 2;
        probe = high - step;
      }
      low = Math.max(from, probe + 1);
    }
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((rates[middle] as number) <= limit) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #sum(k: number): void {
    const { length, budgets, rows } = this.orders[k] as SortedRun;
    const from = this.start[k] as number;
    const protective = this.#protective[k] as number;
    const { canceled } = this.#table;
    const sums = this.#sums;
    const excluded = this.#excluded;
    const expected = this.#expected[k] as number;
    let sumBudget = 0;
    let sumRated = 0;
    let below = from;
    let out = 2 * (from + k);
    sums[out] = 0;
    sums[out + 1] = 0;
    for (let place = 0; place < length; place += 1) {
      const row = rows[place] as number;
      const rate = this.rates[from + place] as number;
      if (rate <= expected) below += 1;
      if (canceled[row] === 0 && excluded?.[row] !== 1) {
        const budget = budgets[place] as number;
        sumBudget += budget;
        sumRated += budget * Math.max(rate, protective);
      }
      out += 2;
      sums[out] = sumBudget;
      sums[out + 1] = sumRated;
    }
    this.#lowPlace[k] = below;
    this.#highPlace[k] = below;
  }
}
