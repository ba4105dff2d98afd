// Goal: the lane's promises, one told example each, with the chain itself as the judge.
// Method: litesvm behind three in-process endpoints under a simulated clock; faults by switches.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChainFault } from '@lawbook/chains/chainFault';
import { at } from '@lawbook/exchange/failures/invariant';
import type { Address, EncodedAccount } from '@solana/kit';
import { lamports } from '@solana/kit';
import { Lifeline } from './lifeline.ts';
import { SLOT_MS, SolanaStage } from './solanaStage.ts';

test('pays once and tells accepted, included and final as they come true', async () => {
  const stage = await SolanaStage.open();
  const lane = await stage.lane();
  const intent = await lane.submit(stage.payment('a'));
  assert.equal((await stage.during(intent.wait('accepted'))).verdict, 'done');
  const seen = await stage.during(intent.wait('included'));
  assert.equal(seen.life.state, 'included');
  const { verdict, life } = await stage.end(intent);
  assert.equal(verdict, 'done');
  assert.equal(stage.received(), 1_000_000n);
  const { signature } = at(life.attempts, 0);
  const landed = stage.ledger.landed(signature);
  assert.equal(life.inclusion?.slot, BigInt(landed?.slot ?? 0));
  assert.equal(life.feeSpent, landed?.fee);
  await stage.close();
});

test('answers the same intent for the same key, and refuses another request under it', async () => {
  const stage = await SolanaStage.open();
  const lane = await stage.lane();
  const request = stage.payment('a');
  await lane.submit(request);
  await lane.submit({ ...request });
  await assert.rejects(lane.submit({ ...request, feeCap: 1n }), { code: 'CHAIN_KEY_REUSED' });
  await stage.end(await lane.intent('a'));
  assert.equal(stage.received(), 1_000_000n);
  await assert.rejects(lane.intent('b'), { code: 'CHAIN_INTENT_UNKNOWN' });
  await stage.close();
});

test('signs two equal payments under one blockhash differently, and both land', async () => {
  const stage = await SolanaStage.open();
  const lane = await stage.lane();
  const intents = [
    await lane.submit(stage.payment('a')),
    await lane.submit(stage.payment('b', { deadlineMs: stage.payment('a').deadlineMs })),
  ];
  const outcomes = await Promise.all(intents.map((intent) => stage.end(intent)));
  const [one, two] = outcomes.map(({ life }) => at(life.attempts, 0));
  assert.equal(one?.blockhash, two?.blockhash);
  assert.notEqual(one?.signature, two?.signature);
  assert.equal(stage.received(), 2_000_000n);
  await stage.close();
});

test('signs anew only after the blockhash expired, when no send ever arrived', async () => {
  const stage = await SolanaStage.open();
  const lane = await stage.lane();
  stage.switchAll({ dropsSend: () => true });
  const intent = await lane.submit(stage.payment('a'));
  await stage.clock.runFor(150 * SLOT_MS);
  const before = await intent.life();
  assert.equal(before.attempts.length, 1);
  assert.ok(lane.stats().resends > 10);
  await stage.clock.runUntil(() => lane.stats().expiries === 1);
  const first = at(before.attempts, 0);
  assert.ok(BigInt(stage.ledger.blockAt('finalized', 0).height) > first.lastValidBlockHeight);
  stage.switchAll({ dropsSend: () => false });
  const { life } = await stage.end(intent);
  assert.equal(life.state, 'final');
  assert.equal(at(life.attempts, 0).status, 'expired');
  assert.equal(life.attempts.length, 2);
  assert.equal(stage.received(), 1_000_000n);
  await stage.close();
});

test('recognises a late landing, although every height is a slot and statuses lag', async () => {
  const stage = await SolanaStage.open();
  const lane = await stage.lane();
  // Slots are 100,000 ahead of heights: taken for a height, every attempt looks old at once.
  stage.switchAll({ heightIsSlot: true, statusDelay: 12, holdSlots: () => 140 });
  const { life } = await stage.end(await lane.submit(stage.payment('a')));
  assert.equal(life.state, 'final');
  assert.equal(life.attempts.length, 1);
  assert.ok(lane.stats().expiriesUnproven > 0);
  assert.equal(stage.received(), 1_000_000n);
  await stage.close();
});

test('takes a landing back when a fork undoes it, and lands the same bytes again', async () => {
  const stage = await SolanaStage.open();
  const lane = await stage.lane();
  stage.switchAll({ holdSlots: () => 20 });
  const intent = await lane.submit(stage.payment('a'));
  await stage.during(intent.wait('included'));
  await stage.clock.runFor(4 * SLOT_MS);
  const undone = stage.ledger.fork(12, () => false);
  assert.equal(undone.length, 1);
  assert.equal(stage.received(), 0n);
  await stage.clock.runUntil(() => lane.stats().unincluded === 1);
  const { life } = await stage.end(intent);
  const steps = life.history.map(({ step }) => step);
  assert.ok(steps.includes('unincluded'));
  assert.equal(steps.filter((step) => step === 'final').length, 1);
  assert.equal(life.attempts.length, 1);
  assert.equal(stage.received(), 1_000_000n);
  await stage.close();
});

test('signs anew when a fork took the block of the blockhash with it', async () => {
  const stage = await SolanaStage.open();
  const lane = await stage.lane();
  const intent = await lane.submit(stage.payment('a'));
  await stage.during(intent.wait('included'));
  await stage.clock.runFor(4 * SLOT_MS);
  assert.equal(stage.ledger.fork(24, () => true).length, 1);
  const { life } = await stage.end(intent);
  assert.deepEqual(
    life.attempts.map(({ status }) => status),
    ['expired', 'included'],
  );
  assert.equal(stage.received(), 1_000_000n);
  await stage.close();
});

test('takes an intent back at once while nothing was sent', async () => {
  const stage = await SolanaStage.open();
  const lane = await stage.lane();
  stage.isReachable = false;
  const intent = await lane.submit(stage.payment('a'));
  await stage.clock.runFor(20_000);
  await lane.cancel('a');
  const { verdict, life } = await stage.end(intent);
  assert.equal(verdict, 'notDone');
  assert.equal(life.state, 'cancelled');
  assert.equal(life.attempts.length, 0);
  await stage.close();
});

test('tells of a cancelled intent that it landed, when it did', async () => {
  const stage = await SolanaStage.open();
  const lane = await stage.lane();
  stage.switchAll({ holdSlots: () => 60 });
  const intent = await lane.submit(stage.payment('a'));
  await stage.during(intent.wait('accepted'));
  await lane.cancel('a');
  const { verdict } = await stage.end(intent);
  assert.equal(verdict, 'done');
  assert.equal(stage.received(), 1_000_000n);
  await stage.close();
});

test('ends a cancelled intent once its blockhash expired, sending nothing meanwhile', async () => {
  const stage = await SolanaStage.open();
  const lane = await stage.lane();
  stage.switchAll({ dropsSend: () => true });
  const intent = await lane.submit(stage.payment('a'));
  await stage.during(intent.wait('accepted'));
  await lane.cancel('a');
  await stage.clock.runFor(5_000);
  stage.switchAll({ dropsSend: () => false });
  const { life } = await stage.end(intent);
  assert.equal(life.state, 'cancelled');
  assert.equal(life.attempts.length, 1);
  assert.equal(stage.received(), 0n);
  await stage.close();
});

test('says unknown past the deadline, until the chain has spoken', async () => {
  const stage = await SolanaStage.open();
  const lane = await stage.lane();
  stage.switchAll({ dropsSend: () => true });
  const deadlineMs = stage.clock.nowMs() + 20_000;
  const intent = await lane.submit(stage.payment('a', { deadlineMs }));
  await stage.clock.runFor(25_000);
  const between = await intent.life();
  assert.equal(between.unknown, true);
  assert.equal(between.state, 'accepted');
  assert.ok(stage.alerts.some(({ kind }) => kind === 'outcomeUnknown'));
  const { life } = await stage.end(intent);
  assert.equal(life.state, 'expired');
  assert.equal(life.unknown, false);
  assert.equal(stage.received(), 0n);
  await stage.close();
});

test('refuses what the balance does not carry, naming the shortfall to the lamport', async () => {
  const stage = await SolanaStage.open(5_000_000n);
  const lane = await stage.lane();
  const payment = { ...stage.payment('a'), ...stage.payment('a') };
  const { instructions } = payment;
  const intent = await lane.submit({ ...payment, instructions, spend: 5_000_000n });
  const { life } = await stage.end(intent);
  assert.equal(life.state, 'refused');
  assert.equal(life.reason?.code, 'insufficientFunds');
  const fields = life.reason?.fields ?? {};
  assert.equal(fields['balance'], '5000000');
  assert.equal(fields['fee'], '5000');
  // 5,000,000 + 5,000 + 890,880 (rent-exempt minimum) - 5,000,000
  assert.equal(fields['shortfall'], '895880');
  await stage.close();
});

test('lets a payment wait for those in flight, and refuses it when they took all', async () => {
  const stage = await SolanaStage.open(3_000_000n);
  const lane = await stage.lane();
  stage.switchAll({ holdSlots: () => 20 });
  const first = await lane.submit(stage.payment('a'));
  const second = await lane.submit(stage.payment('b'));
  const third = await lane.submit(stage.payment('c'));
  await stage.clock.runFor(4_000);
  assert.equal((await third.life()).reason?.code, 'insufficientFunds');
  assert.equal((await third.life()).state, 'created');
  const outcomes = await Promise.all([first, second, third].map((intent) => stage.end(intent)));
  assert.deepEqual(
    outcomes.map(({ life }) => life.state),
    ['final', 'final', 'refused'],
  );
  assert.equal(stage.received(), 2_000_000n);
  await stage.close();
});

test('hints at the rent-exempt minimum when the payee would hold too little', async () => {
  const stage = await SolanaStage.open();
  const lane = await stage.lane();
  const tiny = { ...stage.payment('a') };
  const bytes = Buffer.from(at(tiny.instructions, 0).bytes, 'base64');
  bytes.writeBigUInt64LE(1_000n, 4);
  const instruction = { ...at(tiny.instructions, 0), bytes: bytes.toString('base64') };
  const request = { ...tiny, instructions: [instruction], spend: 1_000n };
  const { life } = await stage.end(await lane.submit(request));
  assert.equal(life.state, 'refused');
  assert.equal(life.reason?.fields['rentExemptMinimum'], '890880');
  await stage.close();
});

test('refuses a cap below the least fee', async () => {
  const stage = await SolanaStage.open();
  const lane = await stage.lane();
  const { life } = await stage.end(await lane.submit(stage.payment('a', { feeCap: 4_999n })));
  assert.equal(life.reason?.code, 'feeAboveCap');
  await stage.close();
});

test('pays a unit price within the cap', async () => {
  const stage = await SolanaStage.open();
  const prices = { percentile: { patient: 50, urgent: 90 }, raise: 150, leastPrice: 10n ** 9n };
  const lane = await stage.lane('process-0', { prices });
  const { life } = await stage.end(await lane.submit(stage.payment('a')));
  assert.equal(life.state, 'final');
  assert.ok(life.feeSpent > 5_000n && life.feeSpent <= 20_000n);
  await stage.close();
});

test('tells of a failure on the chain as reverted, with the fee that was taken', async () => {
  const stage = await SolanaStage.open();
  const lane = await stage.lane();
  stage.switchAll({ holdSlots: () => 10 });
  const intent = await lane.submit(stage.payment('a'));
  await stage.during(intent.wait('accepted'));
  const payer = stage.ledger.machine.account(stage.signer.address as Address) as EncodedAccount;
  stage.ledger.machine.setAccount({ ...payer, lamports: lamports(1_000_000n) });
  const { verdict, life } = await stage.end(intent);
  assert.equal(verdict, 'notDone');
  assert.equal(life.state, 'reverted');
  assert.equal(life.feeSpent, 5_000n);
  assert.match(life.inclusion?.error ?? '', /InstructionError/);
  await stage.close();
});

test('hands the lane over when its owner dies, and pays once', async () => {
  const stage = await SolanaStage.open();
  const lifeline = new Lifeline(undefined);
  const first = await stage.lane('process-0', {}, lifeline);
  stage.switchAll({ holdSlots: () => 30 });
  const intent = await first.submit(stage.payment('a'));
  await stage.during(intent.wait('accepted'));
  const second = await stage.lane('process-1');
  await second.submit(stage.payment('b'));
  await stage.clock.runFor(2_000);
  assert.deepEqual([first.stats().owner, second.stats().owner], [true, false]);
  lifeline.kill();
  const outcomes = [
    await stage.end(await second.intent('a')),
    await stage.end(await second.intent('b')),
  ];
  assert.deepEqual(
    outcomes.map(({ verdict }) => verdict),
    ['done', 'done'],
  );
  assert.equal(at(outcomes, 0).life.attempts.length, 1);
  assert.equal(stage.received(), 2_000_000n);
  await stage.during(second.close());
});

test('refuses to open with fewer endpoints than have to agree', async () => {
  const stage = await SolanaStage.open();
  await assert.rejects(stage.lane('process-0', { quorum: 4 }), (fault) => {
    return fault instanceof ChainFault && fault.code === 'CHAIN_CONFIG_INVALID';
  });
});
