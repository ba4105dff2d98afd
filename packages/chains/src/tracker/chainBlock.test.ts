// Goal: a block is read as nodes write it, and anything else is refused by name.
// Method: one block as a node answers it, then the same with one member spoilt.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseBlock } from './chainBlock.ts';

const HASH = `0x${'ab'.repeat(32)}`;
const BLOCK = {
  number: '0x10',
  hash: HASH,
  parentHash: `0x${'cd'.repeat(32)}`,
  timestamp: '0x65',
  baseFeePerGas: '0x7',
  logsBloom: `0x${'00'.repeat(256)}`,
  transactions: [HASH],
};

test('a block keeps its members, and members of other chains may be missing', () => {
  assert.deepEqual(parseBlock(BLOCK), {
    ...BLOCK,
    number: 16n,
    timestamp: 101n,
    baseFeePerGas: 7n,
  });
  const { baseFeePerGas, logsBloom, ...old } = BLOCK;
  assert.deepEqual(parseBlock(old), {
    ...old,
    number: 16n,
    timestamp: 101n,
    baseFeePerGas: undefined,
  });
});

test('a block that is missing or pending is none', () => {
  for (const answer of [null, undefined, { ...BLOCK, hash: null }, { ...BLOCK, number: null }]) {
    assert.equal(parseBlock(answer), undefined);
  }
});

const spoilt: Record<string, unknown> = {
  text: 'block',
  hash: { ...BLOCK, hash: '0x12' },
  parent: { ...BLOCK, parentHash: null },
  number: { ...BLOCK, number: '16' },
  timestamp: { ...BLOCK, timestamp: '0x' },
  'base fee': { ...BLOCK, baseFeePerGas: 7 },
  transactions: { ...BLOCK, transactions: [{ hash: HASH }] },
};
for (const [name, answer] of Object.entries(spoilt)) {
  test(`a block with an unreadable ${name} is refused as a failure of the endpoint`, () => {
    assert.throws(() => parseBlock(answer), { code: 'CHAIN_TRANSPORT_FAILED', retryable: true });
  });
}
