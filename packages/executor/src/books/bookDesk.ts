import type { ExchangeState } from '@lawbook/exchange/application/exchangeState';
import { refuse } from '@lawbook/exchange/failures/rejection';
import type { Result } from '@lawbook/exchange/failures/result';
import { accepted } from '@lawbook/exchange/failures/result';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import type { BookInput } from '@lawbook/exchange/markets/book/bookInputs';
import { bookOf } from '@lawbook/exchange/markets/book/bookInputs';
import type { ExecutionReport } from '@lawbook/exchange/markets/book/executionReport';
import type { BookOrder } from '@lawbook/exchange/orders/bookOrder';
import type { Page } from '../readModel/page.ts';
import type { Sequenced } from '../sequencer/sequencer.ts';
import type { Executed } from '../venueTypes.ts';
import type { BookIndex } from './bookIndex.ts';
import type { BookProjected, BookProjection } from './bookProjection.ts';
import type {
  BookFill,
  BookNews,
  BookOrderRecord,
  BookTrade,
  Ladder,
  SealedBookEpoch,
} from './bookRecords.ts';
import { applyChanges, ladderChanges, ladderOf } from './ladders.ts';

/** What became of an input that an owner sent to a book. */
export interface BookReply {
  /** The order that was placed or named; 0 for inputs about no one order. */
  readonly orderId: number;
  readonly sequence: number;
  /** What it did at once to orders of its sender; empty for a repeated answer. */
  readonly executions: readonly ExecutionReport[];
  /** True when this very order had been accepted before. */
  readonly repeated: boolean;
}

/** What the desk needs of its venue. */
export interface BookDeskDependencies {
  readonly state: ExchangeState;
  readonly projection: BookProjection;
  readonly index: BookIndex;
  /** Sequences an input and follows it up. */
  readonly execute: (input: BookInput) => Result<Sequenced>;
  readonly waitFor: (sequence: number) => Promise<boolean>;
}

const EMPTY: Ladder = { bids: [], asks: [] };

/** A time that passes while an input is on its way may make another tick due: tried so often. */
const TICKS_PER_INPUT_MAX = 3;

/**
 * The books of a venue: takes what owners wish, answers what became of it, and keeps the ladders
 * that readers have been told.
 */
export class BookDesk {
  readonly #deps: BookDeskDependencies;
  /** Ladders after the last input, and after the last that was told. */
  readonly #executed = new Map<number, Ladder>();
  readonly #told = new Map<number, Ladder>();
  readonly #toldAt = new Map<number, number>();
  /** Orders that have ended but whose rows are not stored yet, by market and id. */
  readonly #ended = new Map<string, BookOrderRecord>();

  constructor(deps: BookDeskDependencies) {
    this.#deps = deps;
    for (const market of deps.state.books.values()) {
      const ladder = ladderOf(market);
      this.#executed.set(market.marketId, ladder);
      this.#told.set(market.marketId, ladder);
    }
  }

  /** The ladder that stands for all news told so far. */
  ladder(marketId: number): Ladder {
    return this.#told.get(marketId) ?? EMPTY;
  }

  /** Sequence of the last input that the ladder stands for; 0 before the first since the start. */
  toldSequence(marketId: number): number {
    return this.#toldAt.get(marketId) ?? 0;
  }

  /**
   * Sequences what an owner wishes; its authority was checked. What is due ends first. An order
   * that was accepted before is answered as then.
   */
  async submit(input: BookInput): Promise<Result<BookReply>> {
    const result = this.#sequence(input);
    if (!result.ok) {
      if (input.kind !== 'submitBookOrder') return result;
      return (await this.#repeated(input.entry.terms, result.rejection.code)) ?? result;
    }
    const { executed, durable } = result.value;
    await durable;
    const { applied, sequence } = executed;
    if (applied.kind !== 'bookApplied') {
      return accepted({ orderId: 0, sequence, executions: [], repeated: false });
    }
    const owner = 'entry' in input ? input.entry.terms.owner : undefined;
    const executions = applied.executions.filter((report) => report.owner === owner);
    return accepted({ orderId: applied.orderId, sequence, executions, repeated: false });
  }

  /** An order, open or ended. */
  async order(marketId: number, orderId: number): Promise<BookOrderRecord | undefined> {
    return (
      this.#deps.projection.order(marketId, orderId) ??
      this.#ended.get(`${marketId}:${orderId}`) ??
      (await this.#deps.index.order(marketId, orderId))
    );
  }

  /** Open orders of an owner, old to new. */
  openOrders(marketId: number, owner: AccountId): BookOrderRecord[] {
    return this.#deps.projection.orders(marketId, owner);
  }

  /** Orders of an owner by admission, new to old. */
  async orders(
    marketId: number,
    owner: AccountId,
    page: Page & { readonly open: boolean },
  ): Promise<BookOrderRecord[]> {
    const before = page.before ?? Number.MAX_SAFE_INTEGER;
    const open = this.#deps.projection.orders(marketId, owner);
    const fresh = [...this.#ended.values()].filter(
      (record) => record.marketId === marketId && record.order.owner === owner,
    );
    const stored = page.open ? [] : await this.#deps.index.orders(marketId, owner, page);
    const here = page.open ? open : [...fresh, ...open];
    // Rows hold an open order as it was admitted; what stands here is newer.
    const bySequence = new Map([...stored, ...here].map((record) => [record.sequence, record]));
    return [...bySequence.values()]
      .filter(({ sequence }) => sequence < before)
      .sort((a, b) => b.sequence - a.sequence)
      .slice(0, page.limit);
  }

  /** Fills of an owner by trade number, new to old. */
  fills(marketId: number, owner: AccountId, page: Page): Promise<BookFill[]> {
    return this.#deps.index.fills(marketId, owner, page);
  }

  /** Sealed epochs of a market, new to old. */
  epochs(marketId: number, page: Page): Promise<SealedBookEpoch[]> {
    return this.#deps.index.epochs(marketId, page);
  }

  /** Trades of a market by number, new to old. */
  trades(marketId: number, page: Page): Promise<BookTrade[]> {
    return this.#deps.index.trades(marketId, page);
  }

  /** What an input did to its book, for feeds. Called once per input, in order. */
  note(executed: Executed, { trades, orders }: BookProjected): BookNews | undefined {
    const { applied, sequence, timeMs } = executed;
    if (applied.kind !== 'bookApplied') return undefined;
    const { marketId, executions } = applied;
    const market = this.#deps.state.books.get(marketId);
    if (market === undefined) return undefined;
    const now = ladderOf(market);
    const changes = ladderChanges(this.#executed.get(marketId) ?? EMPTY, now);
    this.#executed.set(marketId, now);
    for (const record of orders) {
      if (record.endedBy === undefined) continue;
      this.#ended.set(`${marketId}:${record.orderId}`, record);
    }
    const { state } = market;
    return { marketId, sequence, timeMs, state, trades, executions, changes, orders };
  }

  /** Takes over news whose rows are stored and which are about to be told. */
  stored({ marketId, changes, orders, sequence }: BookNews): void {
    this.#toldAt.set(marketId, sequence);
    for (const { orderId } of orders) this.#ended.delete(`${marketId}:${orderId}`);
    this.#told.set(marketId, applyChanges(this.ladder(marketId), changes));
  }

  #sequence(input: BookInput): Result<Sequenced> {
    const { execute } = this.#deps;
    let result = execute(input);
    for (let tries = 0; tries < TICKS_PER_INPUT_MAX; tries += 1) {
      if (result.ok || result.rejection.code !== 'bookTickDue') return result;
      const ticked = execute({ kind: 'bookTick', marketId: bookOf(input), oracleTicks: 0 });
      if (!ticked.ok) return ticked;
      result = execute(input);
    }
    return result.ok ? result : refuse('notAdmitting', { field: 'marketId', actual: 'a tick' });
  }

  /** The answer that an order had, if it was accepted before. */
  async #repeated(order: BookOrder, code: string): Promise<Result<BookReply> | undefined> {
    const { marketId, owner, clientOrderId, orderNonce } = order;
    if (code === 'clientOrderIdUsed') {
      const known = this.#deps.state.books.get(marketId)?.outcomeOf(owner, clientOrderId);
      return known && (await this.#answerAgain(known));
    }
    if (!OUTLIVED.has(code)) return undefined;
    const here = [...this.#deps.projection.orders(marketId, owner), ...this.#ended.values()];
    const known =
      here.find((record) => isSame(record.order, order)) ??
      (await this.#deps.index.byNonce(marketId, owner, orderNonce));
    return known && isSame(known.order, order) ? await this.#answerAgain(known) : undefined;
  }

  async #answerAgain({
    orderId,
    sequence,
  }: {
    readonly orderId: number;
    readonly sequence: number;
  }): Promise<Result<BookReply> | undefined> {
    if (!(await this.#deps.waitFor(sequence))) return undefined;
    return accepted({ orderId, sequence, executions: [], repeated: true });
  }
}

/** Refusals that an order may earn after it was accepted, because the venue went on. */
const OUTLIVED: ReadonlySet<string> = new Set([
  'orderNonceReplayed',
  'orderNonceTooOld',
  'orderExpired',
  'sessionExpired',
]);

function isSame(a: BookOrder, b: BookOrder): boolean {
  return (Object.keys(a) as (keyof BookOrder)[]).every((field) => a[field] === b[field]);
}
