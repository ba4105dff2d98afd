// Goal: an account is a 20-byte address, and the venue's own accounts are told from users'.
// Method: examples of both, with addresses that only look like one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvariantViolation } from '../failures/invariant.ts';
import {
  accountId,
  isSystemAccount,
  parseAccountId,
  SystemRole,
  systemAccount,
  venueVault,
} from './account.ts';

const ADDRESS = `0x${'aB'.repeat(20)}`;

test('an address is read in any letter case, and nothing else is', () => {
  assert.equal(parseAccountId(ADDRESS), ADDRESS.toLowerCase());
  for (const text of ['', '0x', ADDRESS.slice(0, -2), `${ADDRESS}00`, `0x${'zz'.repeat(20)}`]) {
    assert.equal(parseAccountId(text), undefined, text);
    assert.throws(() => accountId(text), InvariantViolation);
  }
  assert.equal(accountId(ADDRESS), ADDRESS.toLowerCase());
});

test('a system account is its role and market behind a prefix that nobody has a key to', () => {
  assert.equal(systemAccount(SystemRole.custody), '0x1a3b000000000000000000000000000100000000');
  assert.equal(systemAccount(SystemRole.fees, 258), '0x1a3b000000000000000000000000000300000102');
  assert.ok(isSystemAccount(systemAccount(SystemRole.pool, 7)));
  assert.ok(!isSystemAccount(accountId(ADDRESS)));
  // One digit less of the prefix is a user's.
  assert.ok(!isSystemAccount(accountId('0x1a3b000000000000000000010000000100000000')));
});

test('pools and fees are vaults that a base layer knows, custody and users are none', () => {
  const { pool, fees } = SystemRole;
  assert.deepEqual(venueVault(systemAccount(pool, 77)), { role: pool, marketId: 77 });
  assert.deepEqual(venueVault(systemAccount(fees, 1)), { role: fees, marketId: 1 });
  assert.equal(venueVault(systemAccount(SystemRole.custody)), undefined);
  assert.equal(venueVault(systemAccount(SystemRole.withdrawals)), undefined);
  assert.equal(venueVault(systemAccount(SystemRole.arrivals, 3)), undefined);
  assert.equal(venueVault(accountId(ADDRESS)), undefined);
});
