import { ByteReader } from '@lawbook/exchange/codec/byteReader';
import { ByteWriter } from '@lawbook/exchange/codec/byteWriter';
import type { BridgePlace, BridgePlaceStore } from '@lawbook/settlement/bridge/bridge';
import type { KeyValueStore } from '../storage/keyValueStore.ts';

/** Key in the store of the venue's indexes, which use other first bytes. */
const KEY = Uint8Array.of(0x21);

/** Where the bridge reads on after a restart, in the store of the venue's indexes. */
export class BridgePlaces implements BridgePlaceStore {
  readonly #store: KeyValueStore;

  constructor(store: KeyValueStore) {
    this.#store = store;
  }

  async get(): Promise<BridgePlace | undefined> {
    const stored = await this.#store.get(KEY);
    return stored === undefined ? undefined : decodePlace(stored);
  }

  put(place: BridgePlace): Promise<void> {
    return this.#store.put(KEY, encodePlace(place));
  }
}

/** Bytes of a place in the store; an event stands in a block, so its number is not negative. */
export function encodePlace({ cursor, deposits, exits }: BridgePlace): Uint8Array {
  const out = new ByteWriter(28).u64(cursor.blockNumber).u32(cursor.logIndex);
  return out.u64(BigInt(deposits)).u64(BigInt(exits)).finish();
}

/** @throws DecodeError on bytes that are not a place. */
export function decodePlace(bytes: Uint8Array): BridgePlace {
  const reader = new ByteReader(bytes);
  const cursor = { blockNumber: reader.u64(), logIndex: reader.u32() };
  const place = { cursor, deposits: reader.natural(), exits: reader.natural() };
  reader.end();
  return place;
}
