// Goal: logs are believed only where they are of the block or the range that was asked for.
// Method: endpoints that answer every question with the same logs.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Hex } from 'viem';
import { answering } from '../../../../testing/fuzz/examples/answeringPool.ts';
import type { ChainBlock } from './chainTracker.ts';
import { LogReader } from './logReader.ts';

const HASH: Hex = `0x${'cd'.repeat(32)}`;
const BLOCK: ChainBlock = {
  number: 16n,
  hash: HASH,
  parentHash: `0x${'00'.repeat(32)}`,
  timestamp: 1n,
  baseFeePerGas: undefined,
  transactions: [],
};
const LOG = {
  address: `0x${'0a'.repeat(20)}`,
  topics: [HASH],
  data: '0x',
  blockNumber: '0x10',
  blockHash: HASH,
  transactionHash: HASH,
  transactionIndex: '0x0',
  logIndex: '0x3',
};
const UNREADABLE = { code: 'CHAIN_TRANSPORT_FAILED' };

function reader(logs: unknown): LogReader {
  return new LogReader({}, answering(logs));
}

test('the logs of a block are read in their order', async () => {
  const logs = await reader([LOG, { ...LOG, logIndex: '0x1' }]).ofBlock(BLOCK, undefined);
  assert.deepEqual(
    logs.map(({ logIndex }) => logIndex),
    [1, 3],
  );
});

const FOREIGN: readonly (readonly [string, object])[] = [
  // A cursor goes on from the number: what lies between would never be read.
  ['names another number for the block', { blockNumber: '0x20' }],
  ['is of another block', { blockHash: `0x${'ef'.repeat(32)}` }],
  ['was removed', { removed: true }],
];

for (const [name, change] of FOREIGN) {
  test(`a log that ${name} is unreadable`, async () => {
    const logs = reader([LOG, { ...LOG, ...change }]);
    await assert.rejects(logs.ofBlock(BLOCK, undefined), UNREADABLE);
  });
}

test('a log outside the range that was asked for is unreadable', async () => {
  const range = { from: 17n, to: 20n };
  await assert.rejects(reader([LOG]).ofRange(range, undefined), UNREADABLE);
  assert.equal((await reader([LOG]).ofRange({ from: 16n, to: 20n }, undefined)).logs.length, 1);
});
