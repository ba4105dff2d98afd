// Goal: the addresses that are written down are those of the names. Method: derives them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEMO_DOMAIN, DEMO_NAMES, developmentAccount } from '@lawbook/analytics/demoWorld';
import { DEMO_ACCOUNTS, DEMO_CHAIN } from './demoAccounts.ts';

test('the page offers the demo accounts of the venue, on its chain', () => {
  const derived = DEMO_NAMES.map((name) => [name, developmentAccount(name).account]);
  assert.deepEqual([...DEMO_ACCOUNTS], derived);
  assert.equal(BigInt(DEMO_CHAIN), DEMO_DOMAIN.chainId);
});
