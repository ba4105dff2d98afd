import type { Band, Ladder } from '../../../live/ladder.ts';
import { bandsOf } from '../../../live/ladder.ts';

/** How a ladder is drawn. */
export interface LadderLook {
  /** Ticks that are drawn as one price. */
  readonly step: number;
  readonly price: (ticks: number) => string;
  readonly size: (lots: number) => string;
}

/** A price that somebody picked from a ladder, and the lots from the best price to it. */
export interface PickedLevel {
  readonly half: 'bids' | 'asks';
  readonly ticks: number;
  readonly depthLots: number;
  /** Whether the size was wanted too. */
  readonly withSize: boolean;
}

interface Row {
  readonly button: HTMLButtonElement;
  readonly bar: HTMLElement;
  readonly cells: readonly HTMLElement[];
  /** What stands in the cells, so that only what changed is written. */
  readonly texts: string[];
  part: number;
  isOwn: boolean;
  band: Band | undefined;
}

/**
 * The rows of a ladder, written straight into the document: a book changes more often than a
 * framework wants to compare trees. There are as many rows as show, however deep the book is, and a
 * cell is touched when its text changes.
 */
export class LadderRows {
  readonly #halves: { readonly bids: readonly Row[]; readonly asks: readonly Row[] };

  /** Makes the rows inside two elements; the best price of each half is its first row. */
  constructor(
    places: { readonly bids: HTMLElement; readonly asks: HTMLElement },
    rows: number,
    onPick: (level: PickedLevel) => void,
  ) {
    const make = (half: 'bids' | 'asks'): readonly Row[] => {
      const made = Array.from({ length: rows }, () => makeRow(half, onPick));
      places[half].replaceChildren(...made.map(({ button }) => button));
      return made;
    };
    this.#halves = { bids: make('bids'), asks: make('asks') };
  }

  /** Draws a ladder; `own` are the ticks at which the reader has open orders. */
  draw(ladder: Ladder, look: LadderLook, own: ReadonlySet<number>): void {
    const owned = new Map<string, Set<number>>();
    const halves = (['bids', 'asks'] as const).map((half) => {
      const rows = this.#halves[half];
      const bands = bandsOf(ladder[half], half, { step: look.step, most: rows.length });
      const round = half === 'bids' ? Math.floor : Math.ceil;
      owned.set(half, new Set([...own].map((ticks) => round(ticks / look.step) * look.step)));
      return { half, rows, bands };
    });
    const deepest = Math.max(1, ...halves.map(({ bands }) => bands.at(-1)?.depth ?? 0));
    for (const { half, rows, bands } of halves) {
      for (const [k, row] of rows.entries()) {
        const band = bands[k];
        const isOwn = band !== undefined && owned.get(half)?.has(band.ticks) === true;
        drawRow(row, band, { look, part: (band?.depth ?? 0) / deepest, isOwn });
      }
    }
  }
}

function makeRow(half: 'bids' | 'asks', onPick: (level: PickedLevel) => void): Row {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'rung';
  button.disabled = true;
  const bar = document.createElement('i');
  const cells = ['price', 'size', 'depth'].map((name) => {
    const cell = document.createElement('span');
    cell.className = `rung-${name}`;
    return cell;
  });
  button.append(bar, ...cells);
  const row: Row = { button, bar, cells, texts: [], part: -1, isOwn: false, band: undefined };
  button.addEventListener('click', ({ shiftKey: withSize }) => {
    const { band } = row;
    if (band === undefined) return;
    onPick({ half, ticks: band.ticks, depthLots: band.depth, withSize });
  });
  return row;
}

function drawRow(
  row: Row,
  band: Band | undefined,
  { look, part, isOwn }: { readonly look: LadderLook; readonly part: number; isOwn: boolean },
): void {
  if ((row.band === undefined) !== (band === undefined)) row.button.disabled = band === undefined;
  row.band = band;
  const texts =
    band === undefined
      ? ['', '', '']
      : [look.price(band.ticks), look.size(band.lots), look.size(band.depth)];
  for (const [k, text] of texts.entries()) {
    const cell = row.cells[k];
    if (cell === undefined || row.texts[k] === text) continue;
    cell.textContent = text;
    row.texts[k] = text;
  }
  if (row.part !== part) row.bar.style.transform = `scaleX(${part.toFixed(3)})`;
  row.part = part;
  if (row.isOwn !== isOwn) row.button.classList.toggle('is-own', isOwn);
  row.isOwn = isOwn;
}
