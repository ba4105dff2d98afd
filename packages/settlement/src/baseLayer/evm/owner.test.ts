// Goal: an owner's ways in and out: deposit, withdrawal, claim, forced exit, each once by its name;
// and an act is sent once, names its refusal and starts again when its end may pass. Method: the
// committed contracts on a simulated chain, a lane of the owner's own.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { at } from '@lawbook/exchange/failures/invariant';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import { assetId } from '@lawbook/exchange/ledger/asset';
import { amount } from '@lawbook/exchange/numbers/amount';
import { Signing } from '@lawbook/exchange/orders/signedTypes';
import type { Hex } from 'viem';
import { bytesToHex, encodeFunctionData, hashTypedData } from 'viem';
import { BASE_LAYER_ABI } from '../../../../../contracts/generated/baseLayerAbi.ts';
import { FAUCET_TOKEN_ABI } from '../../../../../contracts/generated/faucetTokenAbi.ts';
import { EXIT_BLOCKS, SHARD, tradersOf } from '../../../../../testing/settlement/evm/evmVenue.ts';
import { buildList } from '../../../../../testing/settlement/evm/listBuilder.ts';
import {
  GUARDIAN,
  MachineVenue,
  OPERATOR,
} from '../../../../../testing/settlement/machineVenue.ts';
import type { OwnerStands } from './owner.ts';
import {
  cancelExit,
  claimTokens,
  completeExit,
  depositTokens,
  expectDone,
  pendingTokens,
  requestExit,
  signWithdrawal,
  withdrawalTypedData,
} from './owner.ts';
import type { Act, ActOutcome } from './performAct.ts';
import { Actor, DEFAULT_ACT_TERMS } from './performAct.ts';

const NEVER = new AbortController().signal;
const { owner, secret } = at(tradersOf(1), 0);
const ALICE = owner as AccountId & Hex;

interface OwnerStage {
  readonly venue: MachineVenue;
  readonly stands: OwnerStands;
  readonly drip: (tokenUnits: bigint) => void;
}

/** A venue with a lane of the first trader. */
async function opened(): Promise<OwnerStage> {
  const venue = await MachineVenue.open();
  await venue.world.openLane(ALICE, 'owner');
  const { deployment, finality } = venue;
  const actor = venue.world.actor(ALICE, finality);
  const drip = (tokenUnits: bigint): void => {
    const args = [ALICE, tokenUnits] as const;
    const callData = encodeFunctionData({ abi: FAUCET_TOKEN_ABI, functionName: 'drip', args });
    venue.world.send(GUARDIAN, at(deployment.tokens, 1).address, callData);
  };
  return { venue, stands: { deployment, shard: SHARD, actor, signal: NEVER }, drip };
}

function ruleOf(outcome: ActOutcome): string {
  return outcome.kind === 'done' ? 'done' : outcome.refusal.rule;
}

test('a deposit takes exactly its tokens, once for its name', async () => {
  const { venue, stands, drip } = await opened();
  const { world, layer } = venue;
  drip(10n * 10n ** 12n);
  await world.mine();
  const wish = { key: 'wish:1', owner: ALICE, assetId: 1, units: 7n };
  for (const units of [7n, 7n]) {
    const outcome = await world.mining(() => depositTokens({ ...wish, units }, stands));
    assert.equal(ruleOf(outcome), 'done');
  }
  await world.catchUp();
  assert.equal((await world.during(layer.vault(ALICE))).balances.get(1), 7n);
  const other = world.mining(() => depositTokens({ ...wish, units: 8n }, stands));
  await assert.rejects(other, { code: 'SETTLEMENT_REFUSED' });
  const more = await world.mining(() =>
    depositTokens({ ...wish, key: 'wish:2', units: 4n }, stands),
  );
  assert.equal(ruleOf(more), 'ERC20InsufficientBalance');
  await world.close();
});

test('a withdrawal waits to be claimed, and is claimed by anybody for its account', async () => {
  const { venue, stands } = await opened();
  const { world, deployment } = venue;
  await venue.fundAll(2);
  const wish = {
    owner: ALICE,
    to: ALICE,
    shard: SHARD,
    assetId: assetId(1),
    units: amount(500n),
    orderNonce: 200n,
    expiresAtMs: world.clock.nowMs() + 86_400_000,
  };
  const withdrawals = [signWithdrawal(wish, venue.domain, secret)];
  venue.settleDirectly(await world.during(buildList(venue, { withdrawals })));
  await world.mine();
  const claim = { token: at(deployment.tokens, 1).address, account: ALICE };
  assert.equal(await world.during(pendingTokens(claim, stands)), 500n * 10n ** 12n);
  const paid = await world.mining(() => claimTokens({ key: 'claim:1', ...claim }, stands));
  assert.equal(ruleOf(paid), 'done');
  assert.equal(await world.during(pendingTokens(claim, stands)), 0n);
  const nothing = await world.mining(() => claimTokens({ key: 'claim:2', ...claim }, stands));
  assert.equal(ruleOf(nothing), 'NothingIsPending');
  assert.throws(() => expectDone(nothing), { code: 'SETTLEMENT_REFUSED' });
  await world.close();
});

test('an owner leaves by force once the exit is due', async () => {
  const { venue, stands } = await opened();
  const { world, layer } = venue;
  await venue.fundAll(2);
  const leave = (key: string): Promise<ActOutcome> =>
    world.mining(() => completeExit({ key, owner: ALICE, assetIds: [0, 1] }, stands));
  assert.equal(ruleOf(await leave('leave:0')), 'ExitIsNotRequested');
  const exit = { key: 'exit:1', owner: ALICE };
  assert.equal(ruleOf(await world.mining(() => requestExit(exit, stands))), 'done');
  const back = { key: 'back:1', owner: ALICE };
  assert.equal(ruleOf(await world.mining(() => cancelExit(back, stands))), 'done');
  await world.catchUp();
  assert.equal((await world.during(layer.vault(ALICE))).exitDueBlock, undefined);
  const again = { key: 'exit:2', owner: ALICE };
  assert.equal(ruleOf(await world.mining(() => requestExit(again, stands))), 'done');
  const soon = await leave('leave:1');
  assert.ok(soon.kind === 'refused' && soon.mayPass && ruleOf(soon) === 'ExitIsNotDue');
  await world.mine(Number(EXIT_BLOCKS));
  assert.equal(ruleOf(await leave('leave:1')), 'done');
  await world.catchUp();
  assert.equal((await world.during(layer.vault(ALICE))).balances.size, 0);
  const foreign = { ...stands, actor: world.actor(OPERATOR, venue.finality) };
  const stranger = await world.mining(() => requestExit({ ...again, key: 'exit:3' }, foreign));
  assert.equal(ruleOf(stranger), 'CallerIsNotOwner');
  await world.close();
});

test('has wallets sign what the contract and the exchange hash', async () => {
  const { venue } = await opened();
  const withdrawal = {
    owner: ALICE,
    to: ALICE,
    shard: SHARD,
    assetId: assetId(1),
    units: amount(500n),
    orderNonce: 200n,
    expiresAtMs: 1_800_000_000_000,
  };
  const typed = withdrawalTypedData(withdrawal, venue.domain);
  const digest = hashTypedData(typed as unknown as Parameters<typeof hashTypedData>[0]);
  assert.equal(digest, bytesToHex(new Signing(venue.domain).withdrawalDigest(withdrawal)));
  await venue.world.close();
});

/** Requests an exit by the lane of the first trader. */
function exitAct({ venue }: OwnerStage, key: string): Act {
  const args = [SHARD, ALICE] as const;
  const callData = encodeFunctionData({ abi: BASE_LAYER_ABI, functionName: 'requestExit', args });
  return { key, to: venue.deployment.baseLayer, amount: 0n, callData, mayDiffer: false };
}

test('an act is under way once, and what waits for it may end before it does', async () => {
  const stage = await opened();
  const { venue, stands } = stage;
  const { world } = venue;
  const { actor } = stands;
  const act = exitAct(stage, 'exit:1');
  assert.equal(await world.during(actor.isBegun(act)), false);
  const ending = new AbortController();
  const waiting = actor.perform(act, ending.signal);
  waiting.catch(() => undefined);
  await world.clock.runFor(5000);
  ending.abort();
  await assert.rejects(world.during(waiting), { code: 'SETTLEMENT_UNCERTAIN' });
  assert.equal(await world.during(actor.isBegun(act)), true, 'what was sent goes on');
  const { count } = world.chain.accountAt(world.chain.head(), ALICE);
  const outcome = await world.mining(() => actor.perform(act, NEVER));
  assert.ok(outcome.kind === 'done' && !outcome.isNew);
  const fresh = new Actor(world.stands, ALICE, { ...DEFAULT_ACT_TERMS, finality: venue.finality });
  const again = await world.mining(() => fresh.perform(act, NEVER));
  assert.ok(again.kind === 'done' && !again.isNew);
  assert.equal(world.chain.accountAt(world.chain.head(), ALICE).count, count + 1);
  await world.close();
});

test('an act that was not started in time is started again by whoever asks', async () => {
  const stage = await opened();
  const { venue } = stage;
  const { world, finality } = venue;
  const hasty = { ...DEFAULT_ACT_TERMS, patienceMs: 10_000, finality };
  const actor = new Actor(world.stands, ALICE, hasty);
  const act = exitAct(stage, 'exit:1');
  // No block takes it in time; what takes its place is let through.
  world.withhold = ({ to }) => to === venue.deployment.baseLayer;
  const late = await world.mining(() => actor.perform(act, NEVER));
  world.withhold = () => false;
  assert.ok(late.kind === 'refused' && late.mayPass, 'its deadline passed');
  assert.equal(late.refusal.rule, 'deadlinePassed');
  const outcome = await world.mining(() => actor.perform(act, NEVER));
  assert.equal(outcome.kind, 'done');
  await world.close();
});

test('a fee beyond the cap is not paid', async () => {
  const stage = await opened();
  const { world, finality } = stage.venue;
  const terms = { ...DEFAULT_ACT_TERMS, feeCap: 1n, patienceMs: 10_000, finality };
  const actor = new Actor(world.stands, ALICE, terms);
  const outcome = await world.mining(() => actor.perform(exitAct(stage, 'exit:1'), NEVER));
  assert.equal(outcome.kind, 'refused');
  assert.equal(world.chain.accountAt(world.chain.head(), ALICE).count, 0);
  await world.close();
});

test('what a block turns down is looked at again, told by its rule, and sent anew', async () => {
  const venue = await MachineVenue.open();
  const { world, layer } = venue;
  await venue.fundAll(2);
  const list = await world.during(buildList(venue));
  world.withhold = ({ from }) => from === OPERATOR;
  const settling = layer.settle(list, NEVER);
  await world.clock.runFor(2000);
  venue.call(GUARDIAN, 'pauseSettlements', []);
  await world.mine();
  world.withhold = () => false;
  const refused = await world.mining(() => settling);
  assert.ok(refused.kind === 'refused' && refused.mayPass, inspect(refused));
  assert.equal(refused.refusal.rule, 'SettlementsArePaused');
  const { count } = world.chain.accountAt(world.chain.head(), OPERATOR);
  assert.deepEqual(await world.mining(() => layer.settle(list, NEVER)), refused);
  assert.equal(world.chain.accountAt(world.chain.head(), OPERATOR).count, count, 'nothing sent');
  venue.call(GUARDIAN, 'resumeSettlements', []);
  await world.mine();
  assert.equal((await world.mining(() => layer.settle(list, NEVER))).kind, 'settled');
  assert.equal(world.chain.accountAt(world.chain.head(), OPERATOR).count, count + 1);
  await world.close();
});
