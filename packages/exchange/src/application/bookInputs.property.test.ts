// Goal: whatever traders do in a book, every asset sums to zero, the ledger holds what open orders
// can cost, and journal and snapshot lead to the very same exchange.
// Method: seeded scripts over all inputs of a book with epochs sealed on the way; a copy restored
// from a snapshot goes on beside the original, and the journal is replayed at the end.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BookBench } from '../../../../testing/exchange/bookBench.ts';
import { BOOK_PARAMETERS, fundedBook } from '../../../../testing/exchange/bookBench.ts';
import type { Person } from '../../../../testing/exchange/exchangeBench.ts';
import { BookScript } from '../../../../testing/world/bookScript.ts';
import { SeededRandom } from '../../../../testing/world/seededRandom.ts';
import { decodeInput } from '../inputs.ts';
import { StateMachine } from '../stateMachine.ts';
import { decodeState, encodeState } from './stateCodec.ts';

const NAMES = ['alice', 'bob', 'carol', 'dave'];
const MARKETS = {
  plain: {},
  banded: { breakerBandPpm: 8_000, breakerWindowMs: 200, ordersMax: 40 },
  turned: { base: BOOK_PARAMETERS.quote, quote: BOOK_PARAMETERS.base, makerFeePpm: 300 },
} as const;

for (const [name, changes] of Object.entries(MARKETS)) {
  test(`a ${name} book conserves, holds what orders can cost, replays and restores`, () => {
    const seen = new Set<string>();
    for (let seed = 1; seed <= 4; seed += 1) runScript(seed, changes, seen);
    for (const kind of [
      'trade',
      'canceled',
      'triggered',
      'expired',
      'replaced',
      'insufficientAvailable',
    ]) {
      assert.ok(seen.has(kind), `${kind} among ${[...seen].join()}`);
    }
  });
}

function runScript(seed: number, changes: object, seen: Set<string>): void {
  const { bench, people } = fundedBook(changes, NAMES);
  bench.signs = false;
  const script = new BookScript(bench, people, new SeededRandom(seed));
  let copy: StateMachine | undefined;
  for (let step = 0; step < 500; step += 1) {
    const input = script.next();
    const root = step % 50 === 3 ? bench.machine.root() : undefined;
    const from = bench.journal.length;
    const result = bench.run(input);
    const where = `seed ${seed}, step ${step}: ${input.kind}`;
    if (!result.ok) {
      seen.add(result.rejection.code);
      if (root !== undefined && bench.journal.length === from) {
        assert.equal(bench.machine.root(), root, where);
      }
    }
    for (const bytes of bench.journal.slice(from)) copy?.apply(decodeInput(bytes));
    if (step % 10 === 0) assertHolds(bench, people, where);
    if (step === 200) copy = restored(bench.machine);
    if (step % 90 === 89) {
      const before = bench.journal.length;
      const { events } = bench.sealBook();
      for (const { kind } of events.flatMap(({ reports }) => reports)) seen.add(kind);
      for (const bytes of bench.journal.slice(before)) copy?.apply(decodeInput(bytes));
    }
  }
  assert.equal(copy?.root(), bench.machine.root(), 'a snapshot goes on as the original does');
  assert.deepEqual(encodeState(copy.state), encodeState(bench.machine.state));
  assert.equal(bench.replay().root(), bench.machine.root());
}

function restored(machine: StateMachine): StateMachine {
  const bytes = encodeState(machine.state);
  const state = decodeState(bytes);
  const copy = new StateMachine(state.domain, state);
  assert.equal(copy.root(), machine.root());
  assert.deepEqual(encodeState(state), bytes);
  return copy;
}

function assertHolds(bench: BookBench, people: readonly Person[], where: string): void {
  assert.ok(bench.isZeroSum(), where);
  const market = bench.book();
  const { base, quote } = market.parameters;
  for (const one of people) {
    const account = market.accountOf(one.account);
    for (const [column, asset] of [base, quote].entries()) {
      const held = account === undefined ? 0 : market.engine.purses.held[account * 2 + column];
      assert.equal(bench.held(one, asset), BigInt(held ?? 0), where);
    }
  }
}
