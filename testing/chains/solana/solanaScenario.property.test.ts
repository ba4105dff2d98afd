// Goal: scenario 26 in worlds of drops, lags, expiry, forks and kills: exactly once, both ways.
// Method: seeded worlds under a simulated clock, judged by the ledger itself; first a planted
// conspiracy of all endpoints has to be noticed, or silence would mean nothing.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { runSolanaScenario } from './solanaScenario.ts';

test('notices a lane that is made to pay twice by endpoints that all lie', async () => {
  const { violations } = await runSolanaScenario(1, { conspiracy: true });
  assert.ok(violations.some(({ sentence }) => /was paid \d+ times/.test(sentence)));
});

test('runs the same world for the same seed', async () => {
  assert.deepEqual(await runSolanaScenario(7), await runSolanaScenario(7));
});

test('pays every intent once or never, and says which', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 2 ** 31 - 1 }), async (seed) => {
      const { violations } = await runSolanaScenario(seed);
      assert.deepEqual(violations, []);
    }),
    { numRuns: 20, examples: [[34], [178]] },
  );
});
