import { QUOTE_TOLERANCE, RATION_SCALE, Scarcity } from '../markets/batch/parameters.ts';
import { divFloor } from '../numbers/mulDiv.ts';
import type { BatchTransition } from '../transition.ts';
import type { Law, LawContext } from './law.ts';
import { exposures, quoteScale, scaledQuotes } from './quotes.ts';
import type { TightBounds } from './tightBounds.ts';
import { tightBounds } from './tightBounds.ts';
import type { Verdict, Violated } from './verdict.ts';
import { HOLDS, violated } from './verdict.ts';

/**
 * L8. The clearing price is the pool's own quote after the trade, to eps = 10^-6 of the mid:
 *
 *   |sigma P_i N - Q_i| 10^6 <= mid_i N,   Q_i = mid_i (N - sum_j S_ij E_j) at pre + z,
 *
 * fees not yet deducted, for one sigma = 1 + lambda > 0 common to all assets.
 * `proRata`: sigma is 1; a rationing factor below one only where its bound is tight.
 * `scarcityPricing`: no factors; sigma P above Q only where the lower bound is tight, below only
 * where the upper one is; sigma above one only while the numeraire's lower bound (the reserve) is
 * tight, below one only while its upper bound is.
 * A halted batch has no clearing price, so nothing is asked of it.
 *
 * @see docs/protocol/poolQuoteIsOptimal.md
 */
export const poolQuoteIsOptimal: Law = {
  id: 'L8',
  name: 'poolQuoteIsOptimal',
  statement:
    'Prices equal the quote of the pool after the trade within the tolerance, one-sided or ' +
    'rationed only at a tight inventory bound.',
  check,
};

function check(transition: BatchTransition, { rules, totals }: LawContext): Verdict {
  if (rules.flaw !== undefined) return rules.flaw;
  if (rules.halted) return HOLDS;
  const sums = totals();
  if (sums.overflow !== undefined) return sums.overflow;
  const bounds = tightBounds(transition);
  const quotes = scaledQuotes(transition, exposures(transition, rules, sums.poolTrade));
  const priced = transition.parameters.scarcity === Scarcity.scarcityPricing;
  const free = priced ? bounds : { lower: [], upper: [] };
  return factorFlaw(transition, bounds) ?? quoteFlaw(transition, { quotes, free }) ?? HOLDS;
}

function factorFlaw(
  { solution, parameters }: BatchTransition,
  bounds: TightBounds,
): Violated | undefined {
  const rationing = parameters.scarcity === Scarcity.proRata;
  for (const [side, factors, tight] of [
    ['receive', solution.receiveFactors, bounds.lower],
    ['pay', solution.payFactors, bounds.upper],
  ] as const) {
    const asset = factors.findIndex((factor, i) => {
      const lawful = factor === RATION_SCALE || (rationing && tight[i] === true);
      return !lawful || factor < 1n || factor > RATION_SCALE;
    });
    if (asset >= 0) {
      return violated({
        locus: { kind: 'asset', asset },
        rule: `orders that ${side} an asset are rationed only at its tight bound`,
        expected: RATION_SCALE,
        actual: factors[asset] as bigint,
      });
    }
  }
  return undefined;
}

/** A fraction with a positive denominator. */
interface Bound {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

const ONE: Bound = { numerator: 1n, denominator: 1n };

/**
 * Each asset bounds sigma: sigma P_i N >= Q_i - e_i unless its upper bound is tight, and
 * sigma P_i N <= Q_i + e_i unless its lower one is, with e_i = mid_i N / 10^6. Multiplied by 10^6
 * so that e_i is an integer; fractions are compared by cross products. Nothing is rounded.
 */
function quoteFlaw(
  transition: BatchTransition,
  at: { readonly quotes: readonly bigint[]; readonly free: TightBounds },
): Violated | undefined {
  const { solution, oracle } = transition;
  const scale = quoteScale(transition);
  // undefined: no bound on that side.
  let least: Bound | undefined = at.free.upper[0] ? undefined : ONE;
  let most: Bound | undefined = at.free.lower[0] ? undefined : ONE;
  for (let asset = 1; asset < solution.prices.length; asset += 1) {
    const quote = (at.quotes[asset] as bigint) * QUOTE_TOLERANCE;
    const allowance = (oracle.mids[asset] as bigint) * scale;
    const denominator = (solution.prices[asset] as bigint) * scale * QUOTE_TOLERANCE;
    if (denominator <= 0n) return offQuote(transition, { asset, quotes: at.quotes });
    const floor = { numerator: quote - allowance, denominator };
    const ceiling = { numerator: quote + allowance, denominator };
    if (!at.free.upper[asset] && (least === undefined || isLess(least, floor))) least = floor;
    if (!at.free.lower[asset] && (most === undefined || isLess(ceiling, most))) most = ceiling;
    const dead = most !== undefined && most.numerator <= 0n;
    if (dead || (least !== undefined && most !== undefined && isLess(most, least))) {
      return offQuote(transition, { asset, quotes: at.quotes });
    }
  }
  return undefined;
}

function isLess(a: Bound, b: Bound): boolean {
  return a.numerator * b.denominator < b.numerator * a.denominator;
}

function offQuote(
  transition: BatchTransition,
  { asset, quotes }: { readonly asset: number; readonly quotes: readonly bigint[] },
): Violated {
  return violated({
    locus: { kind: 'asset', asset },
    rule: 'a clearing price is the quote of the pool after the trade, to 10^-6 of the mid',
    expected: divFloor(quotes[asset] as bigint, quoteScale(transition)),
    actual: transition.solution.prices[asset] as bigint,
  });
}
