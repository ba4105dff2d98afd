import type { BookView, LevelView } from '@lawbook/api/schema/bookViews';
import { at } from '@lawbook/exchange/failures/invariant';
import { tableLines } from '../terminal/table.ts';
import { paint } from '../terminal/terminal.ts';
import { bookTitle } from './bookNamed.ts';
import { addDecimals, placesOf, shownDecimal, subtractDecimals } from './quantities.ts';

/** What of a ladder is shown: best first, as the venue sends it. */
export interface ShownLadder {
  readonly bids: readonly LevelView[];
  readonly asks: readonly LevelView[];
  readonly state: string;
  /** Of the input behind it. */
  readonly sequence: number;
}

/** Columns that the deepest total takes as a bar. */
const BAR_COLUMNS = 24;

/** A ladder as lines: asks from the worst down to the best, the spread, bids from the best down. */
export function ladderLines(book: BookView, ladder: ShownLadder, levels: number): string[] {
  const asks = withTotals(ladder.asks.slice(0, levels));
  const bids = withTotals(ladder.bids.slice(0, levels));
  const deepest = Math.max(1, ...[asks.at(-1), bids.at(-1)].map((row) => Number(row?.total ?? 0)));
  const places = placesOf(book);
  const cells = (side: 'ask' | 'bid', row: LevelRow): string[] => {
    const colour = side === 'ask' ? paint.bad : paint.good;
    const columns = Math.max(1, Math.round((Number(row.total) / deepest) * BAR_COLUMNS));
    return [
      colour(side),
      shownDecimal(row.price, places.price),
      shownDecimal(row.size, places.size),
      shownDecimal(row.total, places.size),
      colour('█'.repeat(columns)),
    ];
  };
  const heads = [
    { head: '' },
    { head: book.quote, align: 'right' },
    { head: book.base, align: 'right' },
    { head: 'total', align: 'right' },
    { head: 'depth' },
  ] as const;
  const rows = [
    ...asks.toReversed().map((row) => cells('ask', row)),
    ['', '', '', '', ''],
    ...bids.map((row) => cells('bid', row)),
  ];
  const table = tableLines(heads, rows);
  // The empty row stands between the halves: the spread is written over it.
  table[asks.length + 2] = spreadText(ladder, places.price);
  const state = ladder.state === 'open' ? paint.good('open') : paint.warn(ladder.state);
  const title = `${paint.bold(bookTitle(book))}: ${state}, sequence ${ladder.sequence}`;
  return [title, ...restrictionLines(book, ladder), '', ...table];
}

/** Why a book is not open, as far as that was known when its rules were read. */
function restrictionLines({ restriction }: BookView, { state }: ShownLadder): string[] {
  if (restriction === undefined || state === 'open') return [];
  const { cause, reason, since } = restriction;
  return [paint.warn(`  by the ${cause} since ${since}: ${reason}`)];
}

/** One line about a ladder, for places that keep every line. */
export function ladderLine(book: BookView, { bids, asks, sequence, state }: ShownLadder): string {
  const places = placesOf(book);
  const level = (row: LevelView | undefined): string =>
    row === undefined
      ? 'none'
      : `${shownDecimal(row.size, places.size)} at ${shownDecimal(row.price, places.price)}`;
  const stands = state === 'open' ? '' : `, ${state}`;
  return `${sequence}  bid ${level(bids[0])}  ask ${level(asks[0])}${stands}`;
}

interface LevelRow extends LevelView {
  /** Of this level and all better ones. */
  readonly total: string;
}

function withTotals(levels: readonly LevelView[]): LevelRow[] {
  const rows: LevelRow[] = [];
  for (const level of levels) {
    const before = rows.at(-1)?.total ?? '0';
    rows.push({ ...level, total: addDecimals(before, level.size) });
  }
  return rows;
}

function spreadText({ bids, asks }: ShownLadder, places: number): string {
  if (bids.length === 0 && asks.length === 0) return paint.dim('nobody offers or bids');
  if (asks.length === 0) return paint.dim('no asks');
  if (bids.length === 0) return paint.dim('no bids');
  const [bid, ask] = [at(bids, 0).price, at(asks, 0).price];
  const spread = subtractDecimals(ask, bid);
  // For the eye only, so a float will do.
  const bps = (2 * Number(spread) * 10_000) / (Number(ask) + Number(bid));
  return paint.dim(`spread ${shownDecimal(spread, places)}, ${bps.toFixed(1)} bps`);
}
