import { z } from 'zod';
import { DECIMAL_PATTERN } from './spotUnits.ts';

const id = z.int().min(0);
const decimal = z.string().regex(DECIMAL_PATTERN);
const cloid = z.string().regex(/^0x[0-9a-fA-F]{32}$/);

/** An order in the dialect's letters: asset, is it a buy, price, size, reduce only, type, id. */
export interface WireOrder {
  readonly a: number;
  readonly b: boolean;
  readonly p: string;
  readonly s: string;
  readonly r: boolean;
  readonly t: WireOrderType;
  readonly c?: string | null | undefined;
}

/** How an order waits or trades. */
export type WireOrderType =
  | { readonly limit: { readonly tif: 'Gtc' | 'Ioc' | 'Alo' | 'FrontendMarket' } }
  | {
      readonly trigger: {
        readonly isMarket: boolean;
        readonly triggerPx: string;
        readonly tpsl: 'tp' | 'sl';
      };
    };

const orderType: z.ZodType<WireOrderType> = z.union([
  z.strictObject({
    limit: z.strictObject({ tif: z.enum(['Gtc', 'Ioc', 'Alo', 'FrontendMarket']) }),
  }),
  z.strictObject({
    trigger: z.strictObject({
      isMarket: z.boolean(),
      triggerPx: decimal,
      tpsl: z.enum(['tp', 'sl']),
    }),
  }),
]);

const wireOrder: z.ZodType<WireOrder> = z.strictObject({
  a: id,
  b: z.boolean(),
  p: decimal,
  s: decimal,
  r: z.boolean(),
  t: orderType,
  c: cloid.nullish(),
});

/** A change of an open order: which one, and what it is to be. */
export interface WireModify {
  readonly oid: number | string;
  readonly order: WireOrder;
}

const modify: z.ZodType<WireModify> = z.strictObject({
  oid: z.union([id, cloid]),
  order: wireOrder,
});

/** What traders may ask of books, each in one signed action. */
export type TradeAction =
  | { readonly type: 'order'; readonly orders: readonly WireOrder[]; readonly grouping?: unknown }
  | ({ readonly type: 'modify' } & WireModify)
  | { readonly type: 'batchModify'; readonly modifies: readonly WireModify[] }
  | {
      readonly type: 'cancel';
      readonly cancels: readonly { readonly a: number; readonly o: number }[];
    }
  | {
      readonly type: 'cancelByCloid';
      readonly cancels: readonly { readonly asset: number; readonly cloid: string }[];
    }
  | { readonly type: 'scheduleCancel'; readonly time?: number | null | undefined }
  | { readonly type: 'noop' };

/** Actions per request are bounded again by the options of the gateways. */
const COUNT_MAX = 1000;

/** Whom a client wants to share fees with; nobody takes any here, so nobody is charged. */
const builder = z.strictObject({ b: z.string().regex(/^0x[0-9a-fA-F]{40}$/), f: id });

/**
 * Fields that are not known are refused, because they are signed: nobody should find out later that
 * a term of theirs meant nothing.
 */
export const tradeAction: z.ZodType<TradeAction> = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('order'),
    orders: z.array(wireOrder).min(1).max(COUNT_MAX),
    grouping: z.unknown().optional(),
    builder: builder.optional(),
  }),
  z.strictObject({
    type: z.literal('modify'),
    oid: z.union([id, cloid]),
    order: wireOrder,
    a: z.literal(true).optional(),
  }),
  z.strictObject({
    type: z.literal('batchModify'),
    modifies: z.array(modify).min(1).max(COUNT_MAX),
    a: z.literal(true).optional(),
  }),
  z.strictObject({
    type: z.literal('cancel'),
    cancels: z
      .array(z.strictObject({ a: id, o: id }))
      .min(1)
      .max(COUNT_MAX),
    f: z.literal(true).optional(),
  }),
  z.strictObject({
    type: z.literal('cancelByCloid'),
    cancels: z
      .array(z.strictObject({ asset: id, cloid }))
      .min(1)
      .max(COUNT_MAX),
    f: z.literal(true).optional(),
  }),
  z.strictObject({ type: z.literal('scheduleCancel'), time: id.nullish() }),
  z.strictObject({ type: z.literal('noop') }),
]);

/** Kinds of `TradeAction`. */
export const TRADE_ACTIONS: ReadonlySet<string> = new Set([
  'order',
  'modify',
  'batchModify',
  'cancel',
  'cancelByCloid',
  'scheduleCancel',
  'noop',
]);
