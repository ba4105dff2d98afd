// `npm run soak -- --rounds 50 --minutes 10 --seed 7`: kills a loaded venue many times, within a
// time budget, and prints what came of it as one line of JSON. Exits 1 when anything acknowledged
// was lost.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { killRounds } from './killRounds.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '50' },
    minutes: { type: 'string', default: '30' },
    seed: { type: 'string', default: String(Date.now() & 0xffffff) },
  },
});
const [rounds, seed] = [Number(values.rounds), Number(values.seed)];
const budgetMs = Number(values.minutes) * 60_000;
const dataDir = mkdtempSync(join(tmpdir(), 'lawbook-soak-'));
try {
  const report = await killRounds({
    dataDir,
    rounds,
    budgetMs,
    seed,
    onRound: (round) => process.stderr.write(`round ${round + 1} of ${rounds}, seed ${seed}\r`),
  });
  process.stdout.write(`${JSON.stringify({ seed, ...report })}\n`);
  const failures = report.lost.length + report.moved.length + report.undecided.length;
  if (failures > 0 || !report.replayAgrees || !report.isZeroSum) process.exitCode = 1;
} finally {
  rmSync(dataDir, { recursive: true, force: true });
}
