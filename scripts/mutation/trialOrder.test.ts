// Goal: mutants are tried where they are likely to be noticed soon, and by every test in the end.
// Method: tests with known costs and hits, and what they noticed so far.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Mutant } from './instrumentSources.ts';
import type { DryRow } from './trial.ts';
import { TrialOrder } from './trialOrder.ts';

function mutantIn(fileName: string): Mutant {
  const location = { start: { line: 1, column: 0 }, end: { line: 1, column: 4 } };
  return { id: '7', fileName, mutatorName: 'EqualityOperator', replacement: '>=', location };
}

function row(id: string, ms: number, changes: Partial<DryRow> = {}): DryRow {
  return {
    id,
    file: `${id}.test.ts`,
    ms,
    passed: true,
    passesFew: false,
    hits: { 7: 1 },
    ...changes,
  };
}

function idsOf(order: TrialOrder, fileName = 'a.ts'): string[] {
  return order.of(mutantIn(fileName)).map(({ id, share }) => (share === 1 ? id : `few ${id}`));
}

test('tries passing tests that reach the mutant, the quickest first', () => {
  const rows = [
    row('slow', 900),
    row('quick', 3),
    row('elsewhere', 1, { hits: { 8: 1 } }),
    row('failing', 1, { passed: false }),
  ];
  assert.deepEqual(idsOf(new TrialOrder(rows)), ['quick', 'slow']);
});

test('tries the own tests of a source first', () => {
  const rows = [row('quick', 3), row('own', 9, { file: 'a.property.test.ts' })];
  assert.deepEqual(idsOf(new TrialOrder(rows), 'a.ts'), ['own', 'quick']);
  assert.deepEqual(idsOf(new TrialOrder(rows), 'b.ts'), ['quick', 'own']);
});

test('tries a costly property with few of its runs first, and with all in the end', () => {
  const rows = [row('example', 100), row('property', 500, { passesFew: true })];
  assert.deepEqual(idsOf(new TrialOrder(rows)), ['few property', 'example', 'property']);
});

test('prefers what noticed mutants of the same source', () => {
  const order = new TrialOrder([row('quick', 3), row('sharp', 6)]);
  const trials = order.of(mutantIn('a.ts'));
  for (let k = 0; k < 5; k += 1) order.learn(mutantIn('a.ts'), trials, true);
  assert.deepEqual(idsOf(order, 'a.ts'), ['sharp', 'quick']);
});
