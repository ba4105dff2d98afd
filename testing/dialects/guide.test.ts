// Goal: the examples of the guide for clients of Hyperliquid work as they are printed.
// Method: each is taken out of the page, pointed at a venue of the test, and run as a process of
// its own beside the packages that it imports.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { DialectWorld } from './dialectWorld.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const PRINTED_URL = 'http://127.0.0.1:8547';

test('the examples of the guide run in their order', { timeout: 60_000 }, async () => {
  const page = readFileSync(join(ROOT, 'docs/guides/hyperliquid.md'), 'utf8');
  const examples = new Map<string, string>();
  for (const [, name = '', text = ''] of page.matchAll(/```js (\w+)\n([\s\S]*?)```/g)) {
    assert.ok(text.includes(PRINTED_URL), `${name} names the venue`);
    examples.set(name, text);
  }
  const world = await DialectWorld.open();
  // Beside the packages, so that imports are found; a folder that no tool looks into.
  const folder = mkdtempSync(join(ROOT, 'node_modules/.guide-'));
  const run = async (name: string): Promise<string> => {
    const file = join(folder, `${name}.mjs`);
    writeFileSync(file, (examples.get(name) ?? '').replaceAll(PRINTED_URL, world.url));
    const env = { ...process.env, WALLET_KEY: world.secretOf('alice') };
    const { stdout } = await promisify(execFile)(process.execPath, [file], { env });
    return stdout;
  };
  try {
    assert.match(await run('consent'), /^201 |^200 /);
    assert.match(await run('ccxt'), /^\d+000 1\nPLAYEUR\/PLAYUSD\n$/);
    assert.match(await run('sdk'), /\[ 'PLAYEUR\/PLAYUSD', 'PLAYGBP\/PLAYUSD' \]/);
    const user = world.addressOf('alice');
    assert.deepEqual(await world.infoClient().openOrders({ user }), []);
  } finally {
    rmSync(folder, { recursive: true, force: true });
    await world.close();
  }
});
