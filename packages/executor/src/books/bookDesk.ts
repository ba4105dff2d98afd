import type { ExchangeState } from '@lawbook/exchange/application/exchangeState';
import { invariant } from '@lawbook/exchange/failures/invariant';
import type { Refused } from '@lawbook/exchange/failures/rejection';
import { refuse } from '@lawbook/exchange/failures/rejection';
import type { Result } from '@lawbook/exchange/failures/result';
import { accepted } from '@lawbook/exchange/failures/result';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import type { BookInput } from '@lawbook/exchange/markets/book/bookInputs';
import { bookOf } from '@lawbook/exchange/markets/book/bookInputs';
import type { ExecutionReport } from '@lawbook/exchange/markets/book/executionReport';
import type { BookOrder } from '@lawbook/exchange/orders/bookOrder';
import { NO_CLIENT_ORDER_ID } from '@lawbook/exchange/orders/bookOrder';
import type { Page } from '../readModel/page.ts';
import type { Sequenced } from '../sequencer/sequencer.ts';
import type { Executed } from '../venueTypes.ts';
import type { BookIndex } from './bookIndex.ts';
import type { BookProjected, BookProjection, BrokenBookEpoch } from './bookProjection.ts';
import type {
  BookFill,
  BookNews,
  BookOrderRecord,
  BookStateChange,
  BookTrade,
  Ladder,
  QueueEntry,
  SealedBookEpoch,
} from './bookRecords.ts';
import { applyChanges, ladderChanges, ladderOf } from './ladders.ts';
import type { Queue } from './queues.ts';
import { applyQueueChanges, inPriority, queueChanges, queueOf } from './queues.ts';
import { TwapDesk } from './twapDesk.ts';

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
  /** Orders that are placed in slices over time. */
  readonly twaps: TwapDesk;
  readonly #deps: BookDeskDependencies;
  /** Ladders after the last input, and after the last that was told. */
  readonly #executed = new Map<number, Ladder>();
  readonly #told = new Map<number, Ladder>();
  readonly #toldAt = new Map<number, number>();
  /** Ids of orders that rest after the last input. */
  readonly #resting = new Map<number, Set<number>>();
  /** Resting orders as they were last told. */
  readonly #queues = new Map<number, Queue>();
  /** Orders that have ended but whose rows are not stored yet, by market and id. */
  readonly #ended = new Map<string, BookOrderRecord>();
  /** What markets allow, where that changed since the start. */
  readonly #changes = new Map<number, BookStateChange>();
  /** Inputs of owners that wait for one before: by market and owner. */
  readonly #underWay = new Map<string, Promise<void>>();
  /** New orders whose rows are not stored yet, by client order id. */
  readonly #unstored = new Map<string, BookOrderRecord>();

  constructor(deps: BookDeskDependencies) {
    this.#deps = deps;
    this.twaps = new TwapDesk({
      index: deps.index,
      submit: (input) => this.submit(input),
      order: (marketId, orderId) => this.order(marketId, orderId),
      highestNonce: (marketId, owner) => {
        return deps.state.books.get(marketId)?.nonceWindow(owner).highest ?? 0n;
      },
    });
    for (const market of deps.state.books.values()) {
      const ladder = ladderOf(market);
      this.#executed.set(market.marketId, ladder);
      this.#told.set(market.marketId, ladder);
      const queue = queueOf(market);
      this.#queues.set(market.marketId, queue);
      this.#resting.set(market.marketId, new Set(queue.keys()));
    }
  }

  /** The ladder that stands for all news told so far. */
  ladder(marketId: number): Ladder {
    return this.#told.get(marketId) ?? EMPTY;
  }

  /** Resting orders as told so far: bids best first, then asks, each price by priority. */
  queue(marketId: number): QueueEntry[] {
    return inPriority(this.#queues.get(marketId) ?? new Map());
  }

  /** How many orders `queue` has. */
  queueLength(marketId: number): number {
    return this.#queues.get(marketId)?.size ?? 0;
  }

  /** Sequence of the last input that the ladder stands for; 0 before the first since the start. */
  toldSequence(marketId: number): number {
    return this.#toldAt.get(marketId) ?? 0;
  }

  /**
   * Sequences what an owner wishes; its authority was checked. What is due ends first. An order
   * that was accepted before is answered as then, however long ago: its client order id is its key,
   * and another order under that id is refused (clientOrderIdUsed, naming the field that differs).
   */
  async submit(input: BookInput): Promise<Result<BookReply>> {
    if (!('entry' in input)) return await this.#follow(input, this.#sequence(input));
    const key = `${bookOf(input)}:${input.entry.terms.owner}`;
    const before = this.#underWay.get(key);
    if (before === undefined && !this.#mayBeForgotten(input)) {
      return await this.#follow(input, this.#sequence(input));
    }
    // What an owner sends stays in its order while the index is asked about an old id.
    const turn = (before ?? Promise.resolve()).then(async () => {
      const known = await this.#forgotten(input);
      return known === undefined ? this.#sequence(input) : known;
    });
    const over = turn.then(
      () => undefined,
      () => undefined,
    );
    this.#underWay.set(key, over);
    const outcome = await turn.finally(() => {
      if (this.#underWay.get(key) === over) this.#underWay.delete(key);
    });
    if ('orderId' in outcome) {
      invariant(input.kind === 'submitBookOrder', 'only orders have client order ids');
      return await this.#sameAgain(input.entry.terms, outcome);
    }
    return await this.#follow(input, outcome);
  }

  /** Lets a market open, post, cancel or nothing, and keeps why. */
  async setState(
    marketId: number,
    state: BookStateChange['state'],
    reason: string,
  ): Promise<Result<{ readonly sequence: number }>> {
    this.explain(marketId, { cause: 'operator', reason });
    const result = this.#sequence({ kind: 'setBookMarketState', marketId, state });
    this.#deps.projection.explain(marketId, undefined);
    if (!result.ok) return result;
    await result.value.durable;
    return accepted({ sequence: result.value.executed.sequence });
  }

  /** Why a market allows what it does; undefined where nobody ever changed that. */
  async stateChange(marketId: number): Promise<BookStateChange | undefined> {
    const change = this.#changes.get(marketId);
    if (change !== undefined) return change;
    return (await this.#deps.index.stateChanges(marketId, { limit: 1 }))[0];
  }

  /** The last change of what a market allows since the start of this process, if any. */
  closedBy(marketId: number): BookStateChange | undefined {
    return this.#changes.get(marketId);
  }

  /** Events since the last seal, and when the first of them was; milliseconds since 1970. */
  unsealed(marketId: number): { readonly events: number; readonly sinceMs: number | undefined } {
    const events = this.#deps.projection.openEvents(marketId);
    return { events: events.length, sinceMs: events[0]?.timeMs };
  }

  /** The last epoch of a market where a law objects to it and the market was not halted since. */
  unhalted(marketId: number): BrokenBookEpoch | undefined {
    return this.#deps.projection.unhalted(marketId);
  }

  /** Says what the next change of a market's state is for. */
  explain(marketId: number, words: Pick<BookStateChange, 'cause' | 'reason'> | undefined): void {
    this.#deps.projection.explain(marketId, words);
  }

  /** Waits until what an input did is durable, or answers a repeated order as before. */
  async #follow(input: BookInput, result: Result<Sequenced>): Promise<Result<BookReply>> {
    if (!result.ok) {
      if (input.kind !== 'submitBookOrder') return result;
      return (await this.#repeated(input.entry.terms, result)) ?? result;
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

  /** One sealed epoch of a market. */
  epoch(marketId: number, epochNumber: number): Promise<SealedBookEpoch | undefined> {
    return this.#deps.index.epoch(marketId, epochNumber);
  }

  /** Trades of a market by number, new to old. */
  trades(marketId: number, page: Page): Promise<BookTrade[]> {
    return this.#deps.index.trades(marketId, page);
  }

  /** What an input did to its book, for feeds. Called once per input, in order. */
  note(executed: Executed, projected: BookProjected): BookNews | undefined {
    const { trades, orders, stateChange } = projected;
    const { applied, sequence, timeMs } = executed;
    if (applied.kind !== 'bookApplied') return undefined;
    const { marketId, executions, event } = applied;
    const market = this.#deps.state.books.get(marketId);
    if (market === undefined) return undefined;
    const now = ladderOf(market);
    const changes = ladderChanges(this.#executed.get(marketId) ?? EMPTY, now);
    this.#executed.set(marketId, now);
    if (stateChange !== undefined) this.#changes.set(marketId, stateChange);
    for (const record of orders) {
      if (record.sequence === sequence && hasClientId(record)) {
        this.#unstored.set(clientKey(record.order), record);
      }
      if (record.endedBy === undefined) continue;
      this.#ended.set(`${marketId}:${record.orderId}`, record);
    }
    const { state } = market;
    const resting = this.#resting.get(marketId) ?? new Set();
    this.#resting.set(marketId, resting);
    const queue = queueChanges(market, event, resting);
    return {
      ...{ marketId, sequence, timeMs, state, trades, executions, changes, orders, queue },
      ...(stateChange !== undefined && { stateChange }),
    };
  }

  /** Takes over news whose rows are stored and which are about to be told. */
  stored({ marketId, changes, orders, sequence, queue }: BookNews): void {
    const resting = this.#queues.get(marketId) ?? new Map();
    applyQueueChanges(resting, queue);
    this.#queues.set(marketId, resting);
    this.#toldAt.set(marketId, sequence);
    for (const record of orders) {
      this.#ended.delete(`${marketId}:${record.orderId}`);
      if (record.sequence === sequence) this.#unstored.delete(clientKey(record.order));
    }
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

  /** Whether the state may have forgotten an order under the client order id of this one. */
  #mayBeForgotten(input: BookInput): boolean {
    if (input.kind !== 'submitBookOrder') return false;
    const { marketId, owner, clientOrderId } = input.entry.terms;
    if (clientOrderId === NO_CLIENT_ORDER_ID) return false;
    return this.#deps.state.books.get(marketId)?.remembersAll(owner) === false;
  }

  /**
   * The order that has the client order id of this one, where the state may have forgotten it. An
   * order stands in `#unstored` from the turn in which it is sequenced until its row is in the
   * index, so one of the two knows it; and its owner's other inputs wait meanwhile.
   */
  async #forgotten(input: BookInput): Promise<BookOrderRecord | undefined> {
    if (!this.#mayBeForgotten(input) || input.kind !== 'submitBookOrder') return undefined;
    const { terms } = input.entry;
    const { marketId, owner, clientOrderId } = terms;
    return (
      this.#unstored.get(clientKey(terms)) ??
      (await this.#deps.index.byClientOrderId(marketId, owner, clientOrderId))
    );
  }

  /** The answer to an order whose client order id stands for another: the same, or a refusal. */
  async #sameAgain(order: BookOrder, known: BookOrderRecord): Promise<Result<BookReply>> {
    const differs = (Object.keys(order) as (keyof BookOrder)[]).find((field) => {
      return !RENEWED.has(field) && order[field] !== known.order[field];
    });
    if (differs === undefined) {
      const { orderId: actual } = known;
      const answer = await this.#answerAgain(known);
      return answer ?? refuse('clientOrderIdUsed', { field: 'clientOrderId', actual });
    }
    const limit = `${known.order[differs]} as order ${known.orderId} has it`;
    const actual = String(order[differs]);
    return refuse('clientOrderIdUsed', { field: differs, limit, actual });
  }

  /** The answer that an order had, if it was accepted before. */
  async #repeated(order: BookOrder, refused: Refused): Promise<Result<BookReply> | undefined> {
    const { marketId, owner, clientOrderId, orderNonce } = order;
    const { code } = refused.rejection;
    if (code === 'clientOrderIdUsed') {
      const used = this.#deps.state.books.get(marketId)?.outcomeOf(owner, clientOrderId);
      const known = used && (await this.order(marketId, used.orderId));
      return known && (await this.#sameAgain(order, known));
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

function hasClientId({ order }: BookOrderRecord): boolean {
  return order.clientOrderId !== NO_CLIENT_ORDER_ID;
}

/** Fields that change when the same order is signed anew. */
const RENEWED: ReadonlySet<string> = new Set(['orderNonce', 'expiresAtMs']);

function clientKey({ marketId, owner, clientOrderId }: BookOrder): string {
  return `${marketId}:${owner}:${clientOrderId}`;
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
