// Goal: tracker and log cursor read a real node as they read the scripted one: its blocks, blooms
// and logs, its reorganisations and roll-backs, its announcements.
// Method: anvil behind the real pool; the test mines, reorganises and rolls back through its API.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { numberToHex } from 'viem';
import type { EmbeddedAnvil } from '../embedded/anvil.ts';
import { startAnvil } from '../embedded/anvil.ts';
import { createEndpointPool } from '../endpoints/createEndpointPool.ts';
import type { EndpointPool } from '../endpoints/endpointPool.ts';
import { httpTransport } from '../endpoints/httpTransport.ts';
import type { Transport } from '../endpoints/transport.ts';
import { webSocketTransport } from '../endpoints/webSocketTransport.ts';
import { systemEnvironment } from '../environment.ts';
import type { ChainTracker } from './chainTracker.ts';
import { createChainTracker } from './createChainTracker.ts';
import { wakeOnHeads } from './heads.ts';
import type { LogBatch } from './logCursor.ts';
import { createLogCursor } from './logCursor.ts';
import { watchPending } from './watchPending.ts';

const LOGGER = '0x00000000000000000000000000000000000000aa';
/** Logs its input: CALLDATACOPY(0, 0, size), LOG0(0, size). */
const LOGGER_CODE = '0x365f5f37365fa000';
const SENDER = '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266';
const TIMEOUT_MS = 20_000;

const environment = systemEnvironment();
let anvil: EmbeddedAnvil;
let node: Transport;
let pool: EndpointPool;

before(async () => {
  anvil = await startAnvil({ mining: { kind: 'manual' }, slotsInAnEpoch: 2 });
  node = httpTransport({ url: anvil.url }, { environment });
  pool = createEndpointPool(
    {
      chainId: anvil.chainId,
      endpoints: [
        { transport: httpTransport({ url: anvil.url }, { environment }), limits: 'local' },
      ],
    },
    { environment },
  );
  await ask('anvil_setCode', LOGGER, LOGGER_CODE);
});

after(async () => {
  await pool.close();
  await node.close?.();
  await anvil.close();
});

test('logs of forty missed blocks, a reorganisation and a roll-back', async (context) => {
  const tracker = createChainTracker({ pollIntervalMs: 20 }, { pool, environment });
  context.after(() => tracker.close());
  const filter = { address: LOGGER } as const;
  const cursor = createLogCursor({ filter, from: 1n }, { pool, tracker, environment });
  const take = async (count: number): Promise<string[]> => {
    const batches: LogBatch[] = [];
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    while (batches.length < count) batches.push(await cursor.next(signal));
    return batches.map(told);
  };
  for (let mark = 1; mark <= 40; mark += 1) await mineLog(mark);
  const expected = Array.from({ length: 40 }, (_, index) => `+${index + 1}:${index + 1}`);
  assert.deepEqual(await take(40), expected);

  await ask('anvil_reorg', 3, []);
  assert.deepEqual(await take(3), ['-40:40', '-39:39', '-38:38']);
  await mineLog(41);
  assert.deepEqual(await take(1), ['+41:41']);

  await ask('anvil_rollback', 5);
  assert.deepEqual(await take(2), ['-41:41', '-37:37']);
  await mineLog(42);
  assert.deepEqual(await take(1), ['+37:42']);
  await until(tracker, () => tracker.head()?.number === 37n);
  assert.equal(tracker.stats().reorganisations, 2);
  assert.equal(tracker.stats().deepest, 5);
  await until(tracker, () => tracker.finality().finalized !== undefined);
});

test('announcements wake a slow tracker, and pending transactions are told', async (context) => {
  const socket = webSocketTransport({ url: anvil.webSocketUrl }, { environment });
  const wake = wakeOnHeads([socket]);
  const tracker = createChainTracker({ pollIntervalMs: 600_000 }, { pool, environment, wake });
  context.after(async () => {
    await tracker.close();
    await socket.close();
  });
  await until(tracker, () => tracker.head() !== undefined);
  const pending = watchPending(socket);
  const hashes = pending.hashes(AbortSignal.timeout(TIMEOUT_MS));
  while (pending.stats().starts === 0) await ask('eth_chainId');
  const start = tracker.head()?.number ?? 0n;
  const sent = await mineLog(1);
  assert.equal((await hashes.next()).value, sent);
  await until(tracker, () => tracker.head()?.number === start + 1n);
  pending.close();
});

function ask(method: string, ...params: unknown[]): Promise<unknown> {
  return node.request({ method, params }, { timeoutMs: TIMEOUT_MS });
}

async function mineLog(mark: number): Promise<unknown> {
  const transaction = {
    from: SENDER,
    to: LOGGER,
    gas: '0x186a0',
    data: numberToHex(mark, { size: 2 }),
  };
  const hash = await ask('eth_sendTransaction', transaction);
  await ask('evm_mine');
  return hash;
}

async function until(tracker: ChainTracker, condition: () => boolean): Promise<void> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  while (!condition()) await tracker.changed(signal);
}

function told(batch: LogBatch): string {
  if (batch.kind === 'rewound') return `<${batch.cursor.number}`;
  const marks = batch.logs.map((log) => Number(log.data));
  return `${batch.kind === 'adopted' ? '+' : '-'}${batch.block.number}:${marks.join(',')}`;
}
