// Goal: a bridge finds its place again after a restart.
// Method: places through the store of the indexes, and bytes that are none.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DecodeError } from '@lawbook/exchange/codec/byteReader';
import { MemoryStore } from '../storage/memoryStore.ts';
import { BridgePlaces, decodePlace, encodePlace } from './bridgePlaces.ts';

const place = { cursor: { blockNumber: 2n ** 40n, logIndex: 7 }, deposits: 108, exits: 3 };

test('a stored place is read back, and there is none before', async () => {
  const store = new MemoryStore();
  const places = new BridgePlaces(store);
  assert.equal(await places.get(), undefined);
  await places.put(place);
  assert.deepEqual(await new BridgePlaces(store).get(), place);
});

test('bytes that are cut short or too long are no place', () => {
  const bytes = encodePlace(place);
  assert.throws(() => decodePlace(bytes.subarray(1)), DecodeError);
  assert.throws(() => decodePlace(Uint8Array.of(...bytes, 0)), DecodeError);
});
