// Goal: no head that is one endpoint's invention stops the tracker, none that was believed holds it
// for longer than the patience of `HeadDoubt`, and a real gap or another chain is still followed.
// Method: a scripted chain that mines one block a second behind endpoints that add to their heights
// and invent hashes, under a simulated clock; every poll's head is compared with the chain's.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at } from '@lawbook/exchange/failures/invariant';
import { SimulatedClock } from '../../../../testing/chains/double/simulatedClock.ts';
import type { ChainTracker } from './chainTracker.ts';
import { createChainTracker } from './createChainTracker.ts';
import { ScriptedChain } from './fixtures/scriptedChain.ts';

interface World {
  readonly clock: SimulatedClock;
  readonly chain: ScriptedChain;
  readonly tracker: ChainTracker;
  /** Mines a block a second, and requires a head on the chain that is so far behind at most. */
  readonly goOn: (seconds: number, lagMax?: number) => Promise<void>;
}

async function inWorld(
  options: { readonly endpoints: number; readonly arrange?: (chain: ScriptedChain) => void },
  body: (world: World) => Promise<void>,
): Promise<void> {
  const clock = new SimulatedClock();
  const chain = new ScriptedChain(clock, options.endpoints);
  chain.mine(200);
  options.arrange?.(chain);
  const environment = { clock, random: { next: () => 0.5 } };
  const tracker = createChainTracker({}, { pool: chain.pool(), environment });
  const goOn = async (seconds: number, lagMax = 2): Promise<void> => {
    for (let k = 0; k < seconds; k += 1) {
      chain.mine();
      await clock.runFor(1_000);
      const lag = chain.head().number - (tracker.head()?.number ?? -1n);
      assert.ok(lag >= 0n && lag <= BigInt(lagMax), `${lag} behind`);
      assert.equal(tracker.head()?.hash, chain.block(Number(tracker.head()?.number)).hash);
    }
  };
  try {
    await clock.runFor(100);
    await body({ clock, chain, tracker, goOn });
  } finally {
    const closed = tracker.close();
    await clock.runUntilIdle();
    await closed;
  }
}

for (const lie of [1n, 3n, 100n, 5_000n, 2n ** 60n, 2n ** 255n]) {
  test(`the head follows two honest endpoints while a third adds ${lie}`, async () => {
    await inWorld({ endpoints: 3 }, async ({ chain, tracker, goOn }) => {
      await goOn(5);
      const cursor = tracker.head();
      at(chain.endpoints, 1).lie = lie;
      await goOn(10);
      at(chain.endpoints, 1).lie = 0n;
      await goOn(5);
      at(chain.endpoints, 0).lie = lie;
      await goOn(120);
      assert.equal(tracker.stats().reorganisations, 0);
      const passage = tracker.passageFrom(cursor);
      assert.equal(passage.kind === 'known' && passage.adopted.length, 135);
    });
  });

  test(`an endpoint that adds ${lie} from the start decides no first head`, async () => {
    const arrange = (chain: ScriptedChain): void => {
      at(chain.endpoints, 1).lie = lie;
    };
    await inWorld({ endpoints: 3, arrange }, async ({ goOn }) => {
      await goOn(20);
    });
  });

  test(`the only endpoint is followed again once it no longer adds ${lie}`, async () => {
    await inWorld({ endpoints: 1 }, async ({ clock, chain, tracker, goOn }) => {
      at(chain.endpoints, 0).lie = lie;
      await clock.runFor(10_000);
      at(chain.endpoints, 0).lie = 0n;
      await clock.runFor(5_000);
      await goOn(10);
      assert.equal(tracker.stats().reorganisations, 0);
    });
  });
}

test('a wrong block costs a few requests, not one for each block that it claims', async () => {
  await inWorld({ endpoints: 3 }, async ({ chain, goOn }) => {
    at(chain.endpoints, 1).lie = 400n;
    const before = chain.calls.length;
    await goOn(30);
    assert.ok(chain.calls.length - before < 30 * 12, `${chain.calls.length - before} requests`);
  });
});

for (const endpoints of [1, 2, 3]) {
  test(`${endpoints} that all advanced by 2,000 while we slept are followed at once`, async () => {
    await inWorld({ endpoints }, async ({ chain, tracker, goOn }) => {
      const cursor = tracker.head();
      chain.mine(2_000);
      await goOn(5);
      assert.deepEqual(tracker.passageFrom(cursor), { kind: 'unknown' });
    });
  });

  test(`${endpoints} that begin another chain are followed after a while`, async () => {
    await inWorld({ endpoints }, async ({ clock, chain, tracker, goOn }) => {
      const cursor = tracker.head();
      chain.reset(1);
      for (let k = 0; k < 9; k += 1) {
        chain.mine();
        await clock.runFor(1_000);
      }
      await goOn(10);
      assert.deepEqual(tracker.passageFrom(cursor), { kind: 'unknown' });
    });
  });
}

test('endpoints that lag do not keep a head back that two others reached far ahead', async () => {
  await inWorld({ endpoints: 3 }, async ({ chain, goOn }) => {
    at(chain.endpoints, 1).stuckOn = chain.head().hash;
    chain.mine(2_000);
    await goOn(10);
  });
});

test('one endpoint alone far ahead is believed after ten polls if its parents exist', async () => {
  await inWorld({ endpoints: 3 }, async ({ clock, chain, tracker, goOn }) => {
    at(chain.endpoints, 0).isDown = true;
    at(chain.endpoints, 1).isDown = true;
    chain.mine(2_000);
    await clock.runFor(5_000);
    assert.equal(tracker.head()?.number, 200n);
    await clock.runFor(8_000);
    await goOn(5);
  });
});

test('a chain that was followed wrongly is left although one endpoint stays on it', async () => {
  await inWorld({ endpoints: 3 }, async ({ clock, chain, tracker, goOn }) => {
    // All of them stood high, and two come back to a chain whose heights lie far below.
    chain.mine(2_000);
    await goOn(3);
    at(chain.endpoints, 2).stuckOn = chain.head().hash;
    chain.reset(100);
    for (let k = 0; k < 20; k += 1) {
      chain.mine();
      await clock.runFor(1_000);
    }
    await goOn(60);
    assert.equal(tracker.stats().reorganisations, 1);
  });
});
