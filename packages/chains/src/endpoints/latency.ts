/** Answers that are remembered. */
const WINDOW = 32;
/** Weight of the newest answer in the moving average that orders endpoints. */
const NEWEST = 0.3;

/** How fast an endpoint answers, in milliseconds, over its last answers. */
export class Latency {
  readonly #recent: number[] = [];
  readonly #sorted: number[] = [];
  #expected: number | undefined;

  /** Takes one answer, or a lower bound where somebody stopped waiting. */
  add(latencyMs: number): void {
    this.#recent.push(latencyMs);
    this.#sorted.splice(placeOf(this.#sorted, latencyMs), 0, latencyMs);
    if (this.#recent.length > WINDOW) {
      const oldest = this.#recent.shift() as number;
      this.#sorted.splice(placeOf(this.#sorted, oldest), 1);
    }
    const before = this.#expected ?? latencyMs;
    this.#expected = before + NEWEST * (latencyMs - before);
  }

  /** Moving average that forgets within some ten answers; undefined before the first. */
  expected(): number | undefined {
    return this.#expected;
  }

  median(): number | undefined {
    return this.#sorted[Math.floor((this.#sorted.length - 1) / 2)];
  }

  /** The smallest answer that nine in ten do not exceed. */
  p90(): number | undefined {
    return this.#sorted[Math.ceil(this.#sorted.length * 0.9) - 1];
  }
}

/** Index of the first element that is not smaller. */
function placeOf(sorted: readonly number[], latencyMs: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as number) < latencyMs) low = middle + 1;
    else high = middle;
  }
  return low;
}
