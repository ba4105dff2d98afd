// Goal: the program teaches, and fails in words with a documented code. Method: run it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COMMANDS } from './commands.ts';
import { runCli, runHere } from './fixtures/runCli.ts';

test('teaches every command with examples', async () => {
  const { code, stdout } = await runCli(['--help']);
  assert.equal(code, 0);
  const names = Object.keys(COMMANDS);
  assert.ok(names.length >= 20);
  for (const command of names) assert.match(stdout, new RegExp(`^  ${command}\\b`, 'm'));
  for (const command of names) {
    const help = await runHere([command, '--help']);
    assert.equal(help.code, 0);
    assert.match(help.stdout, /Examples:\n {2}(LAWBOOK_\S+ )?lawbook /, command);
  }
});

test('teaches every verb of books with examples', async () => {
  const { stdout } = await runHere(['book', '--help']);
  const listed = stdout.slice(stdout.indexOf('Commands:'), stdout.indexOf('Examples:'));
  const verbs = [...listed.matchAll(/^ {2}([a-z]+) \[options\]/gm)].map(([, verb = '']) => verb);
  assert.ok(verbs.length >= 12, verbs.join());
  for (const verb of verbs) {
    const help = await runHere(['book', verb, '--help']);
    assert.match(help.stdout, new RegExp(`Examples:\\n {2}lawbook book ${verb} `), verb);
  }
});

test('exits 2 on wrong usage and points to the help', async () => {
  const unknown = await runCli(['bogus']);
  assert.equal(unknown.code, 2);
  assert.match(unknown.stderr, /lawbook --help/);
  assert.equal((await runCli(['verify'])).code, 2);
  assert.equal((await runCli(['--version'])).stdout.trim(), '0.1.0');
});

test('exits 2 on a data directory that cannot be, and names flag and fix', async () => {
  const { code, stderr } = await runCli(['start', '--data-dir', '/proc/nope', '--port', '0']);
  assert.equal(code, 2);
  assert.match(stderr, /^failed: dataDir has to be .*\/proc\/nope.*--data-dir/);
  const missing = await runCli(['replay', '--data-dir', '/proc/nope', '--json']);
  assert.equal(missing.code, 1);
  assert.match(missing.stdout, /JOURNAL_MISSING/);
});

test('prints no colours where nobody looks', async () => {
  const { stdout } = await runCli(['keys', 'demo']);
  assert.equal(stdout.includes('\u001b'), false);
});
