// Goal: the epochs of a venue's book become a tape on which an engine alone does again, report for
// report, what the book did; epochs that do not join are refused. Method: a real market with orders
// of every kind over three epochs, and the same with an epoch that is missing or another's.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at } from '@lawbook/exchange/failures/invariant';
import type { BookMarketParameters } from '@lawbook/exchange/markets/book/bookMarketParameters';
import { decodeTape } from '@lawbook/exchange/markets/book/tape/tape';
import type { TapeEngine, TapeOutcome } from '@lawbook/exchange/markets/book/tape/tapeRun';
import { TapeRun } from '@lawbook/exchange/markets/book/tape/tapeRun';
import { clientOrderId } from '@lawbook/exchange/orders/bookOrder';
import type { BookTransition } from '@lawbook/exchange/transition';
import { BOOK_PARAMETERS, fundedBook } from '../../../../testing/exchange/bookBench.ts';
import { CommandFault } from '../terminal/cliFault.ts';
import { recordTape } from './recordTape.ts';

/** Three epochs with orders of every kind, amends, cancels by own id, a pause and the clock. */
function epochs(changes: Partial<BookMarketParameters> = {}): BookTransition[] {
  const { bench, people } = fundedBook(changes);
  const [alice, bob] = [at(people, 0), at(people, 1)];
  const { marketId } = BOOK_PARAMETERS;
  const sealed = (): BookTransition => {
    const { epoch, events } = bench.sealBook();
    return { ...epoch, kind: 'book', domain: bench.signing.domain, events };
  };
  const own = clientOrderId(`0x${'ab'.repeat(16)}`);
  bench.place(bob, { side: 'sell', sizeLots: 20, displayLots: 5 });
  bench.place(bob, { side: 'sell', sizeLots: 10, priceTicks: 103, clientOrderId: own });
  bench.place(alice, { sizeLots: 8, priceTicks: 101 });
  bench.place(alice, { sizeLots: 9, priceTicks: 200, trigger: 'stop', triggerTicks: 102 });
  const first = sealed();
  const named = { owner: bob.account, marketId, orderId: 0, clientOrderId: own };
  const amend = { ...named, priceTicks: 102, sizeLots: 11, ...bench.fresh() };
  bench.run({
    kind: 'amendBookOrder',
    entry: bench.authorise(bob, amend, bench.bookSigning.amendDigest(amend)),
  });
  bench.place(alice, { sizeLots: 14, priceTicks: 102, timeInForce: 'ioc' });
  bench.tick();
  bench.run({ kind: 'setBookMarketState', marketId, state: 'cancelOnly' });
  bench.run({ kind: 'setBookMarketState', marketId, state: 'open' });
  const second = sealed();
  const all = { owner: bob.account, marketId, ...bench.fresh() };
  bench.run({
    kind: 'cancelAllBookOrders',
    entry: bench.authorise(bob, all, bench.bookSigning.cancelAllDigest(all)),
  });
  bench.place(alice, { sizeLots: 2, priceTicks: 90 });
  return [first, second, sealed()];
}

function run(bytes: Uint8Array, engine: TapeEngine): TapeOutcome {
  const { header, commands, count } = decodeTape(bytes);
  const tape = new TapeRun(header, engine);
  tape.apply(commands, 0, count);
  return tape.outcome();
}

test('an engine alone reports on the tape what the book of the venue reported', () => {
  const [first, second, third] = epochs();
  assert.ok(first !== undefined && second !== undefined && third !== undefined);
  const recorded = recordTape([third, first, second]);
  assert.deepEqual([recorded.firstEpoch, recorded.lastEpoch], [1, 3]);
  for (const engine of ['bare', 'ledger'] as const) {
    const outcome = run(recorded.bytes, engine);
    assert.equal(outcome.reportDigest, recorded.reportDigest, engine);
    assert.deepEqual([outcome.refused, outcome.commands], [0, recorded.commands]);
    assert.ok(outcome.reportsByKind.trade > 2 && outcome.reportsByKind.triggered > 0);
    assert.ok(outcome.reportsByKind.refreshed > 0 && outcome.reportsByKind.marketState === 2);
  }
});

test('the rules of the market are those of the tape', () => {
  const { parameters, label } = decodeTape(recordTape(epochs({ makerFeePpm: -50 })).bytes).header;
  assert.equal(label, 'book 7 epochs 1..3');
  assert.deepEqual(
    [parameters.lotSize, parameters.tickSize, parameters.makerFeePpm, parameters.notionalMin],
    [1_000, 10, -50, 10],
  );
});

test('refuses epochs that do not begin at the first, or do not join', () => {
  const [first, second, third] = epochs();
  const [, other] = epochs({ takerFeePpm: 501 });
  assert.ok(first !== undefined && second !== undefined);
  assert.ok(third !== undefined && other !== undefined);
  const refusals: readonly (readonly [BookTransition[], RegExp])[] = [
    [[second, third], /epoch 2 of book 7 opens on a book that has been used/],
    [[first, third], /epoch 3 of book 7 does not open as epoch 1 closed/],
    [[first, first], /epoch 1 of book 7 does not open/],
    [[first, other], /epoch 2 of book 7 does not open as epoch 1 closed/],
  ];
  for (const [given, sentence] of refusals) {
    assert.throws(
      () => recordTape(given),
      (fault: unknown) => fault instanceof CommandFault && sentence.test(fault.message),
    );
  }
});
