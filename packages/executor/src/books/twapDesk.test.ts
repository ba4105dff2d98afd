// Goal: a sliced order places each slice once at its time, makes up for what was not had, ends when
// it should, and goes on after a stop at any point as if there had been none.
// Method: the desk over a store in memory and a book that the test plays, which answers as the
// venue does: an id that it knows is answered as at first. Stops are failures of single calls.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Hash } from '@lawbook/exchange/codec/hash';
import { Fault } from '@lawbook/exchange/failures/fault';
import { refuse } from '@lawbook/exchange/failures/rejection';
import type { RejectionCode } from '@lawbook/exchange/failures/rejectionCodes';
import type { Result } from '@lawbook/exchange/failures/result';
import { accepted } from '@lawbook/exchange/failures/result';
import { accountId } from '@lawbook/exchange/ledger/account';
import type { BookInput } from '@lawbook/exchange/markets/book/bookInputs';
import type { BookOrder } from '@lawbook/exchange/orders/bookOrder';
import { clientOrderId } from '@lawbook/exchange/orders/bookOrder';
import type { StoredEntry } from '../storage/keyValueStore.ts';
import { MemoryStore } from '../storage/memoryStore.ts';
import type { BookReply } from './bookDesk.ts';
import { BookIndex } from './bookIndex.ts';
import type { BookOrderRecord, TwapRecord } from './bookRecords.ts';
import type { TwapTerms } from './twapDesk.ts';
import { TWAPS_PER_OWNER_MAX, TwapDesk } from './twapDesk.ts';

const owner = accountId(`0x${'ab'.repeat(20)}`);
const GRANT = `0x${'11'.repeat(32)}` as Hash;
const TERMS: TwapTerms = {
  ...{ owner, marketId: 7, clientOrderId: clientOrderId(`0x${'1'.repeat(32)}`), side: 'buy' },
  ...{ sizeLots: 10, worstTicks: 100, slices: 4, intervalMs: 1_000 },
};

/** A book that fills what it is told to and remembers every order by its client order id. */
class PlayedBook {
  readonly orders: { readonly terms: BookOrder; readonly filledLots: number }[] = [];
  /** Lots that the next orders get; all of them unless told. */
  readonly fills: number[] = [];
  /** What the next submissions come to instead. */
  readonly troubles: (RejectionCode | 'lost before' | 'lost after')[] = [];

  submit(input: BookInput): Promise<Result<BookReply>> {
    assert.equal(input.kind, 'submitBookOrder');
    const { terms } = (input as Extract<BookInput, { kind: 'submitBookOrder' }>).entry;
    const trouble = this.troubles.shift();
    if (trouble === 'lost before') return Promise.reject(lost());
    if (trouble !== undefined && trouble !== 'lost after') {
      return Promise.resolve(refuse(trouble, { field: 'x' }));
    }
    let place = this.orders.findIndex((order) => order.terms.clientOrderId === terms.clientOrderId);
    const repeated = place >= 0;
    if (repeated) assert.equal(this.orders[place]?.terms.sizeLots, terms.sizeLots, 'same content');
    else {
      const filledLots = Math.min(terms.sizeLots, this.fills.shift() ?? terms.sizeLots);
      place = this.orders.push({ terms, filledLots }) - 1;
    }
    if (trouble === 'lost after') return Promise.reject(lost());
    return Promise.resolve(
      accepted({ orderId: place + 1, sequence: place + 1, executions: [], repeated }),
    );
  }

  order(_: number, orderId: number): Promise<BookOrderRecord | undefined> {
    const { filledLots = 0, terms } = this.orders[orderId - 1] ?? {};
    const filledNotional = BigInt(filledLots * (terms?.priceTicks ?? 0));
    return Promise.resolve({ filledLots, filledNotional } as BookOrderRecord);
  }
}

/** A store of which a loss of power leaves what was flushed. */
class PowerLossStore extends MemoryStore {
  #flushed: StoredEntry[] = [];

  override async flush(): Promise<void> {
    await super.flush();
    this.#flushed = [];
    for await (const entry of this.range()) this.#flushed.push(entry);
  }

  async afterPowerLoss(): Promise<MemoryStore> {
    const left = new MemoryStore();
    for (const { key, record } of this.#flushed) await left.put(key, record);
    return left;
  }
}

function lost(): Fault {
  return new Fault('the disk is away', { code: 'STORAGE_UNAVAILABLE', fields: {} });
}

class Stage {
  readonly store: MemoryStore;
  readonly book: PlayedBook = new PlayedBook();
  desk: TwapDesk;

  constructor(store: MemoryStore = new MemoryStore()) {
    this.store = store;
    this.desk = this.open();
  }

  /** A desk after a restart: only the store and the book are as they were. */
  open(): TwapDesk {
    return new TwapDesk({
      index: new BookIndex(this.store),
      submit: (input) => this.book.submit(input),
      order: (marketId, orderId) => this.book.order(marketId, orderId),
      highestNonce: () => BigInt(this.book.orders.length),
    });
  }

  async tick(nowMs: number): Promise<void> {
    // The first beat of a desk only loads what runs.
    await this.desk.list(owner, 1);
    this.desk.tick(nowMs);
    await this.desk.close();
    // Closing ends a desk for good, so each beat has its own: every beat is a restart.
    this.desk = this.open();
  }

  async record(): Promise<TwapRecord> {
    const [record] = await this.desk.list(owner, 1);
    assert.ok(record !== undefined);
    return record;
  }

  async place(terms: TwapTerms = TERMS): Promise<TwapRecord> {
    const placed = await this.desk.place(terms, GRANT, 50_000);
    assert.ok(placed.ok);
    return placed.value;
  }

  get sizes(): number[] {
    return this.book.orders.map(({ terms }) => terms.sizeLots);
  }
}

describe('a sliced order', () => {
  test('places its slices at their times, as equal as lots allow, and ends', async () => {
    const stage = new Stage();
    await stage.place();
    await stage.tick(50_000);
    await stage.tick(50_500);
    assert.deepEqual(stage.sizes, [3]);
    await stage.tick(51_000);
    await stage.tick(52_001);
    await stage.tick(53_000);
    await stage.tick(54_000);
    assert.deepEqual(stage.sizes, [3, 3, 2, 2]);
    const { state, filledLots, filledNotional, orderIds } = await stage.record();
    assert.deepEqual([state, filledLots, filledNotional], ['done', 10, 1000n]);
    assert.deepEqual(orderIds, [1, 2, 3, 4]);
    const ids = stage.book.orders.map(({ terms }) => terms.clientOrderId);
    assert.equal(new Set(ids).size, 4);
    assert.ok(stage.book.orders.every(({ terms }) => terms.timeInForce === 'ioc'));
  });

  test('makes up for what a slice did not get, was refused or was missed', async () => {
    const stage = new Stage();
    await stage.place();
    stage.book.fills.push(1);
    await stage.tick(50_000);
    stage.book.troubles.push('insufficientAvailable');
    await stage.tick(51_000);
    assert.equal((await stage.record()).reason, 'insufficientAvailable');
    // The third is missed while the venue is away.
    await stage.tick(53_200);
    assert.deepEqual(stage.sizes, [3, 9]);
    assert.equal((await stage.record()).state, 'done');
  });

  test('what was answered outlasts a loss of power', async () => {
    const store = new PowerLossStore();
    const { twapId } = await new Stage(store).place();
    const stage = new Stage(await store.afterPowerLoss());
    assert.equal((await stage.record()).twapId, twapId);
    await stage.tick(50_000);
    assert.deepEqual(stage.sizes, [3]);
  });

  test('a stop at any point of a slice places it once all the same', async () => {
    for (const trouble of ['lost before', 'lost after', 'notAdmitting'] as const) {
      const stage = new Stage();
      await stage.place();
      stage.book.troubles.push(trouble);
      await stage.tick(50_000);
      assert.equal((await stage.record()).next, 0, trouble);
      for (const nowMs of [50_300, 51_000, 52_000, 53_000]) await stage.tick(nowMs);
      assert.deepEqual(stage.sizes, [3, 3, 2, 2], trouble);
      const { state, filledLots } = await stage.record();
      assert.deepEqual([state, filledLots], ['done', 10], trouble);
    }
  });

  test('ends with its session, and when the venue was away until it was over', async () => {
    const stage = new Stage();
    await stage.place();
    stage.book.troubles.push('sessionExpired');
    await stage.tick(50_000);
    const failed = await stage.record();
    assert.deepEqual([failed.state, failed.reason], ['failed', 'sessionExpired']);
    const late = new Stage();
    await late.place();
    await late.tick(70_000);
    assert.equal((await late.record()).state, 'failed');
    assert.deepEqual(late.sizes, []);
  });

  test('a nonce that is taken is replaced, the order is the same', async () => {
    const stage = new Stage();
    await stage.place();
    stage.book.troubles.push('orderNonceReplayed', 'orderNonceReplayed');
    await stage.tick(50_000);
    assert.deepEqual(stage.book.orders[0]?.terms.orderNonce, 50_002n);
  });

  test('is canceled by its owner alone, and then places nothing more', async () => {
    const stage = new Stage();
    const { twapId } = await stage.place();
    await stage.tick(50_000);
    const stranger = await stage.desk.cancel(accountId(`0x${'cd'.repeat(20)}`), twapId);
    assert.ok(!stranger.ok && stranger.rejection.code === 'notFound');
    const canceled = await stage.desk.cancel(owner, twapId);
    assert.ok(canceled.ok && canceled.value.state === 'canceled');
    await stage.tick(51_000);
    assert.deepEqual(stage.sizes, [3]);
    const again = await stage.desk.cancel(owner, twapId);
    assert.ok(again.ok && again.value.filledLots === 3);
  });

  test('asked for again it is the same one, other terms under its id are refused', async () => {
    const stage = new Stage();
    const first = await stage.place();
    await stage.tick(50_000);
    assert.equal((await stage.place()).twapId, first.twapId);
    const other = await stage.desk.place({ ...TERMS, sizeLots: 11 }, GRANT, 50_000);
    assert.ok(!other.ok);
    const { code, field, limit, actual } = other.rejection;
    assert.deepEqual(
      [code, field, limit, actual],
      ['clientOrderIdUsed', 'sizeLots', '10 as before', '11'],
    );
    assert.equal((await stage.desk.list(owner, 10)).length, 1);
  });

  test('an owner runs a bounded number of them', async () => {
    const stage = new Stage();
    const idOf = (k: number) => clientOrderId(`0x${String(k).padStart(32, '0')}`);
    for (let k = 1; k <= TWAPS_PER_OWNER_MAX; k += 1) {
      await stage.place({ ...TERMS, clientOrderId: idOf(k) });
    }
    const more = await stage.desk.place({ ...TERMS, clientOrderId: idOf(99) }, GRANT, 50_000);
    assert.ok(!more.ok && more.rejection.code === 'rateLimited');
    assert.equal(more.rejection.limit, String(TWAPS_PER_OWNER_MAX));
  });
});
