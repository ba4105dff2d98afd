import type { ByteReader } from '../../codec/byteReader.ts';
import { DecodeError } from '../../codec/byteReader.ts';
import type { ByteWriter } from '../../codec/byteWriter.ts';
import { invariant, unreachable } from '../../failures/invariant.ts';
import type {
  Authorised,
  BookAmend,
  BookCancel,
  BookCancelAll,
  BookHeartbeat,
  BookOrder,
} from '../../orders/bookOrder.ts';
import {
  appendBookAmend,
  appendBookCancel,
  appendBookCancelAll,
  appendBookHeartbeat,
  appendBookOrder,
  decodeAuthorised,
  decodeBookAmend,
  decodeBookCancel,
  decodeBookCancelAll,
  decodeBookHeartbeat,
  decodeBookOrder,
  encodeAuthorised,
} from '../../orders/bookOrderCodec.ts';
import type { MarketState } from './bookTerms.ts';

/** Everything that can change the book of a market. */
export type BookInput =
  | {
      readonly kind: 'setBookMarketState';
      readonly marketId: number;
      readonly state: MarketState;
    }
  | { readonly kind: 'submitBookOrder'; readonly entry: Authorised<BookOrder> }
  | { readonly kind: 'amendBookOrder'; readonly entry: Authorised<BookAmend> }
  | { readonly kind: 'cancelBookOrder'; readonly entry: Authorised<BookCancel> }
  | { readonly kind: 'cancelAllBookOrders'; readonly entry: Authorised<BookCancelAll> }
  | { readonly kind: 'bookHeartbeat'; readonly entry: Authorised<BookHeartbeat> }
  | {
      /** The time of the input becomes the book's: what is due by then ends. */
      readonly kind: 'bookTick';
      readonly marketId: number;
      /** What triggers on the oracle watch, in ticks; 0: no news. */
      readonly oracleTicks: number;
    };

/** The kinds, in order of their numbers in the evidence of an epoch: only ever appended to. */
export const BOOK_INPUT_KINDS: readonly BookInput['kind'][] = [
  'setBookMarketState',
  'submitBookOrder',
  'amendBookOrder',
  'cancelBookOrder',
  'cancelAllBookOrders',
  'bookHeartbeat',
  'bookTick',
];

const STATES: readonly MarketState[] = ['open', 'postOnly', 'cancelOnly', 'halted'];

/** The market that an input is for. */
export function bookOf(input: BookInput): number {
  return 'entry' in input ? input.entry.terms.marketId : input.marketId;
}

/** Appends the canonical bytes of an input, its kind left out. */
export function encodeBookInput(out: ByteWriter, input: BookInput): void {
  switch (input.kind) {
    case 'setBookMarketState': {
      const state = STATES.indexOf(input.state);
      invariant(state >= 0, 'a market state has a number');
      out.u32(input.marketId).u8(state);
      return;
    }
    case 'submitBookOrder':
      encodeAuthorised(out, input.entry, appendBookOrder);
      return;
    case 'amendBookOrder':
      encodeAuthorised(out, input.entry, appendBookAmend);
      return;
    case 'cancelBookOrder':
      encodeAuthorised(out, input.entry, appendBookCancel);
      return;
    case 'cancelAllBookOrders':
      encodeAuthorised(out, input.entry, appendBookCancelAll);
      return;
    case 'bookHeartbeat':
      encodeAuthorised(out, input.entry, appendBookHeartbeat);
      return;
    case 'bookTick':
      out.u32(input.marketId).u32(input.oracleTicks);
      return;
    default:
      unreachable(input);
  }
}

/** @throws DecodeError on bytes that are not a canonical input of that kind. */
export function decodeBookInput(reader: ByteReader, kind: BookInput['kind']): BookInput {
  switch (kind) {
    case 'setBookMarketState': {
      const marketId = reader.u32();
      const { offset } = reader;
      const state = STATES[reader.u8()];
      if (state === undefined) throw new DecodeError('an unknown market state', offset);
      return { kind, marketId, state };
    }
    case 'submitBookOrder':
      return { kind, entry: decodeAuthorised(reader, decodeBookOrder) };
    case 'amendBookOrder':
      return { kind, entry: decodeAuthorised(reader, decodeBookAmend) };
    case 'cancelBookOrder':
      return { kind, entry: decodeAuthorised(reader, decodeBookCancel) };
    case 'cancelAllBookOrders':
      return { kind, entry: decodeAuthorised(reader, decodeBookCancelAll) };
    case 'bookHeartbeat':
      return { kind, entry: decodeAuthorised(reader, decodeBookHeartbeat) };
    case 'bookTick':
      return { kind, marketId: reader.u32(), oracleTicks: reader.u32() };
    default:
      return unreachable(kind);
  }
}
