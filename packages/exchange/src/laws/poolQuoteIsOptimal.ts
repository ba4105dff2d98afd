import {
  QUOTE_TOLERANCE,
  RATION_SCALE,
  Scarcity,
  TIGHT_TOLERANCE,
} from '../markets/batch/parameters.ts';
import { divFloor } from '../numbers/mulDiv.ts';
import type { BatchTransition } from '../transition.ts';
import type { Law, LawContext } from './law.ts';
import { exposures, quoteScale, scaledQuotes } from './quotes.ts';
import type { Verdict, Violated } from './verdict.ts';
import { HOLDS, violated } from './verdict.ts';

/**
 * L8. The clearing price is the pool's own quote after the trade, to eps = 10^-6 of the mid:
 *
 *   |P_i N - Q_i| 10^6 <= mid_i N,  Q_i = mid_i (N - sum_j S_ij E_j)  at pre + z before fees.
 *
 * `proRata`: equality for all; a factor below one only where its bound is tight.
 * `scarcityPricing`: no factors; P above the quote only where the lower bound is tight, below only
 * where the upper one is; a tight numeraire reserve admits one common factor t in (0, 1] on all
 * quotes. Q and eps turn each asset into an interval for t; the law asks that they intersect.
 * A halted batch has no clearing price, so nothing is asked of it.
 *
 * @see docs/protocol/poolQuoteIsOptimal.md
 */
export const poolQuoteIsOptimal: Law = {
  id: 'L8',
  name: 'poolQuoteIsOptimal',
  statement:
    'Prices equal the quote of the pool after the trade within the tolerance, one-sided or rationed ' +
    'only at a tight inventory bound.',
  check,
};

function check(transition: BatchTransition, { rules, totals }: LawContext): Verdict {
  if (rules.flaw !== undefined) return rules.flaw;
  if (rules.halted) return HOLDS;
  const sums = totals();
  if (sums.overflow !== undefined) return sums.overflow;
  const bounds = tightBounds(transition);
  const quotes = scaledQuotes(transition, exposures(transition, rules, sums.poolTrade));
  const factors = factorFlaw(transition, bounds);
  if (factors !== undefined) return factors;
  return transition.parameters.scarcity === Scarcity.proRata
    ? (equalityFlaw(transition, quotes) ?? HOLDS)
    : (oneSidedFlaw(transition, { quotes, bounds }) ?? HOLDS);
}

/** Which bounds the pool's inventory after the batch lies on, by asset. */
interface TightBounds {
  readonly lower: readonly boolean[];
  readonly upper: readonly boolean[];
}

/** Tight: no further inside than width / TIGHT_TOLERANCE + 1 ledger units, rounded down. */
function tightBounds({ parameters, after }: BatchTransition): TightBounds {
  const pool = (after.accounts.length - 2) * parameters.assets.length;
  const facts = parameters.assets.map(({ inventoryMin, inventoryMax }, i) => {
    const position = after.balances[pool + i] as bigint;
    const slack = divFloor(inventoryMax - inventoryMin, TIGHT_TOLERANCE) + 1n;
    return { lower: position - inventoryMin <= slack, upper: inventoryMax - position <= slack };
  });
  return { lower: facts.map(({ lower }) => lower), upper: facts.map(({ upper }) => upper) };
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

function equalityFlaw(
  transition: BatchTransition,
  quotes: readonly bigint[],
): Violated | undefined {
  const { solution, oracle } = transition;
  const scale = quoteScale(transition);
  const asset = solution.prices.findIndex((price, i) => {
    const miss = price * scale - (quotes[i] as bigint);
    const distance = miss < 0n ? -miss : miss;
    return distance * QUOTE_TOLERANCE > (oracle.mids[i] as bigint) * scale;
  });
  return asset < 0 ? undefined : offQuote(transition, { asset, quotes });
}

/** A fraction with a positive denominator. */
interface Bound {
  readonly numerator: bigint;
  readonly denominator: bigint;
  readonly asset: number;
}

/**
 * Each asset bounds the common factor t: t Q_i >= P_i N - e_i unless its lower bound is tight, and
 * t Q_i <= P_i N + e_i unless its upper bound is, e_i = mid_i N / 10^6; and t <= 1 always, t = 1
 * unless the reserve is tight. Multiplied by 10^6 so that e_i is an integer. t > 0 follows from
 * P_i N > e_i wherever a lower bound on t exists, and is free otherwise.
 */
function oneSidedFlaw(
  transition: BatchTransition,
  at: { readonly quotes: readonly bigint[]; readonly bounds: TightBounds },
): Violated | undefined {
  const { solution, oracle } = transition;
  const scale = quoteScale(transition);
  const one: Bound = { numerator: 1n, denominator: 1n, asset: 0 };
  let least: Bound = at.bounds.lower[0] === true ? { ...one, numerator: 0n } : one;
  let most: Bound = one;
  for (let asset = 1; asset < solution.prices.length; asset += 1) {
    const quote = (at.quotes[asset] as bigint) * QUOTE_TOLERANCE;
    const price = (solution.prices[asset] as bigint) * scale * QUOTE_TOLERANCE;
    const allowance = (oracle.mids[asset] as bigint) * scale;
    if (quote <= 0n) {
      // No positive t brings a dead quote up to a positive price: only scarcity explains it.
      if (at.bounds.lower[asset] === true) continue;
      return offQuote(transition, { asset, quotes: at.quotes });
    }
    const floor = { numerator: price - allowance, denominator: quote, asset };
    const ceiling = { numerator: price + allowance, denominator: quote, asset };
    if (at.bounds.lower[asset] !== true && isLess(least, floor)) least = floor;
    if (at.bounds.upper[asset] !== true && isLess(ceiling, most)) most = ceiling;
    if (isLess(most, least)) return offQuote(transition, { asset, quotes: at.quotes });
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
  const scale = quoteScale(transition);
  return violated({
    locus: { kind: 'asset', asset },
    rule: 'a clearing price is the quote of the pool after the trade, to 10^-6 of the mid',
    expected: divFloor(quotes[asset] as bigint, scale),
    actual: transition.solution.prices[asset] as bigint,
  });
}
