// Goal: what proofs cannot follow is never sealed, and making room for a batch changes nothing that
// the batch relies on. Method: the real exchange, solver and laws on a journal in memory, with a
// circuit whose room the test sets.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { demoOracle } from '@lawbook/analytics/demoWorld';
import { SystemRole, systemAccount } from '@lawbook/exchange/ledger/account';
import { assetId } from '@lawbook/exchange/ledger/asset';
import { amount } from '@lawbook/exchange/numbers/amount';
import type { BatchTransition } from '@lawbook/exchange/transition';
import { fundedBench } from '../../../testing/exchange/exchangeBench.ts';
import type { BrokenBatch, ClearedBatch } from './pipeline.ts';
import { Pipeline } from './pipeline.ts';
import { MemoryJournal } from './sequencer/fixtures/memoryJournal.ts';
import { Sequencer } from './sequencer/sequencer.ts';

/** A demo market whose epochs are proved by a circuit with as much room as the test says. */
class Stage {
  readonly parts: ReturnType<typeof fundedBench> = fundedBench();
  readonly open: BatchTransition[] = [];
  readonly pipeline: Pipeline;

  constructor(unprovable: (batches: readonly BatchTransition[]) => string | undefined) {
    const { machine } = this.parts.bench;
    const sequencer = new Sequencer({
      machine,
      journal: new MemoryJournal(),
      clock: () => this.parts.bench.timeMs,
      onFailure: (fault) => assert.fail(String(fault)),
    });
    this.pipeline = new Pipeline({
      machine,
      sequencer,
      batchesPerEpoch: 8,
      stopwatch: () => 0,
      proving: {
        unprovable,
        openTransitions: () => this.open,
        onSealed: () => this.open.splice(0),
      },
    });
  }

  /** Closes and clears the open batch. */
  run(): ClearedBatch | BrokenBatch {
    assert.ok(this.pipeline.close(1).ok);
    const result = this.pipeline.run(1, demoOracle(this.parts.bench.timeMs));
    if (!('ok' in result)) return result;
    assert.ok(result.ok);
    this.open.push(result.value.transition);
    return result.value;
  }
}

test('a batch whose room is made by a seal clears at the pool that the seal leaves', () => {
  const stage = new Stage((batches) => (batches.length > 1 ? 'no room for two' : undefined));
  const { bench, alice, bob } = stage.parts;
  assert.ok(bench.submit(alice).ok);
  assert.ok('cleared' in stage.run());
  // Anybody may pay into the pool's vault on the base layer; it waits for the seal.
  const account = systemAccount(SystemRole.pool, 1);
  const gift = { account, assetId: assetId(1), amount: amount(1_000_000_000_000n) };
  bench.must({ kind: 'deposit', depositNumber: 1, ...gift });
  assert.ok(bench.submit(bob).ok);
  const second = stage.run();
  assert.ok('cleared' in second, 'the market goes on');
  assert.equal(second.transition.report.outcome.kind, 'cleared');
  assert.equal(bench.market().epoch.number, 2);
});

test('a batch that cannot be proved does not trade, and its orders are returned', () => {
  const stage = new Stage(([batch]) => {
    return batch?.report.outcome.kind === 'cleared' ? 'it trades' : undefined;
  });
  const { bench, alice } = stage.parts;
  assert.ok(bench.submit(alice).ok);
  const cleared = stage.run();
  assert.ok('cleared' in cleared);
  assert.equal(cleared.transition.report.outcome.kind, 'halted');
  assert.equal(bench.held(alice, 0), 0n);
});

test('a batch that cannot be proved even without trades is not applied, and can be voided', () => {
  let hasRoom = false;
  const stage = new Stage(() => (hasRoom ? undefined : 'too many orders'));
  const { bench, alice } = stage.parts;
  assert.ok(bench.submit(alice).ok);
  const broken = stage.run();
  assert.ok(!('cleared' in broken));
  assert.match(broken.reason, /^batch 1 cannot be proved: too many orders$/);
  assert.deepEqual(broken.violations, []);
  assert.equal(bench.market().haltReason, broken.reason);
  assert.equal(bench.market().epoch.batchCount, 0);
  assert.notEqual(bench.held(alice, 0), 0n);
  bench.must({ kind: 'voidBatch', marketId: 1, reason: 'it cannot be proved' });
  bench.must({ kind: 'resumeMarket', marketId: 1 });
  assert.equal(bench.held(alice, 0), 0n);
  hasRoom = true;
  assert.ok(bench.submit(alice).ok);
  assert.ok('cleared' in stage.run());
});
