// Goal: what stands beside the state in a snapshot is about that state: its markets, each once and
// in their order, and no request twice. What was found by fuzzing is held here. Method: bodies of
// played venues, written anew with one part changed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ByteReader, DecodeError } from '@lawbook/exchange/codec/byteReader';
import { ByteWriter } from '@lawbook/exchange/codec/byteWriter';
import { at } from '@lawbook/exchange/failures/invariant';
import { playedVenues } from '../../../../testing/fuzz/examples/playedVenues.ts';
import { decodeSnapshotBody } from './snapshotBody.ts';

/** The last body of a venue of batches, and that of a venue of a book. */
const BATCHES = lastOf(at(playedVenues(), 0).snapshots);
const BOOK = lastOf(at(playedVenues(), 3).snapshots);

function lastOf(bodies: readonly Uint8Array[]): Uint8Array {
  return at(bodies, bodies.length - 1);
}

function stateIn(body: Uint8Array): Uint8Array {
  return new ByteReader(body).bytes();
}

/** A state with markets that have nothing beside them, and with requests by their first byte. */
function bodyOf(
  state: Uint8Array,
  markets: readonly number[],
  requests: readonly number[] = [],
): Uint8Array {
  const out = new ByteWriter(state.length + 64).bytes(state).u32(markets.length);
  for (const marketId of markets) out.u32(marketId).u32(0).u32(0);
  out.u32(requests.length);
  for (const mark of requests) {
    out.fixed(new Uint8Array(32).fill(mark), 32).u64(5n).timeMs(1_000);
  }
  return out.finish();
}

const STATE = stateIn(BATCHES);
const MARKETS = [...decodeSnapshotBody(BATCHES).state.markets.keys()];

test('a body about the markets of its state is read', () => {
  assert.ok(MARKETS.length > 0);
  assert.deepEqual(
    [...decodeSnapshotBody(bodyOf(STATE, MARKETS, [1, 2])).state.markets.keys()],
    MARKETS,
  );
});

test('admissions of markets that the state does not have are refused', () => {
  const [first = 0] = MARKETS;
  for (const markets of [[first + 9], [...MARKETS, first + 9], [first, first], []]) {
    assert.throws(() => decodeSnapshotBody(bodyOf(STATE, markets)), DecodeError, markets.join());
  }
});

test('a request that stands twice is refused', () => {
  assert.throws(() => decodeSnapshotBody(bodyOf(STATE, MARKETS, [1, 2, 1])), DecodeError);
});

test('events of books that the state does not have are refused', () => {
  const { books } = decodeSnapshotBody(BOOK).state;
  const [bookId = 0] = books.keys();
  const events = (marketId: number): Uint8Array => {
    const head = bodyOf(stateIn(BOOK), [...decodeSnapshotBody(BOOK).state.markets.keys()]);
    return new ByteWriter(head.length + 12)
      .fixed(head, head.length)
      .u32(1)
      .u32(marketId)
      .u32(0)
      .finish();
  };
  assert.equal(decodeSnapshotBody(events(bookId)).state.books.size, 1);
  assert.throws(() => decodeSnapshotBody(events(bookId + 1)), DecodeError);
});
