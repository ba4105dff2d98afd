import { z } from 'zod';
import type { AsOf } from './primitives.ts';
import {
  addressText,
  asOf,
  countNumber,
  decimalText,
  marketIdText,
  priceText,
  sequenceNumber,
  signatureText,
  signedDecimalText,
  timeMsNumber,
  timeText,
  u64Text,
} from './primitives.ts';
import type { RejectionView } from './rejectionView.ts';
import { rejectionView } from './rejectionView.ts';

/** The most actions that the schema lets through in one request. */
export const BOOK_ACTIONS_MAX = 1_000;

const u32 = z.int().min(0).max(0xffff_ffff);

/** Sixteen bytes in hex: the sender's own id of an order. */
const clientOrderIdText = z
  .string()
  .regex(/^0x[0-9a-fA-F]{32}$/, '0x and thirty-two hexadecimal digits')
  .describe("The sender's own id of the order, idempotency key; all zeros: none");

const words = {
  side: z.enum(['buy', 'sell']),
  type: z.enum(['limit', 'market']),
  timeInForce: z.enum(['gtc', 'ioc', 'fok', 'gtd']),
  selfTradePolicy: z.enum(['cancelResting', 'cancelArriving', 'decrement']),
  trigger: z.enum(['none', 'stop', 'takeProfit']),
  triggerSource: z.enum(['lastTrade', 'oracle']),
};

/** The fields of a book order exactly as they are hashed and signed: whole ticks and lots. */
export interface BookOrderTerms {
  readonly owner: string;
  readonly marketId: string;
  readonly clientOrderId: string;
  readonly side: 'buy' | 'sell';
  readonly type: 'limit' | 'market';
  readonly timeInForce: 'gtc' | 'ioc' | 'fok' | 'gtd';
  readonly postOnly: boolean;
  readonly selfTradePolicy: 'cancelResting' | 'cancelArriving' | 'decrement';
  readonly priceTicks: number;
  readonly sizeLots: number;
  readonly displayLots: number;
  readonly trigger: 'none' | 'stop' | 'takeProfit';
  readonly triggerSource: 'lastTrade' | 'oracle';
  readonly triggerTicks: number;
  readonly ocoWith: string;
  readonly goodUntilMs: number;
  readonly orderNonce: string;
  readonly expiresAtMs: number;
}

const orderId = u64Text.describe('Id of an open order; 0: by client order id');

const fresh = {
  orderNonce: u64Text.describe('Used once per owner and market, as that of a batch order'),
  expiresAtMs: timeMsNumber.describe('From then on the signature does nothing any more'),
};

const orderFields = {
  owner: addressText,
  marketId: marketIdText,
  clientOrderId: clientOrderIdText,
  ...words,
  postOnly: z.boolean(),
  priceTicks: u32.describe('The limit; of a market order the worst price; ticks'),
  sizeLots: u32,
  displayLots: u32.describe('Lots of an iceberg that show at once; 0 shows all'),
  triggerTicks: u32.describe('Where the trigger stands; else 0'),
  ocoWith: u64Text.describe('Id of the open order with which this one makes a pair; 0: none'),
  goodUntilMs: timeMsNumber.describe('When a gtd order ends; else 0'),
  ...fresh,
};

export const bookOrderTerms: z.ZodType<BookOrderTerms> = z.object(orderFields);

interface Signed {
  /** Absent when a session with trade scope asks. */
  readonly signature?: string | undefined;
}

interface Named {
  readonly owner: string;
  readonly marketId: string;
  readonly orderId: string;
  readonly clientOrderId: string;
}

interface Fresh {
  readonly orderNonce: string;
  readonly expiresAtMs: number;
}

/** What an owner may wish of a book, each wish signed or asked for by a session. */
export type BookAction =
  | ({ readonly kind: 'order' } & BookOrderTerms & Signed)
  | ({ readonly kind: 'amend'; readonly priceTicks: number; readonly sizeLots: number } & Named &
      Fresh &
      Signed)
  | ({ readonly kind: 'cancel' } & Named & Signed)
  | ({ readonly kind: 'cancelAll'; readonly owner: string; readonly marketId: string } & Fresh &
      Signed)
  | ({
      readonly kind: 'heartbeat';
      readonly owner: string;
      readonly marketId: string;
      readonly deadlineMs: number;
    } & Fresh &
      Signed);

const signed = {
  signature: signatureText.optional().describe('Absent when a session with trade scope asks'),
};
const who = { owner: addressText, marketId: marketIdText };
const named = { ...who, orderId, clientOrderId: clientOrderIdText };

export const bookAction: z.ZodType<BookAction> = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('order'), ...orderFields, ...signed }),
  z.strictObject({
    kind: z.literal('amend'),
    ...named,
    priceTicks: u32.describe('The new price; 0 only shrinks the size, in place'),
    sizeLots: u32.describe('The new size, what has traded included'),
    ...fresh,
    ...signed,
  }),
  z.strictObject({ kind: z.literal('cancel'), ...named, ...signed }),
  z.strictObject({ kind: z.literal('cancelAll'), ...who, ...fresh, ...signed }),
  z.strictObject({
    kind: z.literal('heartbeat'),
    ...who,
    deadlineMs: timeMsNumber.describe('All orders end then unless moved; 0 switches it off'),
    ...fresh,
    ...signed,
  }),
]);

export interface BookSubmission {
  readonly actions: readonly BookAction[];
}

export const bookSubmission: z.ZodType<BookSubmission> = z.strictObject({
  actions: z.array(bookAction).min(1).max(BOOK_ACTIONS_MAX),
});

/** One change of one order, in the words of FIX. */
export interface ExecutionView {
  readonly marketId: string;
  readonly execType: string;
  readonly orderStatus: 'new' | 'partiallyFilled' | 'filled' | 'canceled' | 'expired';
  readonly reason: string;
  readonly orderId: string;
  readonly clientOrderId: string;
  readonly side: 'buy' | 'sell';
  readonly price: string;
  readonly size: string;
  readonly cumulativeSize: string;
  readonly leavesSize: string;
  readonly averagePrice?: string | undefined;
  /** Of a trade. */
  readonly lastPrice?: string | undefined;
  readonly lastSize?: string | undefined;
  readonly fee?: string | undefined;
  readonly role?: 'maker' | 'taker' | undefined;
  readonly tradeNumber?: number | undefined;
}

const orderStatus = z.enum(['new', 'partiallyFilled', 'filled', 'canceled', 'expired']);

export const executionView: z.ZodType<ExecutionView> = z.object({
  marketId: marketIdText,
  execType: z.string().describe('new, trade, canceled, expired, replaced, triggered, restated'),
  orderStatus,
  reason: z.string(),
  orderId: z.string(),
  clientOrderId: clientOrderIdText,
  side: words.side,
  price: priceText,
  size: decimalText,
  cumulativeSize: decimalText,
  leavesSize: decimalText,
  averagePrice: priceText.optional(),
  lastPrice: priceText.optional(),
  lastSize: decimalText.optional(),
  fee: signedDecimalText.optional(),
  role: z.enum(['maker', 'taker']).optional(),
  tradeNumber: countNumber.optional(),
});

/** The three answers to an action. */
export type BookActionAnswer =
  | {
      readonly kind: 'accepted';
      /** The order that was placed or named; 0 for actions about no one order. */
      readonly orderId: string;
      readonly sequence: number;
      /** What the action did at once to orders of its sender. */
      readonly executions: readonly ExecutionView[];
      /** True when this very order had been accepted before. */
      readonly repeated: boolean;
    }
  | { readonly kind: 'rejected'; readonly rejection: RejectionView }
  | { readonly kind: 'notReceived'; readonly rejection: RejectionView };

export const bookActionAnswer: z.ZodType<BookActionAnswer> = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('accepted'),
    orderId: z.string(),
    sequence: sequenceNumber,
    executions: z.array(executionView),
    repeated: z.boolean(),
  }),
  z.object({ kind: z.literal('rejected'), rejection: rejectionView }),
  z
    .object({ kind: z.literal('notReceived'), rejection: rejectionView })
    .describe('The venue did not sequence the action; submit the same one again'),
]);

export interface BookActionAnswers {
  readonly answers: readonly BookActionAnswer[];
}

export const bookActionAnswers: z.ZodType<BookActionAnswers> = z
  .object({ answers: z.array(bookActionAnswer) })
  .describe('One answer per action, in the order of the request');

/** What the venue knows of one order of a book. */
export interface BookOrderView {
  readonly orderId: string;
  readonly terms: BookOrderTerms;
  readonly status: 'new' | 'partiallyFilled' | 'filled' | 'canceled' | 'expired';
  readonly reason: string;
  readonly price: string;
  readonly size: string;
  readonly filledSize: string;
  readonly leavesSize: string;
  readonly averagePrice?: string | undefined;
  readonly sequence: number;
  readonly admittedAt: string;
  readonly endedBy?: number | undefined;
}

export const bookOrderView: z.ZodType<BookOrderView> = z.object({
  orderId: z.string(),
  terms: bookOrderTerms,
  status: orderStatus,
  reason: z.string(),
  price: priceText,
  size: decimalText,
  filledSize: decimalText,
  leavesSize: decimalText,
  averagePrice: priceText.optional(),
  sequence: sequenceNumber,
  admittedAt: timeText,
  endedBy: sequenceNumber.optional().describe('Sequence that ended it; absent while open'),
});

export interface BookOrderList {
  readonly orders: readonly BookOrderView[];
  readonly nextBefore?: number | undefined;
  readonly asOf: AsOf;
}

export const bookOrderList: z.ZodType<BookOrderList> = z.object({
  orders: z.array(bookOrderView),
  nextBefore: sequenceNumber.optional(),
  asOf,
});
