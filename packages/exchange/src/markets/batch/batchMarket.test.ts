// Goal: a batch keeps what the laws will ask about it: first nonce windows, cancellations, hidden
// orders, and which rows were void when it closed. Method: one batch filled by hand.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { demoProblem, oracleOf } from '../../../../../testing/world/batchMarkets.ts';
import type { Hash } from '../../codec/hash.ts';
import { ZERO_HASH } from '../../codec/hash.ts';
import type { AccountId } from '../../ledger/account.ts';
import { accountId } from '../../ledger/account.ts';
import { amount } from '../../numbers/amount.ts';
import type { AuthorisedOrder } from '../../orders/batchOrder.ts';
import { admittingPhase, OpenBatch, openEpoch, openMarket } from './batchMarket.ts';
import { orderSetRoot } from './orderSet.ts';

const { parameters } = demoProblem();
const ALICE = accountId(`0x${'aa'.repeat(20)}`);
const BOB = accountId(`0x${'bb'.repeat(20)}`);
const NOON = 1_750_000_000_000;

const idOf = (n: number): Hash => `0x${n.toString(16).padStart(64, '0')}` as Hash;

function entryOf(n: number, owner: AccountId, expiresAtMs = NOON + 1): AuthorisedOrder {
  return {
    order: {
      owner,
      marketId: 1,
      pay: 0,
      receive: 1,
      budget: amount(BigInt(n)),
      limitNumerator: 0n,
      limitDenominator: 1n,
      minFillPpm: 0,
      orderNonce: BigInt(n),
      expiresAtMs,
    },
    orderId: idOf(n),
    authorisation: new Uint8Array(65).fill(n),
  };
}

const windowOf = (highest: bigint) => ({ highest, used: 1n });

test('an order is filed, hashed and tabled; a window is kept of each owner’s first', () => {
  const batch = new OpenBatch(parameters, 7, NOON - 500);
  assert.deepEqual([batch.number, batch.phase, batch.phaseSinceMs], [7, 'collecting', NOON - 500]);
  assert.equal(batch.closedAtMs, 0);
  assert.equal(batch.append(entryOf(1, ALICE), windowOf(10n)), 0);
  assert.equal(batch.append(entryOf(2, ALICE), windowOf(11n)), 1);
  assert.equal(batch.append(entryOf(3, BOB), windowOf(20n)), 2);
  assert.deepEqual(batch.nonceWindows, [windowOf(10n), windowOf(20n)]);
  assert.deepEqual(batch.table.owners, [ALICE, BOB]);
  assert.equal(batch.books.length, 3);
  assert.equal(batch.admitted.root(), orderSetRoot(batch.table));
});

test('a withdrawn row is void and its evidence kept', () => {
  const batch = new OpenBatch(parameters, 1, NOON);
  batch.append(entryOf(1, ALICE), windowOf(0n));
  batch.append(entryOf(2, ALICE), windowOf(1n));
  const authorisation = new Uint8Array(65).fill(9);
  batch.cancel(1, authorisation);
  assert.deepEqual([...batch.table.canceled.slice(0, 2)], [0, 1]);
  assert.deepEqual(batch.cancellations, [{ row: 1, authorisation }]);
});

test('closing voids the rows that expired by then, and tells those that nobody withdrew', () => {
  const batch = new OpenBatch(parameters, 1, NOON - 1000);
  batch.append(entryOf(1, ALICE, NOON - 1), windowOf(0n));
  batch.append(entryOf(2, ALICE, NOON), windowOf(0n));
  batch.append(entryOf(3, ALICE, NOON + 1), windowOf(0n));
  batch.append(entryOf(4, ALICE, NOON - 1), windowOf(0n));
  batch.cancel(3, new Uint8Array(65));
  assert.deepEqual(batch.close(NOON), [0, 1], 'an order that expires now is late');
  assert.deepEqual([...batch.table.canceled.slice(0, 4)], [1, 1, 0, 1]);
  assert.deepEqual([batch.phase, batch.phaseSinceMs, batch.closedAtMs], ['closed', NOON, NOON]);
});

test('a commitment is hidden until it is revealed, each owner’s its own', () => {
  const batch = new OpenBatch(parameters, 1, NOON);
  const commitment = idOf(5);
  const authorisation = new Uint8Array(65);
  batch.commit({ owner: ALICE, commitment, authorisation });
  batch.commit({ owner: BOB, commitment, authorisation });
  assert.equal(batch.hiddenCommitment(ALICE, commitment), 0);
  assert.equal(batch.hiddenCommitment(BOB, commitment), 1);
  assert.equal(batch.hiddenCommitment(BOB, idOf(6)), undefined);
  const salt = new Uint8Array(32).fill(3);
  batch.reveal(1, 4, salt);
  assert.equal(batch.hiddenCommitment(BOB, commitment), undefined);
  assert.equal(batch.hiddenCommitment(ALICE, commitment), 0);
  assert.throws(() => batch.reveal(1, 5, salt), /revealed once/);
  assert.deepEqual(batch.commitments, [
    { owner: ALICE, commitment, authorisation },
    { owner: BOB, commitment, authorisation, reveal: { row: 4, salt } },
  ]);
});

test('a hidden commitment is made once by an owner', () => {
  const batch = new OpenBatch(parameters, 1, NOON);
  const entry = { owner: ALICE, commitment: idOf(5), authorisation: new Uint8Array(65) };
  batch.commit(entry);
  assert.throws(() => batch.commit(entry), /made once/);
});

test('a commitment that comes revealed, as from a snapshot, is not hidden', () => {
  const batch = new OpenBatch(parameters, 1, NOON);
  const reveal = { row: 0, salt: new Uint8Array(32) };
  batch.commit({ owner: ALICE, commitment: idOf(5), authorisation: new Uint8Array(65), reveal });
  assert.equal(batch.hiddenCommitment(ALICE, idOf(5)), undefined);
});

test('a market begins at its first batch and epoch, or after those of its past', () => {
  const reference = oracleOf(demoProblem().oracle.mids);
  const fresh = openMarket(parameters, reference, NOON);
  const { epoch, batch } = fresh;
  assert.equal(fresh.marketId, 1);
  assert.deepEqual([batch.number, batch.phaseSinceMs], [1, NOON]);
  assert.deepEqual([epoch.number, epoch.firstBatch], [1, 1]);
  assert.deepEqual([epoch.parentEpochHash, fresh.parentReportHash], [ZERO_HASH, ZERO_HASH]);
  assert.deepEqual([fresh.nextParameters, fresh.haltReason], [undefined, undefined]);
  assert.equal(fresh.reference, reference);
  const later = openMarket(parameters, reference, NOON, {
    epochNumber: 4,
    batchNumber: 90,
    parentEpochHash: idOf(1),
    parentReportHash: idOf(2),
  });
  assert.deepEqual([later.batch.number, later.epoch.number, later.epoch.firstBatch], [91, 5, 91]);
  assert.equal(later.epoch.parentEpochHash, idOf(1));
  assert.equal(later.parentReportHash, idOf(2));
});

test('an epoch begins with no batch, no time and no diffs', () => {
  const epoch = openEpoch(3, idOf(9), 12);
  assert.deepEqual([epoch.number, epoch.parentEpochHash, epoch.firstBatch], [3, idOf(9), 12]);
  assert.deepEqual([epoch.batchCount, epoch.lastClosedAtMs], [0, 0]);
  assert.deepEqual(openEpoch(3, idOf(9), 12).diffs, epoch.diffs);
});

test('hidden orders are admitted while revealed, open ones while collected', () => {
  assert.equal(admittingPhase({ ...parameters, admission: 'open' }), 'collecting');
  assert.equal(admittingPhase({ ...parameters, admission: 'commitReveal' }), 'revealing');
});
