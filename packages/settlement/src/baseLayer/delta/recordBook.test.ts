// Goal: lists follow one another, a list that was begun goes on and no other takes its place, and
// progress is that of the newest list that is applied. Method: records by hand.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Hash } from '@lawbook/exchange/codec/hash';
import { taggedHash, ZERO_HASH } from '@lawbook/exchange/codec/hash';
import { plainEpoch, submissionOf } from '../../../../../testing/delta/deltaWorld.ts';
import type { Submission } from '../submission.ts';
import type { DeltaRecord } from './deltaRecords.ts';
import { DeltaRefusal } from './deltaRefusal.ts';
import { RecordBook } from './recordBook.ts';

const START = { epochNumber: 0, batchNumber: 40 };
const OTHER: Hash = taggedHash('testing', Uint8Array.of(1));

function recordOf({ list, listHash }: Submission, isApplied: boolean): DeltaRecord {
  return {
    version: 1,
    listNumber: list.number,
    listHash,
    epochNumber: Number(list.epochNumber),
    batchNumber: 40 + Number(list.number),
    closedAtMs: 1000 * Number(list.number),
    firstPoolNonce: 1n,
    poolNonces: 1,
    strangers: [],
    sdlHash: undefined,
    provedWith: undefined,
    isApplied,
  };
}

function bookOf(records: readonly DeltaRecord[]): { book: RecordBook; stored: DeltaRecord[] } {
  const stored: DeltaRecord[] = [];
  const store = {
    all: async () => records,
    put: async (record: DeltaRecord) => {
      stored.push(record);
    },
  };
  return { book: new RecordBook(records, store, START), stored };
}

function refusalOf(work: () => unknown): readonly string[] {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof DeltaRefusal, String(error));
    return [error.refusal.rule, ...error.refusal.details];
  }
  return [];
}

const first = submissionOf(plainEpoch(1n));
const second = submissionOf(plainEpoch(2n, first.listHash));

test('before its first list a market stands where it started', () => {
  const { book } = bookOf([]);
  assert.deepEqual(book.progress(), {
    listNumber: 0n,
    listHash: ZERO_HASH,
    ...START,
    closedAtMs: 0,
  });
  assert.equal(book.begun(first), undefined);
  assert.deepEqual(
    refusalOf(() => book.begun(second)),
    ['ListNumberIsNotNext', '1', '2'],
  );
});

test('progress is that of the newest list that is applied', () => {
  const { book } = bookOf([recordOf(first, true), recordOf(second, false)]);
  const { listNumber, listHash, epochNumber, batchNumber, closedAtMs } = recordOf(first, true);
  assert.deepEqual(book.progress(), { listNumber, listHash, epochNumber, batchNumber, closedAtMs });
});

test('a list that was begun goes on, and another does not take its place', () => {
  const begun = recordOf(first, false);
  const { book } = bookOf([begun]);
  assert.equal(book.begun(first), begun);
  assert.deepEqual(
    refusalOf(() => book.begun({ ...first, listHash: OTHER })),
    ['ListDiffers', first.listHash, OTHER],
  );
});

test('the next list names number, hash and epoch of the one before', () => {
  const { book } = bookOf([recordOf(first, true)]);
  assert.equal(book.begun(second), undefined);
  assert.deepEqual(
    refusalOf(() => book.begun({ ...first, listHash: OTHER })),
    ['ListNumberIsNotNext', '2', '1'],
  );
  const { list } = second;
  const unchained = { ...list, previousListHash: OTHER as typeof list.previousListHash };
  assert.deepEqual(
    refusalOf(() => book.begun({ ...second, list: unchained })),
    ['ListIsNotChained', first.listHash, OTHER],
  );
  assert.deepEqual(
    refusalOf(() => book.begun({ ...second, list: { ...list, epochNumber: 3n } })),
    ['EpochIsNotNext', '2', '3'],
  );
});

test('each version of a record is stored before it counts', async () => {
  const { book, stored } = bookOf([recordOf(first, false)]);
  const { version: _, ...draft } = recordOf(first, true);
  assert.equal((await book.put(draft)).version, 2);
  assert.equal(book.recordOf(1n)?.isApplied, true);
  const { version: __, ...next } = recordOf(second, false);
  assert.equal((await book.put(next)).version, 1);
  assert.deepEqual(
    book.all().map(({ listNumber, version }) => [listNumber, version]),
    [
      [1n, 2],
      [2n, 1],
    ],
  );
  assert.equal(stored.length, 2);
});
