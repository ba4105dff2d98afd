// Goal: the evidence of a book epoch means one thing: every event comes back from its bytes, any
// other bytes are refused or are another event, and every fact of an event changes its hash.
// Method: the events of a played book, of every kind of input and report; each byte changed, the
// bytes cut, and unknown words put in by hand.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fundedBook } from '../../../../../testing/exchange/bookBench.ts';
import { ByteReader, DecodeError } from '../../codec/byteReader.ts';
import { ByteWriter } from '../../codec/byteWriter.ts';
import { ZERO_HASH } from '../../codec/hash.ts';
import { at } from '../../failures/invariant.ts';
import { NO_CLIENT_ORDER_ID } from '../../orders/bookOrder.ts';
import type { BookEvent } from './bookEvent.ts';
import { chainBookEvent, decodeBookEvent, encodeBookEvent } from './bookEvent.ts';
import { BOOK_INPUT_KINDS, bookOf } from './bookInputs.ts';

/** Every kind of input, and every kind of report but refusals, which leave no event. */
function played(): readonly BookEvent[] {
  const { bench, people } = fundedBook();
  const [alice, bob] = [at(people, 0), at(people, 1)];
  bench.place(alice, { side: 'sell', sizeLots: 9, displayLots: 2 });
  bench.place(bob, { sizeLots: 3 });
  bench.place(bob, { priceTicks: 90, trigger: 'stop', triggerTicks: 110, triggerSource: 'oracle' });
  const goodUntilMs = bench.timeMs + 20;
  bench.place(bob, { priceTicks: 80, timeInForce: 'gtd', goodUntilMs });
  bench.tick(115);
  const name = { orderId: 3, clientOrderId: NO_CLIENT_ORDER_ID };
  const owned = { owner: bob.account, marketId: 7 };
  for (const [priceTicks, sizeLots] of [
    [91, 5],
    [0, 4],
  ] as const) {
    const amend = { ...owned, ...name, priceTicks, sizeLots, ...bench.fresh() };
    const entry = bench.authorise(bob, amend, bench.bookSigning.amendDigest(amend));
    bench.run({ kind: 'amendBookOrder', entry });
  }
  bench.place(bob, { side: 'sell', priceTicks: 91, selfTradePolicy: 'decrement' });
  const cancel = { ...owned, ...name };
  const cancelDigest = bench.bookSigning.cancelDigest(cancel);
  bench.run({ kind: 'cancelBookOrder', entry: bench.authorise(bob, cancel, cancelDigest) });
  bench.timeMs += 20;
  bench.tick();
  const beat = { ...owned, deadlineMs: bench.timeMs + 5, ...bench.fresh() };
  const beatDigest = bench.bookSigning.heartbeatDigest(beat);
  bench.run({ kind: 'bookHeartbeat', entry: bench.authorise(bob, beat, beatDigest) });
  const all = { owner: alice.account, marketId: 7, ...bench.fresh() };
  const allDigest = bench.bookSigning.cancelAllDigest(all);
  bench.run({ kind: 'cancelAllBookOrders', entry: bench.authorise(alice, all, allDigest) });
  for (const state of ['postOnly', 'cancelOnly', 'halted', 'open'] as const) {
    bench.run({ kind: 'setBookMarketState', marketId: 7, state });
  }
  return bench.sealBook().events;
}

const EVENTS = played();

function bytesOf(event: BookEvent): Uint8Array {
  const out = new ByteWriter(512);
  encodeBookEvent(out, event);
  return out.finish();
}

function read(bytes: Uint8Array): BookEvent {
  const reader = new ByteReader(bytes);
  const event = decodeBookEvent(reader);
  if (reader.remaining > 0) throw new DecodeError('bytes after it', reader.offset);
  return event;
}

test('the events have every kind of input and of report', () => {
  const inputs = new Set(EVENTS.map(({ input }) => input.kind));
  assert.deepEqual([...inputs].sort(), [...BOOK_INPUT_KINDS].sort());
  const kinds = new Set(EVENTS.flatMap(({ reports }) => reports.map(({ kind }) => kind)));
  assert.deepEqual(
    [...kinds].sort(),
    'canceled decremented expired marketState new reduced refreshed replaced trade triggered'.split(
      ' ',
    ),
  );
  for (const { input } of EVENTS) assert.equal(bookOf(input), 7);
});

test('an event comes back from its bytes', () => {
  for (const event of EVENTS) assert.deepEqual(read(bytesOf(event)), event);
});

test('no other bytes are the same event, and none that are cut are any', () => {
  for (const event of EVENTS) {
    const bytes = bytesOf(event);
    for (let k = 0; k < bytes.length; k += 1) {
      assert.throws(() => read(bytes.subarray(0, k)), DecodeError);
      const changed = Uint8Array.from(bytes);
      changed[k] = (changed[k] as number) ^ (1 << (k % 8));
      try {
        assert.deepEqual(bytesOf(read(changed)), changed, `byte ${k} of ${event.input.kind}`);
      } catch (cause) {
        assert.ok(cause instanceof DecodeError, `byte ${k}: ${String(cause)}`);
      }
    }
  }
});

/** The last event: an operator opens the market, which is reported alone. */
const OPENING = at(EVENTS, EVENTS.length - 1);

/** Bytes of the last event with one of them another, counted from the end. */
function fromEnd(back: number, byte: number): Uint8Array {
  const bytes = bytesOf(OPENING);
  bytes[bytes.length - back] = byte;
  return bytes;
}

test('words that there are not are refused at their byte', () => {
  const { length } = bytesOf(OPENING);
  assert.deepEqual(OPENING.reports, [{ kind: 'marketState', reason: 'operator', state: 'open' }]);
  for (const [back, byte, complaint] of [
    [1, 4, 'an unknown market state'],
    [2, 14, 'an unknown reason'],
    [3, 12, 'a report of an unknown kind'],
    [3, 10, 'a report of an unknown kind'],
    [3, 0, 'a report of an unknown kind'],
    [length - 24, 7, 'an unknown input of a book'],
    [length - 29, 4, 'an unknown market state'],
  ] as const) {
    const bytes = fromEnd(back, byte);
    const place = complaint === 'an unknown input of a book' ? 24 : length - back;
    assert.throws(() => read(bytes), new RegExp(`${complaint} at byte ${place}`), complaint);
  }
  for (const state of [1, 2, 3]) read(fromEnd(1, state));
});

test('the running hash changes with every byte of an event and with what came before', () => {
  const hashes = EVENTS.map((event) => chainBookEvent(ZERO_HASH, event));
  for (const event of EVENTS.slice(0, 3)) {
    const { eventNumber, sequence, timeMs, available } = event;
    for (const changes of [
      { eventNumber: eventNumber + 1 },
      { sequence: sequence + 1 },
      { timeMs: timeMs + 1 },
      { available: available + 1n },
      { reports: event.reports.slice(1) },
      { input: OPENING.input },
    ]) {
      hashes.push(chainBookEvent(ZERO_HASH, { ...event, ...changes }));
    }
    hashes.push(chainBookEvent(at(hashes, 0), event));
  }
  assert.equal(new Set(hashes).size, hashes.length);
});

test('stops rather than write a refusal into the evidence', () => {
  const refused = { code: 'bookFull', orderId: 1, limit: 1, actual: 2 } as const;
  const event = { ...OPENING, reports: [{ kind: 'rejected' as const, ...refused }] };
  assert.throws(() => bytesOf(event), /leaves no event/);
});
