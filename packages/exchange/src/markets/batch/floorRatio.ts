import { invariant } from '../../failures/invariant.ts';
import { mulDivFloor } from '../../numbers/mulDiv.ts';

const SPLITTER = 134217729;
const WIDTH = 106;
const UNSURE = 1e-12;
const EXACT_MAX = 4503599627370496;

/**
 * floor(x * numerator / denominator) for many x and one ratio, exactly, mostly without bigints.
 *
 * The ratio is held as the unevaluated sum of two doubles, good to 2^-104. A product with x < 2^52
 * is formed without rounding error by Dekker's method; when its fraction is farther than 10^-12
 * from an integer, which is a thousand times the error left, its floor is certain. Otherwise, and
 * for larger x, the bigint division decides. IEEE 754 fixes every operation used, so engines agree.
 */
export class FloorRatio {
  readonly #numerator: bigint;
  readonly #denominator: bigint;
  readonly #high: number;
  readonly #low: number;
  readonly #highTop: number;
  readonly #highRest: number;

  constructor(numerator: bigint, denominator: bigint) {
    invariant(numerator >= 0n, 'a ratio is not negative');
    invariant(denominator > 0n, 'a ratio has a positive denominator');
    this.#numerator = numerator;
    this.#denominator = denominator;
    const [high, low] = twoDoubles(numerator, denominator);
    this.#high = high;
    this.#low = low;
    const spread = SPLITTER * high;
    this.#highTop = spread - (spread - high);
    this.#highRest = high - this.#highTop;
  }

  /** The ratio as a double, within two units in the last place. */
  get approximate(): number {
    return this.#high;
  }

  /** floor(x * ratio) for a whole number 0 <= x < 2^53, or -1 where only `exact` can tell. */
  floor(x: number): number {
    if (this.#high === 0) return 0;
    const product = x * this.#high;
    if (product >= EXACT_MAX || x >= EXACT_MAX) return -1;
    const spread = SPLITTER * x;
    const top = spread - (spread - x);
    const rest = x - top;
    const error =
      top * this.#highTop -
      product +
      top * this.#highRest +
      rest * this.#highTop +
      rest * this.#highRest;
    let whole = Math.floor(product);
    let fraction = product - whole + (error + x * this.#low);
    if (fraction < 0) {
      whole -= 1;
      fraction += 1;
    } else if (fraction >= 1) {
      whole += 1;
      fraction -= 1;
    }
    return fraction > UNSURE && fraction < 1 - UNSURE ? whole : -1;
  }

  /** floor(x * numerator / denominator) by bigint division. */
  exact(x: bigint): bigint {
    return mulDivFloor(x, this.#numerator, this.#denominator);
  }
}

/** numerator / denominator as a sum of two doubles, the first within one unit in the last place. */
function twoDoubles(numerator: bigint, denominator: bigint): [number, number] {
  if (numerator === 0n) return [0, 0];
  const shift = WIDTH + bitLength(denominator) - bitLength(numerator);
  const up = shift > 0 ? BigInt(shift) : 0n;
  const down = shift < 0 ? BigInt(-shift) : 0n;
  const quotient = mulDivFloor(numerator, 1n << up, denominator << down);
  const cut = BigInt(bitLength(quotient) - 53);
  const top = quotient >> cut;
  const rest = quotient - (top << cut);
  // Powers of two are exact as doubles, so scaling loses nothing.
  const scale = shift >= 0 ? 1 / Number(1n << up) : Number(1n << down);
  return [Number(top) * (Number(1n << cut) * scale), Number(rest) * scale];
}

/** Number of binary digits of a positive integer. */
function bitLength(x: bigint): number {
  const digits = x.toString(16);
  return 4 * (digits.length - 1) + 32 - Math.clz32(Number.parseInt(digits.slice(0, 1), 16));
}
