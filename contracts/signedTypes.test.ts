// Goal: contracts and exchange sign and hash the same things.
// Method: the strings that both hash, read out of the Solidity sources, against the exchange's own.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { SystemRole, systemAccount } from '@lawbook/exchange/ledger/account';
import { AMOUNT_MAX } from '@lawbook/exchange/numbers/amount';
import { ORDER_NONCE_MAX } from '@lawbook/exchange/orders/orderNonces';
import {
  BATCH_ORDER_TYPE,
  CANCEL_TYPE,
  Scope,
  SESSION_GRANT_TYPE,
  WITHDRAWAL_TYPE,
} from '@lawbook/exchange/orders/signedTypes';
import type { TypedStruct } from '@lawbook/exchange/orders/typedData';
import { DOMAIN_NAME, DOMAIN_VERSION } from '@lawbook/exchange/orders/typedData';

const source = (name: string): string =>
  readFileSync(new URL(`src/${name}.sol`, import.meta.url), 'utf8');

const encodeType = ({ name, fields }: TypedStruct): string =>
  `${name}(${fields.map((field) => `${field.type} ${field.name}`).join(',')})`;

test('orders, cancels, grants and withdrawals have the types that the exchange signs', () => {
  for (const struct of [BATCH_ORDER_TYPE, CANCEL_TYPE, SESSION_GRANT_TYPE, WITHDRAWAL_TYPE]) {
    assert.ok(source('SignedTypes').includes(`"${encodeType(struct)}"`), struct.name);
  }
  assert.ok(source('Authority').includes(`EIP712("${DOMAIN_NAME}", "${DOMAIN_VERSION}")`));
  assert.ok(source('Authority').includes(`SCOPE_TRADE = ${Scope.trade};`));
});

test('amounts and order nonces have the bounds of the exchange', () => {
  assert.equal(AMOUNT_MAX, (1n << 63n) - 1n);
  assert.equal(ORDER_NONCE_MAX, (1n << 63n) - 1n);
  assert.ok(source('VaultBook').includes('AMOUNT_MAX = (1 << 63) - 1;'));
  assert.ok(source('OrderNonces').includes('ORDER_NONCE_MAX = (1 << 63) - 1;'));
});

test('the vaults of the venue have the addresses of the exchange', () => {
  const vaults = source('VaultBook');
  const prefix = /SYSTEM_PREFIX = (0x[0-9a-f]{24});/.exec(vaults)?.[1] ?? '';
  const address = (role: number, market: number): string =>
    `${prefix}${role.toString(16).padStart(8, '0')}${market.toString(16).padStart(8, '0')}`;
  assert.equal(address(SystemRole.pool, 7), systemAccount(SystemRole.pool, 7));
  assert.equal(address(SystemRole.fees, 9), systemAccount(SystemRole.fees, 9));
  assert.ok(vaults.includes(`ROLE_POOL = ${SystemRole.pool};`));
  assert.ok(vaults.includes(`ROLE_FEES = ${SystemRole.fees};`));
});

test('roots are hashed under the tags of the exchange', () => {
  const exchange = (path: string): string =>
    readFileSync(
      new URL(`../packages/exchange/src/markets/batch/${path}`, import.meta.url),
      'utf8',
    );
  for (const [tag, path] of [
    ['lawbook.orderSet.v1', 'orderSet.ts'],
    ['lawbook.oracleSnapshot.v1', 'oracleSnapshot.ts'],
  ] as const) {
    assert.ok(exchange(path).includes(tag), tag);
    assert.ok(source('Batches').includes(`"${tag}"`), tag);
  }
});
