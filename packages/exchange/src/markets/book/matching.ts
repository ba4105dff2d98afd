import { invariant } from '../../failures/invariant.ts';
import type { BookCore } from './bookCore.ts';
import { reachedRank } from './bookCore.ts';
import { REASON, REPORT } from './bookReport.ts';
import type { BookSide } from './bookSide.ts';
import { MARKET_STATE, SELF_TRADE_POLICY, SIDE, TERM, TIME_IN_FORCE } from './bookTerms.ts';
import { ROW, ROW_STRIDE } from './orderRows.ts';
import { NO_RANK } from './rankTrie.ts';

/**
 * Lets an order in flight take what its limit reaches, best price first, oldest first, at the
 * makers' prices; then lets the rest of it stand, or ends it as its terms say.
 */
export function execute(core: BookCore, row: number): void {
  const { integers } = core.rows;
  const at = row * ROW_STRIDE;
  const terms = integers[at + ROW.terms] as number;
  const timeInForce = (terms >> TERM.tifShift) & TERM.tifMask;
  const other = core.otherHalf(terms);
  let endsBy: number = REASON.none;
  if (other.best <= reachedRank(terms, integers[at + ROW.price] as number)) {
    if ((terms & TERM.postOnlyBit) !== 0) endsBy = REASON.postOnly;
    else if (timeInForce === TIME_IN_FORCE.fok && !isFillable(core, row, other)) {
      endsBy = REASON.fokUnfilled;
    } else endsBy = match(core, row, other);
  }
  if (endsBy === REASON.none && integers[at + ROW.leaves] === 0) core.discard(row);
  else if (endsBy !== REASON.none) core.end(row, CANCELED | (endsBy << 8));
  else if (timeInForce === TIME_IN_FORCE.ioc) core.end(row, CANCELED | (REASON.unfilled << 8));
  else if (timeInForce === TIME_IN_FORCE.fok) core.end(row, CANCELED | (REASON.fokUnfilled << 8));
  else core.rest(row);
}

const CANCELED = REPORT.canceled;

/** @returns why the order may not go on, or `REASON.none`: filled, or nothing within its limit. */
function match(core: BookCore, taker: number, other: BookSide): number {
  const { integers } = core.rows;
  const at = taker * ROW_STRIDE;
  const terms = integers[at + ROW.terms] as number;
  const account = integers[at + ROW.account] as number;
  const reach = reachedRank(terms, integers[at + ROW.price] as number);
  const isBuy = (terms & TERM.sideMask) === SIDE.buy;
  let leaves = integers[at + ROW.leaves] as number;
  while (leaves > 0 && other.best <= reach) {
    const price = isBuy ? other.best : NO_RANK - other.best;
    if (price < core.bandLow || price > core.bandHigh) {
      core.enterState(MARKET_STATE.halted, REASON.breaker);
      return REASON.breaker;
    }
    const maker = other.firstRow;
    if (integers[maker * ROW_STRIDE + ROW.account] === account) {
      const stoppedBy = meetOwn(core, taker, maker, other);
      leaves = integers[at + ROW.leaves] as number;
      if (stoppedBy !== REASON.none) return stoppedBy;
      continue;
    }
    const shown = integers[maker * ROW_STRIDE + ROW.shown] as number;
    const lots = Math.min(leaves, shown);
    leaves -= lots;
    integers[at + ROW.leaves] = leaves;
    integers[at + ROW.filled] = (integers[at + ROW.filled] as number) + lots;
    trade(core, maker, taker, other, price, lots);
  }
  return REASON.none;
}

/**
 * Moves lots from a maker to a taker, whose row the caller has changed. Arguments stand singly
 * here, because an object for each trade is what the core avoids.
 */
function trade(
  core: BookCore,
  maker: number,
  taker: number,
  other: BookSide,
  price: number,
  lots: number,
): void {
  const { integers } = core.rows;
  const at = maker * ROW_STRIDE;
  const filled = (integers[at + ROW.filled] as number) + lots;
  integers[at + ROW.filled] = filled;
  takeLots(core, maker, other, lots);
  core.reportMatch(REPORT.trade, maker, taker, lots);
  core.lastTrade = price;
  if (price < core.tradeLow) core.tradeLow = price;
  if (price > core.tradeHigh) core.tradeHigh = price;
  if (core.breakerReference === 0) core.setReference(price);
  if (integers[at + ROW.partner] !== 0) core.endPartner(maker);
  if (integers[taker * ROW_STRIDE + ROW.partner] !== 0) core.endPartner(taker);
  if (integers[at + ROW.leaves] === 0) core.discard(maker);
  else if (integers[at + ROW.shown] === 0) refresh(core, maker, other);
}

function takeLots(core: BookCore, maker: number, other: BookSide, lots: number): void {
  const { integers } = core.rows;
  const at = maker * ROW_STRIDE;
  integers[at + ROW.leaves] = (integers[at + ROW.leaves] as number) - lots;
  integers[at + ROW.shown] = (integers[at + ROW.shown] as number) - lots;
  other.takeShown(lots);
}

/** Shows an iceberg's next tranche. */
function refresh(core: BookCore, maker: number, other: BookSide): void {
  const { integers } = core.rows;
  const at = maker * ROW_STRIDE;
  const leaves = integers[at + ROW.leaves] as number;
  const display = integers[at + ROW.display] as number;
  const lots = Math.min(display, leaves);
  integers[at + ROW.shown] = lots;
  other.refresh(maker, lots);
  core.report(REPORT.refreshed, maker, lots, leaves);
}

/** An order meets one of its own account: the arriving order's policy decides. */
function meetOwn(core: BookCore, taker: number, maker: number, other: BookSide): number {
  const { integers } = core.rows;
  const at = taker * ROW_STRIDE;
  const policy = ((integers[at + ROW.terms] as number) >> TERM.stpShift) & TERM.stpMask;
  if (policy === SELF_TRADE_POLICY.cancelArriving) return REASON.selfTrade;
  if (policy === SELF_TRADE_POLICY.cancelResting) {
    core.end(maker, CANCELED | (REASON.selfTrade << 8));
    return REASON.none;
  }
  const shown = integers[maker * ROW_STRIDE + ROW.shown] as number;
  const leaves = integers[at + ROW.leaves] as number;
  const lots = Math.min(leaves, shown);
  integers[at + ROW.leaves] = leaves - lots;
  takeLots(core, maker, other, lots);
  core.reportMatch(REPORT.decremented, maker, taker, lots);
  if (integers[maker * ROW_STRIDE + ROW.leaves] === 0) {
    core.end(maker, CANCELED | (REASON.selfTrade << 8));
  } else if (integers[maker * ROW_STRIDE + ROW.shown] === 0) refresh(core, maker, other);
  return integers[at + ROW.leaves] === 0 ? REASON.selfTrade : REASON.none;
}

/**
 * Whether an all-or-nothing order would trade all its lots: what others offer within its limit and
 * the breaker's band, before it would meet an own order that stops or shrinks it.
 */
function isFillable(core: BookCore, taker: number, other: BookSide): boolean {
  const { integers } = core.rows;
  const at = taker * ROW_STRIDE;
  const terms = integers[at + ROW.terms] as number;
  const account = integers[at + ROW.account] as number;
  const reach = reachedRank(terms, integers[at + ROW.price] as number);
  const isBuy = (terms & TERM.sideMask) === SIDE.buy;
  const mayMeetOwn = core.rows.firstOwn[account] !== 0;
  const skipsOwn = ((terms >> TERM.stpShift) & TERM.stpMask) === SELF_TRADE_POLICY.cancelResting;
  let { bandLow, bandHigh } = core;
  let wanted = integers[at + ROW.leaves] as number;
  for (let rank = other.best; rank <= reach; rank = other.next(rank)) {
    const price = isBuy ? rank : NO_RANK - rank;
    if (price < bandLow || price > bandHigh) return false;
    const before = wanted;
    if (mayMeetOwn) {
      wanted = wantedAfterLevel(core, other.firstRowAt(rank), { account, wanted, skipsOwn });
      if (wanted < 0) return false;
    } else wanted -= Math.min(wanted, other.lotsAt(rank));
    if (wanted === 0) return true;
    if (core.breakerReference === 0 && bandLow <= 0 && wanted < before) {
      // The first trade would set the band that binds the next ones.
      [bandLow, bandHigh] = [price - core.bandAround(price), price + core.bandAround(price)];
    }
  }
  invariant(wanted > 0, 'lots are wanted until none are');
  return false;
}

interface Wish {
  readonly account: number;
  readonly wanted: number;
  /** Own orders are taken away rather than met. */
  readonly skipsOwn: boolean;
}

/** Lots still wanted after a level, 0 when filled in it, -1 when an own order comes first. */
function wantedAfterLevel(core: BookCore, first: number, wish: Wish): number {
  const { integers } = core.rows;
  let wanted = wish.wanted;
  let hidden = 0;
  for (let row = first; row !== 0; row = integers[row * ROW_STRIDE + ROW.next] as number) {
    const at = row * ROW_STRIDE;
    if (integers[at + ROW.account] === wish.account) {
      if (wish.skipsOwn) continue;
      return -1;
    }
    const shown = integers[at + ROW.shown] as number;
    wanted -= Math.min(shown, wanted);
    if (wanted === 0) return 0;
    hidden += (integers[at + ROW.leaves] as number) - shown;
  }
  return wanted - Math.min(wanted, hidden);
}
