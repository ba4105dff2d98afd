// Goal: whatever chain and endpoints do, a consumer's view is always one linked chain, ends as the
// chain does once endpoints are well, and never sees a reorganisation that did not happen.
// Method: random histories of growth, forks, roll-backs, lag, outages and dead branches under a
// simulated clock, with a consumer that applies passages at random moments.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at } from '@lawbook/exchange/failures/invariant';
import fc from 'fast-check';
import { SimulatedClock } from '../../../../testing/chains/double/simulatedClock.ts';
import type { ChainBlock, ChainTracker } from './chainTracker.ts';
import { createChainTracker } from './createChainTracker.ts';
import { ScriptedChain } from './fixtures/scriptedChain.ts';

type Step =
  | { readonly kind: 'mine'; readonly count: number }
  | { readonly kind: 'reorg'; readonly depth: number; readonly growth: number }
  | { readonly kind: 'lag'; readonly endpoint: number; readonly lag: number }
  | { readonly kind: 'down'; readonly endpoint: number; readonly isDown: boolean }
  | { readonly kind: 'consume' }
  | { readonly kind: 'wait'; readonly ms: number };

const calm: fc.Arbitrary<Step>[] = [
  fc.record({ kind: fc.constant('mine' as const), count: fc.integer({ min: 1, max: 5 }) }),
  fc.record({
    kind: fc.constant('lag' as const),
    endpoint: fc.nat(2),
    lag: fc.integer({ min: 0, max: 20 }),
  }),
  fc.record({ kind: fc.constant('down' as const), endpoint: fc.nat(2), isDown: fc.boolean() }),
  fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 5_000 }) }),
  fc.record({ kind: fc.constant('consume' as const) }),
];
const wild: fc.Arbitrary<Step>[] = [
  ...calm,
  fc.record({
    kind: fc.constant('reorg' as const),
    depth: fc.integer({ min: 1, max: 20 }),
    growth: fc.integer({ min: -3, max: 3 }),
  }),
];

test('a consumer ends on the chain, through one linked view', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(...wild), { maxLength: 40 }), async (steps) => {
      await runWorld(steps, async ({ clock, chain, consumer }) => {
        for (const endpoint of chain.endpoints) Object.assign(endpoint, { lag: 0, isDown: false });
        chain.mine();
        await clock.runFor(20_000);
        consumer.consume();
        assert.equal(consumer.tip().hash, chain.head().hash);
        for (const block of consumer.view) {
          assert.equal(block.hash, chain.block(Number(block.number)).hash);
        }
      });
    }),
    { numRuns: 100 },
  );
});

test('without a reorganisation none is seen, however endpoints lag and fail', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(...calm), { maxLength: 60 }), async (steps) => {
      await runWorld(steps, async ({ clock, chain, tracker }) => {
        // A chain with blocks: where nothing is mined for long, a quorum that stands still
        // cannot be told from a chain that was taken back.
        for (let k = 0; k < 10; k += 1) {
          chain.mine();
          await clock.runFor(1_000);
        }
        assert.equal(tracker.stats().reorganisations, 0);
      });
    }),
    { numRuns: 100 },
  );
});

interface World {
  readonly clock: SimulatedClock;
  readonly chain: ScriptedChain;
  readonly tracker: ChainTracker;
  readonly consumer: Consumer;
}

async function runWorld(steps: readonly Step[], end: (world: World) => Promise<void>) {
  const clock = new SimulatedClock();
  const chain = new ScriptedChain(clock, 3);
  chain.latencyMs = 20;
  chain.mine(300);
  const environment = { clock, random: { next: () => 0.5 } };
  const tracker = createChainTracker({ historyBlocks: 250 }, { pool: chain.pool(), environment });
  await clock.runFor(2_000);
  const consumer = new Consumer(tracker);
  // Replicas follow a chain that goes on: one block a second, as well as what the steps mine.
  for (const step of steps) await apply(step, { clock, chain, tracker, consumer });
  await end({ clock, chain, tracker, consumer });
  const closed = tracker.close();
  await clock.runUntilIdle();
  await closed;
}

async function apply(step: Step, { clock, chain, consumer }: World): Promise<void> {
  switch (step.kind) {
    case 'mine':
      chain.mine(step.count);
      break;
    case 'reorg':
      chain.reorg(step.depth, Math.max(1, step.depth + step.growth));
      break;
    case 'lag':
      at(chain.endpoints, step.endpoint).lag = step.lag;
      break;
    case 'down':
      at(chain.endpoints, step.endpoint).isDown = step.isDown;
      break;
    case 'consume':
      consumer.consume();
      break;
    case 'wait':
      for (let left = step.ms; left > 0; left -= 1_000) {
        chain.mine();
        await clock.runFor(Math.min(left, 1_000));
      }
      break;
  }
}

/** Applies passages to a list of blocks, and accepts nothing that does not fit. */
class Consumer {
  readonly view: ChainBlock[];
  readonly #tracker: ChainTracker;

  constructor(tracker: ChainTracker) {
    const head = tracker.head();
    this.#tracker = tracker;
    this.view = head === undefined ? [] : [head];
  }

  tip(): ChainBlock {
    return at(this.view, this.view.length - 1);
  }

  consume(): void {
    const passage = this.#tracker.passageFrom(this.tip());
    assert.ok(passage.kind === 'known', 'no history here is longer than the ring');
    for (const dropped of passage.dropped) {
      // Below where the consumer began there is nothing to undo.
      if (this.view.length > 0) assert.equal(this.view.pop(), dropped);
    }
    for (const adopted of passage.adopted) {
      if (this.view.length > 0) assert.equal(this.tip().hash, adopted.parentHash);
      this.view.push(adopted);
    }
    assert.equal(this.tip(), this.#tracker.head());
  }
}
