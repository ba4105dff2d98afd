import type { BookView } from '@lawbook/api/schema/bookViews';
import { mulDivCeil } from '@lawbook/exchange/numbers/mulDiv';
import type { BookOrder } from '@lawbook/exchange/orders/bookOrder';
import type { Ladder, Rung } from '../../../live/ladder.ts';

/** What an order would come to by a ladder. Lots and ticks are whole numbers below 2^31. */
export interface Estimate {
  /** Lots that would trade at once. */
  readonly tradesLots: number;
  /** Lots that would rest in the book. */
  readonly restsLots: number;
  /** Sum of ticks times lots over what would trade. */
  readonly notional: bigint;
  readonly bestTicks: number | undefined;
  readonly worstTicks: number | undefined;
  /** Fee of what would trade at once, quote ledger units, rounded up. */
  readonly feeUnits: bigint;
  /** What is set aside until the order ends: ledger units of the quote for a buy, else the base. */
  readonly heldUnits: bigint;
  /** Why the venue would refuse or end it without a trade, by this ladder. */
  readonly problem: 'postOnlyCrosses' | 'fillOrKillTooLarge' | undefined;
}

const PPM = 1_000_000n;

/**
 * What an order would trade for by the ladder that the reader sees. Lots that icebergs hide trade
 * too, and others may be faster: it is an estimate and says so where it is shown.
 */
export function estimateOrder(order: BookOrder, ladder: Ladder, rules: BookView): Estimate {
  const { side, priceTicks, sizeLots, timeInForce, postOnly, trigger } = order;
  const half = side === 'buy' ? ladder.asks : ladder.bids;
  const reaches = ({ ticks }: Rung): boolean =>
    side === 'buy' ? ticks <= priceTicks : ticks >= priceTicks;
  let open = sizeLots;
  let notional = 0n;
  let worstTicks: number | undefined;
  for (const rung of trigger === 'none' ? half : []) {
    if (open === 0 || !reaches(rung)) break;
    const lots = Math.min(open, rung.lots);
    notional += BigInt(rung.ticks) * BigInt(lots);
    worstTicks = rung.ticks;
    open -= lots;
  }
  const crosses = worstTicks !== undefined;
  const rests = timeInForce === 'gtc' || timeInForce === 'gtd';
  const problem =
    postOnly && crosses
      ? 'postOnlyCrosses'
      : timeInForce === 'fok' && open > 0
        ? 'fillOrKillTooLarge'
        : undefined;
  const tickUnits = BigInt(rules.tickUnits);
  const takerPpm = BigInt(Math.max(0, rules.takerFeePpm));
  return {
    tradesLots: problem === undefined ? sizeLots - open : 0,
    restsLots: rests && problem === undefined ? open : 0,
    notional: problem === undefined ? notional : 0n,
    bestTicks: half[0]?.ticks,
    worstTicks,
    feeUnits: problem === undefined ? mulDivCeil(notional * tickUnits, takerPpm, PPM) : 0n,
    heldUnits: heldUnits(order, rules),
    problem,
  };
}

/**
 * What the ledger sets aside for an order: a sale's lots; for a purchase, per lot, its price and
 * the fee of a trade of that lot alone, rounded up.
 */
export function heldUnits(
  { side, priceTicks, sizeLots }: Pick<BookOrder, 'side' | 'priceTicks' | 'sizeLots'>,
  rules: BookView,
): bigint {
  const lots = BigInt(sizeLots);
  if (side === 'sell') return lots * BigInt(rules.lotUnits);
  const worth = BigInt(priceTicks) * BigInt(rules.tickUnits);
  const feePpm = BigInt(Math.max(rules.makerFeePpm, rules.takerFeePpm, 0));
  return lots * (worth + mulDivCeil(worth, feePpm, PPM));
}
