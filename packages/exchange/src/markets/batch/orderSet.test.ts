// Goal: the roots of orders and commitments are the digests that their definitions name.
// Method: the bytes written out by hand and hashed by another library.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { tableOf } from '../../../../../testing/world/batchMarkets.ts';
import { hashFromBytes } from '../../codec/hash.ts';
import { hexToBytes } from '../../codec/hex.ts';
import { accountId } from '../../ledger/account.ts';
import type { Commitment } from '../../orders/commitment.ts';
import { commitSetRoot, OrderSetHasher, orderSetRoot } from './orderSet.ts';

const digest = (hex: string): string => {
  return `0x${createHash('sha256').update(Buffer.from(hex, 'hex')).digest('hex')}`;
};
const ascii = (text: string): string => Buffer.from(text).toString('hex');

test('the order-set root is SHA-256 of the tag, every id in order and the count', () => {
  const table = tableOf([1n, 2n, 3n].map((budget) => ({ pay: 0, receive: 1, budget })));
  const hasher = new OrderSetHasher();
  let ids = '';
  for (let count = 0; count <= 3; count += 1) {
    const wanted = digest(
      `${ascii('lawbook.orderSet.v1')}00${ids}${count.toString(16).padStart(16, '0')}`,
    );
    assert.equal(hasher.root(), wanted, `after ${count}`);
    if (count === 3) assert.equal(orderSetRoot(table), wanted);
    if (count === 3) break;
    const id = table.orderId(count);
    ids += id.slice(2);
    hasher.add(hexToBytes(id));
  }
});

test('the commit-set root is of owners and commitments in order, revealed or not', () => {
  const one: Commitment = {
    owner: accountId(`0x${'a1'.repeat(20)}`),
    commitment: hashFromBytes(new Uint8Array(32).fill(7)),
    authorisation: new Uint8Array(65),
  };
  const other = {
    ...one,
    owner: accountId(`0x${'b2'.repeat(20)}`),
    reveal: { row: 0, salt: new Uint8Array(32) },
  };
  const row = (byte: string): string => `${byte.repeat(20)}${'07'.repeat(32)}`;
  const tag = `${ascii('lawbook.commitSet.v1')}00`;
  assert.equal(commitSetRoot([one, other]), digest(`${tag}00000002${row('a1')}${row('b2')}`));
  assert.equal(commitSetRoot([other, one]), digest(`${tag}00000002${row('b2')}${row('a1')}`));
  assert.equal(commitSetRoot([]), digest(`${tag}00000000`));
});
