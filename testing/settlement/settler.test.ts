import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ExposurePause } from '../../packages/settlement/src/settler/exposure.ts';
import { judgeExposure } from '../../packages/settlement/src/settler/exposure.ts';
import { MemorySettlementStore } from '../../packages/settlement/src/settler/memorySettlementStore.ts';
import { GUARDIAN } from './memoryVenue.ts';
import { FAIR, SettlerStage } from './settlerStage.ts';

// Goal: every sealed list settles exactly once and in order, whatever dies, is lost or is taken
// back; the lag is in plain sight and trading pauses and goes on with it. Method: a settler on a
// memory chain under a simulated clock. SETTLER_SEEDS asks for more seeds than a commit does.

const SEEDS = Number(process.env['SETTLER_SEEDS'] ?? 12);

async function runUntilSettled(stage: SettlerStage, count: number): Promise<void> {
  await stage.clock.runUntil(() => stage.settler?.lag().finalized === BigInt(count), {
    what: `${count} final lists`,
    withinMs: 3_600_000,
  });
}

function checkOrder(stage: SettlerStage, count: number): void {
  const expected = Array.from({ length: count }, (_, k) => BigInt(k + 1));
  assert.deepEqual(stage.settledNumbers(), expected);
}

test('takes every epoch through prove and settle, in order', async () => {
  const stage = new SettlerStage(1, FAIR);
  await stage.open();
  for (let k = 0; k < 6; k += 1) stage.seal();
  await runUntilSettled(stage, 6);
  checkOrder(stage, 6);
  assert.equal(stage.proofs, 6);
  const record = await stage.settler?.record(3n);
  assert.equal(record?.stage, 'finalized');
  assert.equal(record?.failures, 0);
  assert.notEqual(record?.transaction, undefined);
  assert.equal(stage.events.filter(({ kind }) => kind !== 'record').length, 0);
  await stage.settler?.close();
});

test('proves ahead of a base layer that is away, up to the limit, and shows the lag', async () => {
  const stage = new SettlerStage(2, FAIR);
  stage.isAway = true;
  await stage.open();
  for (let k = 0; k < 7; k += 1) stage.seal();
  await stage.clock.runFor(60_000);
  const lag = stage.settler?.lag();
  assert.deepEqual([lag?.sealed, lag?.proven, lag?.settled, lag?.unsettled], [7n, 4n, 0n, 7]);
  assert.equal(lag?.oldestUnsettledMs, 60_000);
  assert.equal(lag?.oldestUnprovenMs, 60_000);
  const alerts = stage.events.filter(({ kind }) => kind === 'alert');
  assert.equal(alerts.length, 1);
  stage.isAway = false;
  await runUntilSettled(stage, 7);
  checkOrder(stage, 7);
  assert.equal(stage.settler?.lag().oldestUnsettledMs, 0);
});

test('trading pauses while the base layer is away and goes on once it has caught up', async () => {
  const stage = new SettlerStage(3, FAIR);
  await stage.open();
  const limits = { unsettledListsMax: 6, unsettledAgeMsMax: 20_000 };
  let pause: ExposurePause | undefined;
  const turns: string[] = [];
  stage.clock.every(500, () => {
    const lag = stage.settler?.lag();
    if (lag === undefined) return;
    const before = pause;
    pause = judgeExposure(limits, { lag, nowMs: stage.clock.nowMs(), before });
    if ((before === undefined) !== (pause === undefined)) turns.push(pause?.reason ?? 'goes on');
  });
  stage.clock.every(2000, () => {
    if (pause === undefined) stage.seal();
  });
  await stage.clock.runFor(60_000);
  stage.isAway = true;
  await stage.clock.runFor(60_000);
  assert.match(turns.join(), /^Trading pauses: 6 epochs/);
  stage.isAway = false;
  await stage.clock.runFor(120_000);
  assert.equal(turns.at(-1), 'goes on');
  assert.equal(turns.length, 2);
  checkOrder(stage, stage.settledNumbers().length);
});

test('a list that comes back in another block is told with that block', async () => {
  const stage = new SettlerStage(5, FAIR);
  await stage.open();
  stage.seal();
  await stage.clock.runUntil(() => stage.settler?.lag().settled === 1n, {
    what: 'a settled list',
    withinMs: 60_000,
  });
  const before = await stage.settler?.record(1n);
  // All in one moment: no look at the chain falls between.
  const { chain, layer } = stage.venue;
  chain.reorganise(4);
  chain.mine(2, () => true);
  chain.mine(4);
  await runUntilSettled(stage, 1);
  const after = await stage.settler?.record(1n);
  assert.notEqual(after?.blockNumber, before?.blockNumber);
  assert.equal(after?.blockNumber, (await layer.settled(1n))?.blockNumber);
  assert.equal(stage.events.filter(({ kind }) => kind === 'unwound').length, 0);
  await stage.settler?.close();
});

test('a base layer that lags behind takes nothing back', async () => {
  const stage = new SettlerStage(7, FAIR);
  await stage.open();
  const { layer } = stage.venue;
  const progress = await layer.progress('included');
  const headBlock = layer.health().headBlock ?? assert.fail('there are blocks');
  stage.seal();
  await stage.clock.runUntil(() => stage.settler?.lag().settled === 1n);
  // A process that starts may begin with an endpoint that has seen less than the one before.
  stage.kill();
  stage.stale = { progress, headBlock };
  await stage.clock.runFor(20_000);
  assert.equal((await stage.settler?.record(1n))?.stage, 'settled');
  const kinds = stage.events.map(({ kind }) => kind);
  assert.ok(!kinds.includes('unwound'));
  assert.ok(kinds.includes('alert'), 'somebody is told that the chain is behind');
  stage.stale = undefined;
  await runUntilSettled(stage, 1);
  checkOrder(stage, 1);
  await stage.settler?.close();
});

test('a reorganisation puts records back and the lists settle again', async () => {
  const stage = new SettlerStage(4, FAIR);
  await stage.open();
  stage.seal();
  stage.seal();
  await stage.clock.runUntil(() => stage.settler?.lag().settled === 2n);
  stage.venue.chain.reorganise(6);
  await stage.clock.runUntil(() => stage.events.some(({ kind }) => kind === 'unwound'));
  assert.equal((await stage.settler?.record(2n))?.stage, 'proven');
  await runUntilSettled(stage, 2);
  checkOrder(stage, 2);
  assert.equal(stage.proofs, 2);
});

test('a prover that fails is tried again and somebody is told', async () => {
  const stage = new SettlerStage(5, { ...FAIR, proverDies: 1 });
  await stage.open();
  stage.seal();
  await stage.clock.runFor(60_000);
  assert.equal(stage.settler?.lag().proven, 0n);
  assert.equal(stage.events.filter(({ kind }) => kind === 'alert').length, 1);
  assert.match((await stage.settler?.record(1n))?.lastFailure ?? '', /prover died/);
  stage.weather = FAIR;
  await runUntilSettled(stage, 1);
  assert.equal((await stage.settler?.record(1n))?.failures, 0);
});

test('a refused proof is made again, and a refused list waits for a person', async () => {
  const stage = new SettlerStage(6, FAIR);
  let answers = 0;
  stage.venue.laws.hold = () => {
    answers += 1;
    return answers > 2;
  };
  await stage.open();
  stage.seal();
  await runUntilSettled(stage, 1);
  assert.ok(stage.proofs >= 2);
  // No chain takes the order nonce zero.
  stage.orderNonceOffset = -2n;
  stage.seal();
  await stage.clock.runUntil(() => stage.events.some(({ kind }) => kind === 'alert'));
  await stage.clock.runFor(60_000);
  assert.equal((await stage.settler?.record(2n))?.stage, 'refused');
  assert.equal(stage.settler?.lag().unsettled, 1);
});

test('a refusal that may pass is waited for, and told of after five attempts', async () => {
  const stage = new SettlerStage(9, FAIR);
  const { chain } = stage.venue;
  chain.perform(GUARDIAN, (context) => chain.contracts.pauseSettlements(context));
  await stage.open();
  stage.seal();
  await stage.clock.runFor(60_000);
  const record = await stage.settler?.record(1n);
  assert.equal(record?.stage, 'proven');
  assert.match(record?.lastFailure ?? '', /SettlementsArePaused/);
  assert.equal(stage.events.filter(({ kind }) => kind === 'alert').length, 1);
  chain.perform(GUARDIAN, (context) => chain.contracts.resumeSettlements(context));
  await runUntilSettled(stage, 1);
});

test('a list that waits long for its block has not failed', async () => {
  const stage = new SettlerStage(10, FAIR);
  stage.withholdsAll = true;
  await stage.open();
  stage.seal();
  await stage.clock.runFor(60_000);
  const record = await stage.settler?.record(1n);
  assert.deepEqual([record?.stage, record?.failures], ['proven', 0]);
  stage.withholdsAll = false;
  await runUntilSettled(stage, 1);
  assert.equal(stage.events.filter(({ kind }) => kind !== 'record').length, 0);
});

test('a gap in the records is filled from the epochs', async () => {
  const stage = new SettlerStage(11, FAIR);
  await stage.open();
  for (let k = 0; k < 4; k += 1) stage.seal();
  await runUntilSettled(stage, 4);
  const kept = await stage.settler?.record(4n);
  assert.ok(kept !== undefined);
  await stage.settler?.close();
  stage.store = new MemorySettlementStore();
  await stage.store.put({ ...kept, stage: 'proven' });
  await stage.open();
  await runUntilSettled(stage, 4);
  assert.equal((await stage.settler?.record(2n))?.stage, 'finalized');
});

test('stops and tells when the settled prefix is not what this venue sealed', async () => {
  const stage = new SettlerStage(7, FAIR);
  await stage.open();
  for (let k = 0; k < 4; k += 1) stage.seal();
  await runUntilSettled(stage, 4);
  await stage.settler?.close();
  const other = new SettlerStage(7, FAIR, stage.venue);
  other.orderNonceOffset = 50n;
  for (let k = 0; k < 4; k += 1) other.seal();
  await other.open();
  await other.clock.runFor(10_000);
  const diverged = other.events.find(({ kind }) => kind === 'diverged');
  assert.equal(diverged?.kind === 'diverged' && diverged.listNumber, 1n);
  other.seal();
  await other.clock.runFor(60_000);
  assert.equal(stage.settledNumbers().length, 4);
  await other.settler?.close();
});

test('lost records are made again from the chain and the epochs', async () => {
  const stage = new SettlerStage(8, FAIR);
  await stage.open();
  for (let k = 0; k < 3; k += 1) stage.seal();
  await runUntilSettled(stage, 3);
  await stage.settler?.close();
  stage.store = new MemorySettlementStore();
  await stage.open();
  stage.seal();
  await runUntilSettled(stage, 4);
  // One proof may be begun before the chain has said that it is not wanted.
  assert.ok(stage.proofs <= 5);
  assert.equal((await stage.settler?.record(2n))?.stage, 'finalized');
});

const STORM = {
  proverDies: 0.2,
  answerLost: 0.1,
  crash: 0.004,
  reorganisation: 0.08,
  withheld: 0.3,
};

let crashes = 0;
let unwindings = 0;

for (let seed = 1; seed <= SEEDS; seed += 1) {
  test(`settles each list once and in order through a storm, seed ${seed}`, async () => {
    const stage = new SettlerStage(seed, STORM);
    await stage.open();
    const count = 12;
    let left = count;
    const stop = stage.clock.every(3000, () => {
      if (left > 0) stage.seal();
      left -= 1;
    });
    await stage.clock.runUntil(() => left <= 0, { what: 'all epochs sealed' });
    stop();
    const cut = stage.random.integer(0, 60_000);
    stage.isAway = stage.random.next() < 0.5;
    await stage.clock.runFor(cut);
    stage.isAway = false;
    await stage.clock.runFor(stage.random.integer(0, 60_000));
    stage.weather = FAIR;
    await runUntilSettled(stage, count);
    checkOrder(stage, count);
    assert.equal(stage.events.filter(({ kind }) => kind === 'diverged').length, 0);
    crashes += stage.crashes;
    unwindings += stage.events.filter(({ kind }) => kind === 'unwound').length;
    for (let k = 1n; k <= BigInt(count); k += 1n) {
      assert.equal((await stage.settler?.record(k))?.stage, 'finalized');
    }
  });
}

test('the storms were storms', () => {
  assert.ok(crashes > 2 * SEEDS, `${crashes} crashes`);
  assert.ok(unwindings > SEEDS / 4, `${unwindings} unwindings`);
});
