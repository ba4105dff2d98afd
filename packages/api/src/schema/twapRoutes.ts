import { z } from 'zod';
import type { AsOf } from './primitives.ts';
import {
  addressText,
  asOf,
  countNumber,
  decimalText,
  marketIdText,
  priceText,
  timeText,
} from './primitives.ts';
import type { NoFields, Route } from './route.ts';
import { noFields } from './route.ts';

const idText = z.string().regex(/^0x[0-9a-fA-F]{32}$/, '0x and thirty-two hexadecimal digits');

/** An order that the venue takes to a book in equal slices, one per interval. */
export interface TwapRequest {
  readonly marketId: string;
  readonly side: 'buy' | 'sell';
  /** Whole units of base, a whole number of lots and at least a lot a slice. */
  readonly size: string;
  /** No slice trades at a worse price. */
  readonly worstPrice: string;
  readonly slices: number;
  readonly intervalMs: number;
  /** Idempotency key: the same request again is answered with the same order. */
  readonly clientOrderId: string;
}

export const twapRequest: z.ZodType<TwapRequest> = z.strictObject({
  marketId: marketIdText,
  side: z.enum(['buy', 'sell']),
  size: decimalText.describe('Whole units of base, at least a lot a slice'),
  worstPrice: priceText.describe('No slice trades at a worse price'),
  slices: z.int().min(2).max(1000),
  intervalMs: z.int().min(100).max(3_600_000).describe('From one slice to the next'),
  clientOrderId: idText.describe('Idempotency key'),
});

/** A sliced order and what became of it. */
export interface TwapView extends TwapRequest {
  readonly twapId: string;
  readonly owner: string;
  readonly state: 'active' | 'done' | 'canceled' | 'failed';
  /** Why it failed, or what the last slice was refused for. */
  readonly reason?: string | undefined;
  readonly filledSize: string;
  readonly averagePrice?: string | undefined;
  /** Slices whose time has come, placed or refused. */
  readonly slicesDone: number;
  readonly startedAt: string;
  readonly nextAt?: string | undefined;
  /** Orders of its slices, old to new. */
  readonly orderIds: readonly string[];
}

export const twapView: z.ZodType<TwapView> = z.object({
  twapId: idText,
  owner: addressText,
  marketId: marketIdText,
  side: z.enum(['buy', 'sell']),
  size: decimalText,
  worstPrice: priceText,
  slices: countNumber,
  intervalMs: countNumber,
  clientOrderId: idText,
  state: z.enum(['active', 'done', 'canceled', 'failed']),
  reason: z.string().optional().describe('Why it failed, or what the last slice was refused for'),
  filledSize: decimalText,
  averagePrice: priceText.optional(),
  slicesDone: countNumber.describe('Slices whose time has come, placed or refused'),
  startedAt: timeText,
  nextAt: timeText.optional().describe('When the next slice is due'),
  orderIds: z.array(z.string()).describe('Orders of its slices, old to new'),
});

export interface TwapAnswer {
  readonly twap: TwapView;
  readonly asOf: AsOf;
}

const twapAnswer: z.ZodType<TwapAnswer> = z.object({ twap: twapView, asOf });

export interface TwapList {
  readonly twaps: readonly TwapView[];
  readonly asOf: AsOf;
}

const twapList: z.ZodType<TwapList> = z.object({ twaps: z.array(twapView), asOf });

/** Names a sliced order. */
export interface TwapPath {
  readonly twapId: string;
}

const twapPath: z.ZodType<TwapPath> = z.strictObject({ twapId: idText });

const plain = { tag: 'books', query: noFields, contentType: 'application/json' } as const;

export const placeTwap: Route<NoFields, NoFields, TwapRequest, TwapAnswer> = {
  ...plain,
  id: 'placeTwap',
  method: 'POST',
  path: '/v1/twaps',
  summary: 'Take an order to a book in equal slices, one per interval',
  access: { role: 'session', scope: 'trade' },
  params: noFields,
  body: twapRequest,
  response: twapAnswer,
  note:
    'The venue places the slices in the name of the session, until that ends or is revoked. What ' +
    'a slice leaves is spread over those to come; slices missed while the venue was away as well.',
};

export const listTwaps: Route<NoFields, NoFields, undefined, TwapList> = {
  ...plain,
  id: 'listTwaps',
  method: 'GET',
  path: '/v1/twaps',
  summary: 'The latest 100 sliced orders of the owner whose session asks, new to old',
  access: { role: 'session', scope: 'trade' },
  params: noFields,
  body: undefined,
  response: twapList,
};

export const cancelTwap: Route<TwapPath, NoFields, undefined, TwapAnswer> = {
  ...plain,
  id: 'cancelTwap',
  method: 'DELETE',
  path: '/v1/twaps/{twapId}',
  summary: 'Place no further slice; what traded has traded',
  access: { role: 'session', scope: 'trade' },
  params: twapPath,
  body: undefined,
  response: twapAnswer,
};
