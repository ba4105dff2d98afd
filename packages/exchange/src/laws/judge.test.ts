// Goal: an epoch is judged as a whole, in both vocabularies, and no shape of input makes a law
// throw. Method: two chained lawful batches are joined, broken at each joint, and misshapen.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ordinaryDay } from '../../../../testing/world/batchSpecs.ts';
import { editAt, editTable, refusals } from '../../../../testing/world/corruptions.ts';
import { clearedBatch } from '../../../../testing/world/lawfulBatch.ts';
import type { StateDiffList } from '../diffs/stateDiff.ts';
import { netDiffs } from '../diffs/stateDiff.ts';
import { reportHash } from '../markets/batch/report.ts';
import { recoverSigner } from '../orders/signature.ts';
import type { BatchTransition } from '../transition.ts';
import type { ClaimedEpoch, LawVerdict } from './judge.ts';
import { allHold, judgeBatch, judgeEpoch, LAWS } from './judge.ts';
import { PREDICATES, readPredicates } from './predicates.ts';
import { LAW_IDS } from './verdict.ts';

const ADMITTED = { authority: 'admitted' } as const;
const RECOVER = { authority: 'recover', recover: recoverSigner } as const;
const SPEC = { ...ordinaryDay(), signed: false };
const FIRST = clearedBatch(SPEC);
const SECOND = following(FIRST, 100n);
const NETTED = netDiffs([FIRST.diffs, SECOND.diffs]);

function following(first: BatchTransition, firstNonce: bigint): BatchTransition {
  const next = clearedBatch({
    ...SPEC,
    orders: SPEC.orders.map((order, k) => ({ ...order, orderNonce: firstNonce + BigInt(k) })),
    batchNumber: first.batchNumber + 1,
    parentReportHash: reportHash(first.report),
    inventory: first.report.poolAfter,
  });
  const nonceWindows = next.nonceWindows.map(() => ({ highest: 50n, used: 2n ** 256n - 1n }));
  return { ...next, nonceWindows };
}

function epochOf(batches: readonly BatchTransition[], netted?: StateDiffList): ClaimedEpoch {
  const diffs = netted ?? netDiffs(batches.map((batch) => batch.diffs));
  return { batches, diffs, withdrawals: [] };
}

test('asks every law once, under the id and name of its page', () => {
  assert.deepEqual(
    LAWS.map(({ id }) => id),
    [...LAW_IDS],
  );
  assert.equal(new Set(LAWS.map(({ name }) => name)).size, LAWS.length);
  assert.ok(allHold(judgeBatch(FIRST, ADMITTED)));
});

test('finds an epoch of two chained batches lawful, in both vocabularies', () => {
  const verdict = judgeEpoch(epochOf([FIRST, SECOND]), ADMITTED);
  assert.deepEqual(verdict.chain, { kind: 'holds' });
  assert.deepEqual(verdict.netting, { kind: 'holds' });
  assert.ok(verdict.holds);
  assert.deepEqual(
    verdict.predicates.map(({ name, holds }) => [name, holds]),
    PREDICATES.map(({ name }) => [name, true]),
  );
});

test('refuses batches that do not continue one another', () => {
  const elsewhere = clearedBatch({ ...SPEC, batchNumber: 2, inventory: FIRST.report.poolAfter });
  for (const second of [FIRST, elsewhere, following({ ...FIRST, batchNumber: 7 }, 100n)]) {
    const verdict = judgeEpoch(epochOf([FIRST, second]), ADMITTED);
    assert.equal(verdict.chain.kind, 'violated');
    assert.ok(!verdict.holds);
  }
});

test('refuses a pool that moved between two batches', () => {
  const drained = clearedBatch({
    ...SPEC,
    batchNumber: 2,
    parentReportHash: reportHash(FIRST.report),
    orders: [],
  });
  const verdict = judgeEpoch(epochOf([FIRST, drained]), ADMITTED);
  assert.equal(verdict.chain.kind, 'violated');
});

test('refuses a batch that has forgotten the nonces of the one before', () => {
  const forgetful = { ...SECOND, nonceWindows: FIRST.nonceWindows };
  assert.ok(allHold(judgeBatch(forgetful, ADMITTED)));
  const verdict = judgeEpoch(epochOf([FIRST, forgetful], NETTED), ADMITTED);
  assert.equal(verdict.chain.kind, 'violated');
  assert.equal(verdict.chain.locus.kind, 'account');
});

test('refuses netted diffs that are not the sums', () => {
  const more = { ...NETTED, changes: editAt(NETTED.changes, 0, (change) => change + 1n) };
  const fewer = netDiffs([FIRST.diffs]);
  const later = {
    ...NETTED,
    orderNonces: editAt(NETTED.orderNonces, 0, (highest) => highest + 1n),
  };
  const misshapen = { ...NETTED, accounts: NETTED.accounts.slice(1) };
  for (const netted of [more, fewer, later, misshapen]) {
    const verdict = judgeEpoch(epochOf([FIRST, SECOND], netted), ADMITTED);
    assert.equal(verdict.netting.kind, 'violated');
    assert.ok(!verdict.holds);
  }
});

test('refuses an epoch with an unlawful batch, and says which law and predicate broke', () => {
  const stale = { ...FIRST, oracle: { ...FIRST.oracle, observedAtMs: 0 } };
  const verdict = judgeEpoch(epochOf([stale, SECOND], NETTED), ADMITTED);
  assert.ok(!verdict.holds);
  assert.equal(verdict.chain.kind, 'violated');
  const broken = readPredicates(verdict.batches.flat()).filter(({ holds }) => !holds);
  assert.deepEqual(
    broken.map(({ name }) => name),
    ['priceConsistency', 'objectiveOptimality'],
  );
});

test('a law that breaks takes down exactly the predicates that rest on it', () => {
  const resting: Readonly<Record<string, readonly string[]>> = {
    L0: ['objectiveOptimality'],
    L3: ['priceConsistency'],
    L4: ['fillFeasibility'],
    L5: ['priceConsistency'],
    L6: ['fillFeasibility'],
    L7: ['inventoryConservation'],
    L8: ['convergence', 'objectiveOptimality'],
  };
  const lawful = judgeBatch(FIRST, ADMITTED);
  const flaw = judgeBatch({ ...FIRST, batchNumber: 0.5 }, ADMITTED)[0]?.verdict;
  assert.ok(flaw?.kind === 'violated');
  for (const id of LAW_IDS) {
    const verdicts: readonly LawVerdict[] = lawful.map((one) => {
      return one.id === id ? { ...one, verdict: flaw } : one;
    });
    const broken = readPredicates(verdicts).filter(({ holds }) => !holds);
    assert.deepEqual(
      broken.map(({ name }) => name),
      resting[id] ?? [],
    );
  }
});

test('holds no predicate of which no law was asked', () => {
  assert.ok(readPredicates([]).every(({ holds }) => !holds));
});

test('answers violated, and throws nothing, on transitions of any other shape', () => {
  const { parameters, oracle, solution, orders, fills } = FIRST;
  const misshapen: readonly BatchTransition[] = [
    { ...FIRST, parameters: { ...parameters, assets: [] } },
    { ...FIRST, parameters: { ...parameters, scaledCovariance: [] } },
    { ...FIRST, parameters: { ...parameters, baskets: [{ symbol: 'X', units: [] }] } },
    { ...FIRST, parameters: { ...parameters, feeE7: 10_000_001 } },
    { ...FIRST, parameters: { ...parameters, feeE7: 0.5 } },
    { ...FIRST, parameters: { ...parameters, marketId: -1 } },
    { ...FIRST, batchNumber: 1.5 },
    { ...FIRST, closedAtMs: Number.NaN },
    { ...FIRST, oracle: { ...oracle, mids: oracle.mids.slice(1) } },
    { ...FIRST, oracle: { ...oracle, mids: oracle.mids.map(() => 0n as never) } },
    { ...FIRST, oracle: { ...oracle, observedAtMs: -1 } },
    { ...FIRST, solution: { ...solution, prices: [] } },
    { ...FIRST, solution: { ...solution, prices: solution.prices.map(() => -1n as never) } },
    { ...FIRST, solution: { ...solution, payFactors: [-1n, 0n, 2n ** 80n] } },
    { ...FIRST, solution: { ...solution, receiveFactors: [0n, 0n, 0n], blocked: [3] } },
    { ...FIRST, solution: { ...solution, blocked: [-1, 0.5, 1e9] } },
    { ...FIRST, fills: { ...fills, paid: new BigUint64Array(1) } },
    { ...FIRST, fills: { ...fills, paid: fills.paid.map(() => 2n ** 64n - 1n) } },
    { ...FIRST, nonceWindows: [] },
    { ...FIRST, nonceWindows: FIRST.nonceWindows.map(() => ({ highest: -1n, used: -1n })) },
    { ...FIRST, cancellations: [{ row: 99, authorisation: new Uint8Array(0) }] },
    { ...FIRST, before: { ...FIRST.before, balances: new BigInt64Array(0) } },
    { ...FIRST, after: { accounts: [], balances: new BigInt64Array(0) } },
    { ...FIRST, diffs: { ...FIRST.diffs, assets: [] } },
    { ...FIRST, report: { ...FIRST.report, poolTrade: [], fees: [], poolAfter: [] } },
    ...['ownerIndex', 'pay', 'receive'].map((column) => ({
      ...FIRST,
      orders: editTable(orders, (copy) => copy[column as 'pay'].fill(255)),
    })),
    {
      ...FIRST,
      orders: editTable(orders, (copy) => copy.limitDenominator.fill(0n)),
    },
    { ...FIRST, orders: editTable(orders, (copy) => copy.budget.fill(2n ** 64n - 1n)) },
    { ...FIRST, orders: editTable(orders, (copy) => copy.expiresAtMs.fill(Number.NaN)) },
    {
      ...FIRST,
      orders: editTable(orders, (copy) => Object.assign(copy, { pay: new Uint8Array(0) })),
    },
  ];
  misshapen.forEach((transition, k) => {
    assert.notDeepEqual(refusals(transition, ADMITTED), [], `misshapen transition ${k}`);
    assert.ok(refusals(transition, RECOVER).length > 0);
  });
  const grants = FIRST.grants.map((grant) => ({ ...grant, signature: new Uint8Array(0) }));
  assert.ok(refusals({ ...FIRST, grants }, RECOVER).includes('L2'));
});
