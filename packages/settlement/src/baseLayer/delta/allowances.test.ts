// Goal: an epoch becomes the allowances that Delta takes, and what its global laws would refuse is
// refused by name before anything is sent. Method: one lawful epoch and one corruption of it by
// law; the plan is read, and no network is involved.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at } from '@lawbook/exchange/failures/invariant';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import {
  ALICE,
  allowanceFor,
  BOB,
  FEES,
  MARKET,
  ownerOf,
  POOL,
  plainEpoch,
  SHARD,
  signAs,
  submissionOf,
  TOKENS,
} from '../../../../../testing/delta/deltaWorld.ts';
import type { Submission } from '../submission.ts';
import { borshAllowanceMessage } from './allowanceMessage.ts';
import type { EpochPlan, PlanFacts, VaultView } from './allowances.ts';
import { planEpoch } from './allowances.ts';
import { DeltaRefusal } from './deltaRefusal.ts';
import type { SignedDebitAllowance } from './deltaWire.ts';
import { deltaAddress, I64_MAX, U64_MAX } from './deltaWire.ts';
import { decodeHead } from './lawInput.ts';

const [GOLD, SILVER] = [at(TOKENS, 0), at(TOKENS, 1)];
const vault: VaultView = {
  nextNonce: 1n,
  balances: new Map([
    [GOLD, 1000n],
    [SILVER, 1000n],
  ]),
};
const addressOf = (account: AccountId): string =>
  deltaAddress(ownerOf(account).ownerId, BigInt(SHARD));

function factsOf(submission: Submission, nonces: readonly bigint[] = [1n, 1n]): PlanFacts {
  const allowances = submission.book.rows.map(({ order }, index) => {
    return allowanceFor(order, nonces[index] ?? 1n);
  });
  const views = new Map([POOL, FEES, ALICE, BOB].map((id) => [ownerOf(id).ownerId, vault]));
  const messageOf = borshAllowanceMessage;
  return { market: MARKET, keys: { ownerOf }, allowances, views, messageOf };
}

function planOf(submission: Submission, facts: Partial<PlanFacts> = {}): EpochPlan {
  return planEpoch(submission, { ...factsOf(submission), ...facts });
}

function assertRefused(rule: string, plan: () => unknown): void {
  assert.throws(plan, (error) => {
    assert.ok(error instanceof DeltaRefusal, String(error));
    assert.equal(error.refusal.rule, rule);
    return true;
  });
}

const lawful = submissionOf(plainEpoch(1n));

/** The lawful epoch's first allowance with another part, signed anew by Alice. */
function otherAllowance(
  part: Partial<SignedDebitAllowance['payload']['content']>,
): readonly SignedDebitAllowance[] {
  const [first, second] = factsOf(lawful).allowances;
  assert.ok(first !== undefined && second !== undefined);
  const content = { ...first.payload.content, ...part };
  return [signAs(ALICE, { ...first.payload, content }), second];
}

test('users are debited first, then the pool pays under consecutive nonces', () => {
  const plan = planOf(lawful);
  const takings = plan.debits.map(({ allowance, diffs }) => {
    return [allowance.publicKey, ...diffs.map(({ address, changes }) => [address, [...changes]])];
  });
  assert.deepEqual(takings, [
    [
      ownerOf(ALICE).publicKey,
      [addressOf(ALICE), [[GOLD, -400n]]],
      [addressOf(POOL), [[GOLD, 400n]]],
    ],
    [
      ownerOf(BOB).publicKey,
      [addressOf(BOB), [[SILVER, -250n]]],
      [addressOf(POOL), [[SILVER, 250n]]],
    ],
  ]);
  const payouts = plan.payouts.map(({ payload }) => {
    const { credited, newNonce, allowances } = payload.content;
    return [newNonce, credited, [...allowances]];
  });
  assert.deepEqual(payouts, [
    [1n, addressOf(FEES), [[GOLD, 5n]]],
    [2n, addressOf(ALICE), [[SILVER, 300n]]],
    [3n, addressOf(BOB), [[GOLD, 320n]]],
  ]);
  for (const { payload } of plan.payouts) {
    assert.equal(decodeHead(payload.auxiliary).listHash, lawful.listHash);
  }
});

test('what an owner pays and receives of one asset is netted over its orders', () => {
  const row = { owner: ALICE, budget: 200n };
  const rows = [
    { ...row, pay: 0, paid: 100n, received: 90n, orderNonce: 1n, deltaNonce: 1n },
    { ...row, pay: 1, paid: 80n, received: 70n, orderNonce: 2n, deltaNonce: 2n },
  ];
  const submission = submissionOf({ number: 1n, rows });
  const plan = planOf(submission, factsOf(submission, [1n, 2n]));
  const taken = plan.debits.map(({ diffs }) => diffs[0]?.changes.get(GOLD));
  assert.deepEqual(taken, [-30n, undefined]);
  assert.deepEqual(
    plan.payouts.map(({ payload }) => [...payload.content.allowances]),
    [[[SILVER, 10n]]],
  );
});

test('an allowance that pays nothing is sent without changes, for the sake of its nonce', () => {
  const row = { owner: ALICE, pay: 0, budget: 100n };
  const rows = [
    { ...row, paid: 50n, received: 40n, orderNonce: 2n, deltaNonce: 2n },
    { ...row, paid: 0n, received: 0n, orderNonce: 1n, deltaNonce: 1n },
  ];
  const submission = submissionOf({ number: 1n, rows });
  const plan = planOf(submission, factsOf(submission, [2n, 1n]));
  const sent = plan.debits.map(({ allowance, diffs }) => [
    allowance.payload.content.newNonce,
    diffs.length,
  ]);
  assert.deepEqual(sent, [
    [1n, 0],
    [2n, 2],
  ]);
});

test('a void row needs no allowance', () => {
  const rows = plainEpoch(1n).rows.map((row) => {
    return row.owner === BOB ? { ...row, isVoid: true, paid: 0n, received: 0n } : row;
  });
  const submission = submissionOf({ number: 1n, rows });
  const [first] = factsOf(submission).allowances;
  assert.equal(planOf(submission, { allowances: [first, undefined] }).debits.length, 1);
});

test('an order without an allowance is refused by row, owner and nonce', () => {
  const [first] = factsOf(lawful).allowances;
  assert.throws(
    () => planOf(lawful, { allowances: [first, undefined] }),
    (error) => {
      assert.ok(error instanceof DeltaRefusal);
      assert.equal(error.refusal.rule, 'OrderHasNoAllowance');
      assert.deepEqual(error.refusal.details, ['1', BOB, '1']);
      return true;
    },
  );
});

test('an allowance that says something else than its order is refused by field', () => {
  const others = [
    { debitedShard: 10n },
    { credited: addressOf(BOB) as ReturnType<typeof deltaAddress> },
    { allowances: new Map([[GOLD, 499n]]) },
    {
      allowances: new Map([
        [GOLD, 500n],
        [SILVER, 1n],
      ]),
    },
    { allowances: new Map([[SILVER, 500n]]) },
  ];
  for (const other of others) {
    assertRefused('AllowanceIsAnother', () =>
      planOf(lawful, { allowances: otherAllowance(other) }),
    );
  }
  const [first, second] = factsOf(lawful).allowances;
  assert.ok(first !== undefined);
  const auxiliary = first.payload.auxiliary.map((byte, index) => (index === 40 ? byte ^ 1 : byte));
  const relabelled = signAs(ALICE, { ...first.payload, auxiliary });
  assertRefused('AllowanceIsAnother', () => planOf(lawful, { allowances: [relabelled, second] }));
  const forged = signAs(BOB, first.payload);
  assertRefused('AllowanceIsAnother', () => planOf(lawful, { allowances: [forged, second] }));
});

test('authorised debits: a signature of somebody else is refused', () => {
  const [first, second] = factsOf(lawful).allowances;
  assert.ok(first !== undefined && second !== undefined);
  const { signature } = second;
  assertRefused('SpendsAreAuthorised', () => {
    return planOf(lawful, { allowances: [{ ...first, signature }, second] });
  });
  assertRefused('SpendsAreAuthorised', () => {
    return planOf(lawful, { allowances: [{ ...first, signature: 'no base58: 0OIl' }, second] });
  });
});

test('fresh nonces: one that was used, and one that leaves a gap', () => {
  const { views: before } = factsOf(lawful);
  const views = new Map(before).set(ownerOf(ALICE).ownerId, { ...vault, nextNonce: 2n });
  assertRefused('OrderNonceReplayed', () => planOf(lawful, { views }));
  assertRefused('ChainNonceIsNotNext', () => {
    return planOf(lawful, { allowances: otherAllowance({ newNonce: 2n }) });
  });
});

test('budgets: a row that pays more than its order allows', () => {
  const rows = plainEpoch(1n).rows.map((row) => ({ ...row, paid: 501n }));
  assertRefused('LimitsAreRespected', () => planOf(submissionOf({ number: 1n, rows })));
});

test('coverage: a vault that loses more than its orders pay', () => {
  const { rows } = plainEpoch(1n);
  const changes = [
    [401n, 0n],
    [0n, 0n],
    [-401n, 0n],
    [0n, 0n],
  ];
  assertRefused('DiffsMatchFills', () => planOf(submissionOf({ number: 1n, rows, changes })));
  const fees = [
    [1n, 0n],
    [-1n, 0n],
    [0n, 0n],
    [0n, 0n],
  ];
  assertRefused('DiffsMatchFills', () => {
    return planOf(submissionOf({ number: 1n, rows, changes: fees }));
  });
});

test('conservation: changes of an asset that do not sum to zero', () => {
  const { rows } = plainEpoch(1n);
  const changes = [
    [400n, 0n],
    [1n, 0n],
    [-400n, 0n],
    [0n, 0n],
  ];
  assertRefused('AssetsAreConserved', () => planOf(submissionOf({ number: 1n, rows, changes })));
});

test('solvency: a vault that would go negative', () => {
  const poor = { ...vault, balances: new Map([[GOLD, 399n]]) };
  const views = new Map(factsOf(lawful).views).set(ownerOf(ALICE).ownerId, poor);
  assertRefused('VaultsAreSolvent', () => planOf(lawful, { views }));
  const empty = new Map(factsOf(lawful).views).set(ownerOf(POOL).ownerId, {
    ...vault,
    balances: new Map(),
  });
  assertRefused('VaultsAreSolvent', () => planOf(lawful, { views: empty }));
});

test('ranges: a debit or a budget of 2^63 has no credit that fits 64 bits', () => {
  const facts = factsOf(lawful);
  const paid = I64_MAX + 1n;
  const rich = { ...vault, balances: new Map([[GOLD, paid]]) };
  const views = new Map(facts.views).set(ownerOf(ALICE).ownerId, rich);
  const row = { owner: ALICE, pay: 0, budget: paid, received: 0n, orderNonce: 1n, deltaNonce: 1n };
  const debit = [
    [0n, 0n],
    [0n, 0n],
    [-paid, 0n],
    [0n, 0n],
  ];
  for (const changes of [debit, debit.map(() => [0n, 0n])]) {
    const submission = submissionOf({ number: 1n, rows: [{ ...row, paid }], changes });
    assertRefused('AmountOutOfRange', () => planEpoch(submission, { ...facts, views }));
  }
});

test('shards and markets of others, withdrawals and unknown owners are refused by name', () => {
  const list = { ...lawful.list, shard: 10 };
  assertRefused('MarketOfAnotherShard', () => planOf({ ...lawful, list }));
  const withdrawal = {
    ...{ owner: ALICE, to: BOB, shard: SHARD, assetId: 3, units: 1n },
    ...{ orderNonce: 1n, expiresAtMs: 9n },
  };
  const leaving = { ...lawful.list, withdrawals: [{ withdrawal, signature: '0x' as const }] };
  assertRefused('WithdrawalsAreNotCarried', () => planOf({ ...lawful, list: leaving }));
  const keys = {
    ownerOf: (account: AccountId) => (account === BOB ? undefined : ownerOf(account)),
  };
  assertRefused('OwnerHasNoKey', () => planOf(lawful, { keys }));
  const shared = { ownerOf: (account: AccountId) => ownerOf(account === BOB ? ALICE : account) };
  assertRefused('OwnerKeyIsShared', () => planOf(lawful, { keys: shared }));
  const changes = lawful.list.changes.slice(1);
  assertRefused('WordsAreMalformed', () => {
    return planOf({ ...lawful, list: { ...lawful.list, changes } });
  });
});

test('words of changes hold the columns of the market and nothing else', () => {
  const refuses = (alter: (words: bigint[]) => bigint[]): void => {
    const changes = alter([...lawful.list.changes]);
    assertRefused('WordsAreMalformed', () => {
      return planOf({ ...lawful, list: { ...lawful.list, changes } });
    });
  };
  const inFirst = (added: bigint) => (words: bigint[]) => [
    (words[0] ?? 0n) + added,
    ...words.slice(1),
  ];
  refuses((words) => [...words, 0n]);
  refuses((words) => words.slice(1));
  refuses(() => []);
  refuses(inFirst(1n << 128n));
  refuses(inFirst(1n << 192n));
  refuses(([, ...rest]) => [-1n, ...rest]);
  // Room for more columns than the market has is left empty.
  const wider = lawful.list.changes.flatMap((word) => [word, 0n]);
  const list = { ...lawful.list, changes: wider };
  assert.equal(planOf({ ...lawful, list }).debits.length, 2);
  const columns = [...MARKET.columns, ...MARKET.columns];
  assertRefused('WordsAreMalformed', () => planOf(lawful, { market: { ...MARKET, columns } }));
});

test('an owner whose key or id is no key has none, and is named', () => {
  for (const part of ['ownerId', 'publicKey'] as const) {
    const keys = {
      ownerOf: (account: AccountId) =>
        account === BOB ? { ...ownerOf(account), [part]: 'no key' } : ownerOf(account),
    };
    assert.throws(
      () => planOf(lawful, { keys }),
      (error) => {
        assert.ok(error instanceof DeltaRefusal);
        assert.deepEqual([error.refusal.rule, error.refusal.details], ['OwnerHasNoKey', [BOB]]);
        return true;
      },
    );
  }
});

test('ranges: a vault holds 2^64 - 1 units, and loses 2^63 - 1 at once', () => {
  const none = [0n, 0n];
  const gains = [[-1n, 0n], none, [1n, 0n], none];
  const holding = (units: bigint): Partial<PlanFacts> => {
    const full = { ...vault, balances: new Map([[GOLD, units]]) };
    return { views: new Map(factsOf(lawful).views).set(ownerOf(ALICE).ownerId, full) };
  };
  const gaining = submissionOf({ number: 1n, rows: [], changes: gains });
  assert.equal(planOf(gaining, holding(U64_MAX - 1n)).payouts.length, 1);
  assertRefused('AmountOutOfRange', () => planOf(gaining, holding(U64_MAX)));
  const row = { owner: ALICE, pay: 0, budget: I64_MAX, received: 0n, orderNonce: 1n };
  const losses = [[I64_MAX, 0n], none, [-I64_MAX, 0n], none];
  const paying = submissionOf({
    number: 1n,
    rows: [{ ...row, paid: I64_MAX, deltaNonce: 1n }],
    changes: losses,
  });
  assert.equal(planOf(paying, holding(I64_MAX)).debits.length, 1);
  assertRefused('VaultsAreSolvent', () => planOf(paying, holding(I64_MAX - 1n)));
});

test('a refusal names the account of its row, pool and fees among them', () => {
  const { rows } = plainEpoch(1n);
  const none = [0n, 0n];
  const detailsOf = (changes: readonly (readonly bigint[])[]): readonly string[] => {
    let details: readonly string[] = [];
    assert.throws(
      () => planOf(submissionOf({ number: 1n, rows, changes })),
      (error) => {
        assert.ok(error instanceof DeltaRefusal);
        ({ details } = error.refusal);
        return true;
      },
    );
    return details;
  };
  const asset = String(at(MARKET.columns, 0).assetId);
  const tooMuch = [-1001n, 0n];
  assert.deepEqual(detailsOf([tooMuch, none, none, none]), [POOL, asset]);
  assert.deepEqual(detailsOf([none, tooMuch, none, none]), [FEES, asset]);
  assert.deepEqual(detailsOf([none, none, none, tooMuch]), [BOB, asset]);
  assert.deepEqual(detailsOf([none, none, [5n, 0n], none]), ['0', '5']);
});
