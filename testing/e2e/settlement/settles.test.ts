// Goal: what alice trades becomes final on the base layer, with a proof that anybody can check, and
// she gets her money out, with the operator and without. Method: a venue as a process of its own
// with a chain of its own; the command line verifies what the venue hands out.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { decodeBundle } from '@lawbook/exchange/bundle';
import { SETTLEMENT_ATTACHMENT } from '@lawbook/proofs/statements/epoch/settlementAttachment';
import { runCli } from '../../../packages/cli/src/fixtures/runCli.ts';
import { differences, ledgerAtSeal, listFaults, readWorld, sumOf } from './settledWorld.ts';
import { Nursery } from './settlingVenue.ts';

const nursery = new Nursery();
before(() => nursery.prepare());
after(() => nursery.close());

test('an order of alice is final on the base layer, with a proof that verifies', async () => {
  const venue = await nursery.venue();
  const epoch = await venue.tradeAnEpoch('alice');
  await venue.reaches('finalized', epoch);
  const told = await venue.client().readBaseLayerTransaction('1', epoch);
  assert.equal(told.ok && told.value.state, 'finalized');
  const bytes = await venue.client().readBundle('1', epoch);
  assert.ok(bytes.ok);
  const bundle = decodeBundle(bytes.value);
  assert.deepEqual(
    bundle.attachments.map(({ name }) => name),
    [SETTLEMENT_ATTACHMENT],
  );
  const file = join(nursery.folder, 'epoch.bin');
  writeFileSync(file, bytes.value);
  const rpcUrl = (await venue.status()).layer?.rpcUrl ?? '';
  const verified = await runCli(['verify', file, '--rpc', rpcUrl, '--json']);
  assert.equal(verified.code, 0, verified.stdout + verified.stderr);
  const world = await readWorld(venue);
  await venue.stop();
  assert.deepEqual(listFaults(world), []);
  const ledger = await ledgerAtSeal(venue.dataDir, Number(world.snapshot.progress.epochNumber));
  assert.deepEqual(differences(world.balances, ledger.balances), []);
  for (const [asset, held] of world.custody.entries()) {
    assert.equal(sumOf(world.balances, asset), held);
  }
});
