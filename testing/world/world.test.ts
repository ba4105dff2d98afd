// Goal: whatever fate does to a venue, it keeps what it promised, on contracts in memory and on
// their bytecode; and a seed says all that happens. Method: histories of fixed seeds are played
// with every checker; one of them twice here and once in another process.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { playHistory } from './simulation/playHistory.ts';
import { drawHistory } from './workload/drawHistory.ts';

const SEEDS = [1, 2, 4, 5, 6, 8];
const STEPS = 80;
/** Their chains reorganise, lose answers and fill up, and each settles some lists. */
const EVM_SEEDS = [10, 27];
const EVM_STEPS = 35;

for (const seed of SEEDS) {
  test(`the venue of seed ${seed} keeps its promises`, async () => {
    const { failure } = await playHistory(drawHistory(seed, STEPS, 'memory'));
    assert.equal(failure, undefined);
  });
}

for (const seed of EVM_SEEDS) {
  test(`the venue of seed ${seed} keeps its promises on bytecode`, async () => {
    const { failure, counts } = await playHistory(drawHistory(seed, EVM_STEPS, 'evm'));
    assert.equal(failure, undefined);
    assert.ok((counts['listsSettled'] ?? 0) > 1, 'lists settle');
    assert.ok((counts['reorganisations'] ?? 0) > 0, 'the chain reorganises');
  });
}

test('two runs of one seed are the same run, in another process too', async () => {
  const history = drawHistory(9, 20, 'evm');
  const [first, second] = [await playHistory(history), await playHistory(history)];
  assert.equal(first.digest, second.digest);
  assert.deepEqual(first.counts, second.counts);
  const words = ['--seed', '9', '--steps', '20', '--base', 'evm', '--once', '--shrinks', '0'];
  const script = join(import.meta.dirname, 'runWorld.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [script, ...words]);
  assert.match(stdout, new RegExp(`^digest ${first.digest}$`, 'm'));
});
