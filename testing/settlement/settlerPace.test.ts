import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at } from '../../packages/exchange/src/failures/invariant.ts';
import { SettlementFault } from '../../packages/settlement/src/settlementFault.ts';
import { MemorySettlementStore } from '../../packages/settlement/src/settler/memorySettlementStore.ts';
import type { ListRecord } from '../../packages/settlement/src/settler/settlementStore.ts';
import type { SettlementLag } from '../../packages/settlement/src/settler/settler.ts';
import { GUARDIAN } from './memoryVenue.ts';
import { FAIR, LIMITS, SettlerStage } from './settlerStage.ts';

// Goal: a settler acts as soon as it can and no more often than its limits say; what it tells names
// the list and no secret; what is of no use any more is made again. Method: a settler on a memory
// chain under a simulated clock, whose calls are counted.

async function opened(seed: number): Promise<SettlerStage> {
  const stage = new SettlerStage(seed, FAIR);
  await stage.open();
  return stage;
}

function lagOf(stage: SettlerStage): SettlementLag {
  return stage.settler?.lag() ?? assert.fail('the settler is open');
}

async function recordOf(stage: SettlerStage, listNumber: bigint): Promise<ListRecord> {
  return (await stage.settler?.record(listNumber)) ?? assert.fail('there is a record');
}

async function untilFinal(stage: SettlerStage, count: bigint): Promise<void> {
  await stage.clock.runUntil(() => lagOf(stage).finalized === count, {
    what: `${count} final lists`,
    withinMs: 3_600_000,
  });
}

function alertsOf(stage: SettlerStage): readonly { listNumber: bigint; sentence: string }[] {
  return stage.events.flatMap((event) => (event.kind === 'alert' ? [event] : []));
}

function settlesOf(stage: SettlerStage): number[] {
  return stage.calls.filter(({ name }) => name === 'settle').map(({ atMs }) => atMs);
}

test('proves what is sealed and sends what is proven without waiting for a beat', async () => {
  const stage = await opened(1);
  await stage.clock.runFor(60_100);
  const sealedMs = stage.clock.elapsedMs();
  stage.seal();
  await stage.clock.runUntil(() => stage.proofs === 1);
  assert.ok(stage.clock.elapsedMs() - sealedMs < LIMITS.beatMs / 4, 'proving begins at once');
  await stage.clock.runUntil(() => lagOf(stage).proven === 1n);
  const provenMs = stage.clock.elapsedMs();
  await stage.clock.runUntil(() => settlesOf(stage).length === 1);
  assert.ok(stage.clock.elapsedMs() - provenMs < LIMITS.beatMs / 4, 'settling begins at once');
  await stage.settler?.close();
});

test('an idle settler asks the base layer once a beat', async () => {
  const stage = await opened(2);
  await stage.clock.runFor(20 * LIMITS.beatMs);
  const asked = stage.calls.length / 2;
  assert.ok(asked >= 15 && asked <= 21, `${asked} looks in 20 beats`);
  await stage.settler?.close();
});

test('a refusal that may pass is met ever more seldom, and so is the chain', async () => {
  const stage = await opened(3);
  const { chain } = stage.venue;
  chain.perform(GUARDIAN, (context) => chain.contracts.pauseSettlements(context));
  stage.seal();
  await stage.clock.runFor(120_000);
  const tries = settlesOf(stage);
  // Two to four seconds apart once the wait is at its limit.
  assert.ok(tries.length > 25 && tries.length < 70, `${tries.length} tries in two minutes`);
  assert.ok(stage.calls.length < 400, `${stage.calls.length} calls in two minutes`);
  const late = tries.slice(-10).map((atMs, k, all) => atMs - (all[k - 1] ?? atMs - 2000));
  assert.ok(Math.min(...late) >= 1900, 'half of the limit at least');
  const record = await recordOf(stage, 1n);
  assert.equal(record.failures, tries.length);
  assert.deepEqual(
    alertsOf(stage).map(({ listNumber }) => listNumber),
    [1n],
  );
  await stage.settler?.close();
});

test('a prover that fails is not asked again at once', async () => {
  const stage = new SettlerStage(4, { ...FAIR, proverDies: 1 });
  await stage.open();
  stage.seal();
  await stage.clock.runFor(120_000);
  assert.ok(stage.proofs > 20 && stage.proofs < 70, `${stage.proofs} proofs in two minutes`);
  assert.equal((await recordOf(stage, 1n)).failures, stage.proofs);
  await stage.settler?.close();
});

test('a success begins the waits anew', async () => {
  const stage = new SettlerStage(5, { ...FAIR, proverDies: 1 });
  await stage.open();
  stage.seal();
  await stage.clock.runFor(120_000);
  stage.weather = FAIR;
  await untilFinal(stage, 1n);
  stage.weather = { ...FAIR, proverDies: 1 };
  const before = stage.proofs;
  stage.seal();
  // Waits of 100, 200, 400 and 800 ms, and proofs of a second and a half at most.
  await stage.clock.runFor(12_000);
  assert.ok(stage.proofs - before >= 5, `${stage.proofs - before} proofs`);
  await stage.settler?.close();
});

test('who is told of a base layer that is away is told of the list that waits', async () => {
  const stage = await opened(6);
  stage.seal();
  stage.seal();
  await untilFinal(stage, 2n);
  stage.isAway = true;
  await stage.clock.runFor(60_000);
  assert.deepEqual(
    alertsOf(stage).map(({ listNumber }) => listNumber),
    [3n],
  );
  stage.isAway = false;
  await stage.settler?.close();
});

test('a source that fails is asked again, and told of by the next list', async () => {
  const stage = await opened(7);
  stage.seal();
  await untilFinal(stage, 1n);
  const thrown = new SettlementFault('SETTLEMENT_UNAVAILABLE', 'The index is away.');
  stage.thrown = (step) => (step === 'list' ? thrown : undefined);
  stage.seal();
  await stage.clock.runFor(60_000);
  const [alert, ...others] = alertsOf(stage);
  assert.deepEqual([alert?.listNumber, others.length], [2n, 0]);
  assert.match(alert?.sentence ?? '', /5 attempts.*The index is away/);
  assert.equal(lagOf(stage).sealed, 1n);
  stage.thrown = () => undefined;
  await untilFinal(stage, 2n);
  await stage.settler?.close();
});

test('what a foreign failure says is kept from records and alerts', async () => {
  const stage = await opened(8);
  stage.thrown = (step) =>
    step === 'prove' ? new TypeError('GET https://node.example/v2/secret-key') : undefined;
  stage.seal();
  await stage.clock.runFor(60_000);
  assert.equal((await recordOf(stage, 1n)).lastFailure, 'TypeError.');
  assert.equal(alertsOf(stage).length, 1);
  assert.doesNotMatch(at(alertsOf(stage), 0).sentence, /secret/);
  stage.thrown = (step) => (step === 'prove' ? 'secret text' : undefined);
  await stage.clock.runFor(10_000);
  assert.doesNotMatch((await recordOf(stage, 1n)).lastFailure ?? '', /secret/);
  await stage.settler?.close();
});

test('closing waits neither for the chain nor for a proof', async () => {
  const stage = await opened(9);
  stage.withholdsAll = true;
  stage.seal();
  await stage.clock.runUntil(() => settlesOf(stage).length > 0);
  await stage.clock.runFor(100);
  stage.seal();
  await stage.clock.runUntil(() => stage.proofs === 2);
  let isClosed = false;
  const closing = stage.settler?.close().then(() => {
    isClosed = true;
  });
  await stage.clock.runFor(60);
  assert.ok(isClosed, 'it lets go of what it waits for');
  await closing;
  const { length } = stage.calls;
  stage.seal();
  await stage.clock.runFor(60_000);
  assert.deepEqual([stage.calls.length, stage.proofs], [length, 2], 'nothing goes on');
});

test('a list that is cut in another way than when it was proved is proved again', async () => {
  const stage = await opened(10);
  stage.isAway = true;
  stage.seal();
  await stage.clock.runUntil(() => lagOf(stage).proven === 1n);
  const before = await recordOf(stage, 1n);
  stage.orderNonceOffset = 7n;
  stage.isAway = false;
  await untilFinal(stage, 1n);
  assert.equal(stage.proofs, 2);
  const after = await recordOf(stage, 1n);
  assert.notEqual(after.listHash, before.listHash);
  assert.equal((await stage.venue.layer.settled(1n))?.listHash, after.listHash);
  assert.deepEqual([after.failures, after.lastFailure], [0, undefined]);
  await stage.settler?.close();
});

test('an attachment that holds no proof is made again', async () => {
  const stage = await opened(11);
  const thrown = new SettlementFault('SETTLEMENT_CONFIG_INVALID', 'These bytes hold no proof.');
  let reads = 0;
  stage.thrown = (step) => {
    if (step === 'readProof') reads += 1;
    return step === 'readProof' && reads === 1 ? thrown : undefined;
  };
  stage.seal();
  await untilFinal(stage, 1n);
  assert.deepEqual([stage.proofs, stage.settledNumbers().length], [2, 1]);
  await stage.settler?.close();
});

test('a proven epoch that the index has lost is looked up again until it is there', async () => {
  const stage = await opened(12);
  stage.isAway = true;
  stage.seal();
  await stage.clock.runUntil(() => lagOf(stage).proven === 1n);
  stage.lost.add(1n);
  stage.isAway = false;
  await stage.clock.runFor(60_000);
  assert.equal(settlesOf(stage).length, 0);
  assert.ok(alertsOf(stage).some(({ listNumber }) => listNumber === 1n));
  stage.lost.clear();
  await untilFinal(stage, 1n);
  assert.equal(stage.proofs, 1);
  await stage.settler?.close();
});

test('a list that was refused is sent no more, and anew after a restart', async () => {
  const stage = await opened(13);
  // No chain takes the order nonce zero.
  stage.orderNonceOffset = -1n;
  stage.seal();
  await stage.clock.runUntil(() => alertsOf(stage).length === 1);
  const refused = await recordOf(stage, 1n);
  assert.deepEqual([refused.stage, refused.failures], ['refused', 1]);
  assert.match(refused.lastFailure ?? '', /OrderNonceTooOld/);
  await stage.clock.runFor(120_000);
  assert.equal(settlesOf(stage).length, 1);
  assert.deepEqual([lagOf(stage).unsettled, lagOf(stage).settled], [1, 0n]);
  await stage.settler?.close();
  stage.orderNonceOffset = 0n;
  await stage.open();
  await untilFinal(stage, 1n);
  await stage.settler?.close();
});

test('a venue that was restored from its chain goes on behind the last settled list', async () => {
  const stage = await opened(14);
  for (let k = 0; k < 3; k += 1) stage.seal();
  await untilFinal(stage, 3n);
  await stage.settler?.close();
  const { listNumber, listHash } = await stage.venue.layer.progress('final');
  stage.store = new MemorySettlementStore();
  const proofs = stage.proofs;
  await stage.open(FAIR, { listNumber, listHash });
  assert.deepEqual([lagOf(stage).settled, lagOf(stage).finalized], [3n, 3n]);
  stage.seal();
  await untilFinal(stage, 4n);
  assert.equal(stage.proofs, proofs + 1);
  assert.equal(await stage.settler?.record(2n), undefined, 'what the chain has is not ours');
  assert.equal((await recordOf(stage, 4n)).previousListHash, listHash);
  await stage.settler?.close();
});

test('the lag names the ages of the first list without a proof and without a block', async () => {
  const stage = await opened(15);
  assert.deepEqual([lagOf(stage).oldestUnsettledMs, lagOf(stage).oldestUnprovenMs], [0, 0]);
  stage.isAway = true;
  stage.seal();
  await stage.clock.runFor(5000);
  stage.weather = { ...FAIR, proverDies: 1 };
  stage.seal();
  await stage.clock.runFor(7000);
  const lag = lagOf(stage);
  assert.deepEqual([lag.sealed, lag.proven, lag.settled, lag.unsettled], [2n, 1n, 0n, 2]);
  assert.deepEqual([lag.oldestUnsettledMs, lag.oldestUnprovenMs], [12_000, 7000]);
  // A restart finds them again.
  await stage.settler?.close();
  await stage.open();
  await stage.clock.runFor(1000);
  assert.deepEqual(
    [lagOf(stage).sealed, lagOf(stage).oldestUnsettledMs, lagOf(stage).oldestUnprovenMs],
    [2n, 13_000, 8000],
  );
  await stage.settler?.close();
});
