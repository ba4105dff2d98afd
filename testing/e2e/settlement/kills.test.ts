// Goal: whatever process is killed while epochs settle, each list is settled once and in order, and
// the contract holds what the ledger says. Method: real processes, SIGKILL, people who trade on;
// the contract is compared with a replay of the journal, vault by vault. A few rounds here; as many
// as wanted with soakSettlement.ts. Each test prints its seed.
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { after, before, test } from 'node:test';
import { SeededRandom } from '../../world/seededRandom.ts';
import type { Disaster } from './settleRounds.ts';
import { settleRounds } from './settleRounds.ts';
import { Nursery } from './settlingVenue.ts';

const nursery = new Nursery();
before(() => nursery.prepare());
after(() => nursery.close());

/** Long epochs: proofs take longer than trading here. */
const FLAGS = {
  'market.batchIntervalMs': 500,
  'market.batchesPerEpoch': 8,
  'market.epochSealAfterMs': 3_000,
  'settlement.finalityBlocks': 8,
};

async function survive(context: TestContext, disasters: readonly Disaster[]): Promise<void> {
  const seed = Date.now() & 0xffffff;
  context.diagnostic(`seed ${seed}`);
  const venue = await nursery.venue(FLAGS);
  const report = await settleRounds(venue, { disasters, random: new SeededRandom(seed) });
  context.diagnostic(`${report.acknowledged} orders in ${report.epochs} epochs`);
  assert.ok(report.acknowledged > 0, 'the load was real');
  assert.equal(report.rounds, disasters.length);
  assert.deepEqual(report.lists, []);
  assert.deepEqual(report.vaults, []);
  assert.deepEqual(report.custody, []);
}

test('a venue that is killed again and again settles each list once', async (context) => {
  await survive(context, ['venueKilled', 'venueKilled']);
});

test('a prover that is killed costs a retry, and the venue goes on', async (context) => {
  await survive(context, ['proverKilled']);
});

test('a chain that is killed comes back, and what it lost is settled again', async (context) => {
  await survive(context, ['chainKilled', 'chainKilled']);
});
