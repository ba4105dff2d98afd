// Goal: L3 refuses stale, absurd and impossible prices.
// Method: the clock, the mids and the prices of a lawful day are moved just across each limit.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reassemble } from '../../../../testing/world/assembleBatch.ts';
import { ordinaryDay } from '../../../../testing/world/batchSpecs.ts';
import { refusals } from '../../../../testing/world/corruptions.ts';
import { CLOSED_AT_MS, clearedBatch } from '../../../../testing/world/lawfulBatch.ts';
import type { Price } from '../numbers/price.ts';
import type { BatchTransition } from '../transition.ts';

const ADMITTED = { authority: 'admitted' } as const;
const DAY = clearedBatch({ ...ordinaryDay(), signed: false });

function observedAt(transition: BatchTransition, observedAtMs: number): BatchTransition {
  return reassemble(transition, { oracle: { ...transition.oracle, observedAtMs } });
}

test('accepts an oracle at its age limit and refuses one a millisecond older', () => {
  const limit = CLOSED_AT_MS - DAY.parameters.oracleAgeMsMax;
  assert.deepEqual(refusals(observedAt(DAY, limit), ADMITTED), []);
  assert.deepEqual(refusals(observedAt(DAY, limit - 1), ADMITTED), ['L3']);
});

test('refuses an oracle from after the close', () => {
  assert.deepEqual(refusals(observedAt(DAY, CLOSED_AT_MS + 1), ADMITTED), ['L3']);
});

test('refuses a price outside the halt band', () => {
  const parameters = { ...DAY.parameters, haltBandPpm: 1 };
  assert.deepEqual(refusals(reassemble(DAY, { parameters }), ADMITTED), ['L3']);
});

test('refuses a numeraire that does not cost one', () => {
  const prices = DAY.solution.prices.map((p, i) => (i === 0 ? ((p + 1n) as Price) : p));
  const moved = reassemble(DAY, { solution: { ...DAY.solution, prices } });
  assert.ok(refusals(moved, ADMITTED).includes('L3'));
});

test('refuses a price of zero', () => {
  const prices = DAY.solution.prices.map((p, i) => (i === 2 ? (0n as Price) : p));
  const free = { ...DAY, solution: { ...DAY.solution, prices } };
  assert.ok(refusals(free, ADMITTED).includes('L3'));
});

test('asks neither band nor age of a halted batch', () => {
  const halted = clearedBatch({ ...ordinaryDay(), signed: false, haltReason: 'stale oracle' });
  assert.deepEqual(refusals(observedAt(halted, 0), ADMITTED), []);
});
