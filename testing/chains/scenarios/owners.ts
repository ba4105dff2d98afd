import { DEFAULT_LANE_SETTINGS } from '@lawbook/chains/lanes/lane';
import type { Lease } from '@lawbook/chains/stores/chainStore';
import { complainOfChainNonces, complainUnlessFinal } from './lostBroadcasts.ts';
import type { Scenario } from './scenario.ts';
import type { Stage } from './stage.ts';

const { leaseMs, beatMs } = DEFAULT_LANE_SETTINGS;
/** The lease and a second, and the beats at which the change is made and noticed. */
const TAKE_OVER_MS = leaseMs + 1000 + 2 * beatMs;

/** Row 6: two processes open the lane of one signer. */
export const twoOwners: Scenario = {
  number: 6,
  name: 'two processes with one signer',
  criterion: 'one owns the lane, the other waits; no conflict; taken over within lease + 1 s',
  play: async (stage) => {
    const { random } = stage;
    const guard = guardOwnership(stage);
    guardFence(stage);
    await Promise.all([stage.openEngine('a'), stage.openEngine('b')]);
    const submitting = stage.submitMany(stage.intents, { paceMs: random.integer(0, 1500) });
    await stage.until(() => stage.owner() !== undefined, 5000);
    await stage.sleep(random.between(0, 12_000));
    const owner = stage.owner();
    if (random.next() < 0.5) owner?.process.kill();
    else {
      await owner?.close();
      owner?.process.kill();
    }
    const isTaken = await stage.until(() => stage.owner() !== undefined, TAKE_OVER_MS);
    if (!isTaken) stage.complaints.push(`nobody took over within ${TAKE_OVER_MS} ms`);
    await submitting;
    guard();
  },
  judge: (stage, intents) => [
    ...complainUnlessFinal(intents, stage.intents),
    ...complainOfChainNonces(intents),
    ...complainOfConflicts(stage),
  ],
};

/** Row 7: the owner stands still past its lease, another takes over, the owner wakes up. */
export const pausedOwner: Scenario = {
  number: 7,
  name: 'the owner is paused past its lease',
  criterion: 'the old owner is fenced: it writes nothing and offers no bytes of its own making',
  play: async (stage) => {
    const { random } = stage;
    guardFence(stage);
    await Promise.all([stage.openEngine('a'), stage.openEngine('b')]);
    const submitting = stage.submitMany(stage.intents, { paceMs: random.integer(200, 2500) });
    await stage.until(() => stage.owner() !== undefined, 5000);
    for (let k = random.integer(1, 3); k > 0; k -= 1) {
      await stage.sleep(random.between(0, 6000));
      const owner = stage.owner();
      owner?.process.pause();
      await stage.until(() => stage.owner() !== undefined, TAKE_OVER_MS);
      await stage.sleep(random.between(0, 4000));
      owner?.process.resume();
    }
    await submitting;
  },
  judge: (stage, intents) => [
    ...complainUnlessFinal(intents, stage.intents),
    ...complainOfChainNonces(intents),
    ...complainOfConflicts(stage),
  ],
};

/** Row 8: the store goes away in the middle of a burst. */
export const storeAway: Scenario = {
  number: 8,
  name: 'the store is away',
  criterion: 'nothing is sent without a record; the lane goes on when the store is back',
  play: async (stage) => {
    const { world, random } = stage;
    if (random.next() < 0.5) world.store.terms.delayMs = [0, random.between(1, 40)];
    await stage.openEngine('a');
    if (random.next() < 0.3) await stage.openEngine('b');
    const submitting = stage.submitMany(stage.intents, { paceMs: random.integer(0, 800) });
    for (let k = random.integer(1, 3); k > 0; k -= 1) {
      await stage.sleep(random.between(0, 5000));
      const kind = random.integer(0, 2);
      if (kind === 0) world.store.terms.away = true;
      if (kind === 1) world.store.terms.failing = random.between(0.05, 0.6);
      if (kind === 2) world.store.terms.answersLost = random.between(0.05, 0.6);
      await stage.sleep(random.between(500, 25_000));
      world.calm();
    }
    await submitting;
  },
  judge: (stage, intents) => [
    ...complainUnlessFinal(intents, stage.intents),
    ...complainOfChainNonces(intents),
    ...complainOfConflicts(stage),
  ],
};

/** Bytes that nodes refuse because others took their place are a conflict of two writers. */
function complainOfConflicts(stage: Stage): readonly string[] {
  const conflicts = stage.refusals('chainNonceTooLow', 'replacementUnderpriced');
  return conflicts === 0 ? [] : [`nodes saw ${conflicts} conflicts`];
}

/** Looks at every block whether two processes think that they own the lane. */
function guardOwnership(stage: Stage): () => void {
  const { onBlock } = stage.world;
  const look = (): void => {
    const owners = stage.engines.filter(({ process: host, lane }) => {
      return host.state === 'running' && lane.stats().owner;
    });
    if (owners.length > 1) stage.complaints.push(`${owners.length} processes own the lane`);
  };
  onBlock.push(look);
  return () => {
    onBlock.splice(onBlock.indexOf(look), 1);
  };
}

/**
 * Looks at what processes do that do not hold the lease any more: they may offer bytes again that
 * are in the store, and neither write nor offer anything else.
 */
function guardFence({ world, complaints }: Stage): void {
  const { store } = world;
  let holder: Lease | undefined;
  const { commit, acquireLease } = store;
  store.acquireLease = async (name, owner, durationMs) => {
    const lease = await acquireLease(name, owner, durationMs);
    if (lease !== undefined && lease.fence > (holder?.fence ?? 0)) holder = lease;
    return lease;
  };
  store.commit = async (lease, changes) => {
    const newest = holder?.fence ?? 0;
    await commit(lease, changes);
    if (lease.fence < newest) complaints.push(`${lease.owner} wrote under fence ${lease.fence}`);
  };
  const isStored = async (raw: string): Promise<boolean> => {
    const entries = await store.inner().list('life/');
    return entries.some(({ text }) => text.includes(raw));
  };
  world.onSpawn = (host) => {
    host.onRequest = ({ method, params }) => {
      if (method !== 'eth_sendRawTransaction' || holder?.owner === host.name) return;
      isStored(String(params[0])).then((stored) => {
        if (!stored) complaints.push(`${host.name} offered bytes that it could not store`);
      });
    };
  };
}
