// Goal: a score says what was noticed of what was tried, and a worse one is told from chance.
// Method: counted outcomes, whole runs and samples side by side.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Mutant } from './instrumentSources.ts';
import { compareScore, describeMutant, scoreOf } from './mutationScore.ts';
import type { TriedMutant } from './tryMutants.ts';

const MUTANT: Mutant = {
  id: '7',
  fileName: 'a.ts',
  mutatorName: 'EqualityOperator',
  replacement: 'a >= b',
  location: { start: { line: 1, column: 4 }, end: { line: 1, column: 9 } },
};

function tried(counts: Partial<Record<TriedMutant['outcome'], number>>): TriedMutant[] {
  return Object.entries(counts).flatMap(([outcome, count]) => {
    return Array.from({ length: count }, () => {
      return { mutant: MUTANT, outcome: outcome as TriedMutant['outcome'] };
    });
  });
}

test('a mutant counts as noticed by a test or by time, and in no other way', () => {
  const outcomes = tried({ killed: 6, timeout: 1, survived: 1, cut: 1, uncovered: 1 });
  const score = scoreOf(outcomes, { total: 10, seed: 1 });
  assert.deepEqual([score.percent, score.tried, score.mutants], [70, 10, 10]);
});

test('a whole run may not fall below the one before by more than half a point', () => {
  const whole = (killed: number) =>
    scoreOf(tried({ killed, survived: 1000 - killed }), { total: 1000, seed: 1 });
  assert.equal(compareScore(whole(900), undefined), undefined);
  assert.equal(compareScore(whole(895), whole(900)), undefined);
  assert.match(compareScore(whole(894), whole(900)) ?? '', /89.4 % is below the 90 %/);
  assert.equal(compareScore(whole(950), whole(900)), undefined);
});

test('a sample is compared up to what drawing explains', () => {
  const whole = scoreOf(tried({ killed: 900, survived: 100 }), { total: 1000, seed: 1 });
  const sample = (killed: number) =>
    scoreOf(tried({ killed, survived: 100 - killed }), { total: 1000, seed: 1 });
  assert.equal(compareScore(sample(85), whole), undefined);
  assert.match(compareScore(sample(60), whole) ?? '', /below/);
});

test('a mutant is told by its place, what stood there and what stands there now', () => {
  const told = describeMutant(MUTANT, 'first\nif (a > b) {}\n');
  assert.equal(told, 'a.ts:2:5 EqualityOperator: a > b -> a >= b');
});
