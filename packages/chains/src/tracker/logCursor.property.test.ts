// Goal: after any history, what a consumer keeps is exactly the logs of the canonical chain.
// Method: random growth, forks, lag, outages, vague nodes and restarts from the stored cursor under
// a simulated clock; the consumer applies each batch together with its cursor.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at } from '@lawbook/exchange/failures/invariant';
import fc from 'fast-check';
import type { Hash } from 'viem';
import { SimulatedClock } from '../../../../testing/chains/double/simulatedClock.ts';
import type { BlockReference, ChainTracker } from './chainTracker.ts';
import { createChainTracker } from './createChainTracker.ts';
import { ScriptedChain } from './fixtures/scriptedChain.ts';
import type { LogBatch } from './logCursor.ts';
import { createLogCursor } from './logCursor.ts';

type Step =
  | { readonly kind: 'mine'; readonly blocks: number; readonly logs: number }
  | { readonly kind: 'reorg'; readonly depth: number; readonly growth: number }
  | { readonly kind: 'lag'; readonly endpoint: number; readonly lag: number }
  | { readonly kind: 'down'; readonly endpoint: number; readonly isDown: boolean }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'restart'; readonly forgets: boolean };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('mine' as const),
    blocks: fc.integer({ min: 1, max: 30 }),
    logs: fc.integer({ min: 0, max: 3 }),
  }),
  fc.record({
    kind: fc.constant('reorg' as const),
    depth: fc.integer({ min: 1, max: 12 }),
    growth: fc.integer({ min: -2, max: 3 }),
  }),
  fc.record({
    kind: fc.constant('lag' as const),
    endpoint: fc.nat(2),
    lag: fc.integer({ min: 0, max: 8 }),
  }),
  fc.record({ kind: fc.constant('down' as const), endpoint: fc.nat(2), isDown: fc.boolean() }),
  fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 8_000 }) }),
  fc.record({ kind: fc.constant('restart' as const), forgets: fc.boolean() }),
);

/** Seed -436092274: the chain came back shorter than the cursor that a restart resumes from. */
const restartAboveTheHead: Step[] = [
  { kind: 'mine', blocks: 3, logs: 0 },
  { kind: 'reorg', depth: 1, growth: 0 },
  { kind: 'wait', ms: 100 },
  { kind: 'reorg', depth: 3, growth: -2 },
  { kind: 'restart', forgets: false },
];

/** Seed 1077: two blocks went while those below the ring were read. */
const reorgBelowTheRing: Step[] = [
  { kind: 'reorg', depth: 2, growth: 0 },
  { kind: 'wait', ms: 40 },
  { kind: 'reorg', depth: 2, growth: 0 },
];

/** Seed 2079: the same, from a branch without logs to one that has some. */
const reorgOntoLogs: Step[] = [
  { kind: 'mine', blocks: 2, logs: 0 },
  { kind: 'wait', ms: 40 },
  { kind: 'reorg', depth: 2, growth: 0 },
];

/** Seed 2066: more blocks than the ring holds came between two looks, and two of them went. */
const reorgBelowAFullRing: Step[] = [
  { kind: 'mine', blocks: 1, logs: 0 },
  { kind: 'wait', ms: 40 },
  { kind: 'mine', blocks: 23, logs: 0 },
  { kind: 'reorg', depth: 1, growth: 2 },
  { kind: 'wait', ms: 1_100 },
  { kind: 'reorg', depth: 2, growth: 0 },
];

/** Seed 2019: the same while the gap below the ring is read. */
const reorgBelowAJump: Step[] = [
  { kind: 'wait', ms: 7_956 },
  { kind: 'mine', blocks: 5, logs: 0 },
  { kind: 'mine', blocks: 20, logs: 0 },
  { kind: 'wait', ms: 284 },
  { kind: 'reorg', depth: 2, growth: 0 },
];

const examples: [Step[]][] = [
  [restartAboveTheHead],
  [reorgBelowTheRing],
  [reorgOntoLogs],
  [reorgBelowAFullRing],
  [reorgBelowAJump],
];

test('the consumer ends with the logs of the chain, each once and in order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30, size: 'max' }), async (steps) => {
      const world = new World();
      for (const each of steps) await world.apply(each);
      await world.comeToRest();
      assert.deepEqual(world.kept(), world.expected());
    }),
    { numRuns: 120, examples },
  );
});

const TOKEN = '0x00000000000000000000000000000000000000aa';

class World {
  readonly #clock = new SimulatedClock();
  readonly #chain = new ScriptedChain(this.#clock, 3);
  readonly #environment = { clock: this.#clock, random: { next: () => 0.5 } };
  #tracker: ChainTracker;
  /** What a consumer stores: blocks with their logs, and the cursor, in one transaction. */
  #ledger: { readonly block: BlockReference; readonly marks: readonly string[] }[] = [];
  #stored: BlockReference | bigint = 1n;
  #reading: Promise<void>;
  /** Why reading ended; judged at the next close, whatever step the failure falls into. */
  #failure: unknown;
  #mark = 0;
  /** The highest block that there ever was. */
  #highest = 0n;

  constructor() {
    this.#chain.latencyMs = 20;
    for (const endpoint of this.#chain.endpoints) endpoint.isVagueAboutLogs = true;
    this.#tracker = this.#openTracker();
    this.#reading = this.#read();
  }

  async apply(each: Step): Promise<void> {
    const chain = this.#chain;
    if (chain.head().number > this.#highest) this.#highest = chain.head().number;
    switch (each.kind) {
      case 'mine':
        for (let k = 0; k < each.blocks; k += 1) {
          chain.mine(1, k % 3 === 0 ? this.#logs(each.logs) : []);
        }
        return;
      case 'reorg': {
        const count = Math.max(1, each.depth + each.growth);
        chain.reorg(Math.min(each.depth, Number(chain.head().number)), 1, this.#logs(1));
        for (let k = 1; k < count; k += 1) chain.mine(1, this.#logs(k % 2));
        return;
      }
      case 'lag':
        at(chain.endpoints, each.endpoint).lag = each.lag;
        return;
      case 'down':
        at(chain.endpoints, each.endpoint).isDown = each.isDown;
        return;
      case 'wait':
        await this.#clock.runFor(each.ms);
        return;
      case 'restart':
        await this.#restart(each.forgets);
        return;
    }
  }

  async comeToRest(): Promise<void> {
    for (const endpoint of this.#chain.endpoints)
      Object.assign(endpoint, { lag: 0, isDown: false });
    // A shorter chain does not contradict a cursor above its head until it has grown that far.
    while (this.#chain.head().number <= this.#highest) this.#chain.mine();
    await this.#clock.runFor(60_000);
    await this.#close();
  }

  kept(): (readonly [string, readonly string[]])[] {
    return this.#ledger.map(({ block, marks }) => [block.hash, marks]);
  }

  expected(): (readonly [string, readonly string[]])[] {
    const blocks: [string, readonly string[]][] = [];
    for (let number = 1; number <= Number(this.#chain.head().number); number += 1) {
      const { hash } = this.#chain.block(number);
      const marks = this.#chain.logsOf(hash).map(({ payload }) => payload);
      if (marks.length > 0) blocks.push([hash, marks]);
    }
    return blocks;
  }

  #logs(count: number) {
    return Array.from({ length: count }, () => {
      this.#mark += 1;
      const payload: Hash = `0x${this.#mark.toString(16).padStart(8, '0')}`;
      return { address: TOKEN, topics: [], payload } as const;
    });
  }

  #openTracker(): ChainTracker {
    const dependencies = { pool: this.#chain.pool(), environment: this.#environment };
    return createChainTracker({ ringBlocks: 24, historyBlocks: 12 }, dependencies);
  }

  async #restart(forgets: boolean): Promise<void> {
    await this.#close();
    // Pruned while we were away: nodes keep only what is canonical now.
    if (forgets) for (const { block } of this.#ledger) this.#forgetUnlessCanonical(block);
    this.#tracker = this.#openTracker();
    this.#reading = this.#read();
  }

  #forgetUnlessCanonical({ number, hash }: BlockReference): void {
    const isHere = number <= this.#chain.head().number;
    if (!isHere || this.#chain.block(Number(number)).hash !== hash) this.#chain.forgotten.add(hash);
  }

  async #close(): Promise<void> {
    const closed = this.#tracker.close();
    await this.#clock.runFor(10_000);
    await Promise.all([closed, this.#reading]);
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #read(): Promise<void> {
    const { clock } = this.#environment;
    const pool = this.#chain.pool();
    const tracker = this.#tracker;
    const filter = { address: TOKEN } as const;
    const dependencies = { pool, tracker, environment: this.#environment };
    const cursor = createLogCursor({ filter, from: this.#stored }, dependencies);
    const closing = new AbortController();
    const watch = (): void => {
      tracker.changed().then(watch, () => closing.abort());
    };
    watch();
    try {
      for (;;) {
        const batch = await cursor.next(closing.signal);
        this.#applyBatch(batch);
        await clock.sleep(1, closing.signal);
      }
    } catch (error) {
      if (!closing.signal.aborted && !isClosed(error)) this.#failure = error;
    }
  }

  #applyBatch(batch: LogBatch): void {
    if (batch.kind === 'adopted') {
      const marks = batch.logs.map((log) => log.data);
      const above = this.#ledger.at(-1);
      assert.ok(above === undefined || above.block.number < batch.block.number, 'blocks rise');
      this.#ledger.push({ block: batch.block, marks });
    } else if (batch.kind === 'dropped') {
      const last = this.#ledger.pop();
      assert.deepEqual(last?.block, batch.block);
      assert.deepEqual(
        last?.marks,
        batch.logs.map((log) => log.data),
      );
    } else {
      this.#ledger = this.#ledger.filter(({ block }) => block.number <= batch.cursor.number);
    }
    this.#stored = batch.cursor;
  }
}

function isClosed(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'CHAIN_CLOSED';
}
