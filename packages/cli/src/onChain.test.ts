// Goal: everything that touches the base layer works from the command line, with the owner's own
// key and against the contract itself. Method: one venue with a chain of its own in a child
// process, then each command as a program; a second shard is agreed by hand.
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { shareReferenceString } from './fixtures/referenceCache.ts';
import type { CliRun } from './fixtures/runCli.ts';
import { runCli } from './fixtures/runCli.ts';

const MAIN = resolve(import.meta.dirname, 'main.ts');
const folder = mkdtempSync(join(tmpdir(), 'lawbook-chain-'));
const dataDir = join(folder, 'venue');
const deployment = join(dataDir, 'settlement', 'deployment.json');
const PACE = [
  'market.batchIntervalMs=500',
  'market.epochSealAfterMs=1500',
  'settlement.finalityBlocks=4',
  'log.level=silent',
];
let venue: ChildProcess;
let url = '';
let rpc = '';

before(async () => {
  shareReferenceString(dataDir);
  const words = ['start', '--json', '--no-flow', '--settlement', 'embedded', '--port', '0'];
  venue = spawn(process.execPath, [MAIN, ...words, '--data-dir', dataDir, '--set', ...PACE], {
    env: { PATH: process.env['PATH'] },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  url = await addressOf(venue);
  rpc = await openedChain();
});

after(async () => {
  if (venue.exitCode === null && venue.signalCode === null) {
    const ended = new Promise((settle) => venue.once('exit', settle));
    venue.kill('SIGINT');
    await ended;
  }
  rmSync(folder, { recursive: true, force: true });
});

test('deposits from a wallet into a vault, and waits until it is credited', async () => {
  const { code, stdout, stderr } = await onVenue(['deposit', 'alice', '1000', 'USD', '--json']);
  assert.equal(code, 0, stderr + stdout);
  const reply = JSON.parse(stdout) as { kind: string; amount: string; steps: { step: string }[] };
  assert.deepEqual([reply.kind, reply.amount], ['deposit', '1000.000000']);
  assert.deepEqual(
    reply.steps.map(({ step }) => step),
    ['faucet', 'deposited', 'credited'],
  );
  const held = await onVenue(['exit', 'status', 'alice', '--json']);
  const { balances } = JSON.parse(held.stdout) as {
    balances: { symbol: string; amount: string }[];
  };
  assert.equal(balances.find(({ symbol }) => symbol === 'USD')?.amount, '101000.000000');
});

test('withdraws into the wallet of the owner', async () => {
  const words = ['withdraw', 'alice', '50', 'USD', '--json'];
  const { code, stdout, stderr } = await onVenue(words);
  assert.equal(code, 0, stderr + stdout);
  const { steps } = JSON.parse(stdout) as { steps: { step: string; tokenUnits?: string }[] };
  assert.deepEqual(
    steps.map(({ step }) => step),
    ['accepted', 'in epoch', 'settled', 'claimed'],
  );
  assert.equal(steps.at(-1)?.tokenUnits, '50000000');
});

test('refuses to withdraw more than there is, in one line', async () => {
  const { code, stderr } = await onVenue(['withdraw', 'bob', '99999999', 'USD', '--no-follow']);
  assert.equal(code, 1);
  assert.match(stderr, /^refused: insufficientAvailable 400 .*\n$/);
});

test('shows how far settling is, and nothing that pauses trading', async () => {
  const { code, stdout } = await onVenue(['settlement']);
  assert.equal(code, 0, stdout);
  assert.match(stdout, /settlement: running/);
  assert.match(stdout, /agreement +1, active/);
  assert.match(stdout, /insecure development setup/);
  const json = await onVenue(['settlement', '--json']);
  const { settlement } = JSON.parse(json.stdout) as { settlement: { lag: { settled: string } } };
  assert.ok(BigInt(settlement.lag.settled) >= 1n);
});

test('exports a settled epoch that a stranger verifies against the chain', async () => {
  const file = join(folder, 'epoch-1.bin');
  const exported = await onVenue(['epoch', 'export', '1', '--out', file, '--json']);
  assert.equal((JSON.parse(exported.stdout) as { isProven: boolean }).isProven, true);
  const { code, stdout } = await runCli(['verify', file, '--rpc', rpc, '--json']);
  assert.equal(code, 0, stdout);
  const { level, proof } = JSON.parse(stdout) as {
    level: string;
    proof: { keySource: string; chain: { kind: string }[] };
  };
  assert.match(level, /^(settled|finalized)$/);
  assert.equal(proof.keySource, 'agreement');
  assert.deepEqual([...new Set(proof.chain.map(({ kind }) => kind))], ['holds']);
});

test('asks the contract by name why a settled epoch does not settle again', async () => {
  const { code, stdout } = await onVenue(['settle', '--dry-run', '1', '--json']);
  assert.equal(code, 1);
  const { refusal } = JSON.parse(stdout) as { refusal: { rule: string } };
  assert.equal(refusal.rule, 'ListNumberIsNotNext');
});

test('says for how much gas a proven epoch would settle, while no block comes', async () => {
  await rpcCall('evm_setIntervalMining', [0]);
  try {
    const words = ['order', '--from', 'alice', '--pay', '100', 'USD', '--receive', 'EUR'];
    const { code, stderr } = await onVenue(words);
    assert.equal(code, 0, stderr);
    const epochNumber = await provenEpochAfter(await lastSettled());
    const checked = await onVenue(['settle', '--dry-run', String(epochNumber), '--json']);
    assert.equal(checked.code, 0, checked.stdout + checked.stderr);
    const { kind, gas } = JSON.parse(checked.stdout) as { kind: string; gas: string };
    assert.equal(kind, 'passes');
    assert.ok(BigInt(gas) > 500_000n, gas);
  } finally {
    await rpcCall('evm_setIntervalMining', [1]);
  }
});

test('finds the agreement as the venue expects it, and names what is not', async () => {
  const same = await onVenue(['agreement', 'check', '--data-dir', dataDir]);
  assert.equal(same.code, 0, same.stdout + same.stderr);
  assert.match(same.stdout, /^agrees: /m);
  const stranger = `0x${'01'.repeat(20)}`;
  const words = ['agreement', 'check', '--deployment', deployment, '--operator', stranger];
  const other = await runCli([...words, '--rpc', rpc, '--json']);
  assert.equal(other.code, 1);
  const { differences } = JSON.parse(other.stdout) as { differences: { field: string }[] };
  assert.deepEqual(
    differences.map(({ field }) => field),
    ['operator'],
  );
});

test('submits an agreement for contracts of its own, once however often it is asked', async () => {
  const key = join(folder, 'operator.key');
  const made = await runCli(['keys', 'generate', key, '--json']);
  const { address } = JSON.parse(made.stdout) as { address: string };
  await rpcCall('anvil_setBalance', [address, `0x${(10n ** 20n).toString(16)}`]);
  const { tokens } = JSON.parse(readFileSync(deployment, 'utf8')) as {
    tokens: { symbol: string; address: string; decimals: number }[];
  };
  const [token] = tokens;
  assert.ok(token !== undefined);
  const out = join(folder, 'own.json');
  const submit = ['agreement', 'submit', '--key', key, '--shard', '9', '--json'];
  const named = ['--token', `${token.symbol}=${token.address}:${token.decimals}`, '--rpc', rpc];
  const first = await runCli([...submit, ...named, '--out', out]);
  assert.equal(first.code, 0, first.stdout + first.stderr);
  const done = (run: CliRun): readonly string[] => {
    return (JSON.parse(run.stdout) as { done: readonly string[] }).done;
  };
  assert.deepEqual(done(first), ['agreement', 'assets[0]']);
  const again = await runCli([...submit, '--deployment', out, '--rpc', rpc]);
  assert.deepEqual(done(again), []);
  const taken = await runCli([...submit, '--out', out, '--rpc', rpc]);
  assert.equal(taken.code, 2);
  const upgrade = ['agreement', 'upgrade', '--key', key, '--shard', '9', '--json', '--rpc', rpc];
  const upgraded = await runCli([...upgrade, '--deployment', out, '--operator', address]);
  assert.deepEqual(done(upgraded), []);
});

test('leaves by the contract alone, and gets no money before it is due', async () => {
  const contract = ['--rpc', rpc, '--deployment', deployment];
  const requested = await runCli(['exit', 'request', 'charlie', ...contract, '--json']);
  assert.equal(requested.code, 0, requested.stdout + requested.stderr);
  const status = await runCli(['exit', 'status', 'charlie', ...contract, '--json']);
  assert.equal((JSON.parse(status.stdout) as { exit: string }).exit, 'requested');
  const early = await runCli(['exit', 'complete', 'charlie', ...contract]);
  assert.equal(early.code, 1);
  assert.match(early.stderr, /ExitIsNotDue/);
  const canceled = await runCli(['exit', 'cancel', 'charlie', ...contract]);
  assert.equal(canceled.code, 0, canceled.stderr);
  assert.equal((await runCli(['exit', 'cancel', 'charlie', ...contract])).code, 1);
});

test('takes the money of a due exit without the operator', async () => {
  const contract = ['--rpc', rpc, '--deployment', deployment];
  assert.equal((await runCli(['exit', 'request', 'bob', ...contract])).code, 0);
  await rpcCall('anvil_mine', ['0x258']);
  const { code, stdout, stderr } = await runCli(['exit', 'complete', 'bob', ...contract, '--json']);
  assert.equal(code, 0, stdout + stderr);
  const { steps } = JSON.parse(stdout) as { steps: { step: string }[] };
  assert.equal(steps.filter(({ step }) => step === 'paid').length, 6);
  const left = await runCli(['exit', 'status', 'bob', ...contract, '--json']);
  assert.deepEqual((JSON.parse(left.stdout) as { balances: unknown[] }).balances, []);
});

test('passes its own test at a venue that runs', async () => {
  const { code, stdout, stderr } = await runCli(['test', '--url', url, '--json'], {
    timeoutMs: 180_000,
  });
  assert.equal(code, 0, stdout + stderr);
  const { ok, steps } = JSON.parse(stdout) as { ok: boolean; steps: { step: string }[] };
  assert.equal(ok, true);
  const named = steps.map(({ step }) => step);
  for (const step of ['deposited', 'filled', 'proven', 'finalized', 'claimed', 'verified']) {
    assert.ok(named.includes(step), step);
  }
});

test('exits 3 where no chain answers', async () => {
  const words = ['exit', 'status', 'alice', '--deployment', deployment];
  const { code, stderr } = await runCli([...words, '--rpc', 'http://127.0.0.1:9']);
  assert.equal(code, 3, stderr);
  assert.match(stderr, /^failed: .*\n$/);
});

function onVenue(words: readonly string[]): Promise<CliRun> {
  return runCli(words, { variables: { LAWBOOK_URL: url }, timeoutMs: 120_000 });
}

/** The endpoint of the venue's chain, once the base layer is open. */
async function openedChain(): Promise<string> {
  for (;;) {
    const response = await fetch(`${url}/v1/settlement`);
    const { layer } = (await response.json()) as { layer?: { rpcUrl?: string } };
    if (layer?.rpcUrl !== undefined) return layer.rpcUrl;
    await new Promise((resume) => setTimeout(resume, 200));
  }
}

/** The highest list that is settled; a shard has one market, so it is the number of its epoch. */
async function lastSettled(): Promise<number> {
  const { stdout } = await onVenue(['settlement', '--json']);
  const { settlement } = JSON.parse(stdout) as { settlement: { lag: { settled: string } } };
  return Number(settlement.lag.settled);
}

async function provenEpochAfter(epochNumber: number): Promise<number> {
  for (;;) {
    const response = await fetch(`${url}/v1/markets/1/epochs/${epochNumber + 1}/proof`);
    const { state } = (await response.json()) as { state?: string };
    if (state === 'done') return epochNumber + 1;
    await new Promise((resume) => setTimeout(resume, 200));
  }
}

async function rpcCall(method: string, params: readonly unknown[]): Promise<void> {
  const response = await fetch(rpc, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  });
  const { error } = (await response.json()) as { error?: { message: string } };
  assert.equal(error, undefined);
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
