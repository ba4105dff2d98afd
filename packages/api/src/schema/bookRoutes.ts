import { z } from 'zod';
import type { BookActionAnswers, BookOrderList, BookSubmission } from './bookActions.ts';
import { bookActionAnswers, bookOrderList, bookSubmission } from './bookActions.ts';
import type {
  BookAnswer,
  BookCandleList,
  BookDepth,
  BookEpochAnswer,
  BookEpochList,
  BookList,
  FillList,
  TradeList,
} from './bookViews.ts';
import {
  bookAnswer,
  bookCandleList,
  bookDepth,
  bookEpochAnswer,
  bookEpochList,
  bookList,
  fillList,
  tradeList,
} from './bookViews.ts';
import type { EpochPath, MarketPath } from './marketRoutes.ts';
import { epochPath, marketPath } from './marketRoutes.ts';
import { addressText, pathNumber, queryFlag } from './primitives.ts';
import type { AtLeast, NoFields, PageQuery, Route } from './route.ts';
import { atLeastQuery, noFields, pageFields, pageQuery } from './route.ts';

/** How much of a ladder. */
export interface BookDepthQuery extends AtLeast {
  readonly levels?: number | undefined;
}

const depthQuery: z.ZodType<BookDepthQuery> = z.strictObject({
  atLeast: pageFields.atLeast.optional(),
  levels: pathNumber(1, 100, 'Levels of each half, 20 unless stated').optional(),
});

/** Which candles. */
export interface BookCandleQuery extends PageQuery {
  readonly intervalMs?: number | undefined;
}

const pages = {
  atLeast: pageFields.atLeast.optional(),
  limit: pageFields.limit.optional(),
  before: pageFields.before.optional(),
};

const candleQuery: z.ZodType<BookCandleQuery> = z.strictObject({
  ...pages,
  intervalMs: pathNumber(1000, 604_800_000, 'Width, one minute unless stated').optional(),
});

/** Whose orders or fills. */
export interface BookOwnerQuery extends PageQuery {
  readonly owner: string;
  /** Only orders that are open. */
  readonly open?: boolean | undefined;
}

const ownerQuery: z.ZodType<BookOwnerQuery> = z.strictObject({
  ...pages,
  owner: addressText,
  open: queryFlag.optional().describe('true: only orders that are open'),
});

const read = {
  method: 'GET',
  access: { role: 'public' },
  body: undefined,
  contentType: 'application/json',
  tag: 'books',
} as const;

export const listBooks: Route<NoFields, AtLeast, undefined, BookList> = {
  ...read,
  id: 'listBooks',
  path: '/v1/books',
  summary: 'Order books with their rules and best prices',
  params: noFields,
  query: atLeastQuery,
  response: bookList,
};

export const readBook: Route<MarketPath, AtLeast, undefined, BookAnswer> = {
  ...read,
  id: 'readBook',
  path: '/v1/books/{marketId}',
  summary: 'One order book with its rules and best prices',
  params: marketPath,
  query: atLeastQuery,
  response: bookAnswer,
};

export const readBookDepth: Route<MarketPath, BookDepthQuery, undefined, BookDepth> = {
  ...read,
  id: 'readBookDepth',
  path: '/v1/books/{marketId}/depth',
  summary: 'The ladder of a book, best first; hidden lots of icebergs are left out',
  params: marketPath,
  query: depthQuery,
  response: bookDepth,
};

export const listTrades: Route<MarketPath, PageQuery, undefined, TradeList> = {
  ...read,
  id: 'listTrades',
  path: '/v1/books/{marketId}/trades',
  summary: 'Trades of a book, new to old by number',
  params: marketPath,
  query: pageQuery,
  response: tradeList,
};

export const listBookCandles: Route<MarketPath, BookCandleQuery, undefined, BookCandleList> = {
  ...read,
  id: 'listBookCandles',
  path: '/v1/books/{marketId}/candles',
  summary: 'Candles over the latest 10,000 trades before a trade number, new to old',
  params: marketPath,
  query: candleQuery,
  response: bookCandleList,
};

export const listBookOrders: Route<MarketPath, BookOwnerQuery, undefined, BookOrderList> = {
  ...read,
  id: 'listBookOrders',
  path: '/v1/books/{marketId}/orders',
  summary: 'Orders of an owner in a book, new to old by sequence',
  params: marketPath,
  query: ownerQuery,
  response: bookOrderList,
};

export const listFills: Route<MarketPath, BookOwnerQuery, undefined, FillList> = {
  ...read,
  id: 'listFills',
  path: '/v1/books/{marketId}/fills',
  summary: 'Fills of an owner in a book, new to old by trade number',
  params: marketPath,
  query: ownerQuery,
  response: fillList,
};

export const listBookEpochs: Route<MarketPath, PageQuery, undefined, BookEpochList> = {
  ...read,
  id: 'listBookEpochs',
  path: '/v1/books/{marketId}/epochs',
  summary: 'Sealed epochs of a book, new to old; bundles are read as those of any market',
  params: marketPath,
  query: pageQuery,
  response: bookEpochList,
};

export const readBookEpoch: Route<EpochPath, AtLeast, undefined, BookEpochAnswer> = {
  ...read,
  id: 'readBookEpoch',
  path: '/v1/books/{marketId}/epochs/{epochNumber}',
  summary: 'One sealed epoch of a book with what every law said about it',
  params: epochPath,
  query: atLeastQuery,
  response: bookEpochAnswer,
};

export const submitBookActions: Route<NoFields, NoFields, BookSubmission, BookActionAnswers> = {
  id: 'submitBookActions',
  method: 'POST',
  path: '/v1/book-actions',
  tag: 'books',
  summary: 'Place, amend and cancel orders of books, or send a heartbeat; one answer each',
  access: { role: 'signed', scope: 'trade' },
  params: noFields,
  query: noFields,
  body: bookSubmission,
  response: bookActionAnswers,
  contentType: 'application/json',
  note: 'One action that is refused answers with the HTTP status of its code and the same body.',
};
