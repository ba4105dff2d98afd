import { ladderChecksum } from '@lawbook/api/client/bookLadder';
import type { BookScale } from '@lawbook/api/client/bookScale';
import type { LadderView, LevelView } from '@lawbook/api/schema/bookViews';
import { invariant } from '@lawbook/exchange/failures/invariant';

/** One price of a half of a book. Ticks and lots are whole numbers below 2^31. */
export interface Rung {
  readonly ticks: number;
  readonly lots: number;
  /** As the venue wrote them: its checksum is taken of these texts. */
  readonly price: string;
  readonly size: string;
}

/**
 * A book's ladder as the feed tells it: the whole first, then the levels that change. Each step is
 * checked by the venue's checksum of the ten best levels; what does not add up must be told anew.
 */
export class Ladder {
  /** Best first. */
  bids: Rung[] = [];
  asks: Rung[] = [];
  readonly #scale: BookScale;

  constructor(scale: BookScale) {
    this.#scale = scale;
  }

  /** Takes all levels. @returns whether they have the checksum that they came with. */
  reset(view: LadderView): boolean {
    this.bids = view.bids.map((level) => this.#rung(level));
    this.asks = view.asks.map((level) => this.#rung(level));
    return this.#adds(view);
  }

  /** Takes levels that changed; size zero takes one away. @returns as `reset`. */
  change(view: LadderView): boolean {
    for (const level of view.bids) put(this.bids, this.#rung(level), -1);
    for (const level of view.asks) put(this.asks, this.#rung(level), 1);
    return this.#adds(view);
  }

  #rung({ price, size }: LevelView): Rung {
    const [ticks, lots] = [this.#scale.ticks(price), this.#scale.lots(size)];
    invariant(ticks !== undefined && lots !== undefined, 'a level stands on whole ticks and lots');
    return { ticks, lots, price, size };
  }

  #adds({ checksum }: LadderView): boolean {
    return ladderChecksum(this) === checksum;
  }
}

/** Puts a level in its place among levels that run best first. */
function put(half: Rung[], rung: Rung, direction: 1 | -1): void {
  let [low, high] = [0, half.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (((half[middle] as Rung).ticks - rung.ticks) * direction < 0) low = middle + 1;
    else high = middle;
  }
  const replaces = half[low]?.ticks === rung.ticks ? 1 : 0;
  if (rung.lots === 0) half.splice(low, replaces);
  else half.splice(low, replaces, rung);
}

/** Several prices drawn as one. */
export interface Band {
  readonly ticks: number;
  readonly lots: number;
  /** Lots from the best price to here. */
  readonly depth: number;
}

/**
 * The best levels of a half in steps of so many ticks. Prices are rounded away from the other half,
 * so that a band never looks better than what is in it.
 */
export function bandsOf(
  half: readonly Rung[],
  side: 'bids' | 'asks',
  { step, most }: { readonly step: number; readonly most: number },
): readonly Band[] {
  const bands: Band[] = [];
  const round = side === 'bids' ? Math.floor : Math.ceil;
  let depth = 0;
  for (const { ticks, lots } of half) {
    const at = round(ticks / step) * step;
    const last = bands.at(-1);
    if (last?.ticks !== at && bands.length === most) break;
    depth += lots;
    if (last?.ticks === at) bands[bands.length - 1] = { ticks: at, lots: last.lots + lots, depth };
    else bands.push({ ticks: at, lots, depth });
  }
  return bands;
}
