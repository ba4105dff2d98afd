import { z } from 'zod';
import type { AsOf } from './primitives.ts';
import {
  addressText,
  asOf,
  countNumber,
  decimalText,
  hashText,
  marketIdText,
  ppmNumber,
  priceText,
  sequenceNumber,
  signedDecimalText,
  symbolText,
  timeText,
  unitsText,
} from './primitives.ts';

/** One price of one half of a book. */
export interface LevelView {
  readonly price: string;
  /** Whole units of the base asset that show there; zero in a change takes the level away. */
  readonly size: string;
}

/** A level of a ladder or of a change to it. */
export const bookLevelView: z.ZodType<LevelView> = z.object({
  price: priceText.describe('Quote per whole unit of base, twelve digits'),
  size: decimalText.describe('Whole units of base that show; 0 in a change takes the level away'),
});

/** What shows of a book, best first. */
export interface LadderView {
  readonly bids: readonly LevelView[];
  readonly asks: readonly LevelView[];
  /** CRC-32 of the ten best levels of each half; see the reference of the API. */
  readonly checksum: string;
}

/** Fields of `LadderView`, for answers that add to it. */
export const ladderFields: {
  readonly bids: z.ZodType<readonly LevelView[]>;
  readonly asks: z.ZodType<readonly LevelView[]>;
  readonly checksum: z.ZodType<string>;
} = {
  bids: z.array(bookLevelView),
  asks: z.array(bookLevelView),
  checksum: z
    .string()
    .regex(/^[0-9a-f]{8}$/)
    .describe('CRC-32 of the texts price:size of the ten best bids, then asks, joined by commas'),
};

/** One resting order; whose it is and what an iceberg hides does not show. */
export interface QueuedOrderView {
  readonly orderId: string;
  /** Absent once the order rests no more. */
  readonly side?: 'buy' | 'sell' | undefined;
  readonly price?: string | undefined;
  /** Whole units of base that show; 0: the order rests no more. */
  readonly size: string;
  /** True: it stands at the end of the queue of its price now, else where it stood. */
  readonly requeued: boolean;
}

export const queuedOrderView: z.ZodType<QueuedOrderView> = z.object({
  orderId: z.string(),
  side: z.enum(['buy', 'sell']).optional().describe('Absent once the order rests no more'),
  price: priceText.optional(),
  size: decimalText.describe('Whole units of base that show; 0: the order rests no more'),
  requeued: z.boolean().describe('True: it stands at the end of the queue of its price now'),
});

const marketState = z.enum(['open', 'postOnly', 'cancelOnly', 'halted']);

/** Why a book is not open. */
export interface BookRestrictionView {
  /** The operator, the circuit breaker, or a law that an epoch broke. */
  readonly cause: 'operator' | 'breaker' | 'law';
  readonly reason: string;
  readonly since: string;
  readonly sequence: number;
}

const bookRestrictionView: z.ZodType<BookRestrictionView> = z.object({
  cause: z.enum(['operator', 'breaker', 'law']),
  reason: z.string(),
  since: timeText,
  sequence: sequenceNumber.describe('Of the input that closed it'),
});

/** Everything that an order of a book is checked against, and where the book stands. */
export interface BookView {
  readonly marketId: string;
  readonly symbol: string;
  readonly base: string;
  readonly quote: string;
  /** Whole units of base in one lot. */
  readonly lotSize: string;
  /** Price of one tick. */
  readonly tickSize: string;
  /** Ledger units of base in one lot, and of quote by which a tick changes the price of a lot. */
  readonly lotUnits: string;
  readonly tickUnits: string;
  readonly baseDecimals: number;
  readonly quoteDecimals: number;
  /** The least value of a limit order, whole units of quote. */
  readonly notionalMin: string;
  readonly priceTicksMax: number;
  readonly sizeLotsMax: number;
  /** Orders that may rest or wait at once. */
  readonly ordersMax: number;
  readonly makerFeePpm: number;
  readonly takerFeePpm: number;
  readonly breakerBandPpm: number;
  readonly breakerWindowMs: number;
  readonly state: 'open' | 'postOnly' | 'cancelOnly' | 'halted';
  /** Why it is not open. */
  readonly restriction?: BookRestrictionView | undefined;
  readonly openOrders: number;
  readonly bestBid?: LevelView | undefined;
  readonly bestAsk?: LevelView | undefined;
  readonly lastPrice?: string | undefined;
  readonly epoch: { readonly number: number; readonly events: number };
  /** Whether a base layer holds what is traded here. */
  readonly settles: boolean;
}

export const bookView: z.ZodType<BookView> = z.object({
  marketId: marketIdText,
  symbol: z.string(),
  base: symbolText,
  quote: symbolText,
  lotSize: decimalText.describe('Whole units of base in one lot'),
  tickSize: priceText.describe('Price of one tick'),
  lotUnits: unitsText.describe('Ledger units of base in one lot'),
  tickUnits: unitsText.describe('Ledger units of quote by which a tick changes the price of a lot'),
  baseDecimals: countNumber,
  quoteDecimals: countNumber,
  notionalMin: decimalText,
  priceTicksMax: countNumber,
  sizeLotsMax: countNumber,
  ordersMax: countNumber.describe('Orders that may rest or wait at once'),
  makerFeePpm: ppmNumber.describe('Negative: a rebate'),
  takerFeePpm: ppmNumber,
  breakerBandPpm: ppmNumber,
  breakerWindowMs: countNumber,
  state: marketState,
  restriction: bookRestrictionView.optional().describe('Why it is not open'),
  openOrders: countNumber,
  bestBid: bookLevelView.optional(),
  bestAsk: bookLevelView.optional(),
  lastPrice: priceText.optional(),
  epoch: z.object({ number: countNumber, events: countNumber }),
  settles: z.boolean().describe('Whether a base layer holds what is traded here'),
});

export interface BookList {
  readonly books: readonly BookView[];
  readonly asOf: AsOf;
}

export const bookList: z.ZodType<BookList> = z.object({ books: z.array(bookView), asOf });

export interface BookAnswer {
  readonly book: BookView;
  readonly asOf: AsOf;
}

export const bookAnswer: z.ZodType<BookAnswer> = z.object({ book: bookView, asOf });

export interface BookDepth extends LadderView {
  readonly marketId: string;
  readonly asOf: AsOf;
}

export const bookDepth: z.ZodType<BookDepth> = z.object({
  marketId: marketIdText,
  ...ladderFields,
  asOf,
});

/** One trade as everybody sees it. */
export interface TradeView {
  readonly tradeNumber: number;
  readonly price: string;
  readonly size: string;
  readonly takerSide: 'buy' | 'sell';
  readonly sequence: number;
  readonly time: string;
}

const side = z.enum(['buy', 'sell']);

const tradeFields = {
  tradeNumber: countNumber,
  price: priceText,
  size: decimalText,
  sequence: sequenceNumber,
  time: timeText,
};

export const tradeView: z.ZodType<TradeView> = z.object({ ...tradeFields, takerSide: side });

export interface TradeList {
  readonly marketId: string;
  readonly trades: readonly TradeView[];
  readonly nextBefore?: number | undefined;
  readonly asOf: AsOf;
}

export const tradeList: z.ZodType<TradeList> = z.object({
  marketId: marketIdText,
  trades: z.array(tradeView),
  nextBefore: countNumber.optional(),
  asOf,
});

/** The part of a trade that one owner had. */
export interface FillView extends Omit<TradeView, 'takerSide'> {
  readonly orderId: string;
  readonly side: 'buy' | 'sell';
  readonly role: 'maker' | 'taker';
  /** Quote paid; negative where the owner was paid. */
  readonly fee: string;
}

export interface FillList {
  readonly marketId: string;
  readonly owner: string;
  readonly fills: readonly FillView[];
  readonly nextBefore?: number | undefined;
  readonly asOf: AsOf;
}

export const fillList: z.ZodType<FillList> = z.object({
  marketId: marketIdText,
  owner: addressText,
  fills: z.array(
    z.object({
      ...tradeFields,
      orderId: z.string(),
      side,
      role: z.enum(['maker', 'taker']),
      fee: signedDecimalText.describe('Quote paid; negative where the owner was paid'),
    }),
  ),
  nextBefore: countNumber.optional(),
  asOf,
});

/** Prices of trades within one interval. */
export interface BookCandleView {
  readonly openTime: string;
  readonly open: string;
  readonly high: string;
  readonly low: string;
  readonly close: string;
  /** Whole units of base. */
  readonly volume: string;
  readonly trades: number;
  /** Number of its first trade; trades are numbered without holes. */
  readonly firstTrade: number;
}

export interface BookCandleList {
  readonly marketId: string;
  readonly intervalMs: number;
  readonly candles: readonly BookCandleView[];
  readonly asOf: AsOf;
}

export const bookCandleList: z.ZodType<BookCandleList> = z.object({
  marketId: marketIdText,
  intervalMs: countNumber,
  candles: z.array(
    z.object({
      openTime: timeText,
      open: priceText,
      high: priceText,
      low: priceText,
      close: priceText,
      volume: decimalText,
      trades: countNumber,
      firstTrade: countNumber.describe('Number of its first trade'),
    }),
  ),
  asOf,
});

/**
 * One sealed epoch of a book; its bundle is read like that of any epoch. `executed`: a law objects
 * to it or to an epoch before it, so nothing here vouches for it.
 */
export interface BookEpochView {
  readonly marketId: string;
  readonly epochNumber: number;
  readonly firstEvent: number;
  readonly eventCount: number;
  readonly sealedAt: string;
  readonly vaultCount: number;
  readonly logRoot: string;
  readonly closingRoot: string;
  readonly diffRoot: string;
  readonly parentEpochHash: string;
  readonly epochHash: string;
  readonly stateRoot: string;
  readonly level?: 'executed' | 'checked' | undefined;
}

export const bookEpochView: z.ZodType<BookEpochView> = z.object({
  marketId: marketIdText,
  epochNumber: countNumber,
  firstEvent: countNumber,
  eventCount: countNumber,
  sealedAt: timeText,
  vaultCount: countNumber,
  logRoot: hashText,
  closingRoot: hashText,
  diffRoot: hashText,
  parentEpochHash: hashText,
  epochHash: hashText,
  stateRoot: hashText,
  level: z
    .enum(['executed', 'checked'])
    .optional()
    .describe('executed: a law objects to it or to an epoch before it'),
});

/** What one law said about an epoch of a book. */
export interface BookVerdictView {
  readonly law: string;
  readonly name: string;
  readonly holds: boolean;
  /** Present on laws about signatures. */
  readonly basis?: string | undefined;
  readonly violation?: BookViolationView | undefined;
}

/** Where a law of books is broken first. */
export interface BookViolationView {
  readonly rule: string;
  readonly expected: string;
  readonly actual: string;
  readonly locus: {
    readonly kind: string;
    readonly eventNumber?: number | undefined;
    readonly report?: number | undefined;
    readonly orderId?: string | undefined;
    readonly account?: string | undefined;
    readonly field?: string | undefined;
  };
}

export const bookVerdictView: z.ZodType<BookVerdictView> = z.object({
  law: z.string().describe('B0 to B10; the pages are listed at /v1/laws'),
  name: z.string(),
  holds: z.boolean(),
  basis: z.string().optional().describe('Of laws about signatures: recovered here, or admitted'),
  violation: z
    .object({
      rule: z.string(),
      expected: z.string(),
      actual: z.string(),
      locus: z.object({
        kind: z.string(),
        eventNumber: countNumber.optional(),
        report: z.int().optional(),
        orderId: z.string().optional(),
        account: addressText.optional(),
        field: z.string().optional(),
      }),
    })
    .optional(),
});

/** One epoch of a book with what every law said about it when it was sealed. */
export interface BookEpochAnswer {
  readonly epoch: BookEpochView;
  readonly holds: boolean;
  readonly verdicts: readonly BookVerdictView[];
  readonly asOf: AsOf;
}

export const bookEpochAnswer: z.ZodType<BookEpochAnswer> = z.object({
  epoch: bookEpochView,
  holds: z.boolean().describe('Whether every law of a book holds for this epoch'),
  verdicts: z.array(bookVerdictView),
  asOf,
});

export interface BookEpochList {
  readonly epochs: readonly BookEpochView[];
  readonly nextBefore?: number | undefined;
  readonly asOf: AsOf;
}

export const bookEpochList: z.ZodType<BookEpochList> = z.object({
  epochs: z.array(bookEpochView),
  nextBefore: countNumber.optional(),
  asOf,
});
