// Goal: a list holds what the contract asks for, and what cannot be settled is refused by name.
// Method: named days of the test world; that the contract takes such lists is tested in
// testing/settlement.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ZERO_HASH } from '@lawbook/exchange/codec/hash';
import { bytesToHex } from '@lawbook/exchange/codec/hex';
import { at } from '@lawbook/exchange/failures/invariant';
import { SystemRole, systemAccount } from '@lawbook/exchange/ledger/account';
import {
  lawfulEpoch,
  SMALL_SHAPE,
  signedWithdrawal,
  withoutSessions,
} from '../../../../../testing/settlement/epochWorld.ts';
import { hiddenDay, ordinaryDay } from '../../../../../testing/world/batchSpecs.ts';
import type { BatchSpec } from '../../../../../testing/world/lawfulBatch.ts';
import {
  clearedBatch,
  delegateOf,
  signedGrant,
  trader,
} from '../../../../../testing/world/lawfulBatch.ts';
import { ProofFault } from '../../proofFault.ts';
import type { ListCut, ListPlace, SettledEpoch } from './cutDiffList.ts';
import { cutDiffList } from './cutDiffList.ts';
import type { CircuitShape } from './diffList.ts';

const DAY: BatchSpec = withoutSessions(ordinaryDay());

function cut(epoch: SettledEpoch, shape: Partial<CircuitShape> = {}): ListCut {
  const place: ListPlace = {
    shard: 7,
    listNumber: 1n,
    previousListHash: ZERO_HASH,
    shape: { ...SMALL_SHAPE, ...shape },
    parameterCommitments: epoch.batches.map((_, k) => BigInt(k + 1)),
  };
  return cutDiffList(epoch, place);
}

function epochOf(specs: readonly BatchSpec[]): SettledEpoch {
  const epoch = lawfulEpoch(specs);
  assert.ok(epoch !== undefined);
  return epoch;
}

/** Asserts that an epoch cannot be settled, for this reason. */
function refuses(because: RegExp, run: () => unknown): void {
  assert.throws(run, (failure: unknown) => {
    assert.ok(failure instanceof ProofFault);
    assert.equal(failure.code, 'PROOF_STATEMENT_UNFIT');
    assert.match(failure.message, because);
    return true;
  });
}

test('rows stand batch after batch in order of admission, owners ascending', () => {
  const epoch = epochOf([DAY, { ...DAY, haltReason: 'a test' }]);
  const { list, book } = cut(epoch);
  const admitted = epoch.batches.flatMap(({ orders }) =>
    Array.from({ length: orders.count }, (_, row) => orders.order(row)),
  );
  assert.deepEqual(
    book.rows.map(({ order }) => [order.owner, order.orderNonce, order.product]),
    admitted.map(({ owner, orderNonce, receive }) => [owner, orderNonce, receive]),
  );
  assert.deepEqual(list.owners, [...new Set(list.owners)].sort());
  for (const { vault, order } of book.rows) assert.equal(at(list.owners, vault - 2), order.owner);
  assert.deepEqual(
    list.batches.map(({ orderCount, isHalted }) => [orderCount, isHalted]),
    [
      [8, false],
      [8, true],
    ],
  );
});

test('only rows that pay or were cancelled carry a signature', () => {
  const epoch = epochOf([DAY]);
  const { cancellations, orders } = at(epoch.batches, 0);
  const { book } = cut(epoch);
  book.rows.forEach((entry, row) => {
    const cancel = cancellations.find((one) => one.row === row);
    const expected =
      cancel !== undefined
        ? bytesToHex(cancel.authorisation)
        : entry.paid > 0n
          ? bytesToHex(orders.authorisation(row))
          : '0x';
    assert.equal(entry.signature, expected, `row ${row}`);
  });
  assert.deepEqual(
    book.rows.map(({ isVoid }) => isVoid),
    [false, false, false, false, false, false, true, true],
  );
});

test('a delegate points to the grant that lasts longest, and each grant stands once', () => {
  const orders = [1, 2, 1].map((trader) => ({
    trader,
    pay: 0,
    receive: 1,
    budget: 5_000_000_000n,
    authorisedBy: 'delegate' as const,
  }));
  const batch = clearedBatch({ ...DAY, orders });
  const later = signedGrant(1, {
    delegate: delegateOf(1).account,
    expiresAtMs: batch.closedAtMs + 7_200_000,
    orderNonce: 2n,
  });
  const grants = [...batch.grants, later];
  const { book } = cut({ epochNumber: 1, batches: [{ ...batch, grants }], withdrawals: [] });
  const used = book.grants.map(({ grant }) => [grant.owner, grant.expiresAtMs]);
  assert.equal(used.length, 2);
  for (const { grant, order } of book.rows) {
    assert.equal(at(book.grants, grant - 1).grant.owner, order.owner);
  }
  const longest = used.find(([owner]) => owner === trader(1).account);
  assert.equal(longest?.[1], BigInt(later.grant.expiresAtMs));
});

test('changes are the net of the batches, in columns of the market', () => {
  const epoch = epochOf([DAY, DAY]);
  const { list } = cut(epoch);
  const owners = [
    systemAccount(SystemRole.pool, 1),
    systemAccount(SystemRole.fees, 1),
    ...list.owners,
  ];
  owners.forEach((owner, row) => {
    for (let column = 0; column < 6; column += 1) {
      const word = at(list.changes, row * 2 + (column < 3 ? 0 : 1));
      const change = BigInt.asIntN(64, word >> BigInt(64 * (column % 3)));
      const expected = epoch.batches.reduce((sum, { diffs }) => {
        const from = diffs.accounts.indexOf(owner) * diffs.assets.length + column;
        return sum + (column < diffs.assets.length ? (diffs.changes[from] as bigint) : 0n);
      }, 0n);
      assert.equal(change, expected, `${owner} ${column}`);
    }
  });
});

test('the pool before is that of the first batch, in columns of the market', () => {
  const epoch = epochOf([DAY, DAY]);
  const { poolBefore } = at(epoch.batches, 0).report;
  const [a, b, c] = [at(poolBefore, 0), at(poolBefore, 1), at(poolBefore, 2)];
  assert.deepEqual(cut(epoch).list.poolBefore, [a | (b << 64n) | (c << 128n), 0n]);
});

test('withdrawals stand in the order of the epoch', () => {
  const withdrawals = [signedWithdrawal(3, 7n), signedWithdrawal(1, 5n)];
  const { list } = cut({ ...epochOf([DAY]), withdrawals });
  assert.deepEqual(
    list.withdrawals.map(({ withdrawal, signature }) => [withdrawal.units, signature]),
    withdrawals.map(({ withdrawal, signature }) => [withdrawal.units, bytesToHex(signature)]),
  );
});

test('an order that pays under a session secret is refused by its id', () => {
  const epoch = epochOf([ordinaryDay()]);
  const row = 2;
  const orderId = at(epoch.batches, 0).orders.orderId(row);
  refuses(new RegExp(`^Order ${orderId} .* session secret`), () => cut(epoch));
});

test('an order under a session secret that pays nothing is settled', () => {
  const { book } = cut(epochOf([{ ...ordinaryDay(), haltReason: 'a test' }]));
  assert.equal(at(book.rows, 2).signature, '0x');
});

test("a forfeited bond and a stranger's signature are refused", () => {
  const batches = [clearedBatch(withoutSessions(hiddenDay()))];
  refuses(/no order of it moves the vault/, () =>
    cut({ epochNumber: 1, batches, withdrawals: [] }),
  );
  const batch = clearedBatch(DAY);
  const strangers = batch.grants.map((entry) => {
    return { ...entry, grant: { ...entry.grant, delegate: trader(9).account } };
  });
  const epoch = { epochNumber: 1, batches: [{ ...batch, grants: strangers }], withdrawals: [] };
  refuses(/neither its owner nor a delegate/, () => cut(epoch));
});

test('an epoch beyond the circuit is refused', () => {
  const epoch = epochOf([DAY, DAY]);
  refuses(/at most 1 batches, not 2/, () => cut(epoch, { batches: 1 }));
  refuses(/at most 15 orders, not 16/, () => cut(epoch, { orders: 15 }));
  refuses(/at most 7 vault rows, not 8/, () => cut(epoch, { vaults: 7 }));
  refuses(/at most 0 assets/, () => cut(epoch, { assetWords: 0 }));
  refuses(/no batch/, () => cut({ ...epoch, batches: [] }));
});

test('batches that do not follow one another are refused', () => {
  const [first, second] = epochOf([DAY, DAY]).batches;
  assert.ok(first !== undefined && second !== undefined);
  const refuse = (other: typeof second): void =>
    refuses(/of one market and one domain, in a row/, () =>
      cut({ epochNumber: 1, batches: [first, other], withdrawals: [] }),
    );
  refuse({ ...second, batchNumber: 3 });
  refuse({ ...second, domain: { ...second.domain, chainId: 1n } });
});
