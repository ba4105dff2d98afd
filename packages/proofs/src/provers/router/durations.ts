import { at } from '@lawbook/exchange/failures/invariant';
import type { MeasuredSize } from '../prover.ts';

/** Runs kept per backend and circuit; old ones make room. */
const KEPT = 64;
/** Below this many runs a quantile says less than figures measured in advance. */
const RUNS_MIN = 3;

/** How long proofs of one backend took, per circuit. */
export class Durations {
  readonly #byCircuit = new Map<string, number[]>();

  /** Notes a finished run. */
  add(circuit: string, elapsedMs: number): void {
    const runs = this.#byCircuit.get(circuit) ?? [];
    runs.push(elapsedMs);
    if (runs.length > KEPT) runs.shift();
    this.#byCircuit.set(circuit, runs);
  }

  /** A quantile over the kept runs, ms; undefined until there are three. */
  quantile(circuit: string, share: number): number | undefined {
    const runs = this.#byCircuit.get(circuit) ?? [];
    if (runs.length < RUNS_MIN) return undefined;
    const sorted = [...runs].sort((a, b) => a - b);
    return at(sorted, Math.min(sorted.length - 1, Math.floor(share * sorted.length)));
  }
}

/** What figures measured in advance say about a size, ms; a straight line between two of them. */
export function expectedMs(measured: readonly MeasuredSize[], gates: number): number {
  const above = measured.findIndex((size) => size.gates >= gates);
  const last = measured.at(-1);
  if (last === undefined) return Number.POSITIVE_INFINITY;
  if (above < 0) return (last.proveMs * gates) / last.gates;
  const high = at(measured, above);
  if (above === 0) return high.proveMs;
  const low = at(measured, above - 1);
  const share = (gates - low.gates) / (high.gates - low.gates);
  return low.proveMs + share * (high.proveMs - low.proveMs);
}
