// Goal: the rows of a settlement are packed as contracts/src/OrderRows.sol says. Method: a row
// whose fields are all told apart by their bytes, against the bytes written out; what no field can
// hold.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HexAccount, HexHash, OrderRow } from '@lawbook/proofs/statements/epoch/diffList';
import { ROW_HEAD_BYTES, settleArguments } from './settleCall.ts';

const ROW: OrderRow = {
  order: {
    owner: `0x${'0f'.repeat(20)}` as HexAccount,
    marketId: 0x10101010,
    pay: 0x05,
    product: 0x0606,
    budget: 0x0101010101010101n,
    limitNumerator: 0x0202020202020202n,
    limitDenominator: 0x0303030303030303n,
    minFillPpm: 0x04040404,
    orderNonce: 0x0b0b0b0b0b0b0b0bn,
    expiresAtMs: 0x0c0c0c0c0c0c0c0cn,
  },
  vault: 0x0909,
  grant: 0x0d0d,
  isVoid: true,
  paid: 0x0707070707070707n,
  received: 0x0808080808080808n,
  signature: `0x${'ee'.repeat(65)}`,
};

const LIST = {
  shard: 1,
  number: 1n,
  previousListHash: `0x${'00'.repeat(32)}` as HexHash,
  marketId: 1,
  epochNumber: 1n,
  batches: [],
  poolBefore: [],
  owners: [],
  changes: [],
  withdrawals: [],
};

function packed(...rows: readonly OrderRow[]): { readonly count: bigint; readonly rows: string } {
  const proof = { circuit: 0, dataCommitment: 1n, bytes: Uint8Array.of(1) };
  return settleArguments({ list: LIST, book: { rows, grants: [] }, proof })[1];
}

test('packs the fields of a row from the most significant byte on', () => {
  const terms = ['01', '02', '03'].map((byte) => byte.repeat(8)).join('');
  const fields = [
    `${terms}04040404050606`,
    `${'07'.repeat(8)}${'08'.repeat(8)}090901${'0b'.repeat(8)}${'10'.repeat(4)}`,
    `${'0f'.repeat(20)}${'0c'.repeat(8)}0d0d0041`,
    'ee'.repeat(65),
  ];
  const { count, rows } = packed(ROW);
  assert.equal(rows, `0x${fields.join('')}`);
  assert.equal(rows.length, 2 + 2 * (ROW_HEAD_BYTES + 65));
  assert.equal(count, 1n);
});

test('packs rows behind one another, whatever their signatures are', () => {
  const bare: OrderRow = { ...ROW, isVoid: false, signature: '0x' };
  const { count, rows } = packed(bare, ROW, bare);
  assert.equal(count, 3n);
  assert.equal(rows.length, 2 + 2 * (3 * ROW_HEAD_BYTES + 65));
  assert.equal(rows.slice(2 + 2 * (ROW_HEAD_BYTES - 2), 2 + 2 * ROW_HEAD_BYTES), '0000');
  assert.deepEqual(packed(), { count: 0n, rows: '0x', grants: [] });
});

test('packs nothing into a field that it does not fit', () => {
  for (const order of [{ pay: 256 }, { product: 1 << 16 }, { budget: 1n << 64n }]) {
    assert.throws(() => packed({ ...ROW, order: { ...ROW.order, ...order } }), /range/);
  }
  assert.throws(() => packed({ ...ROW, vault: 1 << 16 }), /range/);
});
