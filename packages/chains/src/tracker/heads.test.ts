// Goal: announced heads make the tracker poll sooner, and frames that are repeated, reordered or
// missing change nothing but the time.
// Method: a scripted chain and a source whose frames the test pushes by hand.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimulatedClock } from '../../../../testing/chains/double/simulatedClock.ts';
import { createChainTracker } from './createChainTracker.ts';
import { PushedSource } from './fixtures/pushedSource.ts';
import { ScriptedChain } from './fixtures/scriptedChain.ts';
import { wakeOnHeads } from './heads.ts';

test('a head is seen as soon as one source announces it', async () => {
  await inWorld(async ({ clock, chain, tracker, sources }) => {
    const [first, second] = sources;
    const head = chain.mine();
    first?.push({ hash: head.hash, number: '0x1' });
    await clock.settle();
    assert.equal(tracker.head()?.hash, head.hash);
    const before = chain.calls.length;
    second?.push({ hash: head.hash, number: '0x1' });
    await clock.runFor(200);
    assert.equal(chain.calls.length, before);
  });
});

test('a connection that is back makes it look, a refused one does not', async () => {
  await inWorld(async ({ clock, chain, sources }) => {
    const before = chain.calls.length;
    sources[0]?.tell({ kind: 'refused', error: undefined });
    await clock.settle();
    assert.equal(chain.calls.length, before);
    sources[0]?.tell({ kind: 'started' });
    await clock.settle();
    assert.equal(chain.calls.length, before + 1);
  });
});

test('repeated and reordered frames do not disturb the order of blocks', async () => {
  await inWorld(async ({ clock, chain, tracker, sources }) => {
    const start = chain.head();
    const mined = Array.from({ length: 40 }, () => chain.mine());
    for (const block of mined.toReversed().flatMap((each) => [each, each])) {
      sources[0]?.push({ hash: block.hash });
    }
    await clock.runFor(500);
    const passage = tracker.passageFrom(start);
    assert.deepEqual(
      passage.kind === 'known' && passage.adopted.map(({ hash }) => hash),
      mined.map(({ hash }) => hash),
    );
  });
});

test('a thousand trackers that come and go leave no listener', async () => {
  const source = new PushedSource();
  const clock = new SimulatedClock();
  const chain = new ScriptedChain(clock);
  const environment = { clock, random: { next: () => 0.5 } };
  for (let k = 0; k < 1_000; k += 1) {
    const wake = wakeOnHeads([source]);
    const tracker = createChainTracker({}, { pool: chain.pool(), environment, wake });
    await tracker.close();
  }
  assert.equal(source.listeners(), 0);
});

interface World {
  readonly clock: SimulatedClock;
  readonly chain: ScriptedChain;
  readonly tracker: ReturnType<typeof createChainTracker>;
  readonly sources: readonly PushedSource[];
}

async function inWorld(body: (world: World) => Promise<void>): Promise<void> {
  const clock = new SimulatedClock();
  const chain = new ScriptedChain(clock);
  const sources = [new PushedSource(), new PushedSource()];
  const environment = { clock, random: { next: () => 0.5 } };
  const wake = wakeOnHeads(sources);
  const tracker = createChainTracker({}, { pool: chain.pool(), environment, wake });
  await clock.runFor(200);
  await body({ clock, chain, tracker, sources });
  const closed = tracker.close();
  await clock.settle();
  await closed;
}
