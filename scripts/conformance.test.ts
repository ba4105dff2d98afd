// Goal: the conformance script takes the whole path of settling with real contracts and a real
// proof, says what the endpoint can do, and refuses to begin without a key. Method: the script as a
// program, against the embedded anvil in its quick form.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

const SCRIPT = join(import.meta.dirname, 'conformance.ts');
const STEPS = [
  'deploy',
  'agreement',
  'deposit',
  'prove',
  'settle',
  'withdraw',
  'claim',
  'exit request',
  'exit cancel',
  'finality',
];

interface Report {
  readonly place: string;
  readonly capabilities: readonly { readonly name: string; readonly verdict: string }[];
  readonly steps: readonly { readonly step: string; readonly verdict: string }[];
}

const run = promisify(execFile);

test('takes the whole path on the embedded chain and says what it can do', async () => {
  const words = [SCRIPT, '--quick', '--json', '--orders', '2', '--minutes', '3'];
  const { stdout } = await run(process.execPath, words, { env: { PATH: process.env['PATH'] } });
  const { place, capabilities, steps } = JSON.parse(stdout) as Report;
  assert.match(place, /no endpoint was given/);
  assert.deepEqual(
    steps.map(({ step, verdict }) => [step, verdict]),
    STEPS.map((step) => [step, 'done']),
  );
  const needed = ['EIP-1153 transient storage', 'code size', 'eth_getLogs'];
  for (const name of needed) {
    assert.equal(capabilities.find((one) => one.name === name)?.verdict, 'yes', name);
  }
});

test('asks for a key file when it is given an endpoint, and never shows the endpoint', async () => {
  const words = [SCRIPT, '--rpc-url', 'http://127.0.0.1:9/sk-live-0ddba11'];
  const ended = await run(process.execPath, words, { env: { PATH: process.env['PATH'] } }).then(
    () => undefined,
    (fault: { readonly code: number; readonly stdout: string; readonly stderr: string }) => fault,
  );
  assert.equal(ended?.code, 2);
  assert.match(ended.stdout, /--key-file FILE/);
  assert.ok(!`${ended.stdout}${ended.stderr}`.includes('0ddba11'));
});
