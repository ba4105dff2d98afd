// Goal: the example of the chain engine's README works as it is printed. Method: it runs as its own
// process twice over one folder, the second time as after a crash: nothing is paid again.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

const EXAMPLE = resolve(import.meta.dirname, '../../packages/chains/examples/transfer.ts');
const LEVELS = 'accepted: done \\(\\w+\\)\nincluded: done \\(\\w+\\)\nfinal: done \\(final\\)\n';

test('the example pays once, however often it runs', { timeout: 60_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'example-'));
  try {
    const run = async (): Promise<string> => {
      const { stdout } = await promisify(execFile)(process.execPath, [EXAMPLE, folder]);
      return stdout;
    };
    const first = await run();
    assert.match(first, new RegExp(`^${LEVELS}in block \\d+, fee 0\\.\\d+\nthe payee has 1\n$`));
    const again = await run();
    assert.deepEqual(again.split('\n').slice(-3), first.split('\n').slice(-3));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
