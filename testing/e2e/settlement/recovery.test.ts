// Goal: a venue that loses its indexes loses nothing, and one that loses its journal goes on from
// what is settled, on the same contract, and says what is gone. Method: real processes; folders are
// deleted while the venue is down; the command line rebuilds it.
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { runCli } from '../../../packages/cli/src/fixtures/runCli.ts';
import { assertAgreement } from './settledWorld.ts';
import { Nursery } from './settlingVenue.ts';

const nursery = new Nursery();
before(() => nursery.prepare());
after(() => nursery.close());

test('indexes that are lost are built anew, and settling goes on', async () => {
  const venue = await nursery.venue();
  await venue.reaches('settled', await venue.tradeAnEpoch());
  const second = await venue.tradeAnEpoch('bob');
  await venue.kill();
  rmSync(join(venue.dataDir, 'index'), { recursive: true });
  await venue.restart();
  await venue.ready();
  await venue.reaches('finalized', second);
  const first = await venue.client().readBaseLayerTransaction('1', 1);
  assert.equal(first.ok && first.value.state, 'finalized');
  await assertAgreement(venue);
});

test('a venue without its journal goes on from the settled prefix', async () => {
  const venue = await nursery.venue();
  // It must be known as a replay still when a slow machine gets there.
  const wish = { pay: 'USD', receive: 'EUR', amount: '25', ttlMs: 3_600_000 };
  const signed = await venue.client().createOrder(wish);
  assert.ok(signed.ok);
  const first = await venue.tradeAnEpoch('alice', 10, signed.value);
  await venue.reaches('finalized', first);
  const chain = venue.anvilPid();
  assert.ok(chain !== undefined);
  process.kill(chain, 'SIGSTOP');
  const second = await venue.tradeAnEpoch('bob');
  await venue.kill();
  rmSync(join(venue.dataDir, 'journal'), { recursive: true });

  const words = ['recover', '--data-dir', venue.dataDir, '--json'];
  const settings = ['--set', 'settlement.finalityBlocks=3', 'market.batchIntervalMs=250'];
  const recovered = await runCli([...words, ...settings]);
  assert.equal(recovered.code, 0, recovered.stdout + recovered.stderr);
  const report = JSON.parse(recovered.stdout) as {
    readonly epochNumber: number;
    readonly lost: { readonly epochs: readonly { epochNumber: number; orderIds: string[] }[] };
    readonly missing: readonly string[];
  };
  assert.equal(report.epochNumber, first);
  assert.deepEqual(
    report.lost.epochs.map(({ epochNumber, orderIds }) => [epochNumber, orderIds.length]),
    [[second, 1]],
  );
  assert.match(report.missing.join(' '), new RegExp(`epochs ${second} with 1 orders`));
  const again = await runCli([...words, ...settings]);
  assert.notEqual(again.code, 0);
  assert.match(again.stderr + again.stdout, /RECOVERY_NOT_NEEDED/);

  await venue.restart();
  await venue.ready();
  const replayed = await venue.client().submitOrders([signed.value]);
  assert.ok(replayed.ok);
  const [answer] = replayed.value;
  assert.equal(answer?.kind === 'rejected' && answer.rejection.code, 'orderNonceReplayed');
  const next = await venue.tradeAnEpoch('charlie');
  assert.equal(next, first + 1);
  await venue.reaches('finalized', next);
  await assertAgreement(venue);
});
