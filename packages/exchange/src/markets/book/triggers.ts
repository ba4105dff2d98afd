import { invariant } from '../../failures/invariant.ts';
import type { BookCore } from './bookCore.ts';
import { waitsForRise } from './bookCore.ts';
import { REPORT } from './bookReport.ts';
import { MARKET_STATE, TERM } from './bookTerms.ts';
import { execute } from './matching.ts';
import { PLACE, ROW, ROW_STRIDE } from './orderRows.ts';
import { NO_RANK } from './rankTrie.ts';
import type { RowHeap } from './rowHeap.ts';

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
  while (core.firstFired !== 0 && core.state === MARKET_STATE.open) {
    const row = core.firstFired;
    core.unqueue(row);
    core.rows.integers[row * ROW_STRIDE + ROW.place] = PLACE.moving;
    const leaves = core.rows.integers[row * ROW_STRIDE + ROW.leaves] as number;
    core.report(REPORT.triggered, row, leaves, leaves);
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
  const at = row * ROW_STRIDE;
  const terms = integers[at + ROW.terms] as number;
  const trigger = integers[at + ROW.trigger] as number;
  integers[at + ROW.place] = PLACE.waiting;
  const key = waitsForRise(terms) ? trigger : NO_RANK - trigger;
  core.heapOf(terms).push(row, key, core.rows.id(row));
}

/** Fires a waiting order at once if its price is there already. */
export function fireIfReached(core: BookCore, row: number): void {
  const { integers } = core.rows;
  const at = row * ROW_STRIDE;
  const terms = integers[at + ROW.terms] as number;
  const isOracle = ((terms >> TERM.sourceShift) & TERM.sourceMask) === 1;
  const price = isOracle ? core.oraclePrice : core.lastTrade;
  if (price === 0 || core.state !== MARKET_STATE.open) return;
  const trigger = integers[at + ROW.trigger] as number;
  const isReached = waitsForRise(terms) ? trigger <= price : trigger >= price;
  if (!isReached) return;
  core.heapOf(terms).remove(row);
  fire(core, row);
}

/** Fires what an oracle price reaches. */
export function fireOnOracle(core: BookCore, price: number): void {
  fireUpTo(core, core.risesOnOracle, price);
  fireUpTo(core, core.fallsOnOracle, NO_RANK - price);
}

/** Fires what trades since the last look reach: first upwards, then downwards, nearest first. */
function fireOnTrades(core: BookCore): void {
  if (core.tradeHigh === 0) return;
  if (core.state === MARKET_STATE.open) {
    fireUpTo(core, core.risesOnTrade, core.tradeHigh);
    fireUpTo(core, core.fallsOnTrade, NO_RANK - core.tradeLow);
  }
  core.tradeHigh = 0;
  core.tradeLow = NO_RANK;
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
  const at = row * ROW_STRIDE;
  invariant(integers[at + ROW.place] === PLACE.waiting, 'what fires was waiting');
  integers[at + ROW.place] = PLACE.fired;
  integers[at + ROW.next] = 0;
  integers[at + ROW.previous] = core.lastFired;
  if (core.lastFired === 0) core.firstFired = row;
  else integers[core.lastFired * ROW_STRIDE + ROW.next] = row;
  core.lastFired = row;
}
