// Goal: an epoch pays nothing that its owners did not sign, in time and once. Method: a lawful
// epoch with withdrawals is corrupted field by field; each corruption is refused at its own place.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fundedBench, person } from '../../../../testing/exchange/exchangeBench.ts';
import { at } from '../failures/invariant.ts';
import { SystemRole, systemAccount } from '../ledger/account.ts';
import { assetId } from '../ledger/asset.ts';
import { amount } from '../numbers/amount.ts';
import { recoverSigner } from '../orders/signature.ts';
import type { SignedWithdrawal, Withdrawal } from '../orders/signedTypes.ts';
import { NO_DELEGATE } from '../orders/signedTypes.ts';
import type { ClaimedEpoch } from './judge.ts';
import { judgeEpoch } from './judge.ts';

const RECOVER = { authority: 'recover', recover: recoverSigner } as const;
const ADMITTED = { authority: 'admitted' } as const;
const [ALICE, BOB] = [person('alice'), person('bob')];
const { bench: BENCH } = fundedBench();
const EPOCH = lawfulEpoch();

function lawfulEpoch(): ClaimedEpoch {
  for (const owner of [ALICE, BOB, ALICE]) BENCH.withdraw(owner, { units: amount(7n) });
  BENCH.submit(ALICE);
  const { transition } = BENCH.clear();
  const { diffs, withdrawals } = BENCH.seal();
  return { batches: [transition], diffs, withdrawals };
}

const LAST_CLOSE_MS = at(EPOCH.batches, 0).closedAtMs;

/** Where an epoch breaks when its second withdrawal says something else, signed again or not. */
function flawOf(changes: Partial<Withdrawal>, signs = true): string {
  const [first, second, third] = EPOCH.withdrawals as readonly [
    SignedWithdrawal,
    SignedWithdrawal,
    SignedWithdrawal,
  ];
  const withdrawal = { ...second.withdrawal, ...changes };
  const signed = signs ? BENCH.withdrawal(BOB, withdrawal) : { ...second, withdrawal };
  return fieldOf([first, signed, third]);
}

function fieldOf(withdrawals: readonly SignedWithdrawal[]): string {
  const verdict = judgeEpoch({ ...EPOCH, withdrawals }, RECOVER);
  if (verdict.withdrawals.kind === 'holds') return 'holds';
  assert.ok(!verdict.holds);
  const { locus } = verdict.withdrawals;
  return locus.kind === 'batch' ? locus.field : locus.kind;
}

test('finds the withdrawals of a lawful epoch lawful, and says on what basis', () => {
  assert.deepEqual(judgeEpoch(EPOCH, RECOVER).withdrawals, { kind: 'holds', basis: 'recovered' });
  assert.deepEqual(judgeEpoch(EPOCH, ADMITTED).withdrawals, { kind: 'holds', basis: 'admitted' });
  assert.ok(judgeEpoch({ ...EPOCH, withdrawals: [] }, RECOVER).holds);
});

test('refuses every field that the owner did not sign', () => {
  const changes: Partial<Withdrawal>[] = [
    { owner: ALICE.account, orderNonce: 99n },
    { to: ALICE.account },
    { assetId: assetId(1) },
    { units: amount(8n) },
    { orderNonce: 98n },
    { expiresAtMs: LAST_CLOSE_MS + 1 },
  ];
  for (const change of changes) {
    assert.equal(flawOf(change, false), 'withdrawals[1].signature', Object.keys(change).join());
  }
});

test('refuses what the contract refuses, although it is signed', () => {
  const pool = systemAccount(SystemRole.pool, 1);
  assert.equal(flawOf({}), 'holds');
  assert.equal(flawOf({ owner: pool }), 'withdrawals[1].owner');
  assert.equal(flawOf({ units: amount(0n) }), 'withdrawals[1].units');
  assert.equal(flawOf({ to: NO_DELEGATE }), 'withdrawals[1].to');
  assert.equal(flawOf({ to: pool }), 'withdrawals[1].to');
  assert.equal(flawOf({ shard: 2 }), 'withdrawals[1].shard');
  assert.equal(flawOf({ expiresAtMs: LAST_CLOSE_MS }), 'withdrawals[1].expiresAtMs');
  assert.equal(flawOf({ expiresAtMs: LAST_CLOSE_MS + 1 }), 'holds');
  assert.equal(flawOf({ orderNonce: 0n }), 'withdrawals[1].orderNonce');
  assert.equal(flawOf({ orderNonce: (1n << 63n) - 1n }), 'holds');
  assert.equal(flawOf({ orderNonce: 1n << 63n }), 'withdrawals[1].orderNonce');
});

test('refuses a withdrawal that is there twice, and a nonce that fell out of the window', () => {
  const [first, second] = EPOCH.withdrawals as readonly [SignedWithdrawal, SignedWithdrawal];
  assert.equal(fieldOf([first, second, first]), 'withdrawals[2].orderNonce');
  const ahead = (orderNonce: bigint): SignedWithdrawal => BENCH.withdrawal(BOB, { orderNonce });
  assert.equal(fieldOf([ahead(1000n), ahead(745n)]), 'holds');
  assert.equal(fieldOf([ahead(1000n), ahead(744n)]), 'withdrawals[1].orderNonce');
  assert.equal(fieldOf([ahead(744n), ahead(1000n)]), 'holds');
});

test('withdrawals need a batch to leave with', () => {
  const { withdrawals } = judgeEpoch({ ...EPOCH, batches: [] }, RECOVER);
  assert.equal(withdrawals.kind, 'violated');
  assert.deepEqual(withdrawals.locus, { kind: 'batch', field: 'withdrawals' });
  const none = judgeEpoch({ ...EPOCH, batches: [], withdrawals: [] }, RECOVER);
  assert.deepEqual(none.withdrawals, { kind: 'holds' });
});
