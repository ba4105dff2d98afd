import type { BookEvent } from '@lawbook/exchange/markets/book/bookEvent';
import type { BookMarket } from '@lawbook/exchange/markets/book/bookMarket';
import type { BookReport } from '@lawbook/exchange/markets/book/bookReport';
import { PLACE, ROW, ROW_STRIDE } from '@lawbook/exchange/markets/book/orderRows';
import { rowFacts } from '@lawbook/exchange/markets/book/restoreBook';
import type { QueueEntry } from './bookRecords.ts';

/**
 * Resting orders of a book by id: within each price in order of priority. Who owns them and what
 * icebergs hide is left out.
 */
export type Queue = Map<number, QueueEntry>;

/** What rests in a book now. */
export function queueOf({ engine, owners }: BookMarket): Queue {
  const resting = rowFacts(engine.book.core, owners.length).filter(({ isWaiting }) => !isWaiting);
  return new Map(
    resting.map(({ orderId, side, priceTicks, shownLots: lots }) => {
      return [orderId, { orderId, side, priceTicks, lots, requeued: true }];
    }),
  );
}

/**
 * What an event did to resting orders, as they stand after it: those that joined the end of a queue
 * in the order in which they did. `resting` are the ids of those before it and is brought up to
 * date; of orders that did not rest before and do not rest after nothing is said.
 */
export function queueChanges(
  { engine, open }: BookMarket,
  { reports }: BookEvent,
  resting: Set<number>,
): QueueEntry[] {
  const touched = new Map<number, boolean>();
  for (const report of reports) {
    for (const [orderId, joins] of touchedBy(report)) {
      const requeued = joins || touched.get(orderId) === true;
      if (joins) touched.delete(orderId);
      touched.set(orderId, requeued);
    }
  }
  const { rows } = engine.book.core;
  const changes: QueueEntry[] = [];
  for (const [orderId, requeued] of touched) {
    const facts = open.get(orderId);
    const row = rows.find(orderId) * ROW_STRIDE;
    if (facts !== undefined && rows.integers[row + ROW.place] === PLACE.resting) {
      const lots = rows.integers[row + ROW.shown] as number;
      const priceTicks = rows.integers[row + ROW.price] as number;
      resting.add(orderId);
      changes.push({ orderId, side: facts.order.side, priceTicks, lots, requeued });
    } else if (resting.delete(orderId)) {
      changes.push({ orderId, side: 'buy', priceTicks: 0, lots: 0, requeued: false });
    }
  }
  return changes;
}

/** Lays changes over what rests. */
export function applyQueueChanges(queue: Queue, changes: readonly QueueEntry[]): void {
  for (const change of changes) {
    if (change.lots === 0 || change.requeued) queue.delete(change.orderId);
    if (change.lots > 0) queue.set(change.orderId, change);
  }
}

/** Bids best first, then asks, each price in order of priority. */
export function inPriority(queue: Queue): QueueEntry[] {
  const of = (side: QueueEntry['side'], sign: 1 | -1): QueueEntry[] => {
    const half = [...queue.values()].filter((entry) => entry.side === side);
    return half.sort((a, b) => sign * (a.priceTicks - b.priceTicks));
  };
  return [...of('buy', -1), ...of('sell', 1)];
}

/** Orders that a report is about, and whether each goes to the end of a queue. */
function touchedBy(report: BookReport): readonly (readonly [orderId: number, joins: boolean])[] {
  if (report.kind === 'rejected' || report.kind === 'marketState') return [];
  const { kind, orderId, contra, reason } = report;
  if (kind === 'trade' || kind === 'decremented') {
    return [
      [orderId, false],
      [contra, false],
    ];
  }
  const joins = kind === 'new' || kind === 'triggered' || kind === 'refreshed';
  return [[orderId, joins || reason === 'lostPriority']];
}
