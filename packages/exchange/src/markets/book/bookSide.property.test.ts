// Goal: a half of a book answers alike wherever its window stands: the best rank, the queue of each
// rank, the lots that it shows and hides.
// Method: random arrivals, departures, fills, tranches and amendments on a small window, near
// ranks, far ranks and ranks at both ends, against plain queues by rank; what moved the window is
// counted.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededRandom } from '../../../../../testing/world/seededRandom.ts';
import { at } from '../../failures/invariant.ts';
import { BookSide } from './bookSide.ts';
import { OrderRows, ROW, ROW_STRIDE } from './orderRows.ts';
import { NO_RANK } from './rankTrie.ts';

interface Queued {
  readonly row: number;
  readonly rank: number;
  shown: number;
  leaves: number;
}

const ORDERS = 120;

/** A half and the queues that it should have. */
class Twin {
  readonly rows: OrderRows = new OrderRows(ORDERS, 1);
  readonly side: BookSide;
  /** Every order, those of one rank in the order of their queue. */
  queued: Queued[] = [];

  constructor(windowLevels: number) {
    this.side = new BookSide(this.rows, windowLevels);
  }

  append(rank: number, shown: number, hidden: number): void {
    const row = this.rows.take();
    const order = { row, rank, shown, leaves: shown + hidden };
    this.#write(order);
    this.side.append(row, rank);
    this.queued.push(order);
  }

  remove(order: Queued): void {
    this.side.remove(order.row, order.rank);
    this.rows.free(order.row);
    this.queued = this.queued.filter((other) => other !== order);
  }

  /** The order at the head of the best rank gives lots, and shows more where it hides some. */
  take(lots: number, display: number): void {
    const order = this.queueOf(this.best)[0];
    if (order === undefined) return;
    const taken = Math.min(lots, order.shown);
    order.shown -= taken;
    order.leaves -= taken;
    this.#write(order);
    this.side.takeShown(taken);
    if (order.leaves === 0) this.remove(order);
    else if (order.shown === 0) {
      order.shown = Math.min(display, order.leaves);
      this.#write(order);
      this.side.refresh(order.row, order.shown);
      this.queued = [...this.queued.filter((other) => other !== order), order];
    }
  }

  shrink(order: Queued, leaves: number): void {
    const shown = Math.min(order.shown, leaves);
    const hidden = leaves - shown - (order.leaves - order.shown);
    this.side.adjust(order.rank, shown - order.shown, hidden);
    order.shown = shown;
    order.leaves = leaves;
    this.#write(order);
  }

  get ranks(): number[] {
    return [...new Set(this.queued.map(({ rank }) => rank))].sort((a, b) => a - b);
  }

  get best(): number {
    return this.ranks[0] ?? NO_RANK;
  }

  queueOf(rank: number): Queued[] {
    return this.queued.filter((order) => order.rank === rank);
  }

  assertSame(where: string): void {
    const { side, rows } = this;
    const ranks: number[] = [];
    for (let rank = side.best; rank < NO_RANK; rank = side.next(rank)) ranks.push(rank);
    assert.deepEqual(ranks, this.ranks, where);
    assert.equal(side.firstRow, this.queueOf(this.best)[0]?.row ?? 0, where);
    for (const rank of ranks) {
      const queue = this.queueOf(rank);
      const found: number[] = [];
      let row = side.firstRowAt(rank);
      for (; row !== 0; row = rows.integers[row * ROW_STRIDE + ROW.next] as number) found.push(row);
      assert.deepEqual(
        found,
        queue.map((order) => order.row),
        where,
      );
      const sum = (lots: (order: Queued) => number): number =>
        queue.reduce((total, order) => total + lots(order), 0);
      assert.equal(
        side.shownAt(rank),
        sum(({ shown }) => shown),
        where,
      );
      assert.equal(
        side.lotsAt(rank),
        sum(({ leaves }) => leaves),
        where,
      );
    }
  }

  #write({ row, shown, leaves }: Queued): void {
    this.rows.integers[row * ROW_STRIDE + ROW.shown] = shown;
    this.rows.integers[row * ROW_STRIDE + ROW.leaves] = leaves;
  }
}

/** Ranks mostly near a mid that jumps, sometimes at an end of all ranks. */
function rankNear(random: SeededRandom, mid: number, spread: number): number {
  const u = random.next();
  if (u < 0.03) return random.integer(1, 40);
  if (u < 0.06) return NO_RANK - random.integer(1, 40);
  if (u < 0.1) return random.integer(1, NO_RANK - 1);
  const rank = mid + random.integer(-Math.ceil(spread / 4), spread);
  return Math.min(NO_RANK - 1, Math.max(1, rank));
}

function play(seed: number, windowLevels: number, spread: number): number {
  const random = new SeededRandom(seed);
  const twin = new Twin(windowLevels);
  let mid = 500_000;
  for (let step = 0; step < 400; step += 1) {
    if (random.next() < 0.02) mid = random.integer(1, NO_RANK - 1);
    if (random.next() < 0.1) mid = Math.max(1, mid + random.integer(-spread, spread));
    const u = random.next();
    const some = twin.queued.length === 0 ? undefined : random.integer(0, twin.queued.length - 1);
    if (u < 0.45 && twin.queued.length < ORDERS) {
      const hidden = random.next() < 0.4 ? random.integer(1, 9) : 0;
      twin.append(rankNear(random, mid, spread), random.integer(1, 9), hidden);
    } else if (u < 0.65) twin.take(random.integer(1, 12), random.integer(1, 4));
    else if (some === undefined) continue;
    else if (u < 0.9) twin.remove(at(twin.queued, some));
    else {
      const order = at(twin.queued, some);
      if (order.leaves > 1) twin.shrink(order, random.integer(1, order.leaves - 1));
    }
    twin.assertSame(`seed ${seed}, step ${step}`);
  }
  while (twin.queued.length > 0) twin.remove(at(twin.queued, 0));
  twin.assertSame(`seed ${seed}, emptied`);
  return twin.side.recentred;
}

for (const [windowLevels, spread] of [
  [64, 8],
  [64, 100],
  [128, 500],
  [2_048, 1_500],
] as const) {
  for (let seed = 1; seed <= 4; seed += 1) {
    test(`window ${seed} of ${windowLevels} levels answers as queues ${spread} ranks wide`, () => {
      assert.ok(play(seed, windowLevels, spread) > 0, 'the window moved under load');
    });
  }
}

test('a window moves only after touches outside that pay for it', () => {
  const twin = new Twin(64);
  for (let k = 0; k < 64; k += 1) twin.append(1_000 + k, 1, 0);
  let before = twin.side.recentred;
  let touches = 0;
  for (let k = 0; k < 2_000; k += 1) {
    // The best rank leaves the window again and again, as it would on purpose.
    const mid = k % 2 === 0 ? 400_000 : 900_000;
    while (twin.queued.length > 60) twin.remove(at(twin.queued, 0));
    twin.append(mid + (k % 300), 1, 0);
    touches += 2;
    if (twin.side.recentred > before) {
      assert.ok(touches >= 8, `moved after ${touches} touches`);
      [before, touches] = [twin.side.recentred, 0];
    }
  }
  twin.assertSame('at the end');
});

test('a window is a power of two of 64 to 32,768 levels', () => {
  const rows = new OrderRows(1, 1);
  for (const levels of [64, 128, 32_768]) new BookSide(rows, levels);
  for (const levels of [0, 1, 32, 65, 96, 65_536]) {
    assert.throws(() => new BookSide(rows, levels), /a window/);
  }
});
