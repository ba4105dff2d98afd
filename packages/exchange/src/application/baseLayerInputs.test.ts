// Goal: value crosses to and from the base layer once, in order and under its owner's name only.
// Method: scenarios on a bench with the real state machine, laws and codecs; conservation, replay
// and snapshot are asked at the end of each.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Person } from '../../../../testing/exchange/exchangeBench.ts';
import { codeOf, ExchangeBench, fundedBench } from '../../../../testing/exchange/exchangeBench.ts';
import type { Hash } from '../codec/hash.ts';
import type { Result } from '../failures/result.ts';
import { judgeEpoch } from '../laws/judge.ts';
import type { AccountId } from '../ledger/account.ts';
import { SystemRole, systemAccount } from '../ledger/account.ts';
import { assetId } from '../ledger/asset.ts';
import { CUSTODY } from '../ledger/ledger.ts';
import { AdmissionMode } from '../markets/batch/parameters.ts';
import { reportHash } from '../markets/batch/report.ts';
import { amount } from '../numbers/amount.ts';
import { recoverSigner } from '../orders/signature.ts';
import { NO_DELEGATE } from '../orders/signedTypes.ts';
import type { Applied } from './applied.ts';
import { decodeState, encodeState } from './stateCodec.ts';
import { EPOCH_WITHDRAWALS_MAX, WITHDRAWALS } from './withdrawals.ts';

const USD = assetId(0);
const POOL = systemAccount(SystemRole.pool, 1);
const RECOVER = { authority: 'recover', recover: recoverSigner } as const;
const MINUTE_MS = 60_000;

const deposit = (
  bench: ExchangeBench,
  depositNumber: number,
  account: AccountId,
  units = 500n,
): Result<Applied> => {
  return bench.apply({
    kind: 'deposit',
    depositNumber,
    account,
    assetId: USD,
    amount: amount(units),
  });
};

const notice = (bench: ExchangeBench, { account: owner }: Person, dueBlock = 90n): Applied => {
  return bench.must({ kind: 'noticeExit', owner, dueBlock });
};

const total = (bench: ExchangeBench, account: AccountId): bigint => {
  return bench.machine.state.ledger.total(account, USD);
};

/** Trades between two people, so that there is a batch to seal. */
function trade(bench: ExchangeBench, alice: Person): ReturnType<ExchangeBench['clear']> {
  assert.equal(codeOf(bench.submit(alice)), 'accepted');
  return bench.clear();
}

/** What must hold after any scenario. */
function assertSound(bench: ExchangeBench): void {
  assert.ok(bench.isZeroSum());
  assert.equal(bench.replay().root(), bench.machine.root());
  const bytes = encodeState(bench.machine.state);
  assert.deepEqual(encodeState(decodeState(bytes)), bytes);
}

test('credits each deposit once, in the order of the base layer', () => {
  const { bench, alice } = fundedBench();
  const before = total(bench, alice.account);
  assert.equal(codeOf(deposit(bench, 2, alice.account)), 'depositOutOfOrder');
  assert.equal(codeOf(deposit(bench, 1, alice.account)), 'accepted');
  const again = deposit(bench, 1, alice.account);
  assert.ok(!again.ok);
  assert.deepEqual([again.rejection.limit, again.rejection.actual], ['2', '1']);
  assert.equal(codeOf(deposit(bench, 2, alice.account)), 'accepted');
  assert.equal(total(bench, alice.account), before + 1000n);
  assertSound(bench);
});

test('refuses deposits of unknown assets, of nothing and into accounts that are no vaults', () => {
  const { bench, alice } = fundedBench();
  const of = (assetNumber: number, units: bigint, account: AccountId): string => {
    const input = { kind: 'deposit' as const, depositNumber: 1, account };
    return codeOf(bench.apply({ ...input, assetId: assetId(assetNumber), amount: amount(units) }));
  };
  assert.equal(of(63, 1n, alice.account), 'assetUnknown');
  assert.equal(of(0, 0n, alice.account), 'amountOutOfRange');
  assert.equal(of(0, 1n, CUSTODY), 'notOperator');
  assert.equal(of(0, 1n, WITHDRAWALS), 'notOperator');
  assert.equal(of(0, 1n, systemAccount(SystemRole.fees, 7)), 'accepted');
  assertSound(bench);
});

test('lets a deposit for the pool wait until the open epoch is sealed', () => {
  const { bench, alice } = fundedBench();
  const arrivals = systemAccount(SystemRole.arrivals, 1);
  deposit(bench, 1, POOL, 7n);
  assert.equal(total(bench, arrivals), 0n);
  trade(bench, alice);
  const pool = total(bench, POOL);
  deposit(bench, 2, POOL, 11n);
  assert.deepEqual([total(bench, POOL), total(bench, arrivals)], [pool, 11n]);
  // The pool goes from batch to batch without a jump, as the laws of an epoch ask.
  assert.deepEqual(trade(bench, alice).transition.report.poolBefore[0], pool);
  const between = total(bench, POOL);
  bench.seal();
  assert.deepEqual([total(bench, POOL), total(bench, arrivals)], [between + 11n, 0n]);
  assertSound(bench);
});

test('takes a withdrawal out at once and pays it with the next epoch', () => {
  const { bench, alice } = fundedBench();
  const { transition } = trade(bench, alice);
  const [before, owed] = [total(bench, alice.account), total(bench, CUSTODY)];
  const signed = bench.withdrawal(alice, { units: amount(5n) });
  bench.must({ kind: 'requestWithdrawal', ...signed });
  assert.equal(total(bench, alice.account), before - 5n);
  assert.deepEqual([total(bench, WITHDRAWALS), total(bench, CUSTODY)], [5n, owed]);
  const epoch = bench.seal();
  assert.deepEqual(
    epoch.withdrawals.map(({ withdrawal }) => withdrawal),
    [signed.withdrawal],
  );
  assert.deepEqual([total(bench, WITHDRAWALS), total(bench, CUSTODY)], [0n, owed + 5n]);
  const claim = { batches: [transition], diffs: epoch.diffs, withdrawals: epoch.withdrawals };
  assert.ok(judgeEpoch(claim, RECOVER).holds);
  assertSound(bench);
});

test('keeps withdrawals for the next epoch while there is none to seal', () => {
  const { bench, alice } = fundedBench();
  assert.equal(codeOf(bench.withdraw(alice)), 'accepted');
  const empty = bench.apply({ kind: 'sealEpoch', marketId: 1 });
  assert.equal(codeOf(empty), 'phaseMismatch');
  assert.equal(bench.machine.state.baseLayer.pending.length, 1);
  trade(bench, alice);
  assert.equal(bench.seal().withdrawals.length, 1);
  trade(bench, alice);
  assert.equal(bench.seal().withdrawals.length, 0);
  assertSound(bench);
});

test('an epoch with withdrawals has another hash than the same one without', () => {
  const hashes = [false, true].map((withdraws) => {
    const { bench, alice } = fundedBench();
    trade(bench, alice);
    if (withdraws) bench.withdraw(alice);
    const { diffRoot, epochHash } = bench.seal();
    return { diffRoot, epochHash };
  });
  assert.equal(hashes[0]?.diffRoot, hashes[1]?.diffRoot);
  assert.notEqual(hashes[0]?.epochHash, hashes[1]?.epochHash);
});

test('gives a withdrawal back that expired by the last close of the epoch', () => {
  const { bench, alice } = fundedBench();
  const before = total(bench, alice.account);
  const closesAtMs = bench.timeMs + 20 * MINUTE_MS;
  bench.withdraw(alice, { units: amount(3n), expiresAtMs: closesAtMs });
  bench.withdraw(alice, { units: amount(4n), expiresAtMs: closesAtMs + 1 });
  bench.timeMs = closesAtMs;
  const { transition } = trade(bench, alice);
  bench.timeMs += MINUTE_MS;
  const { withdrawals, returned, diffs } = bench.seal();
  assert.deepEqual(
    withdrawals.map(({ withdrawal }) => withdrawal.units),
    [4n],
  );
  assert.deepEqual(
    returned.map(({ withdrawal, reason }) => [withdrawal.units, reason]),
    [[3n, 'expired']],
  );
  const paid = transition.fills.paid[0] as bigint;
  assert.equal(total(bench, alice.account), before - 4n - paid);
  assert.ok(judgeEpoch({ batches: [transition], diffs, withdrawals }, RECOVER).holds);
  assertSound(bench);
});

test('leaves what an epoch has no room for to the next one, in order', () => {
  const { bench, alice } = fundedBench();
  const count = EPOCH_WITHDRAWALS_MAX + 3;
  for (let k = 1; k <= count; k += 1) bench.withdraw(alice, { units: amount(BigInt(k)) });
  const epochs = [1, 2].map(() => {
    trade(bench, alice);
    return bench.seal().withdrawals.map(({ withdrawal }) => Number(withdrawal.units));
  });
  assert.deepEqual(
    epochs.flat(),
    Array.from({ length: count }, (_, k) => k + 1),
  );
  assert.equal(epochs[0]?.length, EPOCH_WITHDRAWALS_MAX);
  assertSound(bench);
});

test('refuses withdrawals that the contract would refuse, each by its own name', () => {
  const { bench, alice } = fundedBench();
  const admit = (terms: Parameters<ExchangeBench['withdraw']>[1]): string => {
    return codeOf(bench.admit({ kind: 'requestWithdrawal', ...bench.withdrawal(alice, terms) }));
  };
  const now = bench.timeMs;
  assert.equal(admit({ owner: POOL }), 'signatureInvalid');
  assert.equal(admit({ assetId: assetId(63) }), 'assetUnknown');
  assert.equal(admit({ units: amount(0n) }), 'amountOutOfRange');
  assert.equal(admit({ expiresAtMs: now }), 'orderExpired');
  assert.equal(admit({ orderNonce: 0n }), 'orderNonceReplayed');
  assert.equal(admit({ orderNonce: 1n << 63n }), 'orderNonceTooOld');
  assert.equal(admit({ expiresAtMs: now + 31 * 86_400_000 }), 'orderExpiryTooFar');
  assert.equal(admit({ expiresAtMs: now + 9 * MINUTE_MS }), 'withdrawalExpiresTooSoon');
  assert.equal(admit({ to: NO_DELEGATE }), 'recipientInvalid');
  assert.equal(admit({ to: POOL }), 'recipientInvalid');
  const most = bench.available(alice, 0);
  assert.equal(admit({ units: amount(most + 1n) }), 'insufficientAvailable');
  const signed = bench.withdrawal(alice);
  assert.equal(codeOf(bench.admit({ kind: 'requestWithdrawal', ...signed })), 'accepted');
  assert.equal(codeOf(bench.admit({ kind: 'requestWithdrawal', ...signed })), 'orderNonceReplayed');
  for (let k = 1; k < 16; k += 1) assert.equal(admit({ units: amount(1n) }), 'accepted');
  assert.equal(admit({ units: amount(1n) }), 'withdrawalLimitReached');
  assertSound(bench);
});

test('withdrawals and orders use nonces of their own', () => {
  const { bench, alice } = fundedBench();
  const orderNonce = 1_000n;
  assert.equal(codeOf(bench.submit(alice, { orderNonce })), 'accepted');
  assert.equal(codeOf(bench.withdraw(alice, { orderNonce })), 'accepted');
  assert.equal(codeOf(bench.submit(alice, { orderNonce })), 'orderNonceReplayed');
  assert.equal(bench.machine.state.nonceWindow(alice.account).highest, orderNonce);
  assertSound(bench);
});

test('who leaves places nothing, gets back what waits, and clears what stands', () => {
  const { bench, alice } = fundedBench();
  bench.submit(alice);
  const before = total(bench, alice.account);
  bench.withdraw(alice);
  const noticed = notice(bench, alice);
  assert.ok(noticed.kind === 'exitNoticed');
  assert.deepEqual(
    noticed.returned.map(({ reason }) => reason),
    ['ownerIsExiting'],
  );
  assert.equal(total(bench, alice.account), before);
  assert.equal(codeOf(bench.submit(alice)), 'ownerIsExiting');
  assert.equal(codeOf(bench.withdraw(alice)), 'ownerIsExiting');
  const { transition } = bench.clear();
  assert.ok((transition.fills.paid[0] as bigint) > 0n);
  const { account: owner } = alice;
  bench.must({ kind: 'withdrawExit', owner });
  assert.equal(codeOf(bench.apply({ kind: 'withdrawExit', owner })), 'exitUnknown');
  assert.equal(codeOf(bench.submit(alice)), 'accepted');
  assertSound(bench);
});

test('who leaves commits to nothing new and may reveal what it committed to before', () => {
  const { bench, alice } = fundedBench({ admission: AdmissionMode.commitReveal });
  const salt = new Uint8Array(32).fill(1);
  const entry = bench.order(alice);
  assert.equal(codeOf(bench.commit(alice, entry.order, salt)), 'accepted');
  notice(bench, alice);
  assert.equal(codeOf(bench.commit(alice, bench.order(alice).order, salt)), 'ownerIsExiting');
  bench.must({ kind: 'closeCollection', marketId: 1 });
  const stranger = bench.apply({ kind: 'revealOrder', entry: bench.order(alice), salt });
  assert.equal(codeOf(stranger), 'ownerIsExiting');
  assert.equal(codeOf(bench.apply({ kind: 'revealOrder', entry, salt })), 'accepted');
  assertSound(bench);
});

test('debits each payment of an exit once, and never more than the ledger has', () => {
  const { bench, alice } = fundedBench();
  const before = total(bench, alice.account);
  const pay = (exitNumber: number, units: bigint): string => {
    const input = { kind: 'payExit' as const, exitNumber, owner: alice.account };
    return codeOf(bench.apply({ ...input, assetId: USD, units: amount(units) }));
  };
  assert.equal(pay(2, 1n), 'exitOutOfOrder');
  assert.equal(pay(1, before + 1n), 'insufficientAvailable');
  assert.equal(pay(1, 0n), 'amountOutOfRange');
  assert.equal(pay(1, 40n), 'accepted');
  assert.equal(pay(1, 40n), 'exitOutOfOrder');
  assert.equal(pay(2, before - 40n), 'accepted');
  assert.equal(total(bench, alice.account), 0n);
  assertSound(bench);
});

test('debits an exit of the pool between its epochs only', () => {
  const { bench, alice } = fundedBench();
  const pay = (exitNumber: number, owner: AccountId): string => {
    const units = amount(9n);
    return codeOf(bench.apply({ kind: 'payExit', exitNumber, owner, assetId: USD, units }));
  };
  assert.equal(pay(1, POOL), 'accepted');
  trade(bench, alice);
  assert.equal(pay(2, POOL), 'phaseMismatch');
  assert.equal(pay(2, CUSTODY), 'insufficientAvailable');
  bench.seal();
  assert.equal(pay(2, POOL), 'accepted');
  assertSound(bench);
});

test('a venue that lost its journal goes on from what the base layer has settled', () => {
  const { bench: lost, alice, bob } = fundedBench();
  const { transition } = trade(lost, alice);
  const { epochNumber, lastBatch: batchNumber, epochHash: parentEpochHash } = lost.seal();
  const parentReportHash = reportHash(transition.report);

  const bench = new ExchangeBench();
  bench.timeMs = lost.timeMs + 1;
  for (const { symbol, decimals } of lost.machine.state.assets) {
    bench.must({ kind: 'registerAsset', symbol, decimals });
  }
  const { parameters, reference: oracle } = lost.market();
  const inventory = lost.poolInventory().map(amount);
  const resumeFrom = { epochNumber, batchNumber, parentEpochHash, parentReportHash };
  bench.must({ kind: 'createMarket', parameters, oracle, inventory, resumeFrom });
  const { state } = lost.machine;
  for (const account of [alice.account, bob.account, systemAccount(SystemRole.fees, 1)]) {
    const balances = state.ledger.balances(account).map(({ assetId: asset, balance }) => {
      return { assetId: asset, amount: amount(balance.available) };
    });
    const orderNonceHighest = state.nonceWindow(account).highest;
    const nonces = { orderNonceHighest, withdrawalNonceHighest: 6n };
    bench.must({ kind: 'restoreVault', account, balances, ...nonces });
    assert.deepEqual(bench.machine.state.ledger.balances(account), state.ledger.balances(account));
  }
  bench.must({ kind: 'restoreCounts', depositNumber: 12, exitNumber: 3 });

  assert.equal(codeOf(deposit(bench, 12, alice.account)), 'depositOutOfOrder');
  assert.equal(codeOf(deposit(bench, 13, alice.account)), 'accepted');
  assert.equal(codeOf(bench.submit(alice, { orderNonce: 1n })), 'orderNonceReplayed');
  assert.equal(codeOf(bench.withdraw(alice, { orderNonce: 6n })), 'orderNonceReplayed');
  const next = bench.submit(alice, { orderNonce: 2n });
  assert.ok(next.ok && next.value.kind === 'orderAdmitted');
  assert.equal(next.value.batchNumber, batchNumber + 1);
  const { transition: resumed } = bench.clear();
  assert.equal(resumed.parentReportHash, parentReportHash);
  const epoch = bench.seal();
  assert.deepEqual(
    [epoch.epochNumber, epoch.firstBatch, epoch.parentEpochHash],
    [epochNumber + 1, batchNumber + 1, parentEpochHash],
  );
  assertSound(bench);
});

test('nothing is restored twice, out of shape or after the first order', () => {
  const { bench, alice, bob } = fundedBench();
  const restore = (account: AccountId, assets: readonly number[] = [0], highest = 0n): string => {
    const balances = assets.map((id) => ({ assetId: assetId(id), amount: amount(1n) }));
    const nonces = { orderNonceHighest: highest, withdrawalNonceHighest: 0n };
    return codeOf(bench.apply({ kind: 'restoreVault', account, balances, ...nonces }));
  };
  const counts = { kind: 'restoreCounts' as const, depositNumber: 1, exitNumber: 1 };
  assert.equal(restore(alice.account, [1, 0]), 'parametersInvalid');
  assert.equal(restore(alice.account, [1, 1]), 'parametersInvalid');
  assert.equal(restore(alice.account, [63]), 'assetUnknown');
  assert.equal(restore(alice.account, [0], 1n << 63n), 'parametersInvalid');
  assert.equal(restore(CUSTODY), 'notOperator');
  assert.equal(restore(alice.account), 'accepted');
  assert.equal(restore(alice.account), 'restoredTooLate');
  assert.equal(codeOf(bench.apply(counts)), 'accepted');
  assert.equal(codeOf(bench.apply(counts)), 'restoredTooLate');
  bench.submit(alice);
  assert.equal(restore(bob.account), 'restoredTooLate');
  assertSound(bench);
});

test('a market resumes after an epoch of a batch or more', () => {
  const { bench } = fundedBench();
  const { parameters, reference: oracle } = bench.market();
  const parentEpochHash = `0x${'11'.repeat(32)}` as Hash;
  const create = (epochNumber: number, batchNumber: number): string => {
    const hashes = { parentEpochHash, parentReportHash: parentEpochHash };
    const resumeFrom = { epochNumber, batchNumber, ...hashes };
    const inventory = parameters.assets.map(() => amount(0n));
    const market = { parameters: { ...parameters, marketId: 2 }, oracle, inventory };
    return codeOf(bench.apply({ kind: 'createMarket', ...market, resumeFrom }));
  };
  assert.equal(create(0, 1), 'parametersInvalid');
  assert.equal(create(5, 4), 'parametersInvalid');
  assert.equal(create(5, 5), 'accepted');
  assertSound(bench);
});

test('a venue without a base layer keeps the roots that it had', () => {
  const { bench, alice } = fundedBench();
  const before = bench.machine.root();
  assert.ok(bench.machine.state.baseLayer.isUntouched);
  bench.submit(alice);
  assert.ok(bench.machine.state.baseLayer.isUntouched);
  notice(bench, alice);
  assert.notEqual(bench.machine.root(), before);
});

test('what the ledger has no place for is counted once and moves nothing', () => {
  const { bench, alice } = fundedBench();
  const { depositCount, exitCount } = bench.machine.state.baseLayer;
  const skip = (crossing: 'deposit' | 'exit', number: number): string =>
    codeOf(bench.apply({ kind: 'skipCrossing', crossing, number }));
  const before = bench.machine.state.ledger.balances(alice.account);
  assert.equal(skip('deposit', depositCount + 2), 'depositOutOfOrder');
  assert.equal(skip('deposit', depositCount + 1), 'accepted');
  assert.equal(skip('deposit', depositCount + 1), 'depositOutOfOrder');
  assert.equal(skip('exit', exitCount + 2), 'exitOutOfOrder');
  assert.equal(skip('exit', exitCount + 1), 'accepted');
  assert.deepEqual(bench.machine.state.ledger.balances(alice.account), before);
  assert.equal(codeOf(deposit(bench, depositCount + 2, alice.account)), 'accepted');
  assertSound(bench);
});
