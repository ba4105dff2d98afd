// Goal: what an endpoint answers to a read of a contract is what the view returns, or the endpoints
// are asked again; no error of a library gets through. What was found by fuzzing is held here.
// Method: endpoints that answer every question with the same JSON.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemEnvironment } from '@lawbook/chains/environment';
import type { Hex } from 'viem';
import { BASE_LAYER_ABI } from '../../../../../contracts/generated/baseLayerAbi.ts';
import { answering } from '../../../../../testing/fuzz/examples/answeringPool.ts';
import { ChainReader } from './chainReader.ts';

const ADDRESS: Hex = `0x${'0a'.repeat(20)}`;
const HASH: Hex = `0x${'cd'.repeat(32)}`;
const BLOCK = { number: 16n, hash: HASH };
const UNAVAILABLE = { name: 'SettlementFault', code: 'SETTLEMENT_UNAVAILABLE', retryable: true };

function reader(answer: unknown): ChainReader {
  const engine = { pool: answering(answer) } as never;
  return new ChainReader({ engine, environment: systemEnvironment() }, { kind: 'finalized' });
}

function listChain(answer: unknown): Promise<readonly [bigint, string]> {
  const contract = { address: ADDRESS, abi: BASE_LAYER_ABI } as const;
  return reader(answer).view({ ...contract, functionName: 'listChains', args: [1] }, BLOCK);
}

const word = (digits: string): string => digits.padStart(64, '0');

test('a view is read as what it returns', async () => {
  assert.deepEqual(await listChain(`0x${word('7')}${HASH.slice(2)}`), [7n, HASH]);
});

test('bytes that a view does not return are asked for again', async () => {
  for (const answer of ['0x0', `0x${word('7')}`, '0x1234', 7, null]) {
    await assert.rejects(listChain(answer), UNAVAILABLE, String(answer));
  }
});

test('numbers are no longer than a word, and never empty', async () => {
  for (const answer of ['0x', `0x1${word('0')}`, 'x', {}]) {
    await assert.rejects(reader(answer).chainNonceOf(ADDRESS, BLOCK), UNAVAILABLE);
    await assert.rejects(reader(answer).wordsAt(ADDRESS, [HASH, HASH], BLOCK), UNAVAILABLE);
    const call = { to: ADDRESS, callData: '0x' } as const;
    await assert.rejects(reader(answer).gasOf(call, BLOCK), UNAVAILABLE);
  }
  assert.equal(await reader('0x1f').chainNonceOf(ADDRESS, BLOCK), 31);
  assert.deepEqual(await reader('0x1f').wordsAt(ADDRESS, [HASH, HASH], BLOCK), [31n, 31n]);
});
