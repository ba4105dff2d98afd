// Goal: the tracker follows growth, reorganisations and roll-backs, believes no replica that lags,
// and stays calm while nothing answers.
// Method: a scripted chain behind endpoints that can lag, stick and fail, under a simulated clock.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at } from '@lawbook/exchange/failures/invariant';
import { SimulatedClock } from '../../../../testing/chains/double/simulatedClock.ts';
import type { BlockReference, ChainBlock, ChainTracker } from './chainTracker.ts';
import type { ChainTrackerOptions, Wake } from './createChainTracker.ts';
import { createChainTracker } from './createChainTracker.ts';
import { ScriptedChain } from './fixtures/scriptedChain.ts';

interface World {
  readonly clock: SimulatedClock;
  readonly chain: ScriptedChain;
  readonly tracker: ChainTracker;
}

interface WorldOptions extends ChainTrackerOptions {
  readonly endpoints?: number;
  readonly blocks?: number;
  readonly latencyMs?: number;
  readonly wake?: Wake;
}

async function inWorld(options: WorldOptions, body: (world: World) => Promise<void>) {
  const { endpoints = 1, blocks = 10, latencyMs = 0, wake, ...trackerOptions } = options;
  const clock = new SimulatedClock();
  const chain = new ScriptedChain(clock, endpoints);
  chain.latencyMs = latencyMs;
  chain.mine(blocks);
  const environment = { clock, random: { next: () => 0.5 } };
  const tracker = createChainTracker(trackerOptions, {
    pool: chain.pool(),
    environment,
    ...(wake === undefined ? {} : { wake }),
  });
  try {
    await clock.runUntil(() => tracker.head() !== undefined, { withinMs: 10_000 });
    await clock.runFor(50);
    await body({ clock, chain, tracker });
  } finally {
    const closed = tracker.close();
    await clock.runUntilIdle();
    await closed;
  }
}

function headOf(tracker: ChainTracker): ChainBlock {
  const head = tracker.head();
  assert.ok(head !== undefined, 'the tracker has a head');
  return head;
}

test('a cursor sees each new block once', async () => {
  await inWorld({}, async ({ clock, chain, tracker }) => {
    const cursor = headOf(tracker);
    chain.mine(3);
    await clock.runFor(1_000);
    const passage = tracker.passageFrom(cursor);
    assert.deepEqual(
      passage.kind === 'known' && passage.adopted.map(({ hash }) => hash),
      [11, 12, 13].map((number) => chain.block(number).hash),
    );
    assert.deepEqual(tracker.passageFrom(tracker.head()), {
      kind: 'known',
      dropped: [],
      adopted: [],
    });
    assert.equal(tracker.stats().reorganisations, 0);
  });
});

test('a quiet chain costs one request per poll', async () => {
  await inWorld({}, async ({ clock, chain }) => {
    const before = chain.calls.length;
    await clock.runFor(10_000);
    assert.equal(chain.calls.length - before, 10);
  });
});

test('history below the first head is read, so that an older cursor works at once', async () => {
  await inWorld({ blocks: 100, historyBlocks: 20 }, async ({ chain, tracker }) => {
    assert.equal(tracker.isCanonical(chain.block(80)), true);
    assert.equal(tracker.isCanonical(chain.block(78)), undefined);
    const passage = tracker.passageFrom(chain.block(90));
    assert.equal(passage.kind === 'known' && passage.adopted.length, 10);
  });
});

for (const depth of [1, 2, 6, 20]) {
  test(`a reorganisation of depth ${depth} to a longer branch is told in order`, async () => {
    await inWorld({ blocks: 40 }, async ({ clock, chain, tracker }) => {
      const cursor = headOf(tracker);
      chain.reorg(depth, depth + 1);
      await clock.runFor(1_000);
      const passage = tracker.passageFrom(cursor);
      assert.ok(passage.kind === 'known');
      const heights = (blocks: readonly { number: bigint }[]) => blocks.map(({ number }) => number);
      const down = Array.from({ length: depth }, (_, k) => 40n - BigInt(k));
      const up = Array.from({ length: depth + 1 }, (_, k) => 41n - BigInt(depth) + BigInt(k));
      assert.deepEqual(heights(passage.dropped), down);
      assert.deepEqual(heights(passage.adopted), up);
      assert.deepEqual([tracker.stats().reorganisations, tracker.stats().deepest], [1, depth]);
    });
  });

  test(`depth ${depth} at equal height is believed at the second look`, async () => {
    await inWorld({ blocks: 40 }, async ({ clock, chain, tracker }) => {
      const first = chain.head();
      chain.reorg(depth, depth);
      await clock.runFor(1_000);
      assert.equal(tracker.head()?.hash, first.hash);
      await clock.runFor(250);
      assert.equal(tracker.head()?.hash, chain.head().hash);
      assert.equal(tracker.isCanonical(first), false);
    });
  });
}

test('a shorter branch is followed once its hashes contradict ours', async () => {
  await inWorld({ blocks: 40, endpoints: 3 }, async ({ clock, chain, tracker }) => {
    chain.reorg(10, 4);
    await clock.runFor(2_000);
    assert.equal(tracker.head()?.hash, chain.head().hash);
    assert.equal(tracker.head()?.number, 34n);
  });
});

test('a chain taken back without a new block is followed once it stood still', async () => {
  await inWorld({ blocks: 40, endpoints: 2 }, async ({ clock, chain, tracker }) => {
    chain.reorg(10, 0);
    await clock.runFor(4_000);
    assert.equal(tracker.head()?.number, 40n);
    await clock.runFor(3_000);
    assert.equal(tracker.head()?.hash, chain.head().hash);
    assert.equal(tracker.stats().deepest, 10);
  });
});

test('a chain taken back that grew beyond its old height is one reorganisation', async () => {
  await inWorld({ blocks: 40 }, async ({ clock, chain, tracker }) => {
    const cursor = chain.head();
    chain.reorg(10, 12);
    await clock.runFor(1_000);
    const passage = tracker.passageFrom(cursor);
    assert.equal(passage.kind === 'known' && passage.dropped.length, 10);
    assert.equal(passage.kind === 'known' && passage.adopted.length, 12);
  });
});

test('replicas that lag 1 to 20 blocks are never taken for a reorganisation', async () => {
  await inWorld({ blocks: 40, endpoints: 3 }, async ({ clock, chain, tracker }) => {
    at(chain.endpoints, 1).lag = 1;
    at(chain.endpoints, 2).lag = 20;
    for (let k = 0; k < 120; k += 1) {
      if (k % 3 === 0) chain.mine();
      if (k % 17 === 0) at(chain.endpoints, 0).isDown = !at(chain.endpoints, 0).isDown;
      await clock.runFor(1_000);
      assert.equal(tracker.stats().reorganisations, 0);
    }
  });
});

test('one replica alone that stopped far behind is never taken for a roll-back', async () => {
  await inWorld({ blocks: 40, endpoints: 3 }, async ({ clock, chain, tracker }) => {
    at(chain.endpoints, 2).stuckOn = chain.block(20).hash;
    at(chain.endpoints, 0).isDown = true;
    at(chain.endpoints, 1).isDown = true;
    await clock.runFor(120_000);
    assert.equal(tracker.head()?.number, 40n);
    assert.equal(tracker.stats().reorganisations, 0);
  });
});

test('an endpoint stuck on a dead branch does not move a head that others stand on', async () => {
  await inWorld({ blocks: 40, endpoints: 3 }, async ({ clock, chain, tracker }) => {
    const dead = chain.head().hash;
    chain.reorg(1, 2);
    await clock.runFor(2_000);
    at(chain.endpoints, 1).stuckOn = dead;
    await clock.runFor(60_000);
    assert.equal(tracker.head()?.hash, chain.head().hash);
    assert.equal(tracker.stats().reorganisations, 1);
  });
});

test('one endpoint on our head outweighs a quorum on a dead branch', async () => {
  await inWorld({ blocks: 40, endpoints: 3 }, async ({ clock, chain, tracker }) => {
    const dead = chain.head().hash;
    chain.reorg(1, 2);
    await clock.runFor(2_000);
    at(chain.endpoints, 1).stuckOn = dead;
    at(chain.endpoints, 2).stuckOn = dead;
    const before = chain.calls.length;
    await clock.runFor(60_000);
    assert.ok(chain.calls.length - before > 60, 'there were hearings');
    assert.equal(tracker.head()?.hash, chain.head().hash);
    assert.equal(tracker.stats().reorganisations, 1);
  });
});

test('the only endpoint that is left decides in the end when it contradicts our head', async () => {
  await inWorld({ blocks: 40, endpoints: 3 }, async ({ clock, chain, tracker }) => {
    at(chain.endpoints, 1).isDown = true;
    at(chain.endpoints, 2).isDown = true;
    chain.reorg(3, 3);
    await clock.runFor(5_000);
    assert.notEqual(tracker.head()?.hash, chain.head().hash);
    await clock.runFor(10_000);
    assert.equal(tracker.head()?.hash, chain.head().hash);
  });
});

test('forty missed blocks are read in a few round trips', async () => {
  await inWorld({ latencyMs: 50, blocks: 40 }, async ({ clock, chain, tracker }) => {
    const cursor = headOf(tracker);
    chain.mine(40);
    await clock.runUntil(() => tracker.head()?.number === 80n, { withinMs: 1_500 });
    const passage = tracker.passageFrom(cursor);
    assert.equal(passage.kind === 'known' && passage.adopted.length, 40);
  });
});

test('a gap longer than the ring begins again, and older cursors become unknown', async () => {
  await inWorld({ ringBlocks: 30, historyBlocks: 5 }, async ({ clock, chain, tracker }) => {
    const cursor = headOf(tracker);
    chain.mine(100);
    await clock.runFor(1_000);
    assert.equal(tracker.head()?.hash, chain.head().hash);
    assert.deepEqual(tracker.passageFrom(cursor), { kind: 'unknown' });
    assert.equal(tracker.isCanonical(cursor), undefined);
    assert.equal(tracker.isCanonical(chain.block(106)), true);
    assert.ok(tracker.stats().ringBlocks <= 60);
    assert.equal(tracker.stats().reorganisations, 0);
  });
});

test('a reorganisation deeper than the ring begins again and is counted', async () => {
  await inWorld({ ringBlocks: 8, blocks: 40 }, async ({ clock, chain, tracker }) => {
    const cursor = chain.head();
    chain.reorg(30, 31);
    await clock.runFor(1_000);
    assert.equal(tracker.head()?.hash, chain.head().hash);
    assert.deepEqual(tracker.passageFrom(cursor), { kind: 'unknown' });
    assert.equal(tracker.stats().reorganisations, 1);
  });
});

test('an outage costs two polls a second at most, recovery less than five seconds', async () => {
  await inWorld({ endpoints: 2 }, async ({ clock, chain, tracker }) => {
    for (const endpoint of chain.endpoints) endpoint.isDown = true;
    const before = chain.calls.length;
    const impatient = clock.every(10, () => {
      tracker.poll().catch(() => refused.push(1));
    });
    const refused: number[] = [];
    await clock.runFor(60_000);
    impatient();
    assert.ok(refused.length > 0);
    assert.ok(chain.calls.length - before <= 121, `${chain.calls.length - before} polls`);
    assert.equal(tracker.head()?.number, 10n);
    const left = chain.calls.length;
    await clock.runFor(60_000);
    assert.ok(chain.calls.length - left <= 20, 'left alone it asks more rarely');
    for (const endpoint of chain.endpoints) endpoint.isDown = false;
    chain.mine(60);
    await clock.runUntil(() => tracker.head()?.number === 70n, { withinMs: 5_000 });
  });
});

test('a wake makes it poll at once, a thousand wakes do not make a thousand polls', async () => {
  let wakeUp = (): void => undefined;
  let stopped = 0;
  const wake: Wake = (callback) => {
    wakeUp = callback;
    return () => {
      stopped += 1;
    };
  };
  await inWorld({ wake }, async ({ clock, chain, tracker }) => {
    chain.mine();
    await clock.runFor(200);
    assert.equal(tracker.head()?.number, 10n);
    wakeUp();
    await clock.settle();
    assert.equal(tracker.head()?.number, 11n);
    const before = chain.calls.length;
    const storm = clock.every(1, () => wakeUp());
    await clock.runFor(1_000);
    storm();
    assert.ok(chain.calls.length - before <= 11, `${chain.calls.length - before} polls`);
    await clock.runFor(200);
    const calm = chain.calls.length;
    await clock.runFor(5_000);
    assert.ok(chain.calls.length - calm <= 5, 'after the storm the usual pace returns');
  });
  assert.equal(stopped, 1);
});

test('tags do not go back for a replica, and fall with a reorganisation', async () => {
  const world = { endpoints: 2, blocks: 40 };
  await inWorld(world, async ({ clock, chain, tracker }) => {
    chain.safeDepth = 2;
    chain.finalizedDepth = 4;
    chain.mine();
    await clock.runFor(70_000);
    for (let k = 0; k < 64; k += 1) {
      chain.mine();
      await clock.runFor(1_000);
    }
    const { safe, finalized } = tracker.finality();
    assert.equal(safe?.hash, chain.block(103).hash);
    assert.equal(finalized?.hash, chain.block(101).hash);
    assert.equal(tracker.isFinal(chain.block(101), { kind: 'finalized' }), true);
    assert.equal(tracker.isFinal(chain.block(102), { kind: 'finalized' }), false);
    assert.equal(tracker.isFinal(chain.block(103), { kind: 'safe' }), true);
    for (const endpoint of chain.endpoints) endpoint.lag = 3;
    chain.mine();
    await clock.runFor(2_000);
    assert.equal(tracker.finality().finalized?.number, 101n);
    for (const endpoint of chain.endpoints) endpoint.lag = 0;
    chain.finalizedDepth = 20;
    chain.reorg(10, 11);
    await clock.runFor(2_000);
    assert.equal(tracker.finality().finalized?.number, 87n);
  });
});

test('tags that are refused are not asked for at every head', async () => {
  await inWorld({}, async ({ clock, chain, tracker }) => {
    const before = chain.calls.length;
    for (let k = 0; k < 50; k += 1) {
      chain.mine();
      await clock.runFor(1_000);
    }
    const tags = chain.calls.slice(before).filter(({ params }) => params[0] === 'finalized');
    assert.equal(tags.length, 0);
    assert.equal(tracker.isFinal(chain.block(1), { kind: 'finalized' }), false);
  });
});

test('a block has one confirmation when it is the head', async () => {
  await inWorld({}, async ({ clock, chain, tracker }) => {
    const head = chain.head();
    const after = (blocks: number) => ({ kind: 'confirmations', blocks }) as const;
    assert.equal(tracker.isFinal(head, after(1)), true);
    assert.equal(tracker.isFinal(head, after(2)), false);
    chain.mine(2);
    await clock.runFor(1_000);
    assert.equal(tracker.isFinal(head, after(3)), true);
    chain.reorg(3, 6);
    await clock.runFor(1_000);
    assert.equal(tracker.isFinal(head, after(1)), false);
    assert.equal(tracker.isFinal({ number: 99n, hash: head.hash }, after(1)), false);
  });
});

test('of a chain that a crash takes back, only what would come back is final', async () => {
  let durable: BlockReference | undefined;
  await inWorld({ durable: () => durable }, async ({ clock, chain, tracker }) => {
    const blocks = { kind: 'confirmations', blocks: 2 } as const;
    const old = chain.block(5);
    assert.equal(tracker.isFinal(old, blocks), false);
    durable = chain.block(6);
    assert.equal(tracker.isFinal(old, blocks), true);
    assert.equal(tracker.isFinal(chain.block(7), blocks), false);
    const lost = chain.head();
    durable = lost;
    chain.reorg(3, 6);
    await clock.runFor(1_000);
    assert.notEqual(chain.block(Number(lost.number)).hash, lost.hash);
    // What was saved is off the chain that we see: nothing can be said of what lies below it.
    assert.equal(tracker.isFinal(old, blocks), false);
  });
});

test('a block older than the ring is judged by its depth', async () => {
  await inWorld({ ringBlocks: 5, blocks: 40 }, async ({ chain, tracker }) => {
    const blocks = 30;
    assert.equal(tracker.isCanonical(chain.block(11)), undefined);
    assert.equal(tracker.isFinal(chain.block(11), { kind: 'confirmations', blocks }), true);
    assert.equal(tracker.isFinal(chain.block(12), { kind: 'confirmations', blocks }), false);
  });
});

test('changed resolves for waiters with and without signals, and leaves none behind', async () => {
  await inWorld({}, async ({ clock, chain, tracker }) => {
    const stopper = new AbortController();
    const seen: string[] = [];
    const waits = [
      tracker.changed().then(() => seen.push('shared')),
      tracker.changed(new AbortController().signal).then(() => seen.push('own')),
      tracker.changed(stopper.signal).catch(() => seen.push('aborted')),
    ];
    stopper.abort();
    chain.mine();
    await clock.runFor(1_000);
    await Promise.all(waits);
    assert.deepEqual(seen.sort(), ['aborted', 'own', 'shared']);
  });
});

test('a poll that runs already is shared', async () => {
  await inWorld({ latencyMs: 10 }, async ({ clock, chain, tracker }) => {
    const before = chain.calls.length;
    const polls = [tracker.poll(), tracker.poll(), tracker.poll()];
    await clock.runFor(20);
    await Promise.all(polls);
    assert.equal(chain.calls.length - before, 1);
  });
});

test('closing ends the loop, the waits and later calls', async () => {
  const clock = new SimulatedClock();
  const chain = new ScriptedChain(clock);
  chain.latencyMs = 1_000;
  const environment = { clock, random: { next: () => 0 } };
  const tracker = createChainTracker({}, { pool: chain.pool(), environment });
  const waiting = assert.rejects(tracker.changed(), { code: 'CHAIN_CLOSED' });
  await clock.runFor(10);
  await Promise.all([tracker.close(), waiting]);
  await assert.rejects(tracker.poll(), { code: 'CHAIN_CLOSED' });
  await assert.rejects(tracker.changed(), { code: 'CHAIN_CLOSED' });
  const calls = chain.calls.length;
  await clock.runFor(60_000);
  assert.equal(chain.calls.length, calls);
});

test('options that cannot work are refused by name', () => {
  const clock = new SimulatedClock();
  const dependencies = {
    pool: new ScriptedChain(clock).pool(),
    environment: { clock, random: { next: () => 0 } },
  };
  assert.throws(() => createChainTracker({ ringBlocks: 1 }, dependencies), /ringBlocks/);
  assert.throws(() => createChainTracker({ pollIntervalMs: 0 }, dependencies), /pollIntervalMs/);
});
