// Goal: feeds hear of every phase that a market enters, and open orders say why they are void.
// Method: inputs on a bench with the real state machine, projected one by one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at } from '@lawbook/exchange/failures/invariant';
import type { Input } from '@lawbook/exchange/inputs';
import { AdmissionMode } from '@lawbook/exchange/markets/batch/parameters';
import { fundedBench } from '../../../../testing/exchange/exchangeBench.ts';
import { Projection } from './projection.ts';

function stage(changes: Parameters<typeof fundedBench>[0] = {}): ReturnType<typeof fundedBench> & {
  readonly projection: Projection;
  readonly phases: (input: Input) => (readonly [string, number | undefined])[];
} {
  const parts = fundedBench({ batchIntervalMs: 1000, revealWindowMs: 500, ...changes });
  const { bench } = parts;
  const projection = new Projection(bench.machine.state.markets, () => []);
  const phases = (input: Input): (readonly [string, number | undefined])[] => {
    const applied = bench.must(input);
    const { sequence, timeMs } = bench.machine.state;
    return projection.project({ sequence, timeMs, applied }).events.flatMap((event) => {
      return event.kind === 'phase' ? [[event.phase, event.dueMs] as const] : [];
    });
  };
  return { ...parts, projection, phases };
}

test('a resumed market is told in the phase in which it stands', () => {
  const { bench, alice, phases } = stage({ admission: AdmissionMode.commitReveal });
  bench.commit(alice, bench.order(alice).order, new Uint8Array(32));
  phases({ kind: 'closeCollection', marketId: 1 });
  const halted = phases({ kind: 'haltMarket', marketId: 1, reason: 'maintenance' });
  assert.deepEqual(halted, [['halted', undefined]]);
  bench.timeMs += 10_000;
  const resumed = phases({ kind: 'resumeMarket', marketId: 1 });
  assert.deepEqual(resumed, [['revealing', bench.timeMs + 500]]);
});

test('rules that take effect at once tell when the phase ends, later ones tell nothing', () => {
  const { bench, alice, phases } = stage();
  const parameters = { ...bench.market().parameters, batchIntervalMs: 2000 };
  assert.deepEqual(phases({ kind: 'setParameters', parameters }), [
    ['collecting', bench.timeMs + 2000],
  ]);
  phases({ kind: 'submitOrder', entry: bench.order(alice) });
  assert.deepEqual(phases({ kind: 'setParameters', parameters }), []);
});

test('a batch that is given up ends its orders with what ended each', () => {
  const { bench, alice, projection } = stage();
  const orders = [{}, {}, { expiresAtMs: bench.timeMs + 10 }];
  const entries = orders.map((terms) => bench.order(alice, terms));
  const project = (input: Input): ReturnType<Projection['project']> => {
    const applied = bench.must(input);
    const { sequence, timeMs } = bench.machine.state;
    return projection.project({ sequence, timeMs, applied });
  };
  for (const entry of entries) project({ kind: 'submitOrder', entry });
  bench.cancel(alice, at(entries, 1).orderId);
  bench.timeMs += 10;
  project({ kind: 'closeBatch', marketId: 1 });
  project({ kind: 'haltMarket', marketId: 1, reason: 'a broken law' });
  const { changes, events } = project({ kind: 'voidBatch', marketId: 1, reason: 'returned' });
  const { sequence } = bench.machine.state;
  const told = events.map((event) => {
    if (event.kind !== 'order') return event.kind === 'phase' ? event.phase : event.kind;
    const { orderId, status, residual, endedBy, batchNumber } = event.record;
    const row = entries.findIndex((entry) => entry.orderId === orderId);
    return [row, status, residual, endedBy, batchNumber];
  });
  assert.deepEqual(told, [
    [0, 'canceled', 'halted', sequence, 1],
    [1, 'canceled', 'canceled', sequence, 1],
    [2, 'expired', 'expired', sequence, 1],
    'halted',
  ]);
  assert.ok(changes.length >= entries.length, 'their records are stored');
  assert.deepEqual(projection.admissions(1), [], 'the next batch starts with row 0');
  project({ kind: 'resumeMarket', marketId: 1 });
  const [event] = project({ kind: 'submitOrder', entry: bench.order(alice) }).events;
  assert.equal(event?.kind === 'order' && event.record.status, 'new');
});

test('an order that expired at the close is not shown as cancelled', () => {
  const { bench, alice, phases, projection } = stage();
  const entries = [bench.order(alice, { expiresAtMs: bench.timeMs + 10 }), bench.order(alice)];
  for (const entry of entries) phases({ kind: 'submitOrder', entry });
  bench.cancel(alice, at(entries, 1).orderId);
  bench.timeMs += 10;
  phases({ kind: 'closeBatch', marketId: 1 });
  const shown = [0, 1].map((row) => projection.openOrder(bench.market(), row).status);
  assert.deepEqual(shown, ['expired', 'canceled']);
});
