import type { KillPlan } from '../double/processDouble.ts';
import { complainOfChainNonces, complainUnlessFinal } from './lostBroadcasts.ts';
import type { Scenario } from './scenario.ts';
import type { Stage } from './stage.ts';

type Point = Omit<KillPlan, 'at'> & { readonly most: number };

/** The twelve points: before and after each kind of touch that moves an intent on. */
const CRASH_POINTS: readonly Point[] = [
  { touch: 'signer', moment: 'before', most: 20 },
  { touch: 'signer', moment: 'after', most: 20 },
  { touch: 'store', name: 'commit', moment: 'before', most: 20 },
  { touch: 'store', name: 'commit', moment: 'after', most: 20 },
  { touch: 'transport', name: 'eth_sendRawTransaction', moment: 'before', most: 40 },
  { touch: 'transport', name: 'eth_sendRawTransaction', moment: 'after', most: 40 },
  { touch: 'transport', name: 'eth_getTransactionReceipt', moment: 'before', most: 20 },
  { touch: 'transport', name: 'eth_getTransactionReceipt', moment: 'after', most: 20 },
  { touch: 'store', name: 'insert', moment: 'before', most: 20 },
  { touch: 'store', name: 'insert', moment: 'after', most: 20 },
  { moment: 'before', most: 1200 },
  { moment: 'after', most: 1200 },
];

/** Row 5: the process is killed at any touch of the world, and another one starts. */
export const deaths: Scenario = {
  number: 5,
  name: 'kill -9 at crash points',
  criterion: 'every intent ends as final, each with one chain nonce',
  engine: (random) => ({ settings: { broadcastTo: random.integer(1, 2) } }),
  play: async (stage) => {
    const { random, world } = stage;
    const first = CRASH_POINTS[world.seed % CRASH_POINTS.length] ?? { moment: 'after', most: 9 };
    const points = [first];
    for (let k = random.integer(0, 3); k > 0; k -= 1) {
      points.push(CRASH_POINTS[random.integer(0, CRASH_POINTS.length - 1)] ?? first);
    }
    const keeping = keepAlive(stage, points);
    await stage.submitMany(stage.intents, { paceMs: random.integer(0, 1500) });
    await keeping;
  },
  judge: (stage, intents) => [
    ...complainUnlessFinal(intents, stage.intents),
    ...complainOfChainNonces(intents),
  ],
};

/** Opens an engine anew after each death, until the points are used up. */
async function keepAlive(stage: Stage, points: readonly Point[]): Promise<void> {
  const { random, world } = stage;
  for (const [index, { most, ...point }] of points.entries()) {
    const deathsBefore = stage.deaths;
    await stage.openEngine(`life-${index}`, { ...point, at: random.integer(1, most) });
    await stage.until(() => stage.deaths > deathsBefore, 40_000);
    for (const host of world.processes) host.kill();
    await stage.sleep(random.between(0, 3000));
  }
  await stage.openEngine('last-life');
}
