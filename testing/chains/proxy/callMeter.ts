/** A call as it was counted. */
export interface MeteredCall {
  /** Milliseconds of a clock that never goes back. */
  readonly atMs: number;
  readonly method: string;
  /** What the proxy did to it, if anything; `overLimit` for a 429 of the limit emulation. */
  readonly fault: string | undefined;
}

/** Compute units per second, as providers count them. */
export interface UnitLimit {
  readonly unitsPerSecond: number;
  /** Units that may be saved up for a burst. */
  readonly capacity: number;
  readonly unitsOf: (method: string) => number;
}

/** Counts calls by method and second, and refuses what goes beyond a limit in compute units. */
export class CallMeter {
  readonly #calls: MeteredCall[] = [];
  #limit: UnitLimit | undefined;
  #units = 0;
  #filledAtMs = 0;

  /** Begins or ends the emulation of a limit; the bucket starts full. */
  limitTo(limit: UnitLimit | undefined): void {
    this.#limit = limit;
    this.#units = limit?.capacity ?? 0;
    this.#filledAtMs = performance.now();
  }

  /** @returns seconds to wait (for Retry-After) when the call is beyond the limit. */
  admit(method: string): number | undefined {
    if (this.#limit === undefined) return undefined;
    const nowMs = performance.now();
    const { unitsPerSecond, capacity, unitsOf } = this.#limit;
    const gained = ((nowMs - this.#filledAtMs) / 1_000) * unitsPerSecond;
    this.#units = Math.min(capacity, this.#units + gained);
    this.#filledAtMs = nowMs;
    const units = unitsOf(method);
    if (units > this.#units) return Math.max(1, Math.ceil((units - this.#units) / unitsPerSecond));
    this.#units -= units;
    return undefined;
  }

  record(method: string, fault: string | undefined): void {
    this.#calls.push({ atMs: performance.now(), method, fault });
  }

  calls(): readonly MeteredCall[] {
    return this.#calls;
  }

  /** How often a method was called, or how many calls there were in all. */
  count(method?: string): number {
    if (method === undefined) return this.#calls.length;
    return this.#calls.filter((call) => call.method === method).length;
  }

  /** How many calls met this fault. */
  faulted(fault: string): number {
    return this.#calls.filter((call) => call.fault === fault).length;
  }

  /** Calls in each full or begun second since `fromMs`, the first one first. */
  perSecond(fromMs: number, untilMs: number = performance.now()): readonly number[] {
    const seconds = Math.max(1, Math.ceil((untilMs - fromMs) / 1_000));
    const counts = new Array<number>(seconds).fill(0);
    for (const { atMs } of this.#calls) {
      if (atMs < fromMs || atMs >= untilMs) continue;
      const second = Math.floor((atMs - fromMs) / 1_000);
      counts[second] = (counts[second] ?? 0) + 1;
    }
    return counts;
  }

  reset(): void {
    this.#calls.length = 0;
  }
}

/** Alchemy's published prices, as far as the engine's methods go. */
export function computeUnits(method: string): number {
  return COMPUTE_UNITS.get(method) ?? 20;
}

const COMPUTE_UNITS: ReadonlyMap<string, number> = new Map([
  ['eth_chainId', 0],
  ['net_version', 0],
  ['eth_blockNumber', 10],
  ['eth_feeHistory', 10],
  ['eth_getTransactionReceipt', 20],
  ['eth_getTransactionByHash', 20],
  ['eth_getBlockByNumber', 20],
  ['eth_getBlockByHash', 20],
  ['eth_getBalance', 20],
  ['eth_getTransactionCount', 20],
  ['eth_call', 26],
  ['eth_estimateGas', 20],
  ['eth_sendRawTransaction', 40],
  ['eth_getLogs', 60],
  ['eth_simulateV1', 40],
  ['debug_traceCall', 40],
]);
