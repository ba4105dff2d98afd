// Goal: a record of a list that this program did not write so is refused as such. What was found by
// fuzzing is held here. Method: a record, its numbers written in other ways.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DecodeError } from '@lawbook/exchange/codec/byteReader';
import { ByteWriter } from '@lawbook/exchange/codec/byteWriter';
import { ZERO_HASH } from '@lawbook/exchange/codec/hash';
import type { ListRecord } from '@lawbook/settlement/settler/settlementStore';
import { decodeListRecord, encodeListRecord } from './listRecords.ts';

const RECORD: ListRecord = {
  listNumber: 3n,
  marketId: 1,
  epochNumber: 3,
  listHash: ZERO_HASH,
  previousListHash: ZERO_HASH,
  stage: 'settled',
  sealedAtMs: 1_700_000_000_000,
  provenAtMs: 1_700_000_000_100,
  settledAtMs: 1_700_000_000_200,
  finalizedAtMs: undefined,
  attachment: Uint8Array.of(1, 2, 3),
  provedBy: { circuit: 'epochOf16', backend: 'bb' },
  transaction: `0x${'ab'.repeat(32)}`,
  blockNumber: 77n,
  gasUsed: 1_234_567n,
  failures: 2,
  lastFailure: undefined,
};

/** The record with its block and gas as these texts; the number of failures stands behind them. */
function withNumbers(block: string, gas: string): Uint8Array {
  const row = encodeListRecord(RECORD);
  const end = row.length - (4 + 2) - (4 + 7) - 4;
  const head = new ByteWriter(row.length).fixed(row.subarray(0, end), end);
  return head.text(block).text(gas).u32(RECORD.failures).finish();
}

test('a record is read back as what was written', () => {
  assert.deepEqual(decodeListRecord(encodeListRecord(RECORD)), RECORD);
  assert.deepEqual(decodeListRecord(withNumbers('77', '1234567')), RECORD);
});

test('numbers that are not in plain digits are refused', () => {
  for (const text of [' 77', '77 ', '0x4d', '077', '-77', '+77', '7_7', '٧٧', 'x', '7.0']) {
    assert.throws(() => decodeListRecord(withNumbers(text, '5')), DecodeError, text);
    assert.throws(() => decodeListRecord(withNumbers('5', text)), DecodeError, text);
  }
});

test('a backend that proved with no circuit is refused', () => {
  const { provedBy: _, ...unproved } = RECORD;
  const row = encodeListRecord({ ...unproved, provedBy: { circuit: '', backend: 'bb' } } as never);
  assert.throws(() => decodeListRecord(row), DecodeError);
});
