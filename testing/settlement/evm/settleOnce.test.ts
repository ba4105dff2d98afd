// Goal: a list settles exactly once, whatever is lost on the way: the answer of a node, a
// broadcast, the memory of the process that settles, or the block. Method: a whole engine before an
// anvil behind a proxy with faults; anvil's own reorganisations. The judge is the chain: how often
// the contract settled, and what vaults hold.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import type { SettleOutcome } from '@lawbook/settlement/baseLayer/submission';
import { SettlementFault } from '@lawbook/settlement/settlementFault';
import { encodeFunctionData } from 'viem';
import { BASE_LAYER_ABI } from '../../../contracts/generated/baseLayerAbi.ts';
import { pendingCount } from '../../chains/anvil/play.ts';
import { until } from '../../chains/anvil/until.ts';
import { EvmVenue, GUARDIAN, tradersOf } from './evmVenue.ts';
import { buildList, progressAfter } from './listBuilder.ts';
import { mine, paidBy, patience, settle, settledNumbers } from './play.ts';

const RAW = 'eth_sendRawTransaction';
/** Waits until a settlement waits for a block, and fails with its outcome when it ends before. */
async function isOut(venue: EvmVenue, settling: Promise<SettleOutcome>): Promise<void> {
  const mined = await venue.world.minedCount();
  let ended: SettleOutcome | undefined;
  settling.then(
    (outcome) => {
      ended = outcome;
    },
    () => undefined,
  );
  await until('the settlement waits for a block', async () => {
    return ended !== undefined || (await pendingCount(venue.world)) > mined;
  });
  assert.equal(ended, undefined, inspect(ended));
}

test('a lost answer and a lost broadcast settle a list once', async (context) => {
  const venue = await EvmVenue.open(context, { world: { nodes: 2 } });
  await venue.fundAll(2);
  const sentBefore = await venue.world.minedCount();
  const removals = venue.world.proxies.map(({ plan }) => {
    return plan.add({ method: RAW, fault: { kind: 'resetAfter' } });
  });
  const first = await buildList(venue);
  const outcomes = await Promise.all([settle(venue, first), venue.layer.settle(first, patience())]);
  assert.equal(outcomes[0].kind, 'settled', inspect(outcomes));
  assert.deepEqual(outcomes[0], outcomes[1]);
  for (const remove of removals) remove();
  for (const { plan } of venue.world.proxies) {
    plan.add({ method: RAW, nth: (n) => n === 1, fault: { kind: 'dropBroadcast' } });
  }
  const second = await buildList(venue);
  assert.equal((await settle(venue, second)).kind, 'settled');
  assert.deepEqual(await settledNumbers(venue), [1n, 2n]);
  assert.equal(await venue.world.minedCount(), sentBefore + 2);
  assert.equal(await paidBy(venue), 200n);
});

test('a list that another memory settled is settled, and its rival is not', async (context) => {
  const venue = await EvmVenue.open(context);
  await venue.fundAll(2);
  const before = await venue.layer.progress('included');
  const first = await buildList(venue);
  const rival = await buildList(venue, { after: before, traders: tradersOf(1) });
  const outcome = await settle(venue, first);
  assert.ok(outcome.kind === 'settled');
  await venue.reopen({ store: { kind: 'memory' }, owner: 'forgetful' });
  const again = await venue.layer.settle(first, patience());
  assert.deepEqual(again, { ...outcome, gasUsed: undefined });
  const refused = await venue.layer.settle(rival, patience());
  assert.ok(refused.kind === 'refused' && !refused.mayPass, inspect(refused));
  assert.deepEqual(refused.refusal.details, ['2', '1']);
  assert.deepEqual(await settledNumbers(venue), [1n]);
});

test('another proof of a list that is under way is the same act', async (context) => {
  const venue = await EvmVenue.open(context);
  await venue.fundAll(2);
  const first = await buildList(venue);
  const ended = new AbortController();
  const waiting = venue.layer.settle(first, ended.signal);
  await isOut(venue, waiting);
  ended.abort();
  await assert.rejects(waiting, (fault) => {
    return fault instanceof SettlementFault && fault.code === 'SETTLEMENT_UNCERTAIN';
  });
  const proof = { ...first.proof, bytes: new Uint8Array([1, 2, 3]) };
  const outcome = await settle(venue, { ...first, proof });
  assert.equal(outcome.kind, 'settled');
  assert.deepEqual(await settledNumbers(venue), [1n]);
});

test('a settlement that reverts is tried anew when its reason has passed', async (context) => {
  const venue = await EvmVenue.open(context);
  await venue.fundAll(2);
  const { world, layer, deployment } = venue;
  const tell = async (functionName: 'pauseSettlements' | 'resumeSettlements'): Promise<void> => {
    const callData = encodeFunctionData({ abi: BASE_LAYER_ABI, functionName });
    await venue.send(GUARDIAN, deployment.baseLayer, callData);
    await mine(venue, 1);
  };
  const list = await buildList(venue);
  world.mempool.hold = () => true;
  const settling = layer.settle(list, patience());
  await until('it is held', () => world.mempool.held().length === 1);
  await tell('pauseSettlements');
  world.mempool.hold = () => false;
  await world.mempool.release();
  venue.startMining();
  const refused = await settling;
  await venue.stopMining();
  assert.ok(refused.kind === 'refused' && refused.mayPass, inspect(refused));
  assert.equal(refused.refusal.rule, 'SettlementsArePaused');
  const sent = await world.minedCount();
  assert.deepEqual(await layer.settle(list, patience()), refused);
  assert.equal(await world.minedCount(), sent, 'what would be refused is not sent');
  await tell('resumeSettlements');
  assert.equal((await settle(venue, list)).kind, 'settled');
  assert.equal(await world.minedCount(), sent + 1);
  assert.deepEqual(await settledNumbers(venue), [1n]);
});

test('a reorganisation takes a list back, and it settles again once', async (context) => {
  const venue = await EvmVenue.open(context, { finality: { kind: 'confirmations', blocks: 8 } });
  await venue.fundAll(2);
  await venue.world.mine(8);
  const { layer, world } = venue;
  for (let depth = 1; depth <= 6; depth += 1) {
    const before = await layer.progress('included');
    const list = await buildList(venue);
    const waiting = layer.settle(list, patience());
    await isOut(venue, waiting);
    await world.mine(1);
    const first = await waiting;
    assert.ok(first.kind === 'settled', inspect(first));
    if (depth > 1) await world.mine(depth - 1);
    await until('it is seen', async () => (await layer.settled(list.list.number)) !== undefined);
    await world.reorganise(depth, { reinject: depth % 2 === 0 });
    await venue.catchUp();
    if (depth % 2 === 1) {
      assert.deepEqual(await layer.progress('included'), before, `depth ${depth} takes it back`);
      assert.equal(await layer.settled(list.list.number), undefined);
    }
    venue.startMining();
    const again = await layer.settle(list, patience());
    await until('it is final', async () => {
      return (await layer.progress('final')).listNumber === list.list.number;
    });
    await venue.stopMining();
    assert.ok(again.kind === 'settled' && again.transaction === first.transaction);
    const settled = await layer.settled(list.list.number);
    assert.equal(settled?.certainty, 'final');
    assert.deepEqual(await layer.progress('final'), progressAfter(list, before));
    assert.equal((await settledNumbers(venue)).length, depth);
  }
  assert.equal(await paidBy(venue), 600n);
});
