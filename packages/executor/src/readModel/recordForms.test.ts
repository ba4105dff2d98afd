// Goal: a row of the index that this program did not write so is refused as such: no other error,
// and nothing read out of it that it does not say. What was found by fuzzing is held here.
// Method: rows of played venues, one part of each replaced.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ByteReader, DecodeError } from '@lawbook/exchange/codec/byteReader';
import { ByteWriter } from '@lawbook/exchange/codec/byteWriter';
import { at } from '@lawbook/exchange/failures/invariant';
import { gatherRows } from '../../../../testing/fuzz/examples/playedVenues.ts';
import {
  decodeBatchRecord,
  decodeOrderRecord,
  decodeSealedEpoch,
  encodeBatchRecord,
  encodeSealedEpoch,
} from './records.ts';

const ORDERS = gatherRows(1).filter(({ length }) => length > 100);
const [BATCH] = gatherRows(3);
const PLAIN = gatherRows(4).map(decodeSealedEpoch);

/** The row with its last text, which is JSON, replaced. */
function withJson(row: Uint8Array, json: string, text: string): Uint8Array {
  const end = row.length - new TextEncoder().encode(json).length - 4;
  const head = new ByteWriter(row.length).fixed(row.subarray(0, end), end);
  return head.text(text).finish();
}

test('verdicts of a batch that are no JSON, or JSON in another form, are refused', () => {
  const row = at([BATCH ?? new Uint8Array()], 0);
  const record = decodeBatchRecord(row);
  const json = JSON.stringify(record.verdicts);
  assert.deepEqual(decodeBatchRecord(withJson(row, json, json)), record);
  for (const text of ['', '[', 'nothing', ` ${json}`, '{}', 'null', '1e400', '{"a":1,"a":2}']) {
    assert.throws(() => decodeBatchRecord(withJson(row, json, text)), DecodeError, text);
  }
});

test('bytes behind the report of a batch are refused', () => {
  const row = at([BATCH ?? new Uint8Array()], 0);
  const reader = new ByteReader(row);
  const report = reader.bytes();
  const longer = new ByteWriter(row.length + 1);
  longer.bytes(Uint8Array.from([...report, 0])).fixed(row.subarray(4 + report.length), rest());
  assert.throws(() => decodeBatchRecord(longer.finish()), DecodeError);
  assert.deepEqual(encodeBatchRecord(decodeBatchRecord(row)), row);

  function rest(): number {
    return row.length - 4 - report.length;
  }
});

test('the levels of an epoch say nothing about the epoch itself', () => {
  const sealed = PLAIN.find(({ epoch }) => epoch.withdrawals.length + epoch.returned.length === 0);
  assert.ok(sealed !== undefined, 'an epoch without crossings was sealed');
  const row = encodeSealedEpoch(sealed);
  const { epoch, ...levels } = sealed;
  const json = JSON.stringify(levels);
  assert.deepEqual(decodeSealedEpoch(withJson(row, json, json)), sealed);
  const forged = { ...levels, epoch: { ...epoch.withdrawals, epochNumber: 77 } };
  const { level: _, ...fewer } = levels;
  for (const other of [forged, fewer, { ...levels, more: 1 }, null, []]) {
    const text = JSON.stringify(other);
    assert.throws(() => decodeSealedEpoch(withJson(row, json, text)), DecodeError, text);
  }
});

test('an unknown reason of an order is not read as none', () => {
  const row = at(ORDERS, 0);
  // Behind it stands the sequence of the input that ended the order.
  const place = row.length - 9;
  const known = row.map((byte, k) => (k === place ? 1 : byte));
  assert.equal(decodeOrderRecord(known).residual, 'limit');
  for (const code of [8, 99, 255]) {
    const unknown = row.map((byte, k) => (k === place ? code : byte));
    assert.throws(() => decodeOrderRecord(unknown), DecodeError);
  }
});
