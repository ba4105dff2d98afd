// Goal: anybody can prove an epoch and check the proof offline, and no proof passes for another
// epoch, list or byte. Method: prove a real epoch by the command once, then plant changes in the
// bundle that it wrote.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { EpochBundle } from '@lawbook/exchange/bundle';
import { decodeBundle, encodeBundle } from '@lawbook/exchange/bundle';
import { at } from '@lawbook/exchange/failures/invariant';
import type { SettlementAttachment } from '@lawbook/proofs/statements/epoch/settlementAttachment';
import {
  decodeSettlementAttachment,
  encodeSettlementAttachment,
} from '@lawbook/proofs/statements/epoch/settlementAttachment';
import { scenarioBundle } from './fixtures/epochBundle.ts';
import { shareReferenceString } from './fixtures/referenceCache.ts';
import { runCli } from './fixtures/runCli.ts';

const folder = mkdtempSync(join(tmpdir(), 'lawbook-prove-'));
const dataDir = join(folder, 'venue');
const plain = join(folder, 'epoch-1.bin');
const proven = join(folder, 'epoch-1.proven.bin');

before(async () => {
  shareReferenceString(dataDir);
  writeFileSync(plain, encodeBundle(scenarioBundle()));
  const words = ['prove', plain, '--out', proven, '--data-dir', dataDir, '--json'];
  const { code, stdout, stderr } = await runCli(words, { timeoutMs: 180_000 });
  assert.equal(code, 0, stderr + stdout);
  const { ok, setup } = JSON.parse(stdout) as { ok: boolean; setup: string };
  assert.deepEqual([ok, setup], [true, 'insecure development setup']);
});
after(() => rmSync(folder, { recursive: true, force: true }));

test('verifies the proof with the committed keys, and says what it rests on', async () => {
  const { code, stdout } = await runCli(['verify', proven]);
  assert.equal(code, 0, stdout);
  assert.match(stdout, /verifying key from the committed development keys/);
  assert.match(stdout, /holds +the verifier accepts the proof/);
  assert.match(stdout, /^proven: .*insecure development setup\.$/m);
});

test('tells machines the level and each step', async () => {
  const { stdout } = await runCli(['verify', proven, '--json']);
  const { level, proof } = JSON.parse(stdout) as {
    level: string;
    proof: { keySource: string; steps: { step: string; kind: string }[]; chain: unknown[] };
  };
  assert.equal(level, 'proven');
  assert.equal(proof.keySource, 'development');
  const kinds = Object.fromEntries(proof.steps.map(({ step, kind }) => [step, kind]));
  assert.deepEqual(kinds, {
    shape: 'holds',
    listHash: 'holds',
    chain: 'holds',
    publicInputs: 'holds',
    proof: 'holds',
    transaction: 'unasked',
  });
  assert.deepEqual(proof.chain, []);
});

test('refuses a proof with one byte changed', async () => {
  const stdout = await refused('flipped.bin', ({ place, proof }) => {
    const bytes = proof.bytes.slice();
    bytes[2000] = at([...bytes], 2000) ^ 1;
    return { place, proof: { ...proof, bytes } };
  });
  assert.match(stdout, /VIOLATED the verifier accepts the proof/);
});

test('refuses a proof that claims another list', async () => {
  const stdout = await refused('other.bin', ({ place, proof }) => {
    return { place: { ...place, listNumber: 2n }, proof };
  });
  assert.match(stdout, /VIOLATED the list is the epoch's own/);
});

test('keeps what is checked apart from what is proven where it knows no key', async () => {
  const { code, stdout } = await runCli([
    'verify',
    changed('foreign.bin', ({ place, proof }) => {
      return { place, proof: { ...proof, stringId: 'ab'.repeat(32), setup: 'ceremony' } };
    }),
  ]);
  assert.equal(code, 0, stdout);
  assert.match(stdout, /open +the verifier accepts the proof: no verifying key/);
  assert.match(stdout, /^checked: /m);
});

test('names the file whose proof does not read, and the file that is no key', async () => {
  const broken = join(folder, 'broken.bin');
  const attachments = [{ name: 'settlement', bytes: Uint8Array.of(1, 2, 3) }];
  writeFileSync(broken, encodeBundle({ ...scenarioBundle(), attachments }));
  const { code, stderr } = await runCli(['verify', broken]);
  assert.equal(code, 1);
  assert.match(stderr, /^failed: .*broken\.bin carries a proof that does not read: .*\n$/);
  const wrongKey = await runCli(['verify', proven, '--key', plain]);
  assert.equal(wrongKey.code, 1);
  assert.match(wrongKey.stderr, /epoch-1\.bin cannot be read as a verifying key/);
});

test('asks for the list before, and never overwrites unasked', async () => {
  const second = join(folder, 'epoch-2.bin');
  writeFileSync(second, encodeBundle({ ...scenarioBundle(), epochNumber: 2 }));
  const alone = await runCli(['prove', second, '--data-dir', dataDir]);
  assert.equal(alone.code, 2);
  assert.match(alone.stderr, /--after or --previous/);
  const unproven = await runCli(['prove', second, '--after', plain, '--data-dir', dataDir]);
  assert.equal(unproven.code, 1);
  assert.match(unproven.stderr, /CLI_PROOF_MISSING/);
});

test('settles nothing by itself, and asks the contract only about what has a proof', async () => {
  const sending = await runCli(['settle', proven]);
  assert.equal(sending.code, 2);
  assert.match(sending.stderr, /--dry-run/);
  const unproven = await runCli(['settle', '--dry-run', plain, '--rpc', 'http://127.0.0.1:9']);
  assert.equal(unproven.code, 1);
  assert.match(unproven.stderr, /CLI_PROOF_MISSING/);
});

type Change = (attachment: SettlementAttachment) => SettlementAttachment;

/** Writes the proven bundle with another attachment. */
function changed(name: string, change: Change): string {
  const bundle: EpochBundle = decodeBundle(readFileSync(proven));
  const { bytes } = at(bundle.attachments, 0);
  const other = encodeSettlementAttachment(change(decodeSettlementAttachment(bytes)));
  const path = join(folder, name);
  const attachments = [{ name: 'settlement', bytes: other }];
  writeFileSync(path, encodeBundle({ ...bundle, attachments }));
  return path;
}

async function refused(name: string, change: Change): Promise<string> {
  const { code, stdout } = await runCli(['verify', changed(name, change)]);
  assert.equal(code, 1, stdout);
  assert.match(stdout, /^refused: /m);
  return stdout;
}
