import type { WebSocketTransport } from '@lawbook/chains/endpoints/webSocketTransport';
import { wakeOnHeads } from '@lawbook/chains/tracker/heads';
import { SeededRandom } from '../../world/seededRandom.ts';
import type { FrameTerms } from '../double/headsDouble.ts';
import { HeadsDouble } from '../double/headsDouble.ts';
import { LogFollower, ringBell } from './logFollower.ts';
import { complainOfChainNonces, complainUnlessFinal } from './lostBroadcasts.ts';
import type { Scenario } from './scenario.ts';
import type { Stage } from './stage.ts';

const BACKFILL_MS = 5_000;
/** Seeds that cut the connections a thousand times; the others do so less often. */
const EVERY_NTH_SEED = 5;

/** Row 23: WebSockets are cut, repeat, reorder and miss what they announce, while blocks go by. */
export const webSockets: Scenario = {
  number: 23,
  name: 'WebSockets that cannot be trusted',
  criterion: 'each log once per canonical block, in order; caught up in 5 s; nothing leaks',
  world: (random) => ({ nodes: random.integer(2, 3), finalizedDepth: 32, safeDepth: 16 }),
  play: async (stage) => {
    const { world, random } = stage;
    const heads = world.nodes.map((_, index) => {
      return new HeadsDouble(world, new SeededRandom(world.seed * 8 + index));
    });
    ringBell(world, random.integer(1, 3));
    const sockets: WebSocketTransport[] = [];
    stage.wake = (environment) => {
      const transports = heads.map((each, index) => each.transport(environment, `ws-${index}`));
      sockets.push(...transports);
      return wakeOnHeads(transports);
    };
    const engine = await stage.openEngine('a');
    if (engine === undefined) return;
    const follower = new LogFollower(stage, engine);
    const submitting = stage.submitMany(stage.intents, {
      paceMs: random.integer(0, 4000),
      change: { finality: { kind: 'finalized' } },
    });
    for (const { frames } of heads) Object.assign(frames, drawFrames(random));
    // The balance of whoever rings the bell is not to be undone.
    await stage.blocks(random.integer(7, 12));
    const troubles = [cutFor30s, missBlocks, reorganise, reorganise];
    for (const trouble of troubles.sort(() => random.next() - 0.5)) {
      await trouble(stage, heads);
      await catchUp(stage, follower);
      await stage.sleep(random.between(0, 6000));
    }
    await reconnect(stage, heads);
    await checkLeaks(stage, heads, sockets);
    await catchUp(stage, follower);
    await submitting;
    if (follower.adopted === 0) stage.complaints.push('no log came');
    for (const socket of sockets) await socket.close();
    if (heads.some((each) => each.listeners() > 0 || each.waits() > 0)) {
      stage.complaints.push('a closed socket left something behind');
    }
  },
  judge: (stage, intents) => [
    ...complainUnlessFinal(intents, stage.intents),
    ...complainOfChainNonces(intents),
  ],
};

type Trouble = (stage: Stage, heads: readonly HeadsDouble[]) => Promise<void>;

function drawFrames(random: SeededRandom): FrameTerms {
  return {
    missed: random.between(0, 0.4),
    repeated: random.between(0, 0.6),
    swapped: random.between(0, 0.5),
  };
}

/** Every connection is lost, and no new one comes about for half a minute. */
const cutFor30s: Trouble = async (stage, heads) => {
  for (const { server } of heads) server.mode = 'refuse';
  for (const each of heads) each.cut();
  await stage.sleep(30_000);
  for (const { server } of heads) server.mode = 'accept';
};

/** Nothing is heard of 40 blocks, by whatever way; half of the time they hide a reorganisation. */
const missBlocks: Trouble = async (stage, heads) => {
  const { world, random } = stage;
  for (const { server } of heads) server.mode = random.next() < 0.5 ? 'refuse' : 'hang';
  for (const each of heads) each.cut();
  world.network.plan.add({ fault: { kind: 'refused' } });
  const before = random.integer(0, 39);
  await stage.blocks(before);
  if (random.next() < 0.5) await reorganise(stage, heads);
  await stage.blocks(40 - before);
  for (const { server } of heads) server.mode = 'accept';
  world.calm();
};

const reorganise: Trouble = async (stage, heads) => {
  const { world, random } = stage;
  const depth = random.integer(1, 6);
  const fate = random.next() < 0.5 ? 'lost' : 'returned';
  world.chain.reorganise({ depth, fate, reinclude: random.next() < 0.5 });
  for (const each of heads) each.announce();
};

/** Cuts the connections again and again, each time once they are back. */
async function reconnect(stage: Stage, heads: readonly HeadsDouble[]): Promise<void> {
  const [first] = heads;
  const times = stage.world.seed % EVERY_NTH_SEED === 0 ? 1_000 : 20;
  for (let k = 0; k < times; k += 1) {
    const isBack = await stage.until(() => first?.listeners() === 1, 60_000);
    if (!isBack) stage.complaints.push('a socket did not come back');
    for (const each of heads) each.cut();
  }
}

/** The tracker's one subscription for each socket is left, however often it was renewed. */
async function checkLeaks(
  stage: Stage,
  heads: readonly HeadsDouble[],
  sockets: readonly WebSocketTransport[],
): Promise<void> {
  const isBack = await stage.until(() => heads.every((each) => each.listeners() === 1), 60_000);
  if (!isBack) stage.complaints.push(`${heads.map((each) => each.listeners())} listeners are left`);
  for (const [index, socket] of sockets.entries()) {
    const { subscriptions, requests } = socket.stats();
    // The beat of the connection, and an answer that is on its way.
    const waits = heads[index]?.waits() ?? 0;
    if (subscriptions === 1 && requests <= 1 && waits <= 1) continue;
    stage.complaints.push(`${subscriptions} subscriptions, ${requests} requests, ${waits} waits`);
  }
}

/** Everything up to the head of now has to be delivered in time. */
async function catchUp(stage: Stage, follower: LogFollower): Promise<void> {
  const head = stage.world.chain.head();
  const isThere = await stage.until(() => follower.hasAllTo(head), BACKFILL_MS);
  if (!isThere) stage.complaints.push(`logs to block ${head.number} did not come in 5 s`);
}
