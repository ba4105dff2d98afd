import { at, invariant } from '@lawbook/exchange/failures/invariant';
import type { Amount } from '@lawbook/exchange/numbers/amount';
import { amount } from '@lawbook/exchange/numbers/amount';
import { mulDivFloor } from '@lawbook/exchange/numbers/mulDiv';
import { DEMO_ASSETS, demoMids } from '../demoWorld.ts';
import { exactDecimal, scaledInteger } from '../exactDecimal.ts';
import type { Draws } from './draws.ts';

/** What somebody in a scenario wants, before it has an owner and a signature. */
export interface Wish {
  readonly pay: number;
  /** Product index: an asset, or asset count + basket index. */
  readonly receive: number;
  /** Ledger units of the asset paid. */
  readonly budget: Amount;
  /** Whether it accepts at most mid + LIMIT_BPS; without, the protective band is its limit. */
  readonly limited: boolean;
}

/** Limit orders of the suite pay at most this much above the mid, fee included. */
export const LIMIT_BPS = 5n;

/** A range of budgets in millions of whole units of the asset paid, as decimal strings. */
export type BudgetRange = readonly [least: string, most: string];

/** How many orders, how large, and how many of them limited. */
export interface Crowd {
  readonly count: number;
  readonly budget: BudgetRange;
  /** Share with a limit, percent; none by default. */
  readonly limitPercent?: number;
}

/** All ordered pairs of different assets: 30 with six assets. */
export function orderedPairs(): (readonly [pay: number, receive: number])[] {
  const indices = DEMO_ASSETS.map((_, i) => i);
  return indices.flatMap((pay) =>
    indices.flatMap((receive) => (pay === receive ? [] : [[pay, receive] as const])),
  );
}

/** Each order's pair is drawn alike from `pairs`. */
export function drawnFrom(
  draws: Draws,
  crowd: Crowd,
  pairs: readonly (readonly [number, number])[],
): Wish[] {
  const limited = draws.flags(crowd.count, crowd.limitPercent ?? 0);
  return limited.map((limit) => {
    const [pay, receive] = at(pairs, draws.below(pairs.length));
    return { pay, receive, budget: drawBudget(draws, pay, crowd.budget), limited: limit };
  });
}

/** An exact share of orders buys one asset with any other; the rest are uniform over all pairs. */
export function crowdInto(
  draws: Draws,
  crowd: Crowd,
  toward: { readonly symbol: string; readonly percent: number },
): Wish[] {
  const directed = draws.flags(crowd.count, toward.percent);
  const limited = draws.flags(crowd.count, crowd.limitPercent ?? 0);
  const all = orderedPairs();
  const buying = all.filter(([, receive]) => receive === symbolIndex(toward.symbol));
  return directed.map((isDirected, k) => {
    const pairs = isDirected ? buying : all;
    const [pay, receive] = at(pairs, draws.below(pairs.length));
    const budget = drawBudget(draws, pay, crowd.budget);
    return { pay, receive, budget, limited: at(limited, k) };
  });
}

/**
 * Couples of opposite orders, walking the 15 unordered pairs in order. The first of a couple pays
 * `budgetMillions` of its asset, the second the same worth at the mids: that is what makes the net
 * flow zero, which equal budgets in different currencies would not.
 */
export function opposites(count: number, budgetMillions: string): Wish[] {
  const pairs = orderedPairs().filter(([pay, receive]) => pay < receive);
  return Array.from({ length: count }, (_, k) => {
    const [first, second] = at(pairs, ((k - (k % 2)) / 2) % pairs.length);
    const budget = millions(budgetMillions, first);
    return k % 2 === 0
      ? { pay: first, receive: second, budget, limited: false }
      : { pay: second, receive: first, budget: sameWorth(budget, first, second), limited: false };
  });
}

/** The market index of a symbol of the demo world. */
export function symbolIndex(symbol: string): number {
  const index = DEMO_ASSETS.findIndex((asset) => asset.symbol === symbol);
  invariant(index >= 0, 'a scenario names assets of the demo world');
  return index;
}

function drawBudget(draws: Draws, pay: number, [least, most]: BudgetRange): Amount {
  return amount(draws.between(millions(least, pay), millions(most, pay)));
}

function millions(text: string, asset: number): Amount {
  const { decimals } = at(DEMO_ASSETS, asset);
  return amount(scaledInteger(exactDecimal(text), 10n ** BigInt(decimals + 6)));
}

/** Units of `to` worth an amount of `from` at the mids, rounded down. */
function sameWorth(units: Amount, from: number, to: number): Amount {
  const mids = demoMids();
  const scaleOf = (asset: number): bigint => 10n ** BigInt(at(DEMO_ASSETS, asset).decimals);
  return amount(mulDivFloor(units * at(mids, from), scaleOf(to), at(mids, to) * scaleOf(from)));
}
