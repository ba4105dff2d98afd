// Goal: the adapter keeps the promises of `BaseLayer` before the real contracts: a list settles
// once whoever asks, progress and finality are the chain's, refusals are named.
// Method: the committed bytecode on a simulated chain, a whole engine, a clock that never waits.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { at } from '@lawbook/exchange/failures/invariant';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import { accountId } from '@lawbook/exchange/ledger/account';
import type { Hex } from 'viem';
import { numberToHex } from 'viem';
import { EXIT_BLOCKS, tradersOf } from '../../../../../testing/settlement/evm/evmVenue.ts';
import { buildList, progressAfter } from '../../../../../testing/settlement/evm/listBuilder.ts';
import {
  GUARDIAN,
  MachineVenue,
  MachineWorld,
  OPERATOR,
} from '../../../../../testing/settlement/machineVenue.ts';
import type { BaseLayer } from '../baseLayer.ts';
import type { SettleOutcome, Submission } from '../submission.ts';
import { openEvmBaseLayer } from './openEvmBaseLayer.ts';

const NEVER = new AbortController().signal;

async function funded(): Promise<MachineVenue> {
  const venue = await MachineVenue.open();
  await venue.fundAll(2);
  return venue;
}

function listOf(
  venue: MachineVenue,
  terms: Parameters<typeof buildList>[1] = {},
): Promise<Submission> {
  return venue.world.during(buildList(venue, terms));
}

function settle(
  venue: MachineVenue,
  list: Submission,
  layer: BaseLayer = venue.layer,
): Promise<SettleOutcome> {
  return venue.world.mining(() => layer.settle(list, NEVER));
}

test('settles a list once, and says where it stands and when it is final', async () => {
  const venue = await funded();
  const { world, layer } = venue;
  const before = await world.during(layer.progress('included'));
  assert.deepEqual(await world.during(layer.progress('final')), before);
  assert.equal(await world.during(layer.settled(1n)), undefined);
  const list = await listOf(venue);
  const check = await world.during(layer.check(list));
  assert.ok(check.kind === 'passes' && check.gas !== undefined && check.gas > 100_000n);
  const [outcome, same] = await world.mining(() =>
    Promise.all([layer.settle(list, NEVER), layer.settle(list, NEVER)]),
  );
  assert.ok(outcome.kind === 'settled', inspect(outcome));
  assert.deepEqual(same, outcome);
  assert.deepEqual(await world.during(layer.progress('included')), progressAfter(list, before));
  assert.deepEqual(await world.during(layer.progress('final')), before, 'one block is not three');
  const included = {
    listNumber: 1n,
    listHash: list.listHash,
    epochNumber: 1,
    certainty: 'included',
    transaction: outcome.transaction,
    blockNumber: outcome.blockNumber,
  };
  assert.deepEqual(await world.during(layer.settled(1n)), included);
  await world.mine(2);
  assert.deepEqual(await world.during(layer.progress('final')), progressAfter(list, before));
  assert.deepEqual(await world.during(layer.settled(1n)), { ...included, certainty: 'final' });
  assert.equal(await world.during(layer.settled(2n)), undefined);
  assert.equal(await world.during(layer.settled(0n)), undefined);
  await world.close();
});

test('shows what a vault holds of every asset and when its owner leaves', async () => {
  const venue = await funded();
  const { world, layer } = venue;
  const owner = at(tradersOf(1), 0).owner as AccountId & Hex;
  const vault = await world.during(layer.vault(owner));
  assert.deepEqual(
    [...vault.balances],
    [
      [0, 1_000_000n],
      [1, 1_000_000n],
    ],
  );
  assert.equal(vault.exitDueBlock, undefined);
  venue.call(owner, 'requestExit', [layer.shard, owner]);
  await world.mine();
  const asked = BigInt(world.chain.head().number);
  const leaving = await world.during(layer.vault(owner));
  assert.equal(leaving.exitDueBlock, asked + EXIT_BLOCKS);
  const stranger = await world.during(layer.vault(accountId(GUARDIAN)));
  assert.deepEqual([stranger.balances.size, stranger.exitDueBlock], [0, undefined]);
  await world.close();
});

test('tells the agreement that holds', async () => {
  const venue = await MachineVenue.open();
  const agreement = await venue.world.during(venue.layer.agreement());
  const plan = venue.plan();
  assert.deepEqual(
    [agreement?.agreementId, agreement?.operator, agreement?.verifyingKeyHash, agreement?.next],
    [1n, OPERATOR, plan.verifyingKeyHash, undefined],
  );
  assert.deepEqual(agreement?.circuits, plan.circuits);
  assert.equal(agreement?.exitBlocks, EXIT_BLOCKS);
  await venue.world.close();
});

test('what the contract refuses costs nothing and is told by its name', async () => {
  const venue = await funded();
  const { world, layer } = venue;
  const { count } = world.chain.accountAt(world.chain.head(), OPERATOR);
  const scarce = await listOf(venue, { traders: tradersOf(3) });
  const check = await world.during(layer.check(scarce));
  assert.ok(check.kind === 'refused' && check.refusal.rule === 'VaultsAreSolvent', inspect(check));
  const refused = await settle(venue, scarce);
  assert.ok(refused.kind === 'refused' && !refused.mayPass);
  assert.equal(refused.refusal.rule, 'VaultsAreSolvent');
  venue.call(GUARDIAN, 'pauseSettlements', []);
  await world.mine();
  const list = await listOf(venue);
  const paused = await settle(venue, list);
  assert.ok(paused.kind === 'refused' && paused.mayPass);
  assert.equal(paused.refusal.rule, 'SettlementsArePaused');
  assert.equal(world.chain.accountAt(world.chain.head(), OPERATOR).count, count);
  venue.call(GUARDIAN, 'resumeSettlements', []);
  await world.mine();
  assert.equal((await settle(venue, list)).kind, 'settled');
  await world.close();
});

test('a list that somebody else settled is settled, and its rival is refused', async () => {
  const venue = await funded();
  const { world, layer } = venue;
  const before = await world.during(layer.progress('included'));
  const list = await listOf(venue);
  const rival = await listOf(venue, { after: before, traders: tradersOf(1) });
  // The operator's key acts by other means than the lane.
  const act = layer.settle(list, AbortSignal.abort(new DOMException('over', 'AbortError')));
  await assert.rejects(world.during(act), { code: 'SETTLEMENT_UNCERTAIN' });
  venue.settleDirectly(list);
  await world.mine();
  const place = await world.during(layer.settled(1n));
  assert.ok(place !== undefined && place.listHash === list.listHash);
  const outcome = await settle(venue, list);
  const { transaction, blockNumber } = place;
  assert.deepEqual(outcome, { kind: 'settled', transaction, blockNumber, gasUsed: undefined });
  const refused = await settle(venue, rival);
  assert.ok(refused.kind === 'refused' && !refused.mayPass, inspect(refused));
  assert.deepEqual(refused.refusal.details, ['2', '1']);
  const early = await listOf(venue, { after: progressAfter(list, before) });
  const gap = { ...early, list: { ...early.list, number: 3n } };
  const waits = await settle(venue, gap);
  assert.ok(waits.kind === 'refused' && waits.mayPass, 'a list may come too early');
  await world.close();
});

test('a reorganisation takes a list back, and it settles again once', async () => {
  const venue = await funded();
  const { world, layer } = venue;
  const before = await world.during(layer.progress('included'));
  const list = await listOf(venue);
  const first = await settle(venue, list);
  assert.ok(first.kind === 'settled');
  await world.catchUp();
  const depth = world.chain.head().number - Number(first.blockNumber) + 1;
  await world.reorganise(depth);
  assert.deepEqual(await world.during(layer.progress('included')), before);
  assert.equal(await world.during(layer.settled(1n)), undefined);
  const again = await settle(venue, list);
  assert.ok(again.kind === 'settled' && again.transaction === first.transaction);
  await world.mine(3);
  assert.deepEqual(await world.during(layer.progress('final')), progressAfter(list, before));
  const settled = await world.during(layer.settled(1n));
  assert.equal(settled?.certainty, 'final');
  await world.close();
});

test('refuses a deployment whose contract keeps to another registry', async () => {
  const venue = await MachineVenue.open();
  const { world, deployment, finality } = venue;
  const place = { shard: 7, marketId: 3, operator: OPERATOR, finality };
  const open = (change: Partial<typeof deployment>): BaseLayer =>
    openEvmBaseLayer({ ...place, deployment: { ...deployment, ...change } }, world.stands);
  const mixed = open({ registry: deployment.verifiers[0]?.address ?? deployment.baseLayer });
  await assert.rejects(world.during(mixed.progress('included')), {
    code: 'SETTLEMENT_CONFIG_INVALID',
  });
  const elsewhere = open({ baseLayer: `0x${'12'.repeat(20)}` });
  await assert.rejects(world.during(elsewhere.vault(at(tradersOf(1), 0).owner)), {
    code: 'SETTLEMENT_CONFIG_INVALID',
  });
  await world.close();
});

test('says that it is ready, that the chain is out of sight, and that it is closed', async () => {
  const venue = await MachineVenue.open();
  const { world, layer } = venue;
  const headBlock = BigInt(world.chain.head().number);
  assert.deepEqual(
    [layer.health().state, layer.health().headBlock],
    ['ready', headBlock],
    layer.health().detail,
  );
  const { plan } = world.network;
  plan.add({ fault: { kind: 'refused' } });
  await world.clock.runFor(14_000);
  assert.equal(layer.health().state, 'ready');
  await world.clock.runFor(5_000);
  const blind = layer.health();
  assert.equal(blind.state, 'unready');
  assert.match(blind.detail, /for 1[5-9] s/);
  plan.clear();
  await world.clock.runFor(60_000);
  assert.equal(layer.health().state, 'ready');
  await layer.close();
  assert.equal(layer.health().state, 'unready');
  await assert.rejects(layer.progress('included'), { code: 'SETTLEMENT_CLOSED' });
  await assert.rejects(layer.check({} as Submission), { code: 'SETTLEMENT_CLOSED' });
  await assert.rejects(layer.settle({} as Submission, NEVER), { code: 'SETTLEMENT_CLOSED' });
  const events = layer.events(undefined, NEVER)[Symbol.asyncIterator]();
  await assert.rejects(events.next(), { code: 'SETTLEMENT_CLOSED' });
  await world.close();
});

test('a chain that was not seen yet is not ready, and nothing of it is old', async () => {
  const world = await MachineWorld.open();
  const nowhere = `0x${'12'.repeat(20)}` as const;
  const deployment = { chainId: 31_337, registry: nowhere, baseLayer: nowhere };
  const layer = openEvmBaseLayer(
    {
      deployment: { ...deployment, verifiers: [], tokens: [], deployedAtBlock: 0n },
      shard: 7,
      marketId: 3,
      operator: OPERATOR,
      finality: { kind: 'finalized' },
    },
    world.stands,
  );
  const unseen = layer.health();
  assert.deepEqual([unseen.state, unseen.headBlock], ['unready', undefined]);
  // The head is known before the first poll is over.
  await world.clock.runUntil(() => world.tracker.head() !== undefined);
  assert.equal(layer.health().state, 'unready');
  assert.equal(layer.health().detail, unseen.detail);
  await world.close();
});

test('a list whose log nobody shows is asked for again, not taken for unsettled', async () => {
  const venue = await funded();
  const { world, layer } = venue;
  const list = await listOf(venue);
  assert.equal((await settle(venue, list)).kind, 'settled');
  await world.mine();
  world.node.answerInstead = (method) => (method === 'eth_getLogs' ? { result: [] } : undefined);
  await assert.rejects(world.during(layer.settled(1n)), { code: 'SETTLEMENT_UNAVAILABLE' });
  // A chain that has forgotten its first blocks has forgotten their logs.
  const first = numberToHex(venue.deployment.deployedAtBlock);
  world.node.answerInstead = (method, [number]) => {
    if (method === 'eth_getLogs') return { result: [] };
    return method === 'eth_getBlockByNumber' && number === first ? { result: null } : undefined;
  };
  assert.equal(await world.during(layer.settled(1n)), undefined);
  const progress = await world.during(layer.progress('final'));
  assert.equal(progress.listNumber, 1n, 'what is forgotten was final');
  world.node.answerInstead = () => undefined;
  assert.equal((await world.during(layer.settled(1n)))?.listHash, list.listHash);
  await world.close();
});
