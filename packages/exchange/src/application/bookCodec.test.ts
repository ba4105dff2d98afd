// Goal: a book that went through its bytes is the book that was written, and goes on as it would
// have; bytes that no book writes are refused before an engine sees them.
// Method: books played with pairs, triggers, tranches and deadlines, restored again and again
// beside the original; then the bytes of one changed, cut, or made of parts that do not fit.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BookBench } from '../../../../testing/exchange/bookBench.ts';
import { fundedBook } from '../../../../testing/exchange/bookBench.ts';
import type { Person } from '../../../../testing/exchange/exchangeBench.ts';
import { BookScript } from '../../../../testing/world/bookScript.ts';
import { SeededRandom } from '../../../../testing/world/seededRandom.ts';
import { ByteReader, DecodeError } from '../codec/byteReader.ts';
import { ByteWriter } from '../codec/byteWriter.ts';
import { at } from '../failures/invariant.ts';
import { decodeInput } from '../inputs.ts';
import type { BookMarket } from '../markets/book/bookMarket.ts';
import { StateMachine } from '../stateMachine.ts';
import { decodeBookMarket, encodeBookMarket } from './bookCodec.ts';
import { decodeState, encodeState } from './stateCodec.ts';

function bytesOf(market: BookMarket): Uint8Array {
  const out = new ByteWriter(4_096);
  encodeBookMarket(out, market);
  return out.finish();
}

/** What two books must share besides their bytes: the money behind the orders, and what is due. */
function assertSameBook(copy: BookMarket, market: BookMarket, where: string): void {
  assert.deepEqual(bytesOf(copy), bytesOf(market), where);
  assert.deepEqual(copy.engine.purses.held, market.engine.purses.held, where);
  assert.deepEqual(copy.engine.purses.heldTotal, market.engine.purses.heldTotal, where);
  assert.equal(copy.engine.purses.movedCount, 0, where);
  assert.deepEqual([...copy.open].sort(byId), [...market.open].sort(byId), where);
  for (const heap of ['expiries', 'deadlines', 'risesOnTrade', 'fallsOnTrade'] as const) {
    assert.equal(copy.engine.book.core[heap].topKey, market.engine.book.core[heap].topKey, where);
  }
}

function byId([a]: readonly [number, unknown], [b]: readonly [number, unknown]): number {
  return a - b;
}

/** A stop and a limit as a pair, on one side or on both. */
function placePair(bench: BookBench, one: Person, random: SeededRandom): void {
  const isSale = random.next() < 0.5;
  const isAcross = random.next() < 0.3;
  const side = isSale ? ('sell' as const) : ('buy' as const);
  const away = isSale ? 1 : -1;
  const waits = { trigger: 'stop' as const, triggerTicks: 1_000 - away * 30, side };
  const priced = { priceTicks: 1_000 - away * 40, sizeLots: random.integer(1, 30) };
  const first = bench.place(one, { ...waits, ...priced });
  if (!first.ok || first.value.kind !== 'bookApplied') return;
  const limit = isAcross ? (isSale ? ('buy' as const) : ('sell' as const)) : side;
  const priceTicks = 1_000 + (limit === 'sell' ? 25 : -25);
  const { orderId: ocoWith } = first.value;
  bench.place(one, { side: limit, priceTicks, sizeLots: random.integer(1, 30), ocoWith });
}

for (let seed = 1; seed <= 3; seed += 1) {
  test(`book ${seed} restored at any time holds what it held and goes on as it would have`, () => {
    const { bench, people } = fundedBook({}, ['alice', 'bob', 'carol']);
    bench.signs = false;
    const random = new SeededRandom(seed);
    const script = new BookScript(bench, people, random);
    let pairs = 0;
    let copy: StateMachine | undefined;
    for (let step = 0; step < 240; step += 1) {
      const from = bench.journal.length;
      if (step % 6 === 0) placePair(bench, at(people, step % 3), random);
      bench.run(script.next());
      for (const bytes of bench.journal.slice(from)) copy?.apply(decodeInput(bytes));
      if (step % 12 !== 11) continue;
      const where = `step ${step}`;
      const state = encodeState(bench.machine.state);
      if (copy !== undefined) assert.deepEqual(encodeState(copy.state), state, where);
      const { domain } = bench.machine.state;
      copy = new StateMachine(domain, decodeState(state));
      const restored = copy.state.books.get(bench.book().marketId);
      assert.ok(restored !== undefined);
      assertSameBook(restored, bench.book(), where);
      const { orders } = bench.book().image();
      pairs += orders.filter(({ partner }) => partner !== 0).length;
    }
    assert.ok(pairs > 10, `${pairs} orders of pairs were restored`);
  });
}

/** Two bids at one price, a pair, an iceberg, a stop, a deadline, fills, a grant-free epoch. */
function played(): BookMarket {
  const { bench, people } = fundedBook();
  const [alice, bob] = [at(people, 0), at(people, 1)];
  bench.place(alice, { priceTicks: 90, sizeLots: 4 });
  bench.place(bob, { priceTicks: 90, sizeLots: 2 });
  const stop = { trigger: 'stop' as const, triggerTicks: 200, ocoWith: 1 };
  bench.place(alice, { priceTicks: 81, sizeLots: 2, ...stop });
  bench.place(bob, { side: 'sell', priceTicks: 120, sizeLots: 9, displayLots: 2 });
  bench.place(alice, { priceTicks: 120, sizeLots: 3, selfTradePolicy: 'decrement' });
  const goodUntilMs = bench.timeMs + 500;
  bench.place(bob, { side: 'sell', priceTicks: 130, timeInForce: 'gtd', goodUntilMs });
  for (const [one, later] of [
    [bob, 900],
    [alice, 800],
  ] as const) {
    const deadlineMs = bench.timeMs + later;
    const beat = { owner: one.account, marketId: 7, deadlineMs, ...bench.fresh() };
    const entry = bench.authorise(one, beat, bench.bookSigning.heartbeatDigest(beat));
    bench.run({ kind: 'bookHeartbeat', entry });
  }
  return bench.book();
}

test('deadlines stand by account number, whoever sent the first heartbeat', () => {
  const { deadlines } = played().image();
  assert.deepEqual(
    deadlines.map(({ account }) => account),
    [0, 1],
  );
});

test('no changed byte is taken for a book that would write other bytes', () => {
  const bytes = bytesOf(played());
  let refused = 0;
  for (let k = 0; k < bytes.length; k += 3) {
    const changed = Uint8Array.from(bytes);
    changed[k] = (changed[k] as number) ^ (1 << (k % 8));
    try {
      assert.deepEqual(bytesOf(decodeBookMarket(new ByteReader(changed))), changed, `byte ${k}`);
    } catch (cause) {
      assert.ok(cause instanceof DecodeError, `byte ${k}: ${String(cause)}`);
      refused += 1;
    }
  }
  assert.ok(refused > bytes.length / 12, `${refused} of ${bytes.length} refused`);
});

test('bytes that stop short are refused wherever they stop', () => {
  const bytes = bytesOf(played());
  for (let length = 0; length < bytes.length; length += 3) {
    const cut = (): unknown => decodeBookMarket(new ByteReader(bytes.subarray(0, length)));
    assert.throws(cut, DecodeError, `${length} bytes`);
  }
});
