import { invariant } from '@lawbook/exchange/failures/invariant';
import { divFloor, mulDivFloor } from '@lawbook/exchange/numbers/mulDiv';
import type { Price } from '@lawbook/exchange/numbers/price';
import { PPM, price } from '@lawbook/exchange/numbers/price';
import { OracleFault } from './oracleFault.ts';

/** A mean-reverting walk of several mids. */
export interface RandomWalkParameters {
  readonly symbols: readonly string[];
  /** Mids that the walk starts at and returns to. */
  readonly mids: ReadonlyMap<string, Price>;
  /** Standard deviation of one day by symbol, parts per million. */
  readonly dailyVolatilityPpm: ReadonlyMap<string, number>;
  /** By pair such as `EUR-JPY` in either order, parts per million; zero where absent. */
  readonly correlationsPpm: ReadonlyMap<string, number>;
  readonly seed: bigint;
  /** Time that one step stands for, milliseconds. */
  readonly stepMs: number;
  /** Share of the distance from the starting mid that one step walks back. */
  readonly reversionPpm: number;
  /** Largest distance from the starting mid. */
  readonly boundPpm: number;
}

/** Distances are relative to the starting mid in units of 1e-12. */
const DISTANCE_SCALE = 10n ** 12n;
/** Scale of the Cholesky factor and of normal draws. */
const FACTOR_SCALE = 10n ** 9n;
const NORMAL_SCALE = 2n ** 32n;
const DAY_MS = 86_400_000;

/**
 * A seeded walk: x' = x - kappa x + sigma L n, bounded, and mid = start * (1 + x).
 *
 * kappa is the reversion, sigma the volatility of a step, L the Cholesky factor of the correlations
 * and n independent normal draws. State and draws are integers; floats serve only to compute sigma
 * and L once, with square roots and the four operations, which are exact in every engine. So seed
 * and step number fix the mids everywhere. Mids round down.
 */
export class RandomWalk {
  readonly #parameters: RandomWalkParameters;
  /** Row-major, `FACTOR_SCALE`. */
  readonly #factor: readonly (readonly bigint[])[];
  /** Volatility of one step, `DISTANCE_SCALE`. */
  readonly #sigma: readonly bigint[];
  #distances: readonly bigint[];
  #step = 0;

  /** @throws OracleFault ORACLE_WALK_INVALID if the correlations contradict one another. */
  constructor(parameters: RandomWalkParameters) {
    this.#parameters = parameters;
    this.#factor = choleskyFactor(parameters);
    const perStep = Math.sqrt(parameters.stepMs / DAY_MS);
    this.#sigma = parameters.symbols.map((symbol) => {
      const daily = parameters.dailyVolatilityPpm.get(symbol) ?? 0;
      return BigInt(Math.round(daily * perStep * 1e6));
    });
    this.#distances = parameters.symbols.map(() => 0n);
  }

  /** How many steps were taken. */
  get step(): number {
    return this.#step;
  }

  /** Takes one step. */
  advance(): void {
    this.#step += 1;
    const { symbols, seed, reversionPpm, boundPpm } = this.#parameters;
    const bound = BigInt(boundPpm) * 1_000_000n;
    const normals = symbols.map((_, lane) => normalDraw(seed, BigInt(this.#step), BigInt(lane)));
    this.#distances = this.#distances.map((distance, index) => {
      const row = this.#factor[index] ?? [];
      const mixed = row.reduce((sum, entry, lane) => sum + entry * (normals[lane] ?? 0n), 0n);
      const sigma = this.#sigma[index] ?? 0n;
      const shock = divFloor(mixed * sigma, FACTOR_SCALE * NORMAL_SCALE);
      const back = divFloor(distance * BigInt(reversionPpm), PPM);
      return clamp(distance - back + shock, bound);
    });
  }

  /** Mids at the current step; at step 0 the starting mids. */
  mids(): Map<string, Price> {
    const { symbols, mids } = this.#parameters;
    return new Map(
      symbols.map((symbol, index) => {
        const start = mids.get(symbol);
        invariant(start !== undefined, 'every symbol of a walk has a starting mid');
        const factor = DISTANCE_SCALE + (this.#distances[index] ?? 0n);
        return [symbol, price(mulDivFloor(start, factor, DISTANCE_SCALE))];
      }),
    );
  }
}

function clamp(distance: bigint, bound: bigint): bigint {
  if (distance > bound) return bound;
  return distance < -bound ? -bound : distance;
}

/**
 * The sum of twelve uniform draws less six: mean 0, variance 1, within +-6, in units of 2^-32.
 * Integers only, so that no engine's logarithm takes part.
 */
function normalDraw(seed: bigint, step: bigint, lane: bigint): bigint {
  let sum = -6n * NORMAL_SCALE;
  for (let draw = 0n; draw < 6n; draw += 1n) {
    const bits = mix64(mix64(mix64(seed) ^ step) ^ (lane * 6n + draw));
    sum += (bits >> 32n) + (bits & 0xffffffffn);
  }
  return sum;
}

/** The output function of SplitMix64 (Steele, Lea and Flood 2014): a bijection of 64-bit words. */
function mix64(word: bigint): bigint {
  let z = BigInt.asUintN(64, word + 0x9e3779b97f4a7c15n);
  z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
  z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn);
  return z ^ (z >> 31n);
}

/** L with L L' = C for the correlation matrix C, lower triangular, by the usual recurrence. */
function choleskyFactor(parameters: RandomWalkParameters): bigint[][] {
  const { symbols } = parameters;
  const rows: number[][] = [];
  for (const [i, symbol] of symbols.entries()) {
    const row: number[] = [];
    for (let j = 0; j <= i; j += 1) {
      const other = rows[j] ?? row;
      let rest = correlation(parameters, symbol, symbols[j] ?? symbol);
      for (let k = 0; k < j; k += 1) rest -= (row[k] ?? 0) * (other[k] ?? 0);
      if (i === j && !(rest > 0)) throw contradictory(symbol);
      row.push(i === j ? Math.sqrt(rest) : rest / (other[j] ?? 1));
    }
    rows.push(row);
  }
  return rows.map((row) => row.map((entry) => BigInt(Math.round(entry * Number(FACTOR_SCALE)))));
}

function correlation({ correlationsPpm }: RandomWalkParameters, a: string, b: string): number {
  if (a === b) return 1;
  return (correlationsPpm.get(`${a}-${b}`) ?? correlationsPpm.get(`${b}-${a}`) ?? 0) / 1e6;
}

function contradictory(symbol: string): OracleFault {
  const message =
    `The correlations of ${symbol} contradict those of the symbols before it: ` +
    'shrink oracle.randomWalk.correlationsPpm towards zero.';
  return new OracleFault('ORACLE_WALK_INVALID', message, { symbol });
}
