// Goal: a log cursor delivers each log once per canonical block, takes back what a reorganisation
// undid, and resumes from what was stored, without any push from endpoints.
// Method: a scripted chain with logs in chosen blocks, under a simulated clock.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at } from '@lawbook/exchange/failures/invariant';
import { SimulatedClock } from '../../../../testing/chains/double/simulatedClock.ts';
import type { ChainTracker } from './chainTracker.ts';
import type { ChainTrackerOptions } from './createChainTracker.ts';
import { createChainTracker } from './createChainTracker.ts';
import { ScriptedChain } from './fixtures/scriptedChain.ts';
import { RING_BLOCKS } from './headerRing.ts';
import type { LogBatch, LogCursor, LogCursorOptions } from './logCursor.ts';
import { createLogCursor } from './logCursor.ts';

const TOKEN = '0x00000000000000000000000000000000000000aa';
const log = (mark: number) =>
  ({
    address: TOKEN,
    topics: [],
    payload: `0x${mark.toString(16).padStart(4, '0')}`,
  }) as const;

class World {
  readonly clock = new SimulatedClock();
  readonly chain: ScriptedChain;
  readonly environment = { clock: this.clock, random: { next: () => 0.5 } };
  tracker: ChainTracker;
  readonly #options: ChainTrackerOptions;

  constructor(endpoints = 1, options: ChainTrackerOptions = {}) {
    this.chain = new ScriptedChain(this.clock, endpoints);
    this.#options = options;
    this.tracker = this.#open();
  }

  #open(): ChainTracker {
    const dependencies = { pool: this.chain.pool(), environment: this.environment };
    return createChainTracker(this.#options, dependencies);
  }

  /** A process that ends and starts again: everything it knew is gone. */
  async restart(): Promise<void> {
    await this.close();
    this.tracker = this.#open();
    await this.clock.runFor(100);
  }

  cursor(from: LogCursorOptions['from']): LogCursor {
    const pool = this.chain.pool();
    const { tracker, environment } = this;
    return createLogCursor({ filter: { address: TOKEN }, from }, { pool, tracker, environment });
  }

  /** The next batches as far as they come within some time. */
  async take(cursor: LogCursor, withinMs = 3_000): Promise<LogBatch[]> {
    const batches: LogBatch[] = [];
    for (;;) {
      const stopper = new AbortController();
      let batch: LogBatch | undefined;
      const taking = cursor.next(stopper.signal).then(
        (taken) => {
          batch = taken;
        },
        (reason: unknown) => {
          if (!stopper.signal.aborted) throw reason;
        },
      );
      await this.clock.runFor(withinMs);
      stopper.abort();
      await this.clock.settle();
      await taking;
      if (batch === undefined) return batches;
      batches.push(batch);
    }
  }

  async close(): Promise<void> {
    const closed = this.tracker.close();
    await this.clock.settle();
    await closed;
  }
}

/** `+5:1,2` says that block 5 was adopted with logs 1 and 2; `-` dropped, `<5` rewound to 5. */
function told(batches: readonly LogBatch[]): string[] {
  return batches.map((batch) => {
    if (batch.kind === 'rewound') return `<${batch.cursor.number}`;
    const marks = batch.logs.map(({ data: payload }) => Number(payload));
    return `${batch.kind === 'adopted' ? '+' : '-'}${batch.block.number}:${marks.join(',')}`;
  });
}

test('logs come block by block in order, and blocks without logs pass unseen', async () => {
  const world = new World();
  const cursor = world.cursor(1n);
  world.chain.mine(1, [log(1), log(2)]);
  world.chain.mine(5);
  world.chain.mine(1, [log(3)]);
  assert.deepEqual(told(await world.take(cursor)), ['+1:1,2', '+7:3']);
  assert.deepEqual(cursor.cursor(), reference(world.chain.head()));
  world.chain.mine(1, [log(4)]);
  assert.deepEqual(told(await world.take(cursor)), ['+8:4']);
  await world.close();
});

test('a cursor that starts at the head delivers nothing older', async () => {
  const world = new World();
  world.chain.mine(1, [log(1)]);
  await world.clock.runFor(100);
  const cursor = world.cursor(undefined);
  assert.deepEqual(await world.take(cursor), []);
  world.chain.mine(1, [log(2)]);
  assert.deepEqual(told(await world.take(cursor)), ['+2:2']);
  await world.close();
});

test('logs of dropped blocks are taken back, highest first, before the new branch', async () => {
  const world = new World();
  const cursor = world.cursor(1n);
  world.chain.mine(1, [log(1)]);
  world.chain.mine(1, [log(2)]);
  world.chain.mine(2, [log(3), log(4)]);
  assert.deepEqual(told(await world.take(cursor)), ['+1:1', '+2:2', '+3:3,4']);
  world.chain.reorg(3, 4, [log(5)]);
  assert.deepEqual(told(await world.take(cursor)), ['-3:3,4', '-2:2', '+2:5']);
  await world.close();
});

test('what was delivered is taken back although nodes have forgotten it', async () => {
  const world = new World();
  const cursor = world.cursor(1n);
  world.chain.mine(1, [log(1)]);
  world.chain.mine(1, [log(2)]);
  await world.take(cursor);
  for (const number of [1, 2]) world.chain.forgotten.add(world.chain.block(number).hash);
  world.chain.reorg(2, 3, [log(3)]);
  assert.deepEqual(told(await world.take(cursor)), ['-2:2', '-1:1', '+1:3']);
  await world.close();
});

test('nothing below the first block is delivered or taken back', async () => {
  const world = new World();
  world.chain.mine(1, [log(1)]);
  world.chain.mine(1, [log(2)]);
  const cursor = world.cursor(2n);
  assert.deepEqual(told(await world.take(cursor)), ['+2:2']);
  world.chain.reorg(2, 1, [log(3)]);
  world.chain.mine(2, [log(4)]);
  assert.deepEqual(told(await world.take(cursor)), ['-2:2', '+2:4']);
  await world.close();
});

test('a batch that is not acknowledged comes again after a restart', async () => {
  const world = new World();
  world.chain.mine(1, [log(1)]);
  world.chain.mine(1, [log(2)]);
  await world.clock.runFor(2_000);
  const cursor = world.cursor(1n);
  const first = await cursor.next();
  assert.deepEqual(told([first]), ['+1:1']);
  assert.equal(cursor.cursor(), undefined);
  await cursor.next();
  const stored = cursor.cursor();
  assert.deepEqual(stored, first.cursor);
  await world.restart();
  assert.deepEqual(told(await world.take(world.cursor(stored))), ['+2:2']);
  await world.close();
});

test('a reorganisation during an absence is taken back from what nodes still know', async () => {
  const world = new World();
  world.chain.mine(1, [log(1)]);
  world.chain.mine(1, [log(2)]);
  const cursor = world.cursor(1n);
  await world.take(cursor);
  const stored = cursor.cursor();
  world.chain.reorg(2, 3, [log(3)]);
  await world.restart();
  const batches = told(await world.take(world.cursor(stored)));
  assert.deepEqual(batches, ['-2:2', '-1:1', '+1:3']);
  await world.close();
});

test('a branch that nobody remembers rewinds to what is final', async () => {
  const world = new World();
  world.chain.mine(20, [log(1)]);
  world.chain.safeDepth = 1;
  world.chain.finalizedDepth = 10;
  world.chain.mine(1, [log(2)]);
  const cursor = world.cursor(1n);
  await world.take(cursor);
  const stored = cursor.cursor();
  assert.equal(stored?.number, 21n);
  for (const number of [20, 21]) world.chain.forgotten.add(world.chain.block(number).hash);
  world.chain.reorg(2, 3, [log(3)]);
  await world.restart();
  const batches = await world.take(world.cursor(stored));
  assert.deepEqual(told(batches), ['<12', '+20:3']);
  await world.close();
});

test('a rewind without finality goes a ring deep and delivers anew', async () => {
  const world = new World();
  world.chain.mine(20, [log(1)]);
  world.chain.mine(1, [log(2)]);
  const cursor = world.cursor(1n);
  await world.take(cursor);
  const stored = cursor.cursor();
  world.chain.forgotten.add(world.chain.block(21).hash);
  world.chain.reorg(1, 2, [log(3)]);
  await world.restart();
  const batches = await world.take(world.cursor(stored));
  assert.deepEqual(told(batches), ['<0', '+1:1', '+21:3']);
  await world.close();
});

test('far below the ring ranges are read, and split where they are refused', async () => {
  const world = new World(1, { ringBlocks: 50, historyBlocks: 20 });
  world.chain.logRangeMax = 100;
  world.chain.safeDepth = 30;
  world.chain.finalizedDepth = 30;
  for (let k = 1; k <= 30; k += 1) world.chain.mine(50, [log(k)]);
  await world.restart();
  const before = world.chain.count('eth_getLogs');
  const batches = await world.take(world.cursor(1n), 10);
  const expected = Array.from({ length: 30 }, (_, k) => `+${1 + 50 * k}:${k + 1}`);
  assert.deepEqual(told(batches), expected);
  assert.ok(world.chain.count('eth_getLogs') - before < 80, 'most blocks share a call');
  await world.close();
});

test('without finality a ring of blocks below the ring is read by hash', async () => {
  const world = new World(1, { ringBlocks: 50, historyBlocks: 20 });
  for (let k = 1; k <= 30; k += 1) world.chain.mine(50, [log(k)]);
  await world.restart();
  const before = world.chain.calls.length;
  const batches = await world.take(world.cursor(1n), 10);
  const expected = Array.from({ length: 30 }, (_, k) => `+${1 + 50 * k}:${k + 1}`);
  assert.deepEqual(told(batches), expected);
  const queries = world.chain.calls
    .slice(before)
    .filter(({ method }) => method === 'eth_getLogs')
    .map(({ params }) => params[0] as { readonly blockHash?: string });
  const byHash = queries.filter(({ blockHash }) => blockHash !== undefined).length;
  assert.ok(byHash >= RING_BLOCKS, 'what may leave the chain is read by hash');
  assert.ok(byHash < RING_BLOCKS + 50, 'each block is read once');
  assert.ok(queries.length - byHash < 10, 'blocks below share a call');
  await world.close();
});

test('a range whose end is on another branch is read again', async () => {
  const world = new World(1, { historyBlocks: 0, pollIntervalMs: 50 });
  const { chain, clock } = world;
  const endpoint = at(chain.endpoints, 0);
  for (let k = 1; k <= 20; k += 1) chain.mine(1, [log(k)]);
  endpoint.stuckOn = chain.head().hash;
  chain.reorg(10, 1, [log(31)]);
  for (let k = 32; k <= 42; k += 1) chain.mine(1, [log(k)]);
  chain.finalizedDepth = 3;
  chain.safeDepth = 3;
  await world.restart();
  chain.latencyMs = 20;
  const cursor = world.cursor(1n);
  const before = chain.count('eth_getLogs');
  clock.schedule(30, () => {
    endpoint.stuckOn = undefined;
  });
  const marks = Array.from({ length: 22 }, (_, k) => `+${k + 1}:${k < 10 ? k + 1 : k + 21}`);
  assert.deepEqual(told(await world.take(cursor)), marks);
  const queries = chain.calls.filter(({ method }) => method === 'eth_getLogs').slice(before);
  const ranges = queries.map(({ params }) => params[0] as { readonly fromBlock?: string });
  assert.equal(ranges.filter(({ fromBlock }) => fromBlock === '0x1').length, 2);
  await world.close();
});

test('an empty answer of a node that does not know the block is not believed', async () => {
  const world = new World(3);
  const cursor = world.cursor(1n);
  await world.clock.runFor(100);
  world.chain.mine(1, [log(1)]);
  for (const endpoint of world.chain.endpoints) endpoint.isVagueAboutLogs = true;
  at(world.chain.endpoints, 1).stuckOn = world.chain.reorg(0, 1).hash;
  world.chain.reorg(1, 2, [log(2)]);
  assert.deepEqual(told(await world.take(cursor, 8_000)), ['+1:1', '+2:2']);
  await world.close();
});

test('an outage in the middle loses and repeats nothing', async () => {
  const world = new World(2);
  const cursor = world.cursor(1n);
  for (let k = 1; k <= 20; k += 1) world.chain.mine(1, [log(k)]);
  await world.clock.runFor(2_000);
  const early = [await cursor.next(), await cursor.next()];
  for (const endpoint of world.chain.endpoints) endpoint.isDown = true;
  world.clock.schedule(30_000, () => {
    for (const endpoint of world.chain.endpoints) endpoint.isDown = false;
  });
  const late = await world.take(cursor, 60_000);
  const expected = Array.from({ length: 20 }, (_, k) => `+${k + 1}:${k + 1}`);
  assert.deepEqual(told([...early, ...late]), expected);
  await world.close();
});

test('batches can be taken in a loop', async () => {
  const world = new World();
  world.chain.mine(1, [log(1)]);
  world.chain.mine(1, [log(2)]);
  await world.clock.runFor(2_000);
  const seen: LogBatch[] = [];
  for await (const batch of world.cursor(1n).batches()) {
    seen.push(batch);
    if (seen.length === 2) break;
  }
  assert.deepEqual(told(seen), ['+1:1', '+2:2']);
  await world.close();
});

test('a wait ends with the tracker and with its signal', async () => {
  const world = new World();
  await world.clock.runFor(100);
  const stopper = new AbortController();
  const cursor = world.cursor(undefined);
  const aborted = assert.rejects(cursor.next(stopper.signal), { name: 'AbortError' });
  stopper.abort();
  await aborted;
  const closed = assert.rejects(cursor.next(), { code: 'CHAIN_CLOSED' });
  await world.clock.settle();
  await world.close();
  await closed;
});

function reference({ number, hash }: { number: bigint; hash: string }) {
  return { number, hash };
}
