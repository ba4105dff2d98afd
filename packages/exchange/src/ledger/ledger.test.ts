// Goal: the ledger refuses what would make value from nothing, and tells commitments exactly which
// accounts to write anew. Method: examples at every bound; each stands for a mutant of the ledger
// that no other test noticed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvariantViolation } from '../failures/invariant.ts';
import { AMOUNT_MAX, amount } from '../numbers/amount.ts';
import { accountId } from './account.ts';
import { assetId } from './asset.ts';
import { CUSTODY, Ledger } from './ledger.ts';

const [ALICE, BOB, CAROL] = ['1', '2', '3'].map((digit) => accountId(`0x${digit.repeat(40)}`)) as [
  ReturnType<typeof accountId>,
  ReturnType<typeof accountId>,
  ReturnType<typeof accountId>,
];
const USD = assetId(0);
const EUR = assetId(1);

/** Alice has a hundred dollars, five of them held; Bob has nothing but a number. */
function ledger(): Ledger {
  const opened = new Ledger();
  opened.open(BOB);
  opened.transfer({ from: CUSTODY, to: ALICE, assetId: USD, amount: amount(100n) });
  assert.ok(opened.placeHold(ALICE, USD, amount(5n), 'budget').ok);
  opened.takeTouched();
  return opened;
}

test('touched accounts are told once, by rising number, and then forgotten', () => {
  const opened = ledger();
  opened.touch(CAROL);
  opened.transfer({ from: ALICE, to: BOB, assetId: USD, amount: amount(1n) });
  opened.touch(ALICE);
  const numbers = [BOB, ALICE, CAROL].map((id) => opened.accounts.indexOf(id));
  assert.deepEqual(
    opened.takeTouched(),
    numbers.sort((a, b) => a - b),
  );
  assert.deepEqual(opened.takeTouched(), []);
});

test('an account is touched by its nonces alone', () => {
  const opened = ledger();
  opened.touch(BOB);
  assert.deepEqual(opened.takeTouched(), [opened.accounts.indexOf(BOB)]);
});

test('what an account owns is what it has available and held', () => {
  const opened = ledger();
  assert.deepEqual(opened.balance(ALICE, USD), { available: 95n, held: 5n });
  assert.equal(opened.total(ALICE, USD), 100n);
  assert.equal(opened.total(BOB, USD), 0n);
  assert.equal(opened.total(CUSTODY, USD), -100n);
});

test('an account that only holds still has a balance, and an empty one has none', () => {
  const opened = ledger();
  assert.ok(opened.placeHold(ALICE, USD, amount(95n), 'budget').ok);
  assert.deepEqual(opened.balances(ALICE), [
    { assetId: USD, balance: { available: 0n, held: 100n } },
  ]);
  assert.deepEqual(opened.balances(BOB), []);
  assert.deepEqual(opened.balances(CAROL), []);
});

test('a hold takes no more than is available, to the unit, and says what there was', () => {
  const opened = ledger();
  const refused = opened.placeHold(ALICE, USD, amount(96n), 'budget');
  assert.equal(!refused.ok && refused.rejection.code, 'insufficientAvailable');
  assert.deepEqual(opened.balance(ALICE, USD), { available: 95n, held: 5n });
  assert.equal(!refused.ok && refused.rejection.field, 'budget');
  assert.ok(opened.placeHold(ALICE, USD, amount(95n), 'budget').ok);
});

test('moves that make or lose a unit stop the exchange', () => {
  const gain = [{ account: ALICE, available: 1n, held: 0n }];
  assert.throws(() => ledger().applyMoves(EUR, gain), InvariantViolation);
  const held = [
    { account: ALICE, available: 0n, held: -1n },
    { account: BOB, available: 0n, held: 0n },
  ];
  assert.throws(() => ledger().applyMoves(USD, held), InvariantViolation);
  const lawful = [
    { account: ALICE, available: 2n, held: -3n },
    { account: BOB, available: 1n, held: 0n },
  ];
  const opened = ledger();
  opened.applyMoves(USD, lawful);
  assert.deepEqual(opened.balance(ALICE, USD), { available: 97n, held: 2n });
});

test('changes that make a unit stop the exchange, and those of nothing touch nobody', () => {
  const opened = ledger();
  assert.throws(() => opened.applyChanges(USD, [{ account: BOB, change: 1n }]), InvariantViolation);
  opened.applyChanges(USD, [
    { account: ALICE, change: -2n },
    { account: BOB, change: 2n },
    { account: CUSTODY, change: 0n },
  ]);
  assert.equal(opened.total(BOB, USD), 2n);
  assert.equal(opened.takeTouched().length, 2);
});

test('an account that nothing moved is not touched', () => {
  const opened = ledger();
  opened.applyMoves(USD, [
    { account: ALICE, available: 0n, held: 0n },
    { account: BOB, available: 0n, held: 0n },
  ]);
  assert.deepEqual(opened.takeTouched(), []);
});

test('nobody but custody is debited below zero, and custody keeps to 63 bits', () => {
  const over = { from: BOB, to: ALICE, assetId: USD, amount: amount(1n) };
  assert.throws(() => ledger().transfer(over), InvariantViolation);
  const opened = new Ledger();
  opened.transfer({ from: CUSTODY, to: ALICE, assetId: USD, amount: amount(AMOUNT_MAX) });
  const more = { from: CUSTODY, to: BOB, assetId: USD, amount: amount(1n) };
  assert.throws(() => opened.transfer(more), InvariantViolation);
});
