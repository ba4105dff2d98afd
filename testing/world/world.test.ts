// Goal: whatever fate does to a venue, it keeps what it promised; and a seed says all that happens.
// Method: histories of fixed seeds are played with every checker; one of them twice.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { playHistory } from './simulation/playHistory.ts';
import { drawHistory } from './workload/drawHistory.ts';

const SEEDS = [1, 2, 4, 5, 6, 8];
const STEPS = 80;

for (const seed of SEEDS) {
  test(`the venue of seed ${seed} keeps its promises`, async () => {
    const { failure } = await playHistory(drawHistory(seed, STEPS));
    assert.equal(failure, undefined);
  });
}

test('two runs of one seed are the same run', async () => {
  const history = drawHistory(9, STEPS);
  const [first, second] = [await playHistory(history), await playHistory(history)];
  assert.equal(first.digest, second.digest);
  assert.deepEqual(first.counts, second.counts);
});
