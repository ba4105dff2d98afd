// Goal: kill -9 at a random moment loses no acknowledged record and needs no repair by hand.
// Method: a child appends and prints what was acknowledged; the parent kills it, then opens the
// same journal. Rounds: 10, or 50 with LAWBOOK_SOAK=1; LAWBOOK_SEED replays the moments of a run.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { appendDurably, expectedTexts, payloadOf, readAll } from './fixtures/journals.ts';
import { openJournal } from './openJournal.ts';

const PROGRAM = new URL('./fixtures/appendUntilKilled.ts', import.meta.url).pathname;
const ROUNDS = process.env['LAWBOOK_SOAK'] === '1' ? 50 : 10;

/** Numbers 0..n-1 from a seed; the test prints the seed, so a failing run can be replayed. */
function chooser(seed: number): (n: number) => number {
  let state = seed >>> 0;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

/** Lets a child append until so many lines were printed, kills it, returns its last line. */
async function appendAndKill(directory: string, burst: number, lines: number): Promise<number> {
  const child = spawn(process.execPath, [PROGRAM, directory, String(burst)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  let acknowledged = 0;
  let seen = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged = Number(line);
    seen += 1;
    // Lines go on arriving after the kill: they were acknowledged before it and count as well.
    if (seen === lines) child.kill('SIGKILL');
  }
  await exited;
  assert.ok(seen >= lines, 'the child lived until it was killed');
  return acknowledged;
}

test(`keeps every acknowledged record over ${ROUNDS} kills`, async (t) => {
  const seed = Number(process.env['LAWBOOK_SEED'] ?? Date.now() % 1_000_000);
  t.diagnostic(`seed ${seed}`);
  const choose = chooser(seed);
  const directory = await mkdtemp(join(tmpdir(), 'lawbook-kill-'));
  try {
    for (let round = 1; round <= ROUNDS; round += 1) {
      const burst = [1, 7, 200][choose(3)] as number;
      const acknowledged = await appendAndKill(directory, burst, 1 + choose(60));
      const { journal, recovery } = await openJournal({ directory, venueId: 'killed' });
      assert.equal(recovery.staleLocksRemoved.length, 1, `seed ${seed} round ${round}`);
      assert.ok(journal.sequence >= acknowledged, `seed ${seed} round ${round}`);
      assert.deepEqual(await readAll(journal), expectedTexts(journal.sequence));
      // Going on by hand proves that what was cut off leaves a journal that can be appended to.
      await appendDurably(journal, payloadOf(journal.sequence + 1));
      await journal.close();
    }
  } finally {
    await rm(directory, { recursive: true });
  }
});
