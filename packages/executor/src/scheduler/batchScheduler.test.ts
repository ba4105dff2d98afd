// Goal: batches close when due, at mids of their own time, and a trouble of disk, clock or process
// costs nobody an order or a bond. Method: a real machine, pipeline and sequencer on a journal
// in memory, with a clock, a stopwatch and an oracle that the test sets by hand.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { demoOracle } from '@lawbook/analytics/demoWorld';
import { AdmissionMode } from '@lawbook/exchange/markets/batch/parameters';
import { amount } from '@lawbook/exchange/numbers/amount';
import { fundedBench } from '../../../../testing/exchange/exchangeBench.ts';
import type { BrokenBatch, ClearedBatch } from '../pipeline.ts';
import { Pipeline } from '../pipeline.ts';
import { MemoryJournal } from '../sequencer/fixtures/memoryJournal.ts';
import { Sequencer } from '../sequencer/sequencer.ts';
import { BatchScheduler } from './batchScheduler.ts';

const SALT = new Uint8Array(32).fill(7);

/** A demo market of one-second batches under a scheduler, at the bench's time. */
class Stage {
  readonly parts: ReturnType<typeof fundedBench>;
  readonly journal = new MemoryJournal();
  readonly cleared: ClearedBatch[] = [];
  readonly broken: BrokenBatch[] = [];
  readonly waits: string[] = [];
  readonly sequencer: Sequencer;
  /** Steady milliseconds. */
  steadyMs = 0;
  /** How long before the bench's time the mids were observed; undefined for none. */
  midAgeMs: number | undefined = 5;
  #scheduler: BatchScheduler;

  constructor(changes: Parameters<typeof fundedBench>[0] = {}) {
    this.parts = fundedBench({ batchIntervalMs: 1000, ...changes });
    this.sequencer = new Sequencer({
      machine: this.parts.bench.machine,
      journal: this.journal,
      clock: () => this.parts.bench.timeMs,
      onFailure: (fault) => assert.fail(String(fault)),
    });
    this.#scheduler = this.restart();
    this.tick();
  }

  /** A scheduler that knows nothing of what was before, as after a restart. */
  restart(): BatchScheduler {
    const { machine } = this.parts.bench;
    const { sequencer } = this;
    const stopwatch = (): number => this.steadyMs;
    const pipeline = new Pipeline({ machine, sequencer, batchesPerEpoch: 1, stopwatch });
    this.#scheduler = new BatchScheduler({
      machine,
      sequencer,
      pipeline,
      oracles: {
        snapshot: () => {
          if (this.midAgeMs === undefined) return undefined;
          return demoOracle(this.parts.bench.timeMs - this.midAgeMs);
        },
        missing: () => ['EUR'],
      },
      stopwatch,
      epochSealAfterMs: 60_000,
      withdrawalsWait: () => false,
      onSequenced: () => undefined,
      onCleared: (batch) => this.cleared.push(batch),
      onBroken: (batch) => this.broken.push(batch),
      onWaiting: (_, reason) => this.waits.push(reason),
    });
    return this.#scheduler;
  }

  /** Lets time pass on both clocks, then looks. */
  pass(ms: number): number {
    this.parts.bench.timeMs += ms;
    this.steadyMs += ms;
    return this.tick();
  }

  tick(): number {
    return this.#scheduler.tick();
  }

  phase(): string {
    return this.parts.bench.market().batch.phase;
  }

  outcomes(): string[] {
    return this.cleared.map(({ transition }) => transition.report.outcome.kind);
  }
}

test('a batch with orders clears on the beat, and an empty one is left open', () => {
  const stage = new Stage();
  stage.pass(3000);
  assert.equal(stage.cleared.length, 0);
  stage.parts.bench.submit(stage.parts.alice);
  stage.pass(999);
  assert.equal(stage.cleared.length, 0);
  stage.pass(1);
  assert.deepEqual(stage.outcomes(), ['cleared']);
  assert.ok(stage.cleared[0]?.sealed !== undefined);
});

test('a batch whose clearing finds no room in the journal clears at its own mids later', () => {
  const stage = new Stage();
  const { bench, alice } = stage.parts;
  bench.submit(alice);
  // Room for the closing, then none for the clearing.
  const { journal } = stage;
  const append = journal.append.bind(journal);
  journal.append = (payload) => {
    journal.isFull = true;
    return append(payload);
  };
  stage.pass(1000);
  assert.equal(stage.phase(), 'closed');
  const { closedAtMs } = bench.market().batch;
  stage.pass(60_000);
  assert.equal(stage.phase(), 'closed');
  journal.append = append;
  journal.isFull = false;
  stage.pass(250);
  assert.deepEqual(stage.outcomes(), ['cleared']);
  const transition = stage.cleared[0]?.transition;
  assert.equal(transition?.oracle.observedAtMs, closedAtMs - 5);
});

test('a batch that a restart found closed is void, and every hold is returned', () => {
  const stage = new Stage();
  const { bench, alice } = stage.parts;
  bench.submit(alice);
  bench.must({ kind: 'closeBatch', marketId: 1 });
  bench.timeMs += 10;
  stage.restart();
  stage.tick();
  assert.deepEqual(stage.outcomes(), ['halted']);
  assert.equal(bench.held(alice, 0), 0n);
});

test('a batch waits while there are no mids, or mids of another time than its orders', () => {
  const stage = new Stage();
  const { bench, alice } = stage.parts;
  bench.submit(alice);
  stage.midAgeMs = undefined;
  for (let k = 0; k < 25; k += 1) stage.pass(100);
  assert.deepEqual(stage.waits, ['no fresh mid for EUR'], 'told once');
  stage.midAgeMs = 5;
  // The clock is set back by an hour: orders carry the old time, the mids the new one.
  bench.timeMs -= 3_600_000;
  stage.pass(1000);
  assert.equal(stage.phase(), 'collecting');
  assert.equal(stage.waits.at(-1), 'the mids are of another time than the orders');
  bench.timeMs += 3_600_000;
  stage.pass(1000);
  assert.deepEqual(stage.outcomes(), ['cleared']);
});

test('the reveal window lasts its time on a steady clock, across jumps and restarts', () => {
  const bond = amount(5_000_000n);
  const admission = AdmissionMode.commitReveal;
  const stage = new Stage({ admission, bond, revealWindowMs: 500 });
  const { bench, alice } = stage.parts;
  bench.commit(alice, bench.order(alice).order, SALT);
  stage.pass(1000);
  assert.equal(stage.phase(), 'revealing');
  bench.timeMs += 3_600_000;
  stage.tick();
  assert.equal(stage.phase(), 'revealing', 'the time of day was set');
  stage.pass(499);
  stage.restart();
  bench.timeMs += 60_000;
  stage.tick();
  assert.equal(stage.phase(), 'revealing', 'no venue ran for a minute');
  stage.pass(499);
  assert.equal(stage.phase(), 'revealing');
  stage.pass(1);
  assert.deepEqual(stage.outcomes(), ['cleared']);
  assert.equal(bench.held(alice, 0), 0n);
});

test('a halted market is left alone, without haste, and goes on when resumed', () => {
  const admission = AdmissionMode.commitReveal;
  const stage = new Stage({ admission, revealWindowMs: 500 });
  const { bench, alice } = stage.parts;
  bench.commit(alice, bench.order(alice).order, SALT);
  stage.pass(1000);
  bench.must({ kind: 'haltMarket', marketId: 1, reason: 'maintenance' });
  assert.ok(stage.pass(10_000) >= 100, 'a window that is over asks for no busy loop');
  assert.equal(stage.waits.at(-1), 'maintenance');
  bench.must({ kind: 'resumeMarket', marketId: 1 });
  stage.tick();
  stage.pass(499);
  assert.equal(stage.phase(), 'revealing', 'the window began anew');
  stage.pass(1);
  assert.deepEqual(stage.outcomes(), ['cleared']);
});
