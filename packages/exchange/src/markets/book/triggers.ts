import { invariant } from '../../failures/invariant.ts';
import type { BookCore } from './bookCore.ts';
import { waitsForRise } from './bookCore.ts';
import { REPORT } from './bookReport.ts';
import { MARKET_STATE, TERM } from './bookTerms.ts';
import { execute } from './matching.ts';
import { PLACE, ROW, ROW_STRIDE } from './orderRows.ts';
import { NO_RANK } from './rankTrie.ts';
import type { RowHeap } from './rowHeap.ts';

// Compiled in, where an imported constant would be loaded and checked at each use.
const { open: STATE_OPEN } = MARKET_STATE;
const {
  place: ROW_PLACE,
  leaves: ROW_LEAVES,
  terms: ROW_TERMS,
  trigger: ROW_TRIGGER,
  next: ROW_NEXT,
  previous: ROW_PREVIOUS,
} = ROW;
const { moving: PLACE_MOVING, waiting: PLACE_WAITING, fired: PLACE_FIRED } = PLACE;
const { triggered: REPORT_TRIGGERED } = REPORT;
const { sourceShift: TERM_SOURCE_SHIFT, sourceMask: TERM_SOURCE_MASK } = TERM;
const STRIDE = ROW_STRIDE;
const NONE = NO_RANK;

/**
 * Lets triggers act that the trades of a command have reached, in the order in which they fired,
 * and those that their own trades reach, until nothing fires.
 *
 * Every trigger acts once, so this ends. Should the market halt meanwhile, triggers that have fired
 * and not acted wait again.
 */
export function runTriggers(core: BookCore): void {
  if (core.tradeHigh === 0 && core.firstFired === 0) return;
  fireOnTrades(core);
  while (core.firstFired !== 0 && core.state === STATE_OPEN) {
    const row = core.firstFired;
    core.unqueue(row);
    core.rows.integers[row * STRIDE + ROW_PLACE] = PLACE_MOVING;
    const leaves = core.rows.integers[row * STRIDE + ROW_LEAVES] as number;
    core.report(REPORT_TRIGGERED, row, leaves, leaves);
    core.endPartner(row);
    execute(core, row);
    fireOnTrades(core);
  }
  while (core.firstFired !== 0) {
    const row = core.firstFired;
    core.unqueue(row);
    awaitTrigger(core, row);
  }
}

/** Puts an order among those that wait. */
export function awaitTrigger(core: BookCore, row: number): void {
  const { integers } = core.rows;
  const at = row * STRIDE;
  const terms = integers[at + ROW_TERMS] as number;
  const trigger = integers[at + ROW_TRIGGER] as number;
  integers[at + ROW_PLACE] = PLACE_WAITING;
  const key = waitsForRise(terms) ? trigger : NONE - trigger;
  core.heapOf(terms).push(row, key, core.rows.id(row));
}

/** Fires a waiting order at once if its price is there already. */
export function fireIfReached(core: BookCore, row: number): void {
  const { integers } = core.rows;
  const at = row * STRIDE;
  const terms = integers[at + ROW_TERMS] as number;
  const isOracle = ((terms >> TERM_SOURCE_SHIFT) & TERM_SOURCE_MASK) === 1;
  const price = isOracle ? core.oraclePrice : core.lastTrade;
  if (price === 0 || core.state !== STATE_OPEN) return;
  const trigger = integers[at + ROW_TRIGGER] as number;
  const isReached = waitsForRise(terms) ? trigger <= price : trigger >= price;
  if (!isReached) return;
  core.heapOf(terms).remove(row);
  fire(core, row);
}

/** Fires what an oracle price reaches. */
export function fireOnOracle(core: BookCore, price: number): void {
  fireUpTo(core, core.risesOnOracle, price);
  fireUpTo(core, core.fallsOnOracle, NONE - price);
}

/** Fires what trades since the last look reach: first upwards, then downwards, nearest first. */
function fireOnTrades(core: BookCore): void {
  if (core.tradeHigh === 0) return;
  if (core.state === STATE_OPEN) {
    fireUpTo(core, core.risesOnTrade, core.tradeHigh);
    fireUpTo(core, core.fallsOnTrade, NONE - core.tradeLow);
  }
  core.tradeHigh = 0;
  core.tradeLow = NONE;
}

function fireUpTo(core: BookCore, heap: RowHeap, key: number): void {
  while (heap.topKey <= key) {
    const row = heap.top;
    heap.remove(row);
    fire(core, row);
  }
}

function fire(core: BookCore, row: number): void {
  const { integers } = core.rows;
  const at = row * STRIDE;
  invariant(integers[at + ROW_PLACE] === PLACE_WAITING, 'what fires was waiting');
  integers[at + ROW_PLACE] = PLACE_FIRED;
  integers[at + ROW_NEXT] = 0;
  integers[at + ROW_PREVIOUS] = core.lastFired;
  if (core.lastFired === 0) core.firstFired = row;
  else integers[core.lastFired * STRIDE + ROW_NEXT] = row;
  core.lastFired = row;
}
