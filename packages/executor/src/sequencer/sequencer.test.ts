// Goal: the sequencer gives every accepted input one place in one order, and none that it could not
// make durable. Method: a real state machine, a journal in memory whose disk the test commands, and
// a clock that the test sets, forwards and backwards.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEMO_DOMAIN } from '@lawbook/analytics/demoWorld';
import { Fault } from '@lawbook/exchange/failures/fault';
import type { Result } from '@lawbook/exchange/failures/result';
import type { Input } from '@lawbook/exchange/inputs';
import { decodeInput } from '@lawbook/exchange/inputs';
import { StateMachine } from '@lawbook/exchange/stateMachine';
import { MemoryJournal } from './fixtures/memoryJournal.ts';
import type { Sequenced } from './sequencer.ts';
import { Sequencer } from './sequencer.ts';

interface Bench {
  readonly machine: StateMachine;
  readonly journal: MemoryJournal;
  readonly sequencer: Sequencer;
  readonly failures: unknown[];
  readonly clock: { nowMs: number };
}

function open(): Bench {
  const machine = new StateMachine(DEMO_DOMAIN);
  const journal = new MemoryJournal();
  const failures: unknown[] = [];
  const clock = { nowMs: 1_000_000 };
  const sequencer = new Sequencer({
    machine,
    journal,
    clock: () => clock.nowMs,
    onFailure: (fault) => failures.push(fault),
  });
  return { machine, journal, sequencer, failures, clock };
}

const asset = (symbol: string): Input => ({ kind: 'registerAsset', symbol, decimals: 6 });

function must(result: Result<Sequenced>): Sequenced {
  assert.ok(result.ok);
  return result.value;
}

function codeAndCause(result: Result<Sequenced>): readonly unknown[] {
  return result.ok ? [] : [result.rejection.code, result.rejection.actual];
}

test('time never decreases, whatever the clock does', () => {
  const { sequencer, clock, journal, machine } = open();
  const times = [5_000, 4_000, 0, 5_001, 5_000].map((nowMs, k) => {
    clock.nowMs = nowMs;
    assert.equal(sequencer.nextTimeMs, Math.max(nowMs, machine.state.timeMs));
    return must(sequencer.execute(asset(`A${k}`))).executed.timeMs;
  });
  assert.deepEqual(times, [5_000, 5_000, 5_000, 5_001, 5_001]);
  assert.deepEqual(
    journal.payloads.map((payload) => decodeInput(payload).timeMs),
    times,
  );
});

test('a refused input takes no sequence, leaves no record and moves no time', () => {
  const { sequencer, clock, journal, machine } = open();
  must(sequencer.execute(asset('USD')));
  const root = machine.root();
  clock.nowMs += 10;
  assert.deepEqual(codeAndCause(sequencer.execute(asset('USD'))), ['assetExists', 'USD']);
  assert.equal(machine.root(), root);
  assert.equal(journal.payloads.length, 1);
  assert.equal(must(sequencer.execute(asset('EUR'))).executed.sequence, 2);
  const records = journal.payloads.map((payload) => decodeInput(payload));
  assert.deepEqual(
    records.map(({ sequence }) => sequence),
    [1, 2],
  );
});

test('a full queue refuses before anything is applied, and admits again once there is room', () => {
  const { sequencer, journal, machine } = open();
  must(sequencer.execute(asset('USD')));
  const root = machine.root();
  journal.isFull = true;
  assert.deepEqual(codeAndCause(sequencer.execute(asset('EUR'))), ['notAdmitting', 'JOURNAL_BUSY']);
  assert.equal(machine.root(), root);
  assert.equal(journal.payloads.length, 1);
  journal.isFull = false;
  assert.equal(must(sequencer.execute(asset('EUR'))).executed.sequence, 2);
});

test('an input is durable only once its group is synced', async () => {
  const { sequencer, journal } = open();
  const { durable } = must(sequencer.execute(asset('USD')));
  let isDurable = false;
  const noticed = durable.then(() => {
    isDurable = true;
  });
  await Promise.resolve();
  assert.equal(isDurable, false);
  assert.equal(sequencer.durableSequence, 0);
  journal.sync();
  await noticed;
  assert.equal(sequencer.durableSequence, 1);
});

test('a failed journal is told once, refuses afterwards, and applies nothing more', async () => {
  const { sequencer, journal, failures, machine } = open();
  const first = must(sequencer.execute(asset('USD')));
  const second = must(sequencer.execute(asset('EUR')));
  journal.fail();
  for (const { durable } of [first, second]) {
    await assert.rejects(durable, { code: 'JOURNAL_UNAVAILABLE' });
  }
  assert.equal(failures.length, 1);
  assert.ok(failures[0] instanceof Fault);
  const root = machine.root();
  const late = sequencer.execute(asset('JPY'));
  assert.deepEqual(codeAndCause(late), ['notAdmitting', 'JOURNAL_UNAVAILABLE']);
  assert.equal(machine.root(), root);
});

test('a failure that no caller waits for is no unhandled rejection', async () => {
  const { sequencer, journal, failures } = open();
  must(sequencer.execute(asset('USD')));
  journal.fail();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(failures.length, 1);
});
