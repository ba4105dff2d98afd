// Goal: people can look up the place that a verdict names. Method: one place of each kind in words.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ZERO_HASH } from '../codec/hash.ts';
import { SystemRole, systemAccount } from '../ledger/account.ts';
import { locusText } from './verdict.ts';

test('a place in words carries what it is looked up by', () => {
  const account = systemAccount(SystemRole.pool, 1);
  assert.match(locusText({ kind: 'order', row: 7, orderId: ZERO_HASH }), /order.*7.*0x0{64}/);
  assert.match(locusText({ kind: 'asset', asset: 3 }), /asset.*3/);
  assert.ok(locusText({ kind: 'account', account }).includes(account));
  assert.match(locusText({ kind: 'commitment', index: 5 }), /commitment.*5/);
  assert.equal(locusText({ kind: 'batch', field: 'oracle.mids' }), 'oracle.mids');
});
