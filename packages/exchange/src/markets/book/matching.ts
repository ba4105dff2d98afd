import { invariant } from '../../failures/invariant.ts';
import type { BookCore } from './bookCore.ts';
import { reachedRank } from './bookCore.ts';
import { REASON, REPORT } from './bookReport.ts';
import type { BookSide } from './bookSide.ts';
import { MARKET_STATE, SELF_TRADE_POLICY, SIDE, TERM, TIME_IN_FORCE } from './bookTerms.ts';
import { ROW, ROW_STRIDE } from './orderRows.ts';
import { NO_RANK } from './rankTrie.ts';

// Compiled in, where an imported constant would be loaded and checked at each use.
const {
  terms: ROW_TERMS,
  price: ROW_PRICE,
  leaves: ROW_LEAVES,
  account: ROW_ACCOUNT,
  shown: ROW_SHOWN,
  filled: ROW_FILLED,
  partner: ROW_PARTNER,
  display: ROW_DISPLAY,
  next: ROW_NEXT,
} = ROW;
const {
  tifShift: TERM_TIF_SHIFT,
  tifMask: TERM_TIF_MASK,
  postOnlyBit: TERM_POST_ONLY_BIT,
  sideMask: TERM_SIDE_MASK,
  stpShift: TERM_STP_SHIFT,
  stpMask: TERM_STP_MASK,
} = TERM;
const {
  none: REASON_NONE,
  postOnly: REASON_POST_ONLY,
  fokUnfilled: REASON_FOK_UNFILLED,
  unfilled: REASON_UNFILLED,
  breaker: REASON_BREAKER,
  selfTrade: REASON_SELF_TRADE,
} = REASON;
const { fok: TIF_FOK, ioc: TIF_IOC } = TIME_IN_FORCE;
const {
  canceled: REPORT_CANCELED,
  trade: REPORT_TRADE,
  refreshed: REPORT_REFRESHED,
  decremented: REPORT_DECREMENTED,
} = REPORT;
const { buy: SIDE_BUY } = SIDE;
const { halted: STATE_HALTED } = MARKET_STATE;
const { cancelArriving: STP_CANCEL_ARRIVING, cancelResting: STP_CANCEL_RESTING } =
  SELF_TRADE_POLICY;
const STRIDE = ROW_STRIDE;
const NONE = NO_RANK;

/**
 * Lets an order in flight take what its limit reaches, best price first, oldest first, at the
 * makers' prices; then lets the rest of it stand, or ends it as its terms say.
 */
export function execute(core: BookCore, row: number): void {
  const { integers } = core.rows;
  const at = row * STRIDE;
  const terms = integers[at + ROW_TERMS] as number;
  const timeInForce = (terms >> TERM_TIF_SHIFT) & TERM_TIF_MASK;
  const other = core.otherHalf(terms);
  let endsBy: number = REASON_NONE;
  if (other.best <= reachedRank(terms, integers[at + ROW_PRICE] as number)) {
    if ((terms & TERM_POST_ONLY_BIT) !== 0) endsBy = REASON_POST_ONLY;
    else if (timeInForce === TIF_FOK && !isFillable(core, row, other)) {
      endsBy = REASON_FOK_UNFILLED;
    } else endsBy = match(core, row, other);
  }
  if (endsBy === REASON_NONE && integers[at + ROW_LEAVES] === 0) core.discard(row);
  else if (endsBy !== REASON_NONE) core.end(row, CANCELED | (endsBy << 8));
  else if (timeInForce === TIF_IOC) core.end(row, CANCELED | (REASON_UNFILLED << 8));
  else if (timeInForce === TIF_FOK) core.end(row, CANCELED | (REASON_FOK_UNFILLED << 8));
  else core.rest(row);
}

const CANCELED = REPORT_CANCELED;

/** @returns why the order may not go on, or `REASON.none`: filled, or nothing within its limit. */
function match(core: BookCore, taker: number, other: BookSide): number {
  const { integers } = core.rows;
  const at = taker * STRIDE;
  const terms = integers[at + ROW_TERMS] as number;
  const account = integers[at + ROW_ACCOUNT] as number;
  const reach = reachedRank(terms, integers[at + ROW_PRICE] as number);
  const isBuy = (terms & TERM_SIDE_MASK) === SIDE_BUY;
  let leaves = integers[at + ROW_LEAVES] as number;
  while (leaves > 0 && other.best <= reach) {
    const price = isBuy ? other.best : NONE - other.best;
    if (price < core.bandLow || price > core.bandHigh) {
      core.enterState(STATE_HALTED, REASON_BREAKER);
      return REASON_BREAKER;
    }
    const maker = other.firstRow;
    if (integers[maker * STRIDE + ROW_ACCOUNT] === account) {
      const stoppedBy = meetOwn(core, taker, maker, other);
      leaves = integers[at + ROW_LEAVES] as number;
      if (stoppedBy !== REASON_NONE) return stoppedBy;
      continue;
    }
    const shown = integers[maker * STRIDE + ROW_SHOWN] as number;
    const lots = Math.min(leaves, shown);
    leaves -= lots;
    integers[at + ROW_LEAVES] = leaves;
    integers[at + ROW_FILLED] = (integers[at + ROW_FILLED] as number) + lots;
    trade(core, maker, taker, other, price, lots);
  }
  return REASON_NONE;
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
  const at = maker * STRIDE;
  const filled = (integers[at + ROW_FILLED] as number) + lots;
  integers[at + ROW_FILLED] = filled;
  takeLots(core, maker, other, lots);
  core.reportMatch(REPORT_TRADE, maker, taker, lots);
  core.lastTrade = price;
  if (price < core.tradeLow) core.tradeLow = price;
  if (price > core.tradeHigh) core.tradeHigh = price;
  if (core.breakerReference === 0) core.setReference(price);
  if (integers[at + ROW_PARTNER] !== 0) core.endPartner(maker);
  if (integers[taker * STRIDE + ROW_PARTNER] !== 0) core.endPartner(taker);
  if (integers[at + ROW_LEAVES] === 0) core.discard(maker);
  else if (integers[at + ROW_SHOWN] === 0) refresh(core, maker, other);
}

function takeLots(core: BookCore, maker: number, other: BookSide, lots: number): void {
  const { integers } = core.rows;
  const at = maker * STRIDE;
  integers[at + ROW_LEAVES] = (integers[at + ROW_LEAVES] as number) - lots;
  integers[at + ROW_SHOWN] = (integers[at + ROW_SHOWN] as number) - lots;
  other.takeShown(lots);
}

/** Shows an iceberg's next tranche. */
function refresh(core: BookCore, maker: number, other: BookSide): void {
  const { integers } = core.rows;
  const at = maker * STRIDE;
  const leaves = integers[at + ROW_LEAVES] as number;
  const display = integers[at + ROW_DISPLAY] as number;
  const lots = Math.min(display, leaves);
  integers[at + ROW_SHOWN] = lots;
  other.refresh(maker, lots);
  core.report(REPORT_REFRESHED, maker, lots, leaves);
}

/** An order meets one of its own account: the arriving order's policy decides. */
function meetOwn(core: BookCore, taker: number, maker: number, other: BookSide): number {
  const { integers } = core.rows;
  const at = taker * STRIDE;
  const policy = ((integers[at + ROW_TERMS] as number) >> TERM_STP_SHIFT) & TERM_STP_MASK;
  if (policy === STP_CANCEL_ARRIVING) return REASON_SELF_TRADE;
  if (policy === STP_CANCEL_RESTING) {
    core.end(maker, CANCELED | (REASON_SELF_TRADE << 8));
    return REASON_NONE;
  }
  const shown = integers[maker * STRIDE + ROW_SHOWN] as number;
  const leaves = integers[at + ROW_LEAVES] as number;
  const lots = Math.min(leaves, shown);
  integers[at + ROW_LEAVES] = leaves - lots;
  takeLots(core, maker, other, lots);
  core.reportMatch(REPORT_DECREMENTED, maker, taker, lots);
  if (integers[maker * STRIDE + ROW_LEAVES] === 0) {
    core.end(maker, CANCELED | (REASON_SELF_TRADE << 8));
  } else if (integers[maker * STRIDE + ROW_SHOWN] === 0) refresh(core, maker, other);
  return integers[at + ROW_LEAVES] === 0 ? REASON_SELF_TRADE : REASON_NONE;
}

/**
 * Whether an all-or-nothing order would trade all its lots: what others offer within its limit and
 * the breaker's band, before it would meet an own order that stops or shrinks it.
 */
function isFillable(core: BookCore, taker: number, other: BookSide): boolean {
  const { integers } = core.rows;
  const at = taker * STRIDE;
  const terms = integers[at + ROW_TERMS] as number;
  const account = integers[at + ROW_ACCOUNT] as number;
  const reach = reachedRank(terms, integers[at + ROW_PRICE] as number);
  const isBuy = (terms & TERM_SIDE_MASK) === SIDE_BUY;
  const mayMeetOwn = core.rows.firstOwn[account] !== 0;
  const skipsOwn = ((terms >> TERM_STP_SHIFT) & TERM_STP_MASK) === STP_CANCEL_RESTING;
  let { bandLow, bandHigh } = core;
  let wanted = integers[at + ROW_LEAVES] as number;
  for (let rank = other.best; rank <= reach; rank = other.next(rank)) {
    const price = isBuy ? rank : NONE - rank;
    if (price < bandLow || price > bandHigh) return false;
    const before = wanted;
    if (mayMeetOwn) {
      wanted = wantedAfterLevel(core, other.firstRowAt(rank), { account, wanted, skipsOwn });
      if (wanted < 0) return false;
    } else wanted -= Math.min(wanted, other.lotsAt(rank));
    if (wanted === 0) return true;
    if (bandLow < 0 && wanted < before) {
      // Nothing bound the first trade, which would set the band that binds the next ones.
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
  for (let row = first; row !== 0; row = integers[row * STRIDE + ROW_NEXT] as number) {
    const at = row * STRIDE;
    if (integers[at + ROW_ACCOUNT] === wish.account) {
      if (wish.skipsOwn) continue;
      return -1;
    }
    const shown = integers[at + ROW_SHOWN] as number;
    wanted -= Math.min(shown, wanted);
    if (wanted === 0) return 0;
    hidden += (integers[at + ROW_LEAVES] as number) - shown;
  }
  return wanted - Math.min(wanted, hidden);
}
