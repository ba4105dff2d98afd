import { FIELD } from './bookCommand.ts';
import type { BookCore } from './bookCore.ts';
import { reachedRank } from './bookCore.ts';
import { BOOK_REJECTIONS } from './bookRejections.ts';
import {
  MARKET_STATE,
  NOTIONAL_MAX,
  ORDER_TYPE,
  TERM,
  TERMS_LIMIT,
  TIME_IN_FORCE,
  TRANCHES_MAX,
  TRIGGER,
} from './bookTerms.ts';
import { PLACE, ROW, ROW_STRIDE } from './orderRows.ts';

// Compiled in, where an imported constant would be loaded and checked at each use.
const {
  orderId: FIELD_ORDER_ID,
  terms: FIELD_TERMS,
  price: FIELD_PRICE,
  size: FIELD_SIZE,
  display: FIELD_DISPLAY,
  time: FIELD_TIME,
  trigger: FIELD_TRIGGER,
  ocoWith: FIELD_OCO_WITH,
  account: FIELD_ACCOUNT,
} = FIELD;
const { open: STATE_OPEN, postOnly: STATE_POST_ONLY } = MARKET_STATE;
const {
  postOnlyBit: TERM_POST_ONLY_BIT,
  triggerMask: TERM_TRIGGER_MASK,
  triggerShift: TERM_TRIGGER_SHIFT,
  tifShift: TERM_TIF_SHIFT,
  tifMask: TERM_TIF_MASK,
  stpShift: TERM_STP_SHIFT,
  stpMask: TERM_STP_MASK,
  typeShift: TERM_TYPE_SHIFT,
  typeMask: TERM_TYPE_MASK,
} = TERM;
const {
  display: ROW_DISPLAY,
  terms: ROW_TERMS,
  place: ROW_PLACE,
  filled: ROW_FILLED,
  account: ROW_ACCOUNT,
  partner: ROW_PARTNER,
} = ROW;
const { resting: PLACE_RESTING, waiting: PLACE_WAITING } = PLACE;
const { ioc: TIF_IOC, fok: TIF_FOK, gtd: TIF_GTD } = TIME_IN_FORCE;
const { market: TYPE_MARKET, limit: TYPE_LIMIT } = ORDER_TYPE;
const { none: TRIGGER_NONE } = TRIGGER;
const STRIDE = ROW_STRIDE;
const ID_MAX: number = Number.MAX_SAFE_INTEGER;
const NOTIONAL_LIMIT: number = NOTIONAL_MAX;
/** Terms of which a plain order has at most side, type, at once, and what to do about its own. */
const PLAIN_TERMS: number =
  TERM.sideMask |
  (TERM_TYPE_MASK << TERM_TYPE_SHIFT) |
  (TIF_IOC << TERM_TIF_SHIFT) |
  (TERM_STP_MASK << TERM_STP_SHIFT);
/** Three self-trade policies leave one number of two bits unused. */
const STP_UNUSED: number = 3 << TERM_STP_SHIFT;
/** A plain market order takes at once. */
const MARKET_TERM: number = TYPE_MARKET << TERM_TYPE_SHIFT;
const TAKER_TERMS: number = MARKET_TERM | (TIF_IOC << TERM_TIF_SHIFT);

/** The first rule that a command breaks, with what it cites. One object, written over each time. */
export interface Refusal {
  /** Number of the rejection, 0 for none. */
  code: number;
  limit: number;
  actual: number;
}

/** Whether a double is a whole number in low..high; false for NaN. */
export function isWhole(x: number, low: number, high: number): boolean {
  return x >= low && x <= high && Math.floor(x) === x;
}

/**
 * Whether a double is a whole number in low..high, for bounds within 32 bits. Cheaper than
 * `isWhole`, because what passes goes on as an integer.
 */
function isInteger(x: number, low: number, high: number): boolean {
  return (x | 0) === x && x >= low && x <= high;
}

/** Judges a new order; rules in order of their numbers. */
export function judgePlace(core: BookCore, command: Float64Array, o: number, no: Refusal): boolean {
  // Nearly all orders are plain and sound: one short look, and rule by rule only the others.
  return isPlainAndSound(core, command, o) || judgeEachRule(core, command, o, no);
}

/** Whether an order wants nothing special and breaks no rule. */
function isPlainAndSound(core: BookCore, command: Float64Array, o: number): boolean {
  const { parameters } = core;
  const orderId = command[o + FIELD_ORDER_ID] as number;
  const terms = command[o + FIELD_TERMS] as number;
  const price = command[o + FIELD_PRICE] as number;
  const size = command[o + FIELD_SIZE] as number;
  const notional = price * size;
  return (
    core.state === STATE_OPEN &&
    isWhole(orderId, core.lastOrderId + 1, ID_MAX) &&
    (terms & PLAIN_TERMS) === terms &&
    (terms & (TERM_STP_MASK << TERM_STP_SHIFT)) !== STP_UNUSED &&
    (terms & TAKER_TERMS) !== MARKET_TERM &&
    isInteger(price, 1, parameters.priceTicksMax) &&
    isInteger(size, 1, parameters.sizeLotsMax) &&
    notional >= parameters.notionalMin &&
    notional <= NOTIONAL_LIMIT &&
    command[o + FIELD_DISPLAY] === 0 &&
    command[o + FIELD_TIME] === 0 &&
    command[o + FIELD_TRIGGER] === 0 &&
    command[o + FIELD_OCO_WITH] === 0 &&
    !core.rows.isFull
  );
}

function judgeEachRule(core: BookCore, command: Float64Array, o: number, no: Refusal): boolean {
  const { parameters } = core;
  const orderId = command[o + FIELD_ORDER_ID] as number;
  const terms = command[o + FIELD_TERMS] as number;
  const price = command[o + FIELD_PRICE] as number;
  const size = command[o + FIELD_SIZE] as number;
  if (core.state !== STATE_OPEN) {
    const mayPost = core.state === STATE_POST_ONLY && (terms & TERM_POST_ONLY_BIT) !== 0;
    if (!mayPost) return refuse(no, R.stateForbids.number, STATE_OPEN, core.state);
  }
  if (!isWhole(orderId, core.lastOrderId + 1, ID_MAX)) {
    return refuse(no, R.orderIdUsed.number, core.lastOrderId + 1, orderId);
  }
  if (!termsFit(terms, command[o + FIELD_DISPLAY] as number)) {
    return refuse(no, R.termsUnfit.number, TERMS_LIMIT - 1, terms);
  }
  if (!isInteger(price, 1, parameters.priceTicksMax)) {
    return refuse(no, R.priceOutOfRange.number, parameters.priceTicksMax, price);
  }
  if (!isInteger(size, 1, parameters.sizeLotsMax)) {
    return refuse(no, R.sizeOutOfRange.number, parameters.sizeLotsMax, size);
  }
  if (!judgeDisplay(command[o + FIELD_DISPLAY] as number, size, no)) return false;
  if (!judgeTimes(core, command, o, no)) return false;
  if (!judgeNotional(core, price, size, no, terms)) return false;
  if (command[o + FIELD_OCO_WITH] !== 0 && !judgePair(core, command, o, no)) return false;
  if (core.rows.isFull) {
    return refuse(no, R.bookFull.number, parameters.ordersMax, core.rows.count + 1);
  }
  const waits = (terms & (TERM_TRIGGER_MASK << TERM_TRIGGER_SHIFT)) !== 0;
  return waits || judgePostOnly(core, terms, price, no);
}

/** Judges the new price and size of an open order. */
export function judgeReplace(
  core: BookCore,
  row: number,
  command: Float64Array,
  o: number,
  no: Refusal,
): boolean {
  const { integers } = core.rows;
  const at = row * STRIDE;
  const size = command[o + FIELD_SIZE] as number;
  const price = command[o + FIELD_PRICE] as number;
  if (!judgePrice(core, command, o, no)) return false;
  if (!isWhole(size, 1, core.parameters.sizeLotsMax)) {
    return refuse(no, R.sizeOutOfRange.number, core.parameters.sizeLotsMax, size);
  }
  const display = integers[at + ROW_DISPLAY] as number;
  if (size > display * TRANCHES_MAX && display !== 0) {
    return refuse(no, R.displayOutOfRange.number, Math.ceil(size / TRANCHES_MAX), display);
  }
  const terms = integers[at + ROW_TERMS] as number;
  if (!judgeNotional(core, price, size, no, terms)) return false;
  if (integers[at + ROW_PLACE] !== PLACE_RESTING) return true;
  if (size <= (integers[at + ROW_FILLED] as number)) return true;
  const posts = core.state === STATE_POST_ONLY ? TERM_POST_ONLY_BIT : 0;
  return judgePostOnly(core, terms | posts, price, no);
}

const R = BOOK_REJECTIONS;

/** Fills in a refusal; always false. */
export function refuse(no: Refusal, code: number, limit: number, actual: number): false {
  no.code = code;
  no.limit = limit;
  no.actual = actual;
  return false;
}

/** Only what may rest can post or hide, and a market order never rests. */
function termsFit(terms: number, display: number): boolean {
  if (!isInteger(terms, 0, TERMS_LIMIT - 1)) return false;
  const timeInForce = (terms >> TERM_TIF_SHIFT) & TERM_TIF_MASK;
  const isTaker = timeInForce === TIF_IOC || timeInForce === TIF_FOK;
  if (((terms >> TERM_STP_SHIFT) & TERM_STP_MASK) === 3) return false;
  if (((terms >> TERM_TRIGGER_SHIFT) & TERM_TRIGGER_MASK) === 3) return false;
  if (((terms >> TERM_TYPE_SHIFT) & TERM_TYPE_MASK) === TYPE_MARKET && !isTaker) return false;
  return !isTaker || ((terms & TERM_POST_ONLY_BIT) === 0 && display === 0);
}

function judgePrice(core: BookCore, command: Float64Array, o: number, no: Refusal): boolean {
  const price = command[o + FIELD_PRICE] as number;
  const { priceTicksMax } = core.parameters;
  if (isWhole(price, 1, priceTicksMax)) return true;
  return refuse(no, R.priceOutOfRange.number, priceTicksMax, price);
}

function judgeDisplay(display: number, size: number, no: Refusal): boolean {
  if (!isWhole(display, 0, size)) return refuse(no, R.displayOutOfRange.number, size, display);
  if (display === 0 || size <= display * TRANCHES_MAX) return true;
  return refuse(no, R.displayOutOfRange.number, Math.ceil(size / TRANCHES_MAX), display);
}

function judgeTimes(core: BookCore, command: Float64Array, o: number, no: Refusal): boolean {
  const terms = command[o + FIELD_TERMS] as number;
  const expiresAt = command[o + FIELD_TIME] as number;
  const isGtd = ((terms >> TERM_TIF_SHIFT) & TERM_TIF_MASK) === TIF_GTD;
  const timeFits = isGtd
    ? isWhole(expiresAt, core.now + 1, Number.MAX_SAFE_INTEGER)
    : expiresAt === 0;
  if (!timeFits) return refuse(no, R.timeOutOfRange.number, isGtd ? core.now + 1 : 0, expiresAt);
  const trigger = command[o + FIELD_TRIGGER] as number;
  const waits = ((terms >> TERM_TRIGGER_SHIFT) & TERM_TRIGGER_MASK) !== TRIGGER_NONE;
  const { priceTicksMax } = core.parameters;
  if (waits ? isWhole(trigger, 1, priceTicksMax) : trigger === 0) return true;
  return refuse(no, R.triggerOutOfRange.number, waits ? priceTicksMax : 0, trigger);
}

function judgeNotional(
  core: BookCore,
  price: number,
  size: number,
  no: Refusal,
  terms: number,
): boolean {
  // A product above 2^53 rounds to 2^53 or more, so the comparison is exact where it matters.
  const notional = price * size;
  const { notionalMin } = core.parameters;
  const isLimit = ((terms >> TERM_TYPE_SHIFT) & TERM_TYPE_MASK) === TYPE_LIMIT;
  if (isLimit && notional < notionalMin) {
    return refuse(no, R.notionalTooSmall.number, notionalMin, notional);
  }
  if (notional <= NOTIONAL_LIMIT) return true;
  return refuse(no, R.notionalTooLarge.number, NOTIONAL_MAX, notional);
}

function judgePair(core: BookCore, command: Float64Array, o: number, no: Refusal): boolean {
  const otherId = command[o + FIELD_OCO_WITH] as number;
  const { rows } = core;
  const other = rows.find(otherId);
  const at = other * STRIDE;
  const isOwn = rows.integers[at + ROW_ACCOUNT] === command[o + FIELD_ACCOUNT];
  if (other === 0 || !isOwn || rows.integers[at + ROW_PARTNER] !== 0) {
    return refuse(no, R.ocoUnknown.number, 0, otherId);
  }
  const terms = command[o + FIELD_TERMS] as number;
  const waits = ((terms >> TERM_TRIGGER_SHIFT) & TERM_TRIGGER_MASK) !== TRIGGER_NONE;
  if (waits || rows.integers[at + ROW_PLACE] === PLACE_WAITING) return true;
  return refuse(no, R.ocoUnfit.number, 1, 0);
}

function judgePostOnly(core: BookCore, terms: number, price: number, no: Refusal): boolean {
  if ((terms & TERM_POST_ONLY_BIT) === 0) return true;
  const best = core.otherHalf(terms).best;
  if (best > reachedRank(terms, price)) return true;
  // Its own inverse: the price that the best rank of the other half stands for.
  return refuse(no, R.postOnlyWouldCross.number, reachedRank(terms, best), price);
}
