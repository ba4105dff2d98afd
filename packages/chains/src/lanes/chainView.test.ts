// Goal: a lane reads from endpoints only what a chain can say: whole hashes, counts and heights
// below 2^53, gas and prices that somebody can pay. All else is unreadable, and asked again.
// Method: endpoints that answer every question with the same JSON.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Hex } from 'viem';
import { answering } from '../../../../testing/fuzz/examples/answeringPool.ts';
import {
  askCount,
  askPendingCount,
  estimateGas,
  readBlockHash,
  readCount,
  readReceipt,
} from './chainView.ts';

const HASH: Hex = `0x${'cd'.repeat(32)}`;
const BLOCK_HASH: Hex = `0x${'ef'.repeat(32)}`;
const ADDRESS: Hex = `0x${'ab'.repeat(20)}`;
const CALL = { from: ADDRESS, to: ADDRESS, amount: 1n, callData: '0x' } as const;
const RECEIPT = {
  transactionHash: HASH,
  blockHash: BLOCK_HASH,
  blockNumber: '0x10',
  status: '0x1',
  gasUsed: '0x5208',
  effectiveGasPrice: '0x3b9aca00',
};
const UNREADABLE = { code: 'CHAIN_TRANSPORT_FAILED' };

test('reads a receipt, and what it cost', async () => {
  const receipt = await readReceipt(answering({ ...RECEIPT, l1Fee: '0x7' }), HASH, 1n);
  assert.deepEqual(receipt, {
    hash: HASH,
    block: { number: 16n, hash: BLOCK_HASH },
    success: true,
    gasUsed: 21_000n,
    effectiveGasPrice: 1_000_000_000n,
    feePaid: 21_000n * 1_000_000_000n + 7n,
  });
});

const BROKEN_RECEIPTS: readonly (readonly [string, object])[] = [
  ['names its block by a short hash', { blockHash: '0xef' }],
  ['names its block by a long hash', { blockHash: `${BLOCK_HASH}ef` }],
  ['is of another transaction', { transactionHash: BLOCK_HASH }],
  ['stands at a height beyond 2^53', { blockNumber: '0x20000000000000' }],
  ['used more gas than 64 bits count', { gasUsed: `0x1${'0'.repeat(16)}` }],
  ['paid a price above 2^96', { effectiveGasPrice: `0x1${'0'.repeat(24)}` }],
  ['paid a data fee above 2^96', { l1Fee: `0x${'f'.repeat(64)}` }],
  ['has no status', { status: undefined }],
];

for (const [name, change] of BROKEN_RECEIPTS) {
  test(`a receipt that ${name} is unreadable`, async () => {
    const pool = answering({ ...RECEIPT, ...change });
    await assert.rejects(readReceipt(pool, HASH, 1n), UNREADABLE);
  });
}

test('a count beyond 2^53 is unreadable, since its last digits would be others', async () => {
  for (const count of ['0x20000000000000', `0x${'f'.repeat(64)}`]) {
    const pool = answering(count);
    await assert.rejects(readCount(pool, ADDRESS, 1n), UNREADABLE);
    await assert.rejects(askCount(pool, ADDRESS, 1n), UNREADABLE);
    const options = { atLeastBlock: 1n, endpoints: 2 };
    await assert.rejects(askPendingCount(pool, ADDRESS, options), UNREADABLE);
  }
  assert.equal(await readCount(answering('0x1fffffffffffff'), ADDRESS, 1n), 2 ** 53 - 1);
});

test('an estimate of more gas than 64 bits count is unreadable', async () => {
  await assert.rejects(estimateGas(answering(`0x1${'0'.repeat(16)}`), CALL, 1n), UNREADABLE);
  assert.equal(await estimateGas(answering('0x64'), CALL, 1n), 110n);
});

test('a block whose hash is not whole has none', async () => {
  assert.equal(await readBlockHash(answering({ hash: '0xcd' }), 16n, 16n), undefined);
  assert.equal(await readBlockHash(answering({ hash: HASH }), 16n, 16n), HASH);
});
