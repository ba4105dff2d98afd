// Goal: a venue that is killed at any moment loses nothing that it acknowledged. Method: real
// processes, real disk, four clients under load, SIGKILL at random moments. A few rounds here;
// fifty with `npm run soak`. The seed is printed.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { killRounds } from './killRounds.ts';

test('every acknowledged order survives kill -9 under its sequence', async (t) => {
  const dataDir = mkdtempSync(join(tmpdir(), 'lawbook-kill-'));
  const seed = Date.now() & 0xffffff;
  t.diagnostic(`seed ${seed}`);
  try {
    const report = await killRounds({ dataDir, rounds: 3, seed });
    t.diagnostic(`${report.acknowledged} of ${report.sent} orders acknowledged`);
    assert.ok(report.acknowledged > 0, 'the load was real');
    assert.deepEqual(report.lost, []);
    assert.deepEqual(report.moved, []);
    assert.deepEqual(report.undecided, []);
    assert.ok(report.replayAgrees, 'a replay from the first record ends in the same root');
    assert.ok(report.isZeroSum);
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
});
