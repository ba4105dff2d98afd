import type { ExchangeState } from '@lawbook/exchange/application/exchangeState';
import { decodeState, encodeState } from '@lawbook/exchange/application/stateCodec';
import { decodeTransition, encodeTransition } from '@lawbook/exchange/bundle';
import { ByteReader, DecodeError } from '@lawbook/exchange/codec/byteReader';
import { ByteWriter } from '@lawbook/exchange/codec/byteWriter';
import type { Hash } from '@lawbook/exchange/codec/hash';
import { hashFromBytes } from '@lawbook/exchange/codec/hash';
import { hexToBytes } from '@lawbook/exchange/codec/hex';
import type { BookEvent } from '@lawbook/exchange/markets/book/bookEvent';
import {
  BOOK_EVENT_BYTES_MIN,
  decodeBookEvent,
  encodeBookEvent,
} from '@lawbook/exchange/markets/book/bookEvent';
import type { Admission } from './orderOutcomes.ts';
import type { Projection } from './projection.ts';

/** State plus what the projection remembers beside it: the body of a snapshot. */
export function encodeSnapshotBody(state: ExchangeState, projection: Projection): Uint8Array {
  const out = new ByteWriter(1 << 16).bytes(encodeState(state));
  out.u32(state.markets.size);
  for (const marketId of state.markets.keys()) {
    const admissions = projection.admissions(marketId);
    out.u32(marketId).u32(admissions.length);
    for (const { sequence, timeMs } of admissions) out.u64(BigInt(sequence)).timeMs(timeMs);
    const transitions = projection.openTransitions(marketId);
    out.u32(transitions.length);
    for (const transition of transitions) out.bytes(encodeTransition(transition));
  }
  const { requests } = projection.withdrawals;
  out.u32(requests.size);
  for (const [id, { sequence, timeMs }] of requests) {
    out.fixed(hexToBytes(id), 32).u64(BigInt(sequence)).timeMs(timeMs);
  }
  const { books } = projection;
  if (books === undefined || state.books.size === 0) return out.finish();
  out.u32(state.books.size);
  for (const marketId of state.books.keys()) {
    const events = books.openEvents(marketId);
    out.u32(marketId).u32(events.length);
    for (const event of events) encodeBookEvent(out, event);
  }
  return out.finish();
}

/**
 * Reads a snapshot body: the state, and a function that hands the rest to a projection.
 * @throws DecodeError on bytes that are not a snapshot body.
 */
export function decodeSnapshotBody(bytes: Uint8Array): {
  readonly state: ExchangeState;
  readonly restore: (projection: Projection) => void;
} {
  const reader = new ByteReader(bytes);
  const state = decodeState(reader.bytes());
  const markets = Array.from({ length: reader.count(12) }, () => {
    const marketId = reader.u32();
    const admissions: Admission[] = Array.from({ length: reader.count(16) }, () => {
      return { sequence: reader.natural(), timeMs: reader.timeMs() };
    });
    const transitions = Array.from({ length: reader.count(4) }, () => {
      return decodeTransition(new ByteReader(reader.bytes()), state.domain);
    });
    return { marketId, admissions, transitions };
  });
  // Bodies of older versions end here.
  const requests = reader.remaining === 0 ? [] : decodeRequests(reader);
  const books = reader.remaining === 0 ? [] : decodeBookEvents(reader);
  reader.end();
  sameMarkets(state.markets, markets);
  if (books.length > 0) sameMarkets(state.books, books);
  const restore = (projection: Projection): void => {
    projection.withdrawals.restore(new Map(requests));
    for (const { marketId, events } of books) projection.books?.restore(marketId, events);
    for (const { marketId, admissions, transitions } of markets) {
      projection.restore(marketId, admissions, transitions);
    }
  };
  return { state, restore };
}

/** What stands beside the state is about its markets, in their order. */
function sameMarkets(
  known: ReadonlyMap<number, unknown>,
  told: readonly { readonly marketId: number }[],
): void {
  const ids = [...known.keys()];
  if (ids.length === told.length && told.every(({ marketId }, k) => marketId === ids[k])) return;
  throw new DecodeError('markets other than those of the state', 0);
}

function decodeBookEvents(
  reader: ByteReader,
): { readonly marketId: number; readonly events: readonly BookEvent[] }[] {
  const { offset } = reader;
  const books = Array.from({ length: reader.count(8) }, () => {
    const marketId = reader.u32();
    const count = reader.count(BOOK_EVENT_BYTES_MIN);
    return { marketId, events: Array.from({ length: count }, () => decodeBookEvent(reader)) };
  });
  if (books.length === 0) throw new DecodeError('books of which there are none', offset);
  return books;
}

function decodeRequests(reader: ByteReader): [Hash, Admission][] {
  const seen = new Set<Hash>();
  return Array.from({ length: reader.count(48) }, () => {
    const id = hashFromBytes(reader.fixed(32));
    if (seen.has(id)) throw new DecodeError('a request twice', reader.offset);
    seen.add(id);
    return [id, { sequence: reader.natural(), timeMs: reader.timeMs() }];
  });
}
