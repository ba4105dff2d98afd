// Goal: no report is lost, doubled or changed in the ring, also while it grows and while a reader
// is behind.
// Method: a ring written past its room with a reader at several places, every report with numbers
// of its own; and the largest numbers through a book.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at } from '../../failures/invariant.ts';
import { COMMAND_STRIDE, encodeCommand, limitOrder } from './bookCommand.ts';
import type { BookReport } from './bookReport.ts';
import { REASON, REPORT, ReportRing } from './bookReport.ts';
import { BOOK_DEFAULTS, LOTS_MAX, TICKS_MAX } from './bookTerms.ts';
import { OrderBook } from './orderBook.ts';

function write(ring: ReportRing, n: number): void {
  const place = ring.claim();
  ring.integers[place * 8] = REPORT.canceled | (REASON.owner << 8) | ((n & 1) << 16);
  ring.integers[place * 8 + 1] = n;
  ring.integers[place * 8 + 2] = n * 2;
  ring.integers[place * 8 + 3] = n * 3;
  ring.doubles[place * 4 + 2] = n * 2 ** 20;
  ring.doubles[place * 4 + 3] = n * 2 ** 20 + 1;
}

function written(n: number): BookReport {
  return {
    kind: 'canceled',
    reason: 'owner',
    side: (n & 1) === 0 ? 'buy' : 'sell',
    leavesLots: n,
    priceTicks: n * 2,
    lots: n * 3,
    orderId: n * 2 ** 20,
    contra: n * 2 ** 20 + 1,
  };
}

test('a ring that is full grows and keeps what its reader has not taken', () => {
  for (const taken of [0, 1, 3_000, 4_095, 4_096]) {
    const ring = new ReportRing();
    for (let n = 0; n < 4_096; n += 1) write(ring, n);
    ring.release(taken);
    for (let n = 4_096; n < 17_000; n += 1) write(ring, n);
    assert.equal(ring.written, 17_000);
    for (const n of [taken, taken + 1, 4_096, 8_191, 8_192, 16_383, 16_999]) {
      assert.deepEqual(ring.read(n), written(n), `report ${n}, taken ${taken}`);
    }
    const rest = ring.drain();
    assert.equal(rest.length, 17_000 - taken);
    assert.deepEqual(at(rest, 0), written(taken));
    assert.deepEqual(ring.drain(), []);
  }
});

test('a ring whose reader keeps up never grows', () => {
  const ring = new ReportRing();
  for (let n = 0; n < 20_000; n += 1) {
    write(ring, n);
    if (n % 4_096 === 4_095) ring.release(ring.written);
  }
  assert.equal(ring.mask, 4_095);
  assert.deepEqual(ring.read(19_999), written(19_999));
});

test('stops rather than read what was taken, or take what was not written', () => {
  const ring = new ReportRing();
  for (let n = 0; n < 5; n += 1) write(ring, n);
  ring.release(3);
  assert.deepEqual(ring.read(3), written(3));
  for (const sequence of [2, 5]) assert.throws(() => ring.read(sequence), /still in the ring/);
  for (const sequence of [2, 6]) assert.throws(() => ring.release(sequence), /were written/);
  ring.release(5);
  assert.deepEqual(ring.drain(), []);
});

test('a report comes out of a book with its numbers, the largest too', () => {
  const small = { ordersMax: 10, accountsMax: 4, windowLevels: 64 };
  const book = new OrderBook({ ...BOOK_DEFAULTS, ...small });
  const encoded = new Float64Array(COMMAND_STRIDE);
  const [first, second] = [2 ** 53 - 2, 2 ** 53 - 1];
  const sale = { side: 'sell' as const, orderId: first, account: 2, sizeLots: LOTS_MAX };
  const purchase = { side: 'buy' as const, orderId: second, account: 1, sizeLots: 1 };
  for (const order of [
    { ...sale, priceTicks: 4_000_000 },
    { ...purchase, priceTicks: TICKS_MAX },
  ]) {
    encodeCommand(limitOrder(order), encoded, 0);
    book.apply(encoded, 0);
  }
  const trade = { side: 'buy', orderId: first, contra: second, priceTicks: 4_000_000 };
  assert.deepEqual(at(book.reports.drain(), 2), {
    ...trade,
    kind: 'trade',
    reason: 'none',
    lots: 1,
    leavesLots: LOTS_MAX - 1,
  });
});
