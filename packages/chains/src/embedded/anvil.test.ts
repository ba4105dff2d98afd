// Goal: an embedded chain that is surely ours, comes back when it dies, keeps its state and never
// outlives its parent.
// Method: real anvil processes on loopback; parents and chains are killed with SIGKILL for real.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { until } from '../../../../testing/chains/anvil/until.ts';
import { ChainFault } from '../chainFault.ts';
import type { AnvilEvent, AnvilOptions } from './anvil.ts';
import { startAnvil } from './anvil.ts';
import { findAnvil } from './anvilBinary.ts';
import { isWholeJson } from './anvilState.ts';

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lawbook-anvil-'));
});
after(() => rm(folder, { recursive: true, force: true }));

async function call(url: string, method: string, ...params: unknown[]): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  });
  const answer = (await response.json()) as { result?: unknown; error?: { message: string } };
  if (answer.error !== undefined) throw new Error(answer.error.message);
  return answer.result;
}

/** Processes, by number, whose command line names `text`: found without asking the code at test. */
function processesNaming(text: string): number[] {
  const numbers = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return numbers
    .map((name) => ({ pid: Number(name), command: commandOf(name) }))
    .filter(({ command }) => command.includes(text) && !command.includes('--test'))
    .map(({ pid }) => pid);
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    // It ended while we were looking.
    return '';
  }
}

/** The chain itself, beneath its guard. */
function anvilProcess(text: string): number | undefined {
  return processesNaming(text).find((pid) =>
    commandOf(String(pid)).split('\0')[0]?.endsWith('/anvil'),
  );
}

interface Block {
  readonly hash: string;
  readonly parentHash: string;
  readonly transactions: readonly string[];
}

const MANUAL: AnvilOptions = { mining: { kind: 'manual' } };

describe('an embedded anvil', () => {
  test('starts on a free port with the settings that were asked for, and ends', async () => {
    const events: AnvilEvent[] = [];
    const anvil = await startAnvil({
      ...MANUAL,
      chainId: 4_711,
      slotsInAnEpoch: 2,
      genesisTimestamp: 1_700_000_000,
      onEvent: (event) => events.push(event),
    });
    assert.equal(await call(anvil.url, 'eth_chainId'), '0x1267');
    const genesis = await call(anvil.url, 'eth_getBlockByNumber', '0x0', false);
    assert.equal((genesis as { timestamp: string }).timestamp, '0x6553f100');
    await call(anvil.url, 'anvil_mine', '0x8');
    const finalized = await call(anvil.url, 'eth_getBlockByNumber', 'finalized', false);
    assert.equal((finalized as { number: string }).number, '0x4');
    assert.equal(anvil.phase(), 'running');
    await anvil.close();
    await anvil.close();
    assert.equal(anvil.phase(), 'stopped');
    assert.equal(anvil.pid(), undefined);
    await assert.rejects(call(anvil.url, 'eth_chainId'));
    assert.deepEqual(
      events.map(({ kind }) => kind),
      ['ready', 'stopped'],
    );
  });

  test('refuses a port on which a stranger already answers as a node', async () => {
    const stranger = createServer((_request, response) => {
      response.end('{"jsonrpc":"2.0","id":1,"result":"anvil/v9.9.9"}');
    });
    await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
    const { port } = stranger.address() as AddressInfo;
    await assert.rejects(startAnvil({ ...MANUAL, port }), (fault) => {
      assert.ok(fault instanceof ChainFault);
      assert.equal(fault.code, 'CHAIN_PROCESS_FAILED');
      assert.match(fault.message, /in use/i);
      return true;
    });
    await new Promise((resolve) => stranger.close(resolve));
  });

  test('comes back on its port with its blocks when the chain is killed', async () => {
    const stateFile = join(folder, 'killed.json');
    const events: AnvilEvent[] = [];
    const onEvent = (event: AnvilEvent): void => void events.push(event);
    const anvil = await startAnvil({ ...MANUAL, stateFile, onEvent });
    await call(anvil.url, 'anvil_mine', '0x5');
    const before = await call(anvil.url, 'eth_getBlockByNumber', '0x5', false);
    await anvil.save();
    const { port } = anvil;
    process.kill(await until('the chain runs', () => anvilProcess(stateFile)), 'SIGKILL');
    await until('it was restarted', () => events.filter(({ kind }) => kind === 'ready').length > 1);
    assert.equal(anvil.port, port);
    const later = await call(anvil.url, 'eth_getBlockByNumber', '0x5', false);
    assert.equal((later as { hash: string }).hash, (before as { hash: string }).hash);
    await anvil.close();
    assert.deepEqual(
      events.map(({ kind }) => kind),
      ['ready', 'died', 'ready', 'stopped'],
    );
  });

  test('gives up after as many restarts as were allowed', async () => {
    const stateFile = join(folder, 'hopeless.json');
    const events: AnvilEvent[] = [];
    const onEvent = (event: AnvilEvent): void => void events.push(event);
    const anvil = await startAnvil({ ...MANUAL, stateFile, restartsMax: 2, onEvent });
    writeFileSync(stateFile, '{"not":"a state"}');
    process.kill(await until('the chain runs', () => anvilProcess(stateFile)), 'SIGKILL');
    await until('it gave up', () => anvil.phase() === 'failed');
    await assert.rejects(anvil.save(), { code: 'CHAIN_PROCESS_FAILED' });
    assert.equal(events.filter(({ kind }) => kind === 'restartFailed').length, 2);
    assert.equal(events.at(-1)?.kind, 'gaveUp');
    await anvil.close();
    assert.deepEqual(processesNaming(stateFile), []);
  });

  test('keeps what was mined until the orderly end', async () => {
    const stateFile = join(folder, 'deep', 'orderly.json');
    const first = await startAnvil({ ...MANUAL, stateFile });
    await call(first.url, 'anvil_mine', '0x7');
    await first.close();
    const second = await startAnvil({ ...MANUAL, stateFile });
    assert.equal(await call(second.url, 'eth_blockNumber'), '0x7');
    await second.close();
    assert.equal(existsSync(`${stateFile}.exit`), false);
  });

  test('takes no half-written dump for a state', async () => {
    const stateFile = join(folder, 'half.json');
    const first = await startAnvil({ ...MANUAL, stateFile });
    await call(first.url, 'anvil_mine', '0x3');
    await first.close();
    writeFileSync(`${stateFile}.exit`, readFileSync(stateFile).subarray(0, 3_000));
    const second = await startAnvil({ ...MANUAL, stateFile });
    assert.equal(await call(second.url, 'eth_blockNumber'), '0x3');
    await second.close();
  });

  test('knows a whole file from every file that was cut off', async () => {
    const whole = '{"a":{"b":["}\\"]",1]},"c":"\\\\"}';
    const path = join(folder, 'cut.json');
    for (let length = 0; length <= whole.length; length += 1) {
      writeFileSync(path, whole.slice(0, length));
      assert.equal(await isWholeJson(path), length === whole.length, whole.slice(0, length));
    }
  });

  test('ends soon when its parent is killed, and hands its blocks to the next', async () => {
    const stateFile = join(folder, 'orphan.json');
    const parent = spawn(process.execPath, ['--input-type=module', '-e', PARENT, stateFile], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [url] = await new Promise<[string]>((resolve) => {
      createInterface(parent.stdout).once('line', (line) => resolve([line]));
    });
    await call(url, 'anvil_mine', '0x9');
    assert.ok(processesNaming(stateFile).length >= 3, 'parent, guard and chain run');
    parent.kill('SIGKILL');
    const heir = await startAnvil({ ...MANUAL, stateFile });
    assert.equal(await call(heir.url, 'eth_blockNumber'), '0x9');
    await assert.rejects(call(url, 'eth_chainId'));
    await heir.close();
    await until('nothing of it is left', () => processesNaming(stateFile).length === 0);
  });

  test('ends when its guard alone is killed, and is started again', async () => {
    const stateFile = join(folder, 'guard.json');
    const events: AnvilEvent[] = [];
    const onEvent = (event: AnvilEvent): void => void events.push(event);
    const anvil = await startAnvil({ ...MANUAL, stateFile, onEvent });
    const orphan = await until('the chain runs', () => anvilProcess(stateFile));
    process.kill(anvil.pid() ?? assert.fail('a guard runs'), 'SIGKILL');
    await until('it was restarted', () => events.filter(({ kind }) => kind === 'ready').length > 1);
    assert.notEqual(anvilProcess(stateFile), orphan);
    assert.equal(await call(anvil.url, 'eth_blockNumber'), '0x0');
    await anvil.close();
    await until('nothing of it is left', () => processesNaming(stateFile).length === 0);
  });

  test('says which block it comes back with, and comes back with that one', async () => {
    const stateFile = join(folder, 'saved.json');
    const events: AnvilEvent[] = [];
    const options = { ...MANUAL, stateFile, saveEveryMs: 60_000 };
    const anvil = await startAnvil({ ...options, onEvent: (event) => events.push(event) });
    assert.equal(anvil.saved(), undefined);
    await call(anvil.url, 'anvil_mine', '0x5');
    await anvil.save();
    const saved = anvil.saved() ?? assert.fail('a block is saved');
    assert.equal(saved.number, 5n);
    await call(anvil.url, 'anvil_mine', '0x3');
    assert.deepEqual(anvil.saved(), saved);
    process.kill(anvilProcess(stateFile) ?? assert.fail('a chain runs'), 'SIGKILL');
    await until('it was restarted', () => events.filter(({ kind }) => kind === 'ready').length > 1);
    const newest = await call(anvil.url, 'eth_getBlockByNumber', 'latest', false);
    assert.equal((newest as { hash: string }).hash, saved.hash);
    assert.deepEqual(anvil.saved(), saved);
    await anvil.close();
  });

  test('is saved between two blocks, however fast they come', async () => {
    const stateFile = join(folder, 'fast.json');
    const mining = { kind: 'interval', seconds: 1 } as const;
    const anvil = await startAnvil({ mining, stateFile, saveEveryMs: 60_000 });
    const saves = Array.from({ length: 12 }, () => anvil.save());
    await Promise.all(saves);
    const from = await call(anvil.url, 'eth_blockNumber');
    await until('it goes on making blocks', async () => {
      return (await call(anvil.url, 'eth_blockNumber')) !== from;
    });
    await anvil.close();
  });

  test('goes on without its past, at the same block and with all that accounts hold', async () => {
    const stateFile = join(folder, 'shrunk.json');
    const events: AnvilEvent[] = [];
    const onEvent = (event: AnvilEvent): void => void events.push(event);
    const anvil = await startAnvil({ ...MANUAL, stateFile, saveEveryMs: 60_000, onEvent });
    const [from] = (await call(anvil.url, 'eth_accounts')) as readonly string[];
    const payee = `0x${'77'.repeat(20)}`;
    for (let count = 0; count < 30; count += 1) {
      await call(anvil.url, 'eth_sendTransaction', { from, to: payee, value: '0x1' });
      await call(anvil.url, 'evm_mine');
    }
    await anvil.save();
    const whole = await anvil.stateBytes();
    const head = (await call(anvil.url, 'eth_getBlockByNumber', 'latest', false)) as Block;
    const elder = (await call(anvil.url, 'eth_getBlockByNumber', '0x1b', false)) as Block;
    await anvil.shrink(26n);
    assert.deepEqual(await call(anvil.url, 'eth_getBlockByNumber', 'latest', false), head);
    assert.equal(await call(anvil.url, 'eth_getBlockByNumber', '0x19', false), null);
    const oldest = (await call(anvil.url, 'eth_getBlockByNumber', '0x1a', false)) as Block;
    assert.equal(oldest.transactions.length, 1);
    const [first] = oldest.transactions;
    const receipt = await call(anvil.url, 'eth_getTransactionReceipt', first);
    assert.equal((receipt as { status: string }).status, '0x1');
    const then = { blockHash: elder.hash };
    assert.equal(await call(anvil.url, 'eth_getBalance', payee, then), '0x1b');
    assert.equal(await call(anvil.url, 'eth_getBalance', payee, 'latest'), '0x1e');
    assert.equal(anvil.saved()?.hash, head.hash);
    await anvil.save();
    assert.ok((await anvil.stateBytes()) < whole / 2);

    // A crash afterwards finds the same, and so does the end.
    process.kill(anvilProcess(stateFile) ?? assert.fail('a chain runs'), 'SIGKILL');
    await until('it was restarted', () => events.filter(({ kind }) => kind === 'ready').length > 2);
    assert.deepEqual(await call(anvil.url, 'eth_getBlockByNumber', 'latest', false), head);
    await call(anvil.url, 'evm_mine');
    await anvil.close();
    assert.deepEqual(
      events.map(({ kind }) => kind),
      ['ready', 'ready', 'shrunk', 'died', 'ready', 'stopped'],
    );
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.startsWith('shrunk')),
      ['shrunk.json'],
    );
  });

  test('mines what waits before it is shrunk, and goes on making blocks', async () => {
    const stateFile = join(folder, 'drained.json');
    const mining = { kind: 'interval', seconds: 1 } as const;
    const anvil = await startAnvil({ mining, stateFile, saveEveryMs: 60_000 });
    const [from] = (await call(anvil.url, 'eth_accounts')) as readonly string[];
    const payee = `0x${'78'.repeat(20)}`;
    await call(anvil.url, 'eth_sendTransaction', { from, to: payee, value: '0x7' });
    await anvil.shrink(0n);
    assert.equal(await call(anvil.url, 'eth_getBalance', payee, 'latest'), '0x7');
    const head = await call(anvil.url, 'eth_blockNumber');
    await until('it makes blocks', async () => (await call(anvil.url, 'eth_blockNumber')) !== head);
    await Promise.all([anvil.shrink(0n).catch(() => undefined), anvil.close()]);
    assert.equal(anvil.phase(), 'stopped');
    const next = await startAnvil({ ...MANUAL, stateFile });
    assert.equal(await call(next.url, 'eth_getBalance', payee, 'latest'), '0x7');
    await next.close();
  });

  test('goes on with all that it had where less does not start', async () => {
    const stateFile = join(folder, 'whole.json');
    const flags: string[] = [];
    const anvil = await startAnvil({ ...MANUAL, stateFile, saveEveryMs: 60_000, flags });
    await call(anvil.url, 'anvil_mine', '0x5');
    flags.push('--no-such-flag');
    await assert.rejects(anvil.shrink(3n), { code: 'CHAIN_PROCESS_FAILED' });
    flags.pop();
    await until('it was restarted', () => anvil.phase() === 'running');
    assert.equal(await call(anvil.url, 'eth_blockNumber'), '0x5');
    assert.notEqual(await call(anvil.url, 'eth_getBlockByNumber', '0x1', false), null);
    await anvil.close();
  });

  test('refuses a state that another running chain uses', async () => {
    const stateFile = join(folder, 'shared.json');
    const first = await startAnvil({ ...MANUAL, stateFile });
    await assert.rejects(
      startAnvil({ ...MANUAL, stateFile, graceMs: 100, startTimeoutMs: 100 }),
      /used by another running chain/,
    );
    await first.close();
  });

  test('says what to do where there is no anvil', () => {
    assert.throws(() => findAnvil('plan9', 'x64'), {
      code: 'CHAIN_PROCESS_FAILED',
      message: /no anvil for plan9-x64: point the settings/,
    });
    const foreign = process.platform === 'win32' ? 'darwin' : 'win32';
    assert.throws(() => findAnvil(foreign, 'x64'), {
      code: 'CHAIN_PROCESS_FAILED',
      message: /is not installed: run "npm ci"/,
    });
  });
});

const PARENT = `
const { startAnvil } = await import(${JSON.stringify(new URL('./anvil.ts', import.meta.url).href)});
const anvil = await startAnvil({ mining: { kind: 'manual' }, stateFile: process.argv[1] });
console.log(anvil.url);
`;
