import type { Ladder } from '@lawbook/api/client/bookLadder';
import { FollowedBook } from '@lawbook/api/client/followedBook';
import type { BookView } from '@lawbook/api/schema/bookViews';
import type { Terminal } from '../terminal/terminal.ts';
import { keepFeed } from '../trading/followUntil.ts';
import { untilInterrupted } from '../trading/interrupt.ts';
import type { ShownLadder } from './ladderLines.ts';
import { ladderLine, ladderLines } from './ladderLines.ts';

/** How a ladder is followed. */
export interface LadderWatch {
  readonly baseUrl: string;
  readonly book: BookView;
  readonly levels: number;
  /** Stops after so many ladders. */
  readonly count: number;
  /** One JSON document a line. */
  readonly json: boolean;
}

/** A screen is drawn at most ten times a second, with what is newest then. */
const DRAW_MS = 100;

const CLEAR_SCREEN = '\u001b[H\u001b[J';

/**
 * Follows the ladder of a book until Ctrl-C: redrawn in place on a screen, one line for each change
 * elsewhere. Every ladder has the checksum that the venue states for it.
 *
 * @throws ClientFault VENUE_UNREACHABLE, RefusedFault as `keepFeed`.
 */
export async function watchLadder(watch: LadderWatch, terminal: Terminal): Promise<void> {
  const { baseUrl, book, count } = watch;
  await untilInterrupted(async (stopping) => {
    const { signal } = stopping;
    const screen = new LadderScreen(watch, terminal);
    let seen = 0;
    const onLadder = (ladder: Ladder): void => {
      if (signal.aborted) return;
      screen.show(ladder);
      seen += 1;
      if (seen === count) stopping.abort();
    };
    try {
      await keepFeed(
        { baseUrl, signal },
        (feed, onRefused) => {
          const onResync = (reason: string): void => terminal.note(`reading anew: ${reason}`);
          // It lives as long as the feed, which `keepFeed` closes.
          new FollowedBook(feed, book.marketId, { onLadder, onResync, onRefused });
        },
        terminal,
      );
    } finally {
      screen.close();
    }
  });
}

/** Where ladders go: a screen that is redrawn, lines, or documents. */
class LadderScreen {
  readonly #watch: LadderWatch;
  readonly #terminal: Terminal;
  #next: ShownLadder | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(watch: LadderWatch, terminal: Terminal) {
    this.#watch = watch;
    this.#terminal = terminal;
  }

  show(ladder: Ladder): void {
    const { book, levels, json } = this.#watch;
    const { bids, asks, state, inputSequence: sequence } = ladder;
    const shown = { bids: bids.slice(0, levels), asks: asks.slice(0, levels), state, sequence };
    if (json) {
      this.#terminal.print(JSON.stringify({ marketId: book.marketId, ...shown }));
      return;
    }
    if (!this.#terminal.resultsOnScreen) {
      this.#terminal.print(ladderLine(book, shown));
      return;
    }
    this.#next = shown;
    this.#timer ??= setTimeout(() => this.#draw(), DRAW_MS);
  }

  /** Draws what waits. */
  close(): void {
    clearTimeout(this.#timer);
    if (this.#next !== undefined) this.#draw();
  }

  #draw(): void {
    this.#timer = undefined;
    const ladder = this.#next;
    if (ladder === undefined) return;
    this.#next = undefined;
    const { book, levels } = this.#watch;
    const lines = [...ladderLines(book, ladder, levels), '', 'Ctrl-C ends it'];
    this.#terminal.print(`${CLEAR_SCREEN}${lines.join('\n')}`);
  }
}
