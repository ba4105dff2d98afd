// `node testing/e2e/settlement/soakSettlement.ts --minutes 10 --seed 7`: kills a settling venue,
// its provers and its chain at random, and takes blocks back, within a time budget. Prints what
// came of it as one line of JSON; exits 1 when a list was lost or settled twice, or when a vault
// differs.
import { parseArgs } from 'node:util';
import { at } from '@lawbook/exchange/failures/invariant';
import { SeededRandom } from '../../world/seededRandom.ts';
import type { Disaster } from './settleRounds.ts';
import { settleRounds } from './settleRounds.ts';
import { Nursery } from './settlingVenue.ts';

const DISASTERS: readonly Disaster[] = [
  'venueKilled',
  'proverKilled',
  'chainKilled',
  'reorganised',
];
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '1000' },
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Date.now() & 0xffffff) },
  },
});
const seed = Number(values.seed);
const random = new SeededRandom(seed);
const disasters = Array.from({ length: Number(values.rounds) }, () => {
  return at(DISASTERS, random.integer(0, DISASTERS.length - 1));
});
const nursery = new Nursery();
try {
  await nursery.prepare();
  const venue = await nursery.venue({
    'market.batchIntervalMs': 500,
    'market.batchesPerEpoch': 8,
    'market.epochSealAfterMs': 3_000,
    'settlement.finalityBlocks': 8,
  });
  const report = await settleRounds(venue, {
    disasters,
    random,
    budgetMs: Number(values.minutes) * 60_000,
    onRound: (round, disaster) => process.stderr.write(`round ${round + 1}: ${disaster}\n`),
  });
  process.stdout.write(`${JSON.stringify({ seed, ...report })}\n`);
  const failures = report.lists.length + report.vaults.length + report.custody.length;
  if (failures > 0) process.exitCode = 1;
} finally {
  await nursery.close();
}
