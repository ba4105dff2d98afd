// Goal: whatever the chain does, trading goes on as long as it may, nobody is told something false,
// and each list is settled once. Method: a venue as a process of its own; its chain is stopped,
// killed, reorganised, or holds another history than the venue.
import assert from 'node:assert/strict';
import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { developmentAccount } from '@lawbook/analytics/demoWorld';
import { runCli } from '../../../packages/cli/src/fixtures/runCli.ts';
import { assertAgreement } from './settledWorld.ts';
import { Nursery, rejectionOf } from './settlingVenue.ts';

const nursery = new Nursery();
before(() => nursery.prepare());
after(() => nursery.close());

test('trading goes on without the chain, up to the exposure limit', async () => {
  const venue = await nursery.venue({ 'settlement.exposure.unsettledEpochsMax': 2 });
  const chain = venue.anvilPid() ?? assert.fail('the chain runs');
  process.kill(chain, 'SIGSTOP');
  try {
    await venue.tradeAnEpoch('alice');
    assert.equal((await venue.status()).lag?.unsettled, 1);
    await venue.tradeAnEpoch('bob');
    const paused = await venue.until('the venue pauses', async () => {
      return (await venue.status()).pausedBecause;
    });
    assert.match(paused, /2 epochs wait to be settled, and the limit is 2/);
    const { code, field, actual } = rejectionOf(await venue.order('charlie'));
    assert.deepEqual([code, field, actual], ['notAdmitting', 'settlement', paused]);
    const health = await venue.client().readReadiness();
    const part = health.ok
      ? health.value.components.find(({ name }) => name === 'baseLayer')
      : null;
    assert.deepEqual([part?.state, part?.detail], ['unready', paused]);
    const market = await venue.client().readMarket('1');
    assert.ok(market.ok, 'reads go on');
  } finally {
    process.kill(chain, 'SIGCONT');
  }
  await venue.until('orders are taken again', async () => {
    const placed = await venue.order('charlie');
    return placed.ok && placed.value.kind === 'accepted';
  });
  await venue.until(
    'everything is settled',
    async () => (await venue.status()).lag?.unsettled === 0,
  );
  await assertAgreement(venue);
});

test('lists that leave with blocks which are taken back settle again, once', async (context) => {
  const venue = await nursery.venue({ 'settlement.finalityBlocks': 9 });
  for (const depth of [1, 3, 6]) {
    const epoch = await venue.tradeAnEpoch();
    await venue.reaches('settled', epoch);
    const told = await venue.client().readBaseLayerTransaction('1', epoch);
    const settledIn = told.ok ? Number(told.value.blockNumber) : 0;
    await venue.chain('anvil_reorg', depth, []);
    const isOut = settledIn > (await venue.chainHeight()) - depth;
    context.diagnostic(`depth ${depth}: list ${epoch} ${isOut ? 'left the chain' : 'stayed'}`);
    await venue.until('the list is in the chain as it is now', async () => {
      const now = await venue.client().readBaseLayerTransaction('1', epoch);
      if (!now.ok || now.value.transaction === undefined) return false;
      const receipt = await venue.chain('eth_getTransactionReceipt', now.value.transaction);
      const block = (receipt as { blockNumber?: string } | null)?.blockNumber;
      return block !== undefined && Number(block) === Number(now.value.blockNumber);
    });
    await venue.reaches('settled', epoch);
  }
  await venue.reaches('finalized', await venue.tradeAnEpoch());
  await assertAgreement(venue);
});

test('a deposit that was credited is never lost with a chain that crashes', async () => {
  const venue = await nursery.venue({ 'settlement.finalityBlocks': 1 });
  const deposit = runCli(
    ['deposit', 'alice', '1000', 'USD', '--url', venue.url, '--data-dir', venue.dataDir, '--json'],
    {},
  );
  const executed = (await venue.status()).asOf.sequence;
  await venue.until('the deposit is credited', async () => {
    return (await venue.status()).asOf.sequence > executed;
  });
  process.kill(venue.anvilPid() ?? assert.fail('the chain runs'), 'SIGKILL');
  const done = await deposit;
  assert.equal(done.code, 0, done.stdout + done.stderr);
  await venue.until('the chain runs again', () => venue.anvilPid() !== undefined);
  await venue.reaches('settled', await venue.tradeAnEpoch());
  await assertAgreement(venue);
});

test('a venue whose chain holds another history halts, and says so', async () => {
  const venue = await nursery.venue();
  await venue.reaches('finalized', await venue.tradeAnEpoch());
  await venue.stop();
  const other = nursery.copy();
  for (const part of ['journal', 'index']) {
    rmSync(join(venue.dataDir, part), { recursive: true });
    cpSync(join(other, part), join(venue.dataDir, part), { recursive: true });
  }
  await venue.restart();
  const detail = await venue.until('the venue says that it has diverged', async () => {
    const status = await venue.status();
    return status.phase === 'stopped' ? status.detail : undefined;
  });
  assert.match(detail, /list 1 is 0x[0-9a-f]{64} on the base layer and unknown at this venue/);
  await venue.until('the market is halted', async () => {
    const market = await venue.client().readMarket('1');
    return market.ok && JSON.stringify(market.value).includes('on the base layer');
  });
  assert.match(rejectionOf(await venue.order()).code, /^(notAdmitting|marketHalted)$/);
  const folder = join(venue.dataDir, 'incidents');
  const incidents = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
  assert.match(incidents.join(), /list 1 is 0x/);
  const account = await venue.client().readAccount(developmentAccount('alice').account);
  assert.ok(account.ok, 'reads go on');
  await venue.stop();
});
