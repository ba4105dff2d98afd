// Goal: the silence of the world's checkers counts, because they catch what is planted. Method: a
// few faults of each kind are planted in processes of their own; `npm run world:planted` does all.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { CHECKERS } from '../checkers/checkerTable.ts';
import { CONTROL, findPlanted } from './findPlanted.ts';
import { PLANTED_FAULTS } from './plantedFaults.ts';

const PATIENCE = { firstSeed: 1, seeds: 6, stepsPerSeed: 100, timeoutMs: 60_000 };
/** Quickly caught ones: of the laws, the ledger, the journal, and the answers. */
const QUICK = ['L5', 'assetsAreConserved', 'journal', 'inputsApplyOnce'];

test('each fault would change one place of a source that is there', () => {
  for (const { name, file, find, replace } of PLANTED_FAULTS) {
    const source = readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8');
    assert.equal(source.split(find).length, 2, name);
    assert.notEqual(find, replace, name);
  }
  assert.equal(new Set(PLANTED_FAULTS.map(({ name }) => name)).size, PLANTED_FAULTS.length);
});

test('each checker has a fault that was written for it, or for the laws that it asks', () => {
  const promises = new Set(PLANTED_FAULTS.map(({ breaks }) => breaks));
  const laws = ['lawsHold', 'noLawStopsAMarket', 'bookLawsHold'];
  for (const create of CHECKERS) {
    const { name } = create();
    if (!laws.includes(name)) assert.ok(promises.has(name), name);
  }
});

test('nothing is caught where nothing is planted', async () => {
  const { caught, trouble } = await findPlanted(CONTROL, { ...PATIENCE, seeds: 2 });
  assert.deepEqual([caught, trouble], [undefined, undefined]);
});

for (const promise of QUICK) {
  const fault = PLANTED_FAULTS.find(({ breaks }) => breaks === promise);
  test(`catches it when ${fault?.name}`, async () => {
    assert.ok(fault !== undefined);
    const { caught, trouble } = await findPlanted(fault, PATIENCE);
    assert.equal(trouble, undefined);
    assert.ok(caught !== undefined);
  });
}
