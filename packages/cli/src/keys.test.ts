// Goal: keys are made, shown and imported without leaking. Method: run the command, look at files.
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { runCli } from './fixtures/runCli.ts';

const folder = mkdtempSync(join(tmpdir(), 'lawbook-keys-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** The first key of the well-known development mnemonic of Ethereum tools. */
const KNOWN = {
  secret: '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80',
  address: '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266',
};

test('generates a key that only its owner can read, and never prints it', async () => {
  const file = join(folder, 'new.key');
  const made = await runCli(['keys', 'generate', file]);
  assert.equal(made.code, 0, made.stderr);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const { address, secretKey } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
  assert.ok(address !== undefined && secretKey !== undefined);
  assert.match(made.stdout, new RegExp(address));
  const shown = await runCli(['keys', 'show', file]);
  assert.equal(shown.stdout.trim(), address);
  const revealed = await runCli(['keys', 'show', file, '--reveal', '--json']);
  assert.equal((JSON.parse(revealed.stdout) as { secretKey: string }).secretKey, secretKey);
  for (const { stdout, stderr } of [made, shown]) {
    assert.ok(!`${stdout}${stderr}`.includes(secretKey.slice(2)));
  }
  const again = await runCli(['keys', 'generate', file]);
  assert.equal(again.code, 1);
  assert.match(again.stderr, /never overwritten/);
});

test('imports a key from standard input and warns when others can read it', async () => {
  const file = join(folder, 'known.key');
  const imported = await runCli(['keys', 'import', file, '--json'], { input: `${KNOWN.secret}\n` });
  assert.equal(imported.code, 0, imported.stderr);
  assert.equal((JSON.parse(imported.stdout) as { address: string }).address, KNOWN.address);
  chmodSync(file, 0o644);
  assert.match((await runCli(['keys', 'show', file])).stderr, /others can read/);
});

test('refuses what is not a key without repeating it', async () => {
  const { code, stderr } = await runCli(['keys', 'import', join(folder, 'x')], {
    input: 'hunter2',
  });
  assert.equal(code, 2);
  assert.ok(!stderr.includes('hunter2'));
});

test('lists the demo accounts with a warning', async () => {
  const { stdout, stderr } = await runCli(['keys', 'demo']);
  assert.match(stdout, /alice +0x[0-9a-f]{40}/);
  assert.match(stderr, /Never send them real money/);
});
