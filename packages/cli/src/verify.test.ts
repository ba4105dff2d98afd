// Goal: a stranger can judge an epoch from its bytes alone, and a forged one does not pass. Method:
// encode a real epoch, run the command on it, then on planted forgeries.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import type { EpochBundle } from '@lawbook/exchange/bundle';
import { encodeBundle } from '@lawbook/exchange/bundle';
import { ZERO_HASH } from '@lawbook/exchange/codec/hash';
import { at } from '@lawbook/exchange/failures/invariant';
import { fundedBench } from '../../../testing/exchange/exchangeBench.ts';
import { scenarioBundle } from './fixtures/epochBundle.ts';
import { runCli } from './fixtures/runCli.ts';

const folder = mkdtempSync(join(tmpdir(), 'lawbook-verify-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const bundle = scenarioBundle();
/** A file that is always full, where the system has one. */
const FULL_DISK = existsSync('/dev/full');

test('checks every law and says what each does not show', async () => {
  const { code, stdout, stderr } = await verify('epoch.bin', bundle);
  assert.equal(code, 0, stderr + stdout);
  for (const law of ['L0', 'L1', 'L2', 'L8', 'L10']) assert.match(stdout, new RegExp(`${law} `));
  assert.match(stdout, /does not show that the oracle told the truth/);
  assert.match(stdout, /Checked is not proven/);
});

test('answers machines with one document', async () => {
  const { code, stdout } = await verify('json.bin', bundle, ['--json']);
  assert.equal(code, 0);
  const document = JSON.parse(stdout) as Document;
  assert.equal(document.ok, true);
  assert.equal(document.level, 'checked');
  assert.equal(document.batches[0]?.laws.length, 11);
  const authority = document.batches[0]?.laws.find(({ id }) => id === 'L2');
  assert.equal(authority?.basis, 'recovered');
  assert.ok(document.predicates.every(({ holds }) => holds));
});

test('refuses a fill with one unit more, and names the order', async () => {
  const [batch] = bundle.batches;
  assert.ok(batch !== undefined);
  const received = batch.fills.received.slice();
  received[3] = (received[3] as bigint) + 1n;
  const forged = { ...bundle, batches: [{ ...batch, fills: { ...batch.fills, received } }] };
  const { code, stdout } = await verify('forged.bin', forged);
  assert.equal(code, 1);
  assert.match(stdout, /VIOLATED L5/);
  assert.match(stdout, /order 3 /);
});

test('refuses a signature by another key', async () => {
  const [batch] = bundle.batches;
  assert.ok(batch !== undefined);
  const saved = batch.orders.authorisations.slice();
  const bytes = batch.orders.authorisations;
  bytes.set(bytes.slice(65, 130), 0);
  const { code, stdout } = await verify('signature.bin', bundle);
  bytes.set(saved);
  assert.equal(code, 1);
  assert.match(stdout, /VIOLATED L2/);
});

test('refuses an epoch hash that is not the one learnt elsewhere', async () => {
  const other = await verify('other.bin', bundle, ['--epoch-hash', ZERO_HASH]);
  assert.equal(other.code, 1);
  const own = await verify('own.bin', bundle, ['--epoch-hash', bundle.epochHash]);
  assert.equal(own.code, 0);
  const restated = await verify('restated.bin', { ...bundle, epochNumber: 2 });
  assert.equal(restated.code, 1);
});

test('judges withdrawals with their epoch, and names the one that is forged', async () => {
  const { bench, alice, bob } = fundedBench();
  for (const owner of [alice, bob]) bench.withdraw(owner);
  bench.submit(alice);
  const { transition } = bench.clear();
  const { withdrawals, ...epoch } = bench.seal();
  const own = { ...epoch, withdrawals, batches: [transition], attachments: [] };
  const lawful = await verify('paid.bin', own);
  assert.equal(lawful.code, 0, lawful.stdout);
  assert.match(lawful.stdout, /withdrawals 2/);
  const [first, second] = [at(withdrawals, 0), at(withdrawals, 1)];
  const to = alice.account;
  const taken = { ...second, withdrawal: { ...second.withdrawal, to } };
  const stolen = await verify('stolen.bin', { ...own, withdrawals: [first, taken] });
  assert.equal(stolen.code, 1);
  assert.match(stolen.stdout, /VIOLATED withdrawals are signed/);
  assert.match(stolen.stdout, /withdrawals\[1\]\.signature: a withdrawal is signed by its owner/);
  const left = await verify('left.bin', { ...own, withdrawals: [first] });
  assert.equal(left.code, 1);
  assert.match(left.stdout, /VIOLATED epoch hash binds the diffs and the withdrawals/);
});

test('refuses bytes that are no bundle in one line, and a missing file', async () => {
  const path = join(folder, 'noise.bin');
  writeFileSync(path, 'noise');
  const noise = await runCli(['verify', path]);
  assert.equal(noise.code, 1);
  assert.match(noise.stderr, /^failed: .*noise\.bin is no bundle: .*\n$/);
  const missing = await runCli(['verify', join(folder, 'missing.bin'), '--json']);
  assert.equal(missing.code, 1);
  assert.equal((JSON.parse(missing.stdout) as { fault: { code: string } }).fault.code, 'CLI_FILE');
});

test('one file that is no bundle does not hide what the others are', async () => {
  const good = join(folder, 'good.bin');
  writeFileSync(good, encodeBundle(bundle));
  const missing = join(folder, 'missing.bin');
  const { code, stdout } = await runCli(['verify', missing, good]);
  assert.equal(code, 1);
  assert.match(stdout, /missing\.bin cannot be read.*checked: every law holds/s);
  const json = await runCli(['verify', missing, good, '--json']);
  const documents = JSON.parse(json.stdout) as readonly { readonly ok: boolean }[];
  assert.deepEqual([json.code, documents.map(({ ok }) => ok)], [1, [false, true]]);
});

test('says on one line that the result cannot be written', { skip: !FULL_DISK }, () => {
  const good = join(folder, 'full.bin');
  writeFileSync(good, encodeBundle(bundle));
  const words = [resolve(import.meta.dirname, 'main.ts'), 'verify', good];
  const full = openSync('/dev/full', 'w');
  const ended = spawnSync(process.execPath, words, { stdio: ['ignore', full, 'pipe'] });
  closeSync(full);
  assert.equal(ended.status, 1);
  assert.match(String(ended.stderr), /^failed: the result cannot be written \[ENOSPC\]\n$/);
});

interface Document {
  readonly ok: boolean;
  readonly level: string;
  readonly batches: readonly {
    readonly laws: readonly { readonly id: string; readonly basis?: string }[];
  }[];
  readonly predicates: readonly { readonly holds: boolean }[];
}

function verify(
  name: string,
  epoch: EpochBundle,
  words: readonly string[] = [],
): ReturnType<typeof runCli> {
  const path = join(folder, name);
  writeFileSync(path, encodeBundle(epoch));
  return runCli(['verify', path, ...words]);
}
