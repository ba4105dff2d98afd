import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Hash } from '@lawbook/exchange/codec/hash';
import { ZERO_HASH } from '@lawbook/exchange/codec/hash';
import { SettlementFault } from '../settlementFault.ts';
import { ListBook, NO_LIST } from './listBook.ts';
import { MemorySettlementStore } from './memorySettlementStore.ts';
import type { ListRecord, ListStage } from './settlementStore.ts';

// Goal: records are written before they count, one after another, and a restart reads back no more
// than it needs and finds where everything stood. Method: a store in memory that fails and is
// listened to.

/** A store whose reads are noted and whose writes can be made to fail. */
class HeardStore extends MemorySettlementStore {
  readonly reads: bigint[] = [];
  isFull = false;

  override async get(listNumber: bigint): Promise<ListRecord | undefined> {
    this.reads.push(listNumber);
    return await super.get(listNumber);
  }

  override async put(record: ListRecord): Promise<void> {
    if (this.isFull) throw new SettlementFault('SETTLEMENT_UNAVAILABLE', 'The disk is full.');
    await super.put(record);
  }
}

function recordOf(listNumber: bigint, stage: ListStage): ListRecord {
  const isProven = stage !== 'sealed';
  return {
    listNumber,
    marketId: 1,
    epochNumber: Number(listNumber),
    listHash: hashOf(listNumber),
    previousListHash: hashOf(listNumber - 1n),
    stage,
    sealedAtMs: 1000 + Number(listNumber),
    provenAtMs: isProven ? 2000 : undefined,
    settledAtMs: undefined,
    finalizedAtMs: undefined,
    attachment: isProven ? Uint8Array.of(1) : undefined,
    provedBy: undefined,
    transaction: undefined,
    blockNumber: undefined,
    gasUsed: undefined,
    failures: 0,
    lastFailure: undefined,
  };
}

function hashOf(listNumber: bigint): Hash {
  return `0x${listNumber.toString(16).padStart(64, '0')}` as Hash;
}

async function storeOf(stages: readonly ListStage[]): Promise<HeardStore> {
  const store = new HeardStore();
  for (const [k, stage] of stages.entries()) await store.put(recordOf(BigInt(k + 1), stage));
  return store;
}

interface OpenBook {
  readonly book: ListBook;
  readonly told: ListRecord[];
}

async function open(store: HeardStore, base = NO_LIST): Promise<OpenBook> {
  const told: ListRecord[] = [];
  const onRecord = (record: ListRecord): number => told.push(record);
  return { book: await ListBook.open(base, { store, onRecord }), told };
}

test('a restart finds what is final, settled and proven, and reads nothing older', async () => {
  const store = await storeOf([
    'finalized',
    'finalized',
    'settled',
    'settled',
    'proven',
    'proven',
    'sealed',
    'proven',
  ]);
  const { book } = await open(store);
  assert.equal(book.finalized(), 2n);
  assert.equal(book.settled(), 4n);
  assert.equal(book.proven(), 6n, 'a list behind one without a proof does not count');
  assert.deepEqual([book.isProven(6n), book.isProven(7n), book.isProven(8n)], [true, false, true]);
  assert.equal(book.isProven(9n), false);
  assert.deepEqual(store.reads, [8n, 7n, 6n, 5n, 4n, 3n, 2n]);
  assert.equal(book.get(1n), undefined);
  assert.equal((await book.read(1n))?.stage, 'finalized', 'older records stay in the store');
});

test('an empty store begins before the first list', async () => {
  const { book } = await open(new HeardStore());
  assert.deepEqual([book.settled(), book.finalized(), book.proven()], [0n, 0n, 0n]);
  assert.equal(await book.hashOf(0n), ZERO_HASH);
  assert.equal(await book.hashOf(1n), undefined);
});

test('a venue that was restored from its chain begins behind the last settled list', async () => {
  const store = await storeOf(['finalized', 'finalized', 'proven']);
  const base = { listNumber: 2n, listHash: hashOf(77n) };
  const { book } = await open(store, base);
  assert.deepEqual([book.settled(), book.finalized(), book.proven()], [2n, 2n, 3n]);
  assert.deepEqual(store.reads, [3n]);
  assert.equal(await book.hashOf(2n), hashOf(77n), 'the chain says what the base is');
  assert.equal(await book.hashOf(3n), hashOf(3n));
});

test('a gap in the store is passed over', async () => {
  const store = new HeardStore();
  await store.put(recordOf(1n, 'finalized'));
  await store.put(recordOf(3n, 'proven'));
  const { book } = await open(store);
  assert.equal(book.finalized(), 1n);
  assert.equal(book.proven(), 1n);
  assert.equal(book.get(3n)?.stage, 'proven');
});

test('what was refused is tried anew after a restart, with its proof if it has one', async () => {
  const store = await storeOf(['refused', 'refused']);
  await store.put({ ...recordOf(2n, 'refused'), attachment: undefined });
  const { book } = await open(store);
  assert.deepEqual([book.get(1n)?.stage, book.get(2n)?.stage], ['proven', 'sealed']);
});

test('a change is written down before anybody hears of it', async () => {
  const store = await storeOf(['sealed']);
  const { book, told } = await open(store);
  const changed = await book.change(1n, () => recordOf(1n, 'proven'));
  assert.equal(changed.stage, 'proven');
  assert.deepEqual([(await store.get(1n))?.stage, book.get(1n)?.stage], ['proven', 'proven']);
  assert.deepEqual(told, [changed]);
});

test('a change that the store does not take has not happened, and the next one may', async () => {
  const store = await storeOf(['sealed']);
  const { book, told } = await open(store);
  store.isFull = true;
  await assert.rejects(
    book.change(1n, () => recordOf(1n, 'proven')),
    { code: 'SETTLEMENT_UNAVAILABLE' },
  );
  assert.equal(book.get(1n)?.stage, 'sealed');
  assert.deepEqual(told, []);
  store.isFull = false;
  await book.change(1n, () => recordOf(1n, 'proven'));
  assert.equal(book.get(1n)?.stage, 'proven');
});

test('a change that changes nothing is neither written nor told', async () => {
  const store = await storeOf(['proven']);
  const { book, told } = await open(store);
  store.isFull = true;
  const same = await book.change(1n, (before) => before ?? assert.fail('there is a record'));
  assert.equal(same.stage, 'proven');
  assert.deepEqual(told, []);
});

test('changes of one record that are asked for at once are all made', async () => {
  const { book } = await open(await storeOf(['proven']));
  const count = (before: ListRecord | undefined): ListRecord => {
    const record = before ?? assert.fail('there is a record');
    return { ...record, failures: record.failures + 1 };
  };
  await Promise.all([1, 2, 3].map(() => book.change(1n, count)));
  assert.equal(book.get(1n)?.failures, 3);
});

test('of what is final only the last record is kept in memory', async () => {
  const store = await storeOf(['settled', 'settled', 'settled', 'proven']);
  const { book } = await open(store);
  book.noteFinalized(2n);
  assert.deepEqual(
    [1n, 2n, 3n, 4n].map((k) => book.get(k)?.stage),
    [undefined, 'settled', 'settled', 'proven'],
  );
  assert.equal((await book.read(1n))?.stage, 'settled');
  const late = await book.change(1n, () => recordOf(1n, 'finalized'));
  assert.equal(late.stage, 'finalized');
  assert.equal(book.get(1n), undefined, 'a late word on an old record is only written down');
  assert.equal((await book.read(1n))?.stage, 'finalized');
  await book.change(2n, () => recordOf(2n, 'finalized'));
  assert.equal(book.get(2n)?.stage, 'finalized');
});

test('lists that left the chain are settled no more', async () => {
  const { book } = await open(await storeOf(['settled', 'settled']));
  assert.equal(book.settled(), 2n);
  book.noteSettled(1n);
  assert.equal(book.settled(), 1n);
  await book.change(2n, () => recordOf(2n, 'sealed'));
  assert.equal(book.proven(), 1n);
});
