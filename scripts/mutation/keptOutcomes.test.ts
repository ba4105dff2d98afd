// Goal: a run goes on where an earlier one ended, and trusts nothing that an edit made doubtful.
// Method: outcomes of two mutants are kept and asked for again after edits of each file.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { drawMutants } from './drawMutants.ts';
import type { Mutant } from './instrumentSources.ts';
import { KeptOutcomes } from './keptOutcomes.ts';

const FILES = { sources: ['a.ts', 'b.ts'], tests: ['a.test.ts', 'b.test.ts'] };

function mutantOf(id: string, fileName: string, line = 1): Mutant {
  const location = { start: { line, column: 0 }, end: { line, column: 4 } };
  return { id, fileName, mutatorName: 'EqualityOperator', replacement: 'a >= b', location };
}

const NOTICED = mutantOf('1', 'a.ts');
const ALIVE = mutantOf('2', 'a.ts', 2);
let root = '';

before(() => {
  root = mkdtempSync(join(tmpdir(), 'lawbook-kept-'));
});
after(() => rmSync(root, { recursive: true }));

function opened(edited?: string): KeptOutcomes {
  for (const name of [...FILES.sources, ...FILES.tests]) {
    writeFileSync(join(root, name), name === edited ? 'edited' : name);
  }
  return new KeptOutcomes(join(root, 'kept', 'outcomes.json'), root, FILES);
}

function outcomesAfter(edited?: string): (string | undefined)[] {
  const kept = opened(edited);
  return [kept.of(NOTICED)?.outcome, kept.of(ALIVE)?.outcome];
}

test('outcomes are kept until a file on which they rest is edited', () => {
  const kept = opened();
  const by = { id: 'a.test.ts > refuses', share: 1 };
  kept.add({ mutant: NOTICED, outcome: 'killed', by });
  kept.add({ mutant: ALIVE, outcome: 'survived' });
  kept.save();

  assert.deepEqual(outcomesAfter(), ['killed', 'survived']);
  assert.deepEqual(outcomesAfter('b.ts'), ['killed', 'survived']);
  assert.deepEqual(outcomesAfter('b.test.ts'), ['killed', undefined]);
  assert.deepEqual(outcomesAfter('a.test.ts'), [undefined, undefined]);
  assert.deepEqual(outcomesAfter('a.ts'), [undefined, undefined]);
});

test('two runs at a time keep what both found', () => {
  const [one, other] = [opened(), opened()];
  const [here, there] = [mutantOf('3', 'b.ts'), mutantOf('4', 'b.ts', 5)];
  one.add({ mutant: here, outcome: 'survived' });
  other.add({ mutant: there, outcome: 'timeout' });
  one.save();
  other.save();
  const kept = opened();
  assert.deepEqual([kept.of(here)?.outcome, kept.of(there)?.outcome], ['survived', 'timeout']);
});

test('a mutant has its place in the draw whatever it is numbered and whoever else is drawn', () => {
  const many = Array.from({ length: 50 }, (_, k) => mutantOf(`${k}`, 'a.ts', k));
  const renumbered = [...many.slice(10)].reverse().map((one, k) => ({ ...one, id: `${k}` }));
  const lines = (mutants: readonly Mutant[], seed: number): number[] =>
    drawMutants(mutants, seed).map(({ location }) => location.start.line);
  const all = lines(many, 1);
  assert.deepEqual(
    lines(renumbered, 1),
    all.filter((line) => line >= 10),
  );
  assert.notDeepEqual(lines(many, 2), all);
});
