// Goal: a start that cannot work is refused with every reason at once, each saying what to do.
// Method: a scripted endpoint under a clock that is moved by hand, real key files and stores, and
// one start against anvil with a real server's clock.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { numberToHex } from 'viem';
import { ChainFault } from '../chainFault.ts';
import { startAnvil } from '../embedded/anvil.ts';
import type { RpcCall, Transport } from '../endpoints/transport.ts';
import { RpcError, TransportError } from '../endpoints/transport.ts';
import type { Environment } from '../environment.ts';
import { systemEnvironment } from '../environment.ts';
import { httpAnswerer } from '../gates/fixtures/directPool.ts';
import { openEnvironmentKey } from '../signers/environmentKey.ts';
import { everythingShown, leaks, PLANTED } from '../signers/fixtures/planted.ts';
import { openKeyFile } from '../signers/keyFile.ts';
import { keySigner } from '../signers/keySigner.ts';
import type { ChainStore } from '../stores/chainStore.ts';
import { MemoryStore } from '../stores/memoryStore.ts';
import type { StartDependencies, StartQuestion, StartReport } from './checkStart.ts';
import { checkStart, startFault } from './checkStart.ts';
import { readServerTime } from './serverTime.ts';

const NOW_MS = 1_700_000_000_000;
const API_KEY = 'Zx9secretApiKey';

/** Time stands still, and every wait lasts until it is ended. */
const still: Environment = {
  clock: {
    nowMs: () => NOW_MS,
    elapsedMs: () => 0,
    sleep: (_, signal) =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
      }),
  },
  random: { next: () => 0.5 },
};

/** What the endpoint of a test says; a function is asked. */
interface Script {
  readonly chainId?: unknown;
  readonly block?: unknown;
  readonly balance?: unknown;
  readonly failure?: unknown;
}

function transportOf(script: Script, closed: string[] = []): Transport {
  const { chainId = '0x1', balance = '0x64', failure } = script;
  const block = 'block' in script ? script.block : headAt(NOW_MS);
  const answers: Record<string, unknown> = {
    eth_chainId: chainId,
    eth_getBlockByNumber: block,
    eth_getBalance: balance,
  };
  return {
    name: 'scripted',
    request: async ({ method }: RpcCall) => {
      if (failure !== undefined) throw failure;
      return answers[method];
    },
    close: async () => {
      closed.push('closed');
    },
  };
}

function headAt(timeMs: number): object {
  return { number: '0x10', timestamp: numberToHex(Math.floor(timeMs / 1_000)) };
}

async function check(
  changes: Partial<StartQuestion> = {},
  script: Script = {},
  stands: Partial<StartDependencies> = {},
): Promise<StartReport> {
  const question: StartQuestion = {
    chainId: 1,
    endpoints: [{ url: `https://eth.example/v2/${API_KEY}` }],
    signers: [{ name: 'settler', open: () => keySigner(PLANTED) }],
    openStore: async () => new MemoryStore(still.clock),
    ...changes,
  };
  const connect = (): Transport => transportOf(script);
  const report = await checkStart(question, { environment: still, connect, ...stands });
  const shown = everythingShown(report);
  assert.ok(!leaks(shown) && !shown.includes(API_KEY));
  for (const problem of report.problems) {
    assert.equal(problem.code, 'CHAIN_CONFIG_INVALID');
    assert.match(problem.message, /: .*\.$/);
    assert.ok(!leaks(everythingShown(problem)));
    assert.ok(!everythingShown(problem).includes(API_KEY));
  }
  return report;
}

const rulesOf = ({ problems }: StartReport): unknown[] =>
  problems.map(({ fields }) => fields['rule']);

test('finds nothing wrong with a good start and tells what it saw', async () => {
  const report = await check();
  const { address } = keySigner(PLANTED);
  assert.deepEqual(report, {
    problems: [],
    endpoints: [{ endpoint: 'eth.example', chainId: 1, headNumber: 16n, clockSkewMs: undefined }],
    signers: [{ name: 'settler', address, balance: 100n }],
  });
  assert.equal(startFault(report), undefined);
});

test('reports URLs that are none by their place', async () => {
  const endpoints = [{ url: API_KEY }, { url: `file:///${API_KEY}` }, { url: '' }];
  const report = await check({ endpoints });
  assert.deepEqual(rulesOf(report), ['url', 'url', 'url']);
  assert.match(report.problems[1]?.message ?? '', /^endpoints\[1\] has no URL of http/);
});

test('reports endpoints that do not answer, refuse or make no sense', async () => {
  const failures = [
    new TransportError('refused', 'nobody listens'),
    new RpcError('eth_chainId', { code: -32001, message: 'no\nsuch key' }),
  ];
  for (const failure of failures) {
    const report = await check({}, { failure });
    assert.deepEqual(rulesOf(report), ['reachable']);
    assert.match(report.problems[0]?.message ?? '', /^eth\.example cannot be used/);
  }
  for (const chainId of ['', 'one', null, 1, {}]) {
    assert.deepEqual(rulesOf(await check({}, { chainId })), ['reachable']);
  }
});

test('gives up on an endpoint that stays silent', async () => {
  const silent: Transport = { name: 'silent', request: () => new Promise(() => {}) };
  const clock = { ...still.clock, sleep: async () => {} };
  const environment = { ...still, clock };
  const report = await check({}, {}, { connect: () => silent, environment });
  assert.ok(rulesOf(report).includes('reachable'));
});

test('reports another chain with both ids', async () => {
  const report = await check({}, { chainId: '0xaa36a7' });
  assert.deepEqual(rulesOf(report), ['chainId']);
  assert.match(report.problems[0]?.message ?? '', /serves chain 11155111, not 1: change its URL/);
});

test('reports heads of the future and of long ago, and none at all', async () => {
  const at = async (timeMs: number): Promise<unknown[]> =>
    rulesOf(await check({}, { block: headAt(timeMs) }));
  assert.deepEqual(await at(NOW_MS + 15_000), []);
  assert.deepEqual(await at(NOW_MS + 16_000), ['clock']);
  assert.deepEqual(await at(NOW_MS - 600_000), []);
  assert.deepEqual(await at(NOW_MS - 601_000), ['headAge']);
  for (const block of [null, {}, 'block', { number: 1, timestamp: 2 }]) {
    assert.deepEqual(rulesOf(await check({}, { block })), ['head']);
  }
});

test('keeps silent about old heads where blocks are made on demand', async () => {
  const block = headAt(0);
  const report = await check({ limits: { headAgeMsMax: undefined } }, { block });
  assert.deepEqual(rulesOf(report), []);
});

test("holds our clock against the server's, both ways", async () => {
  const at = async (skewMs: number): Promise<StartReport> =>
    await check({}, {}, { serverTime: async () => NOW_MS + skewMs });
  assert.deepEqual(rulesOf(await at(15_000)), []);
  const behind = await at(20_000);
  assert.equal(behind.endpoints[0]?.clockSkewMs, 20_000);
  assert.match(
    behind.problems[0]?.message ?? '',
    /^Our clock is 20000 ms behind eth\.example: set/,
  );
  const ahead = await at(-20_000);
  assert.match(ahead.problems[0]?.message ?? '', /^Our clock is 20000 ms ahead of eth\.example/);
  const untold = await check({}, {}, { serverTime: async () => undefined });
  assert.deepEqual(rulesOf(untold), []);
});

test('reports what a signer lacks to the wei', async () => {
  const signers = [{ name: 'payer', open: () => keySigner(PLANTED), leastBalance: 101n }];
  const report = await check({ signers });
  assert.deepEqual(rulesOf(report), ['funded']);
  assert.match(
    report.problems[0]?.message ?? '',
    /^The signer payer has 100 wei: send 0x.* 1 more/,
  );
  assert.deepEqual(rulesOf(await check({}, { balance: '0x0' })), ['funded']);
  assert.deepEqual(rulesOf(await check({}, { balance: 'lots' })), ['balance']);
});

test('reports keys that cannot be read, without showing them', async () => {
  const signers = [
    { name: 'file', open: () => openKeyFile(`/nowhere/${PLANTED}`) },
    { name: 'variable', open: () => openEnvironmentKey('KEY', { KEY: `${PLANTED}0` }) },
  ];
  const report = await check({ signers });
  assert.deepEqual(rulesOf(report), ['signer', 'signer']);
});

test('reports a store that cannot be opened, written or read back', async () => {
  const away = async (): Promise<ChainStore> => {
    throw new ChainFault('CHAIN_STORE_UNAVAILABLE', 'The disk is full: make room.');
  };
  const readOnly = async (): Promise<ChainStore> => {
    const store = new MemoryStore(still.clock);
    store.commit = async () => await away().then(() => undefined);
    return store;
  };
  const forgetful = async (): Promise<ChainStore> => {
    const store = new MemoryStore(still.clock);
    store.get = async () => undefined;
    return store;
  };
  for (const openStore of [away, readOnly, forgetful]) {
    assert.deepEqual(rulesOf(await check({ openStore })), ['store']);
  }
});

test('leaves nothing in the store, and closes it and the transports', async () => {
  const store = new MemoryStore(still.clock);
  const listed: unknown[] = [];
  store.close = async () => {
    listed.push(...(await store.list('')));
    listed.push('closed');
  };
  const closed: string[] = [];
  const connect = (): Transport => transportOf({}, closed);
  await check({ openStore: async () => store }, {}, { connect });
  assert.deepEqual(listed, ['closed']);
  assert.deepEqual(closed, ['closed']);
});

test('tells all problems together, and makes one fault of them', async () => {
  const report = await check(
    {
      endpoints: [{ url: 'nowhere' }, { url: 'https://b.example' }],
      signers: [{ name: 'none', open: () => keySigner('') }],
      openStore: async () => {
        throw new ChainFault('CHAIN_STORE_UNAVAILABLE', 'It is away: start it.');
      },
    },
    { chainId: '0x2' },
  );
  assert.deepEqual(rulesOf(report).sort(), ['chainId', 'signer', 'store', 'url']);
  const fault = startFault(report);
  assert.equal(fault?.message.split('\n').length, 4);
  assert.equal(fault?.fields['problems'], 4);
});

test('lets bugs through', async () => {
  const signers = [
    {
      name: 'bug',
      open: () => {
        throw new TypeError('a bug');
      },
    },
  ];
  await assert.rejects(check({ signers }), TypeError);
});

test('passes a start on anvil, and names an unfunded signer there', async (context) => {
  const anvil = await startAnvil({ mining: { kind: 'manual' } });
  context.after(() => anvil.close());
  const answer = httpAnswerer(anvil.url);
  const transport: Transport = { name: 'anvil', request: async (call) => await answer(call) };
  const environment = systemEnvironment();
  const report = await check(
    { chainId: anvil.chainId, endpoints: [{ url: anvil.url }] },
    {},
    { environment, connect: () => transport, serverTime: readServerTime },
  );
  assert.deepEqual(rulesOf(report), ['funded']);
  assert.equal(report.endpoints[0]?.headNumber, 0n);
});

test("reads a server's clock, and nothing where there is none", async (context) => {
  const server = createServer((_, response) => {
    response.setHeader('date', new Date(NOW_MS).toUTCString());
    response.statusCode = 405;
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const { signal } = new AbortController();
  const url = new URL(`http://127.0.0.1:${port}/`);
  assert.equal(await readServerTime(url, signal), NOW_MS);
  await new Promise((resolve) => server.close(resolve));
  assert.equal(await readServerTime(url, signal), undefined);
});
