import { DEFAULT_POOL_SETTINGS } from '@lawbook/chains/endpoints/createEndpointPool';
import { DEFAULT_LANE_SETTINGS } from '@lawbook/chains/lanes/lane';
import type { AcceptedIntent } from '../double/invariants.ts';
import type { Scenario } from './scenario.ts';
import type { Stage } from './stage.ts';

const SEND = 'eth_sendRawTransaction';

/** Row 2: the node took it, and the answer never comes. */
export const lostAnswers: Scenario = {
  number: 2,
  name: 'lost answers to broadcasts',
  criterion: 'no second chain nonce; accepted within two polls',
  engine: (random) => ({ settings: { broadcastTo: random.integer(1, 2) } }),
  play: async (stage) => {
    const reset = stage.random.next() < 0.5;
    stage.world.network.plan.add({
      methods: [SEND],
      every: 5,
      fault: { kind: 'lostAfter', reset },
    });
    await storyOfBroadcasts(stage);
  },
  judge: (stage, intents) => [
    ...complainUnlessFinal(intents, stage.intents),
    ...complainOfChainNonces(intents),
    ...complainOfSlowAcceptance(intents),
  ],
};

/** Row 3: the broadcast never reaches the node. */
export const lostBroadcasts: Scenario = {
  number: 3,
  name: 'lost broadcasts',
  criterion: 'the same bytes are offered again; the gap closes within a block once noticed',
  engine: (random) => ({ settings: { broadcastTo: random.integer(1, 2) } }),
  play: async (stage) => {
    const { plan } = stage.world.network;
    const kinds = ['lostBefore', 'refused', 'swallowed'] as const;
    const kind = kinds[stage.random.integer(0, 2)] ?? 'lostBefore';
    plan.add({ methods: [SEND], every: 5, fault: { kind } });
    await storyOfBroadcasts(stage);
    watchGap(stage);
  },
  judge: (stage, intents) => [
    ...complainUnlessFinal(intents, stage.intents),
    ...complainOfChainNonces(intents),
  ],
};

/** Row 4: nodes answer to our own bytes as if they were somebody's mistake. */
export const repeatedBroadcasts: Scenario = {
  number: 4,
  name: 'repeats answered as errors',
  criterion: 'own bytes count as accepted; nothing is signed again',
  world: () => ({ dialects: ['importer', 'front', 'nethermind', 'besu', 'erigon', 'anvil'] }),
  engine: () => ({ settings: { broadcastTo: 3 } }),
  play: async (stage) => {
    const { plan } = stage.world.network;
    plan.add({ methods: [SEND], share: 0.5, fault: { kind: 'lostAfter', reset: true } });
    plan.add({ methods: [SEND], share: 0.4, fault: { kind: 'slow', delayMs: 2500 } });
    await storyOfBroadcasts(stage);
  },
  judge: (stage, intents) => [
    ...complainUnlessFinal(intents, stage.intents),
    ...complainOfChainNonces(intents),
    ...intents.flatMap(({ life }) =>
      life === undefined || life.attempts.length === 1
        ? []
        : [`${life.key} was signed ${life.attempts.length} times`],
    ),
  ],
};

/** Row 11: pools forget transactions. */
export const droppedTransactions: Scenario = {
  number: 11,
  name: 'dropped from the pool',
  criterion: 'offered again in time; mined with the same hash',
  play: async (stage) => {
    const { world, random } = stage;
    await stage.openEngine('a');
    world.withhold = () => true;
    world.isDisturbed = true;
    await stage.submitMany(stage.intents, { paceMs: 200 });
    for (let k = 0; k < 4; k += 1) {
      await stage.sleep(random.between(200, 1500));
      const victims = world.nodes.flatMap(({ pool }) => pool.allOf(world.signer));
      const share = random.between(0.1, 0.9);
      for (const { hash } of victims.filter(() => random.next() < share)) {
        for (const { pool } of world.nodes) pool.drop(hash);
      }
    }
    world.calm();
  },
  judge: (stage, intents) => [
    ...complainUnlessFinal(intents, stage.intents),
    ...complainOfChainNonces(intents),
    ...intents.flatMap(({ life }) =>
      life?.inclusion === undefined || life.inclusion.hash === life.attempts[0]?.hash
        ? []
        : [`${life.key} landed by another hash than its first`],
    ),
  ],
};

/** Blocks that may find a gap. */
const GAP_BLOCKS_MAX = 1;
/** The last call into silence has to time out, and the first in line pauses for four beats. */
const NOTICED_WITHIN_MS = Math.max(
  DEFAULT_POOL_SETTINGS.tryTimeoutMs,
  4 * DEFAULT_LANE_SETTINGS.beatMs,
);

/** Looks at every block once the lane could know that faults are over. */
function watchGap({ world, watch, complaints }: Stage): void {
  const fromMs = world.clock.elapsedMs() + NOTICED_WITHIN_MS;
  let blocks = 0;
  world.onBlock.push((block) => {
    const gap = watch.gapAt(block);
    if (gap === undefined || world.clock.elapsedMs() < fromMs) return;
    blocks += 1;
    if (blocks === GAP_BLOCKS_MAX + 1) {
      complaints.push(`chain nonce ${gap.hole} is missing after ${blocks} healthy blocks`);
    }
  });
}

async function storyOfBroadcasts(stage: Stage): Promise<void> {
  await stage.openEngine('a');
  await stage.submitMany(stage.intents, { paceMs: stage.random.integer(0, 800) });
  await stage.sleep(stage.random.integer(1, 20) * 1000);
  stage.world.calm();
}

/** Every intent has to have ended as final. */
export function complainUnlessFinal(
  intents: readonly AcceptedIntent[],
  count: number,
): readonly string[] {
  const final = intents.filter(({ life }) => life?.state === 'final').length;
  return final === count ? [] : [`${final} of ${count} intents ended as final`];
}

/** No intent may have used two chain nonces, and no two intents one. */
export function complainOfChainNonces(intents: readonly AcceptedIntent[]): readonly string[] {
  const complaints: string[] = [];
  const owners = new Map<number, string>();
  for (const { request, life } of intents) {
    const counts = new Set((life?.attempts ?? []).map(({ chainNonce }) => chainNonce));
    if (counts.size > 1) {
      complaints.push(`${request.key} used the chain nonces ${[...counts].join()}`);
    }
    for (const count of counts) {
      const other = owners.get(count);
      if (other !== undefined) {
        complaints.push(`${request.key} and ${other} share chain nonce ${count}`);
      }
      owners.set(count, request.key);
    }
  }
  return complaints;
}

/** Two polls of a second each, on top of one broadcast that runs into its timeout of three. */
const ACCEPTED_WITHIN_MS = 6_000;

function complainOfSlowAcceptance(intents: readonly AcceptedIntent[]): readonly string[] {
  return intents.flatMap(({ request, life }) => {
    const [first] = life?.attempts ?? [];
    if (first?.acceptedAtMs === undefined) return [];
    const lateMs = first.acceptedAtMs - first.offeredAtMs;
    return lateMs <= ACCEPTED_WITHIN_MS ? [] : [`${request.key} was accepted ${lateMs} ms late`];
  });
}
