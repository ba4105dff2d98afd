// Goal: an operator sees the configuration as the venue would, secrets masked. Method: run it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runCli } from './fixtures/runCli.ts';

const TOKEN = '0123456789abcdef0123456789abcdef';

test('prints every key with its source, and masks secrets', async () => {
  const words = ['config', 'print', '--set', 'http.port=9000', `operator.token=${TOKEN}`];
  const { code, stdout, stderr } = await runCli(words);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /port: 9000 # flag/);
  assert.match(stdout, /batchIntervalMs: 1000 # default/);
  assert.ok(!stdout.includes(TOKEN));
  const json = await runCli([...words, '--json']);
  assert.equal((JSON.parse(json.stdout) as { http: { port: number } }).http.port, 9000);
  assert.ok(!json.stdout.includes(TOKEN));
});

test('names every problem and exits 1', async () => {
  const words = ['config', 'check', '--set', 'http.porrt=1', 'http.port=70000'];
  const { code, stderr } = await runCli(words);
  assert.equal(code, 1);
  assert.match(stderr, /Did you mean http\.port/);
  assert.match(stderr, /CONFIG_INVALID/);
  const valid = await runCli(['config', 'check', '--json']);
  assert.deepEqual(JSON.parse(valid.stdout), { ok: true });
});

test('explains every key', async () => {
  const { code, stdout } = await runCli(['config', 'explain', '--json']);
  assert.equal(code, 0);
  const settings = JSON.parse(stdout) as { path: string; environmentName: string }[];
  const port = settings.find(({ path }) => path === 'http.port');
  assert.equal(port?.environmentName, 'LAWBOOK_HTTP__PORT');
});
