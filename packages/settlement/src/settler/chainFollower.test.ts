import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Hash } from '@lawbook/exchange/codec/hash';
import { taggedHash, ZERO_HASH } from '@lawbook/exchange/codec/hash';
import { SimulatedClock } from '../../../../testing/chains/double/simulatedClock.ts';
import { FAIR, SettlerStage } from '../../../../testing/settlement/settlerStage.ts';
import type { SettledList, SettledProgress } from '../baseLayer/baseLayer.ts';
import type { FollowerParts } from './chainFollower.ts';
import { followChain } from './chainFollower.ts';
import type { ListBase } from './listBook.ts';
import { ListBook, NO_LIST } from './listBook.ts';
import { MemorySettlementStore } from './memorySettlementStore.ts';
import { recordOf } from './sealedLists.ts';
import type { ListRecord } from './settlementStore.ts';
import type { SettlerEvent } from './settler.ts';

// Goal: records come to what the chain holds, lists leave only where the chain has come far enough
// to know, and the first list that differs is found. Method: a picture of a chain that is drawn by
// hand, because an honest chain shows none of this, beside the lists that a venue sealed.

/** What a base layer shows of one shard. */
class Picture {
  readonly events: SettlerEvent[] = [];
  readonly clock = new SimulatedClock();
  book: ListBook | undefined;
  lists: SettledList[] = [];
  finalNumber = 0n;
  headBlock: bigint | undefined = 100n;
  readonly #stage = new SettlerStage(1, FAIR);
  readonly #store = new MemorySettlementStore();

  async open(base: ListBase = NO_LIST): Promise<void> {
    const onRecord = (record: ListRecord): number => this.events.push({ kind: 'record', record });
    this.book = await ListBook.open(base, { store: this.#store, onRecord });
  }

  /** What this venue sealed, as records. */
  async ours(count: number): Promise<readonly ListRecord[]> {
    const records: ListRecord[] = [];
    for (let k = 1n; k <= BigInt(count); k += 1n) {
      records.push((await recordOf(k, this.#parts())) ?? assert.fail('the list is sealed'));
    }
    return records;
  }

  /** The chain holds so many of our lists, one a block from block 11 on. */
  async shows(count: number, from = 11n): Promise<void> {
    this.lists = (await this.ours(count)).map(({ listNumber, listHash }) => {
      const blockNumber = from + listNumber - 1n;
      return settledIn({ listNumber, listHash, blockNumber });
    });
  }

  follow(): Promise<boolean> {
    return followChain(this.#parts());
  }

  stages(count: number): readonly (string | undefined)[] {
    return Array.from({ length: count }, (_, k) => this.book?.get(BigInt(k + 1))?.stage);
  }

  told(): readonly SettlerEvent[] {
    return this.events.filter(({ kind }) => kind !== 'record');
  }

  #parts(): FollowerParts {
    const { book } = this;
    assert.ok(book !== undefined);
    return {
      book,
      layer: {
        health: () => ({ state: 'ready', detail: '', headBlock: this.headBlock }),
        progress: async (certainty: string) => {
          return progressOf(this.lists, certainty === 'final' ? this.finalNumber : undefined);
        },
        settled: async (listNumber: bigint) => {
          return this.lists.find((list) => list.listNumber === listNumber);
        },
      } as unknown as FollowerParts['layer'],
      source: {
        list: async (listNumber) => {
          const bundle = { marketId: 1, epochNumber: Number(listNumber) } as never;
          return listNumber > 12n ? undefined : { listNumber, bundle, sealedAtMs: 1 };
        },
        changed: async () => undefined,
      },
      cut: async (list, previous) => this.#stage.cut(list, previous),
      environment: { clock: this.clock, random: { next: () => 0 } },
      onEvent: (event) => this.events.push(event),
    };
  }
}

function settledIn(place: {
  readonly listNumber: bigint;
  readonly listHash: Hash;
  readonly blockNumber: bigint;
}): SettledList {
  const transaction = `transaction ${place.listNumber}`;
  return { ...place, epochNumber: Number(place.listNumber), certainty: 'included', transaction };
}

function progressOf(lists: readonly SettledList[], upTo: bigint | undefined): SettledProgress {
  const last = lists.filter(({ listNumber }) => listNumber <= (upTo ?? listNumber)).at(-1);
  const place = { epochNumber: 0, batchNumber: 0, closedAtMs: 0 };
  if (last === undefined) return { listNumber: 0n, listHash: ZERO_HASH, ...place };
  return { listNumber: last.listNumber, listHash: last.listHash, ...place };
}

async function pictured(): Promise<Picture> {
  const picture = new Picture();
  await picture.open();
  return picture;
}

test('marks what the chain holds with its place, and what is final as final', async () => {
  const picture = await pictured();
  await picture.ours(4);
  await picture.shows(3);
  picture.finalNumber = 1n;
  assert.equal(await picture.follow(), true);
  assert.deepEqual(picture.stages(4), ['finalized', 'settled', 'settled', 'sealed']);
  const second = picture.book?.get(2n);
  assert.deepEqual(
    [second?.transaction, second?.blockNumber, second?.settledAtMs, second?.finalizedAtMs],
    ['transaction 2', 12n, picture.clock.nowMs(), undefined],
  );
  assert.equal(picture.book?.get(1n)?.finalizedAtMs, picture.clock.nowMs());
  const { length } = picture.events;
  assert.equal(await picture.follow(), true);
  assert.equal(picture.events.length, length, 'a second look changes nothing');
});

test('lists that left fall back to their proofs, and are told of once', async () => {
  const picture = await pictured();
  const [, second, third] = await picture.ours(3);
  assert.ok(second !== undefined && third !== undefined);
  await picture.book?.change(2n, () => ({ ...second, attachment: Uint8Array.of(1) }));
  await picture.shows(3);
  await picture.follow();
  await picture.shows(1);
  assert.equal(await picture.follow(), true);
  assert.deepEqual(picture.stages(3), ['settled', 'proven', 'sealed']);
  const { transaction, blockNumber, settledAtMs, gasUsed } = picture.book?.get(2n) ?? second;
  assert.deepEqual([transaction, blockNumber, settledAtMs, gasUsed], new Array(4).fill(undefined));
  assert.deepEqual(picture.told(), [{ kind: 'unwound', listNumber: 1n }]);
  assert.equal(picture.book?.settled(), 1n);
});

test('that a list left is believed once the chain has come as far as its block', async () => {
  const believes = async (headBlock: bigint | undefined): Promise<boolean> => {
    const picture = await pictured();
    await picture.shows(2);
    await picture.follow();
    await picture.shows(1);
    picture.headBlock = headBlock;
    try {
      return await picture.follow();
    } catch (fault) {
      assert.ok(fault instanceof Error && 'code' in fault);
      assert.equal(fault.code, 'SETTLEMENT_UNAVAILABLE');
      assert.equal(picture.told().length, 0);
      return false;
    }
  };
  assert.equal(await believes(11n), false, 'the second list lay in block 12');
  assert.equal(await believes(12n), true);
  assert.equal(await believes(undefined), true);
});

test('a chain that lacks what was final is behind, not right', async () => {
  const picture = await pictured();
  await picture.shows(3);
  picture.finalNumber = 2n;
  await picture.follow();
  await picture.shows(1);
  await assert.rejects(picture.follow(), { code: 'SETTLEMENT_UNAVAILABLE' });
  await picture.shows(2);
  assert.equal(await picture.follow(), true, 'just what was final is enough');
});

test('a list that moved to another block keeps its gas by the same transaction alone', async () => {
  const picture = await pictured();
  await picture.shows(2);
  await picture.follow();
  for (const k of [1n, 2n]) {
    await picture.book?.change(k, (before) => ({ ...(before as ListRecord), gasUsed: 9n }));
  }
  await picture.shows(2, 21n);
  picture.lists = picture.lists.map((list) =>
    list.listNumber === 2n ? { ...list, transaction: 'another' } : list,
  );
  await picture.follow();
  const [first, second] = [picture.book?.get(1n), picture.book?.get(2n)];
  assert.deepEqual([first?.blockNumber, first?.gasUsed], [21n, 9n]);
  assert.deepEqual(
    [second?.blockNumber, second?.transaction, second?.gasUsed],
    [22n, 'another', undefined],
  );
});

test('finds the first list that differs, wherever it is', async () => {
  for (let first = 1n; first <= 8n; first += 1n) {
    const picture = await pictured();
    await picture.shows(8);
    const ours = await picture.ours(8);
    picture.lists = picture.lists.map((list) => {
      const theirs = taggedHash('testing.theirs', Uint8Array.of(Number(list.listNumber)));
      return list.listNumber < first ? list : { ...list, listHash: theirs };
    });
    assert.equal(await picture.follow(), false);
    const [told] = picture.told();
    assert.ok(told?.kind === 'diverged');
    assert.equal(told.listNumber, first);
    assert.equal(told.ours, ours[Number(first) - 1]?.listHash);
    assert.equal(told.theirs, picture.lists[Number(first) - 1]?.listHash);
    assert.equal(picture.book?.settled(), 0n, 'nothing is marked');
  }
});

test('where the chain tells no older lists, the newest difference is told', async () => {
  const picture = await pictured();
  await picture.shows(8);
  const [last] = picture.lists.slice(-1);
  assert.ok(last !== undefined);
  const listHash = taggedHash('testing.theirs', Uint8Array.of(8));
  picture.lists = [{ ...last, listHash }];
  assert.equal(await picture.follow(), false);
  const [told] = picture.told();
  assert.ok(told?.kind === 'diverged' && told.listNumber === 8n && told.theirs === listHash);
});

test('a list that this venue never sealed is another venue’s', async () => {
  const picture = await pictured();
  await picture.shows(12);
  const listHash = taggedHash('testing.theirs', Uint8Array.of(13));
  picture.lists.push(settledIn({ listNumber: 13n, listHash, blockNumber: 30n }));
  assert.equal(await picture.follow(), false);
  const [told] = picture.told();
  assert.ok(told?.kind === 'diverged' && told.listNumber === 13n && told.ours === undefined);
});

test('what lies before the base of a restored venue is the chain’s own', async () => {
  const picture = new Picture();
  const listHash = taggedHash('testing.theirs', Uint8Array.of(3));
  await picture.open({ listNumber: 3n, listHash });
  const theirs = (listNumber: bigint): SettledList =>
    settledIn({ listNumber, listHash, blockNumber: listNumber });
  picture.lists = [theirs(1n), theirs(2n), theirs(3n)];
  picture.finalNumber = 2n;
  assert.equal(await picture.follow(), true, 'its final progress is behind the base');
  assert.equal(picture.book?.settled(), 3n);
  assert.deepEqual(picture.events, []);
});
