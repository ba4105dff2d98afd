import { invariant } from '../../failures/invariant.ts';

/** Orders of one pair in canonical order: by limit rate, then by budget. Row numbers ride along. */
export interface SortedRun {
  readonly length: number;
  readonly rates: Float64Array;
  readonly budgets: Float64Array;
  readonly rows: Uint32Array;
}

const TAIL_LENGTH = 32;

type MutableRun = { -readonly [Key in keyof SortedRun]: SortedRun[Key] };

function emptyRun(capacity: number): MutableRun {
  return {
    length: 0,
    rates: new Float64Array(capacity),
    budgets: new Float64Array(capacity),
    rows: new Uint32Array(capacity),
  };
}

/** Stands for a tail that holds nothing: most books of a wide market are small. */
const EMPTY: MutableRun = emptyRun(0);

/**
 * Keeps one pair's orders sorted while they arrive.
 *
 * A short tail takes insertions; a full tail becomes a run, and the last two runs merge while the
 * younger is at least half as long as the older. An insertion costs O(log n) amortised, and what is
 * left to merge at close is linear.
 *
 * Ties of rate and budget are interchangeable in every sum, so the merged sequence of rates and
 * budgets does not depend on arrival.
 */
export class SortedRuns {
  readonly #runs: SortedRun[] = [];
  #tail: MutableRun = EMPTY;
  #length = 0;

  /** Orders inserted. */
  get length(): number {
    return this.#length;
  }

  /** Bytes held by the runs and the tail. */
  get byteLength(): number {
    const held = (sum: number, run: SortedRun): number =>
      sum + run.rates.byteLength + run.budgets.byteLength + run.rows.byteLength;
    return this.#runs.reduce(held, held(0, this.#tail));
  }

  /** Inserts an order with its least net rate and its budget, both as doubles. */
  insert(rate: number, budget: number, row: number): void {
    if (this.#tail === EMPTY) this.#tail = emptyRun(TAIL_LENGTH);
    const { rates, budgets, rows } = this.#tail;
    let place = this.#tail.length;
    while (place > 0 && follows(rates, budgets, place - 1, rate, budget)) {
      rates[place] = rates[place - 1] as number;
      budgets[place] = budgets[place - 1] as number;
      rows[place] = rows[place - 1] as number;
      place -= 1;
    }
    rates[place] = rate;
    budgets[place] = budget;
    rows[place] = row;
    this.#tail.length += 1;
    this.#length += 1;
    if (this.#tail.length === TAIL_LENGTH) this.#flush();
  }

  /** All orders as one run. The structure stays usable: later insertions start a new tail. */
  merged(): SortedRun {
    if (this.#tail.length > 0) {
      this.#runs.push(this.#tail);
      this.#tail = EMPTY;
    }
    while (this.#runs.length > 1) this.#mergeLastTwo();
    const run = this.#runs[0] ?? EMPTY;
    invariant(run.length === this.#length, 'merging loses no order');
    return run;
  }

  #flush(): void {
    this.#runs.push(this.#tail);
    this.#tail = EMPTY;
    while (this.#runs.length > 1) {
      const younger = this.#runs[this.#runs.length - 1] as SortedRun;
      const older = this.#runs[this.#runs.length - 2] as SortedRun;
      if (younger.length * 2 <= older.length) return;
      this.#mergeLastTwo();
    }
  }

  #mergeLastTwo(): void {
    const second = this.#runs.pop() as SortedRun;
    const first = this.#runs.pop() as SortedRun;
    this.#runs.push(merge(first, second));
  }
}

/** Whether the order at `place` comes after one of the given rate and budget. */
function follows(
  rates: Float64Array,
  budgets: Float64Array,
  place: number,
  rate: number,
  budget: number,
): boolean {
  const other = rates[place] as number;
  return other > rate || (other === rate && (budgets[place] as number) > budget);
}

function merge(first: SortedRun, second: SortedRun): SortedRun {
  const length = first.length + second.length;
  const out = emptyRun(length);
  const { rates, budgets, rows } = out;
  let i = 0;
  let j = 0;
  for (let place = 0; place < length; place += 1) {
    const takeSecond =
      i === first.length ||
      (j < second.length &&
        follows(
          first.rates,
          first.budgets,
          i,
          second.rates[j] as number,
          second.budgets[j] as number,
        ));
    const source = takeSecond ? second : first;
    const from = takeSecond ? j++ : i++;
    rates[place] = source.rates[from] as number;
    budgets[place] = source.budgets[from] as number;
    rows[place] = source.rows[from] as number;
  }
  out.length = length;
  return out;
}
