import { z } from 'zod';
import type { MarketPath } from './marketRoutes.ts';
import { marketPath } from './marketRoutes.ts';
import type { MarketChanged } from './operatorViews.ts';
import { marketChanged } from './operatorViews.ts';
import { decimalText, marketIdText, priceText, symbolText } from './primitives.ts';
import type { NoFields, Route } from './route.ts';
import { noFields } from './route.ts';

/** The rules of a new book in human units. */
export interface BookRequest {
  readonly marketId: string;
  readonly base: string;
  readonly quote: string;
  /** Whole units of base in one lot. */
  readonly lotSize: string;
  /** Price of one tick; a tick on a lot is a whole number of ledger units. */
  readonly tickSize: string;
  /** The least value of a limit order, whole units of quote. */
  readonly notionalMin: string;
  readonly priceTicksMax: number;
  readonly sizeLotsMax: number;
  readonly ordersMax: number;
  readonly accountsMax: number;
  readonly makerFeePpm: number;
  readonly takerFeePpm: number;
  readonly breakerBandPpm: number;
  readonly breakerWindowMs: number;
}

const u32 = z.int().min(0).max(0xffff_ffff);
const feePpm = z.int().min(-1_000_000).max(1_000_000);

export const bookRequest: z.ZodType<BookRequest> = z.strictObject({
  marketId: marketIdText,
  base: symbolText,
  quote: symbolText,
  lotSize: decimalText.describe('Whole units of base in one lot'),
  tickSize: priceText.describe('Price of one tick; a tick on a lot is whole ledger units of quote'),
  notionalMin: decimalText.describe('The least value of a limit order, whole units of quote'),
  priceTicksMax: u32,
  sizeLotsMax: u32,
  ordersMax: u32.describe('Orders that rest or wait at once'),
  accountsMax: u32.describe('Owners that may ever trade here'),
  makerFeePpm: feePpm.describe('Negative: a rebate, at most the fee of the taker'),
  takerFeePpm: feePpm,
  breakerBandPpm: u32.describe('The breaker halts before a trade this far off; 0 switches it off'),
  breakerWindowMs: u32,
});

/** What a book allows. */
export type BookState = 'open' | 'postOnly' | 'cancelOnly' | 'halted';

export interface BookStateRequest {
  readonly state: BookState;
  /** Shown with a market that is not open. */
  readonly reason: string;
}

export const bookStateRequest: z.ZodType<BookStateRequest> = z.strictObject({
  state: z.enum(['open', 'postOnly', 'cancelOnly', 'halted']),
  reason: z.string().min(1).max(500).describe('Shown with a market that is not open'),
});

const operate = {
  tag: 'operator',
  access: { role: 'operator' },
  query: noFields,
  contentType: 'application/json',
} as const;

export const createBook: Route<NoFields, NoFields, BookRequest, MarketChanged> = {
  ...operate,
  id: 'createBook',
  method: 'POST',
  path: '/v1/books',
  summary: 'Open an order book',
  params: noFields,
  body: bookRequest,
  response: marketChanged,
  note: 'Where the venue has a base layer, the assets of a book are those that do not settle.',
};

export const setBookState: Route<MarketPath, NoFields, BookStateRequest, MarketChanged> = {
  ...operate,
  id: 'setBookState',
  method: 'PUT',
  path: '/v1/books/{marketId}/state',
  summary: 'Open a book, or let it post only, cancel only or nothing',
  params: marketPath,
  body: bookStateRequest,
  response: marketChanged,
};
