// Goal: a person can start a venue, trade on it, export an epoch and judge it, all from the command
// line. Method: one venue of its own in a child process, then each command as a program.
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import type { CliRun } from './fixtures/runCli.ts';
import { runCli } from './fixtures/runCli.ts';

const MAIN = resolve(import.meta.dirname, 'main.ts');
const folder = mkdtempSync(join(tmpdir(), 'lawbook-venue-'));
const dataDir = join(folder, 'venue');
let venue: ChildProcess;
let url = '';

before(async () => {
  const words = ['start', '--json', '--settlement', 'off', '--port', '0', '--data-dir', dataDir];
  const settings = ['--set', 'market.batchIntervalMs=200', 'log.level=silent'];
  venue = spawn(process.execPath, [MAIN, ...words, ...settings], {
    env: { PATH: process.env['PATH'] },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  url = await addressOf(venue);
});

after(async () => {
  if (venue.exitCode === null && venue.signalCode === null) {
    const ended = new Promise((settle) => venue.once('exit', settle));
    venue.kill('SIGKILL');
    await ended;
  }
  rmSync(folder, { recursive: true, force: true });
});

test('fills an order of a demo account and moves its balances', async () => {
  const placed = await onVenue([
    'order',
    '--from',
    'alice',
    '--pay',
    '1000',
    'USD',
    '--receive',
    'EUR',
  ]);
  assert.equal(placed.code, 0, placed.stderr);
  assert.match(placed.stdout, /accepted as sequence \d+/);
  assert.match(placed.stdout, /^filled$/m);
  const balance = await onVenue(['balance', 'alice', '--json']);
  const { levels } = JSON.parse(balance.stdout) as {
    levels: { level: string; balances?: { symbol: string; total: string }[] }[];
  };
  const dollars = levels[0]?.balances?.find(({ symbol }) => symbol === 'USD');
  assert.equal(dollars?.total, '99000.000000');
});

test('previews a trade with its cost', async () => {
  const { code, stdout } = await onVenue(['preview', '--pay', '500', 'USD', '--receive', 'FX5']);
  assert.equal(code, 0);
  assert.match(stdout, /pay 500\.000000 USD, receive \d+ FX5/);
  assert.match(stdout, /cost +3\.\d+ bps/);
});

test('says on one line why an order is refused, with field, rule and fix', async () => {
  const words = ['order', '--from', 'bob', '--pay', '10000000', 'USD', '--receive', 'EUR'];
  const refused = await onVenue(words);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /^refused: insufficientAvailable 400 at budget: .* Deposit.*\n$/);
  const json = await onVenue([...words, '--json']);
  const { ok, rejection } = JSON.parse(json.stdout) as {
    ok: boolean;
    rejection: { code: string; field: string };
  };
  assert.deepEqual(
    [ok, rejection.code, rejection.field],
    [false, 'insufficientAvailable', 'budget'],
  );
});

test('credits by the operator only, and labels it', async () => {
  const words = ['deposit', 'charlie', '250', 'GBP'];
  assert.equal((await onVenue([...words, '--data-dir', folder])).code, 2);
  const wrong = await onVenue(words, { LAWBOOK_OPERATOR__TOKEN: 'f'.repeat(32) });
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /notOperator/);
  const credited = await onVenue([...words, '--data-dir', dataDir]);
  assert.equal(credited.code, 0, credited.stderr);
  assert.match(credited.stdout, /development credit.*250(\.0+)? GBP/);
});

test('follows batches until it has seen enough', async () => {
  const { code, stdout, stderr } = await onVenue(['watch', '--count', '2', '--json']);
  assert.equal(code, 0, stderr);
  const events = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { kind: string });
  assert.ok(events.filter(({ kind }) => kind === 'batch').length >= 2);
});

test('ends a feed on Ctrl-C with exit code 0', async () => {
  const feed = spawn(process.execPath, [MAIN, 'watch', '--json', '--url', url], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<number | null>((settle) => feed.once('exit', settle));
  await new Promise((settle) => feed.stdout.once('data', settle));
  feed.kill('SIGINT');
  assert.equal(await ended, 0);
});

test('exports an epoch that verifies against the hash the venue published', async () => {
  const file = join(folder, 'epoch.bin');
  const exported = await onVenue(['epoch', 'export', 'latest', '--out', file, '--json']);
  assert.equal(exported.code, 0, exported.stderr);
  const { epochHash, epochNumber } = JSON.parse(exported.stdout) as {
    epochHash: string;
    epochNumber: number;
  };
  const verified = await runCli(['verify', file, '--epoch-hash', epochHash]);
  assert.equal(verified.code, 0, verified.stdout);
  const shown = await onVenue(['epoch', 'show', String(epochNumber)]);
  assert.match(shown.stdout, new RegExp(epochHash));
  const listed = await onVenue(['epoch', 'list', '--limit', '2']);
  assert.match(listed.stdout, /checked/);
  const again = await onVenue(['epoch', 'export', 'latest', '--out', file]);
  assert.equal(again.code, 1);
  assert.match(again.stderr, /--force/);
});

test('exits 1 where the port is taken, and leaves nothing running', async () => {
  const words = [
    'start',
    '--settlement',
    'off',
    '--json',
    '--port',
    new URL(url).port,
    '--data-dir',
    join(folder, 'late'),
  ];
  const { code, stdout, stderr } = await runCli(words);
  assert.equal(code, 1, stderr);
  const { fault } = JSON.parse(stdout) as { fault: { code: string } };
  assert.equal(fault.code, 'GATEWAY_PORT_TAKEN');
});

test('exits 3 where nobody answers', async () => {
  const { code, stderr } = await runCli(['balance', 'alice', '--url', 'http://127.0.0.1:9']);
  assert.equal(code, 3);
  assert.match(stderr, /^failed: .*\n$/);
});

test('stops cleanly, and its journal replays to lawful batches', async () => {
  const ended = new Promise<number | null>((settle) => venue.once('exit', settle));
  venue.kill('SIGINT');
  assert.equal(await ended, 0);
  const { code, stdout } = await runCli(['replay', '--data-dir', dataDir, '--json']);
  assert.equal(code, 0, stdout);
  const report = JSON.parse(stdout) as { ok: boolean; isZeroSum: boolean; batchesJudged: number };
  assert.ok(report.ok && report.isZeroSum && report.batchesJudged > 0);
});

function onVenue(
  words: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<CliRun> {
  return runCli(words, { variables: { ...variables, LAWBOOK_URL: url } });
}

/** The address that a starting venue announces as JSON. */
function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((settle, fail) => {
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const found = /"url":"([^"]+)"/.exec(text)?.[1];
      if (found !== undefined) settle(found);
    });
    child.once('exit', (code) => fail(new Error(`the venue ended with ${code}: ${text}`)));
  });
}
