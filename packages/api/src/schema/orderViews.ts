import { z } from 'zod';
import type { AsOf } from './primitives.ts';
import {
  addressText,
  asOf,
  countNumber,
  decimalText,
  hashText,
  marketIdText,
  priceText,
  sequenceNumber,
  signatureText,
  symbolText,
  timeMsNumber,
  timeText,
  u64Text,
  unitsText,
} from './primitives.ts';
import type { RejectionView } from './rejectionView.ts';
import { rejectionView } from './rejectionView.ts';

/** The fields of an order exactly as they are hashed and signed: integers, ledger units. */
export interface OrderTerms {
  readonly owner: string;
  readonly marketId: string;
  readonly pay: number;
  readonly receive: number;
  readonly budget: string;
  readonly limitNumerator: string;
  readonly limitDenominator: string;
  readonly minFillPpm: number;
  readonly orderNonce: string;
  readonly expiresAtMs: number;
}

const priceTerms = {
  pay: z.int().min(0).max(255).describe('Product index of the asset paid'),
  receive: z.int().min(0).max(255).describe('Product index of what is received'),
  budget: unitsText.describe('Most that may be spent, ledger units of the asset paid'),
  limitNumerator: unitsText.describe('Least received per unit paid, ledger units; 0 for market'),
  limitDenominator: unitsText.describe('Denominator of the limit; 1 for a market order'),
  minFillPpm: z.int().min(0).max(0xffff_ffff).describe('Least part of the budget to spend, ppm'),
};

const termFields = {
  owner: addressText,
  marketId: marketIdText,
  ...priceTerms,
  orderNonce: u64Text.describe(
    'Used once per owner; larger than the highest used, or within 255 below it; at most 2^32 ' +
      'above the highest used or the time in nanoseconds, whichever is more',
  ),
  expiresAtMs: timeMsNumber.describe('Milliseconds since 1970, as signed; at most 30 days ahead'),
};

export const orderTerms: z.ZodType<OrderTerms> = z.object(termFields);

/** An order with its owner's consent: a signature, or none when a session carries the request. */
export interface SignedOrder extends OrderTerms {
  readonly signature?: string | undefined;
}

export const signedOrder: z.ZodType<SignedOrder> = z.strictObject({
  ...termFields,
  signature: signatureText.optional().describe('Absent when a session with trade scope asks'),
});

/** The most orders that the schema lets through in one request; a venue may allow fewer. */
export const ORDERS_PER_REQUEST_MAX = 10_000;

export interface OrderSubmission {
  readonly orders: readonly SignedOrder[];
}

export const orderSubmission: z.ZodType<OrderSubmission> = z.strictObject({
  orders: z.array(signedOrder).min(1).max(ORDERS_PER_REQUEST_MAX),
});

/** The three answers to an order. */
export type OrderAnswer =
  | {
      readonly kind: 'accepted';
      readonly orderId: string;
      readonly sequence: number;
      readonly batchNumber: number;
      /** True when this very order had been accepted before. */
      readonly repeated: boolean;
    }
  | { readonly kind: 'rejected'; readonly orderId: string; readonly rejection: RejectionView }
  | { readonly kind: 'notReceived'; readonly orderId: string; readonly rejection: RejectionView };

export const orderAnswer: z.ZodType<OrderAnswer> = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('accepted'),
    orderId: hashText,
    sequence: sequenceNumber,
    batchNumber: countNumber,
    repeated: z.boolean(),
  }),
  z.object({ kind: z.literal('rejected'), orderId: hashText, rejection: rejectionView }),
  z
    .object({ kind: z.literal('notReceived'), orderId: hashText, rejection: rejectionView })
    .describe('The venue did not sequence the order; submit the same order again'),
]);

export interface OrderAnswers {
  readonly answers: readonly OrderAnswer[];
}

export const orderAnswers: z.ZodType<OrderAnswers> = z
  .object({ answers: z.array(orderAnswer) })
  .describe('One answer per order, in the order of the request');

/** What the venue knows of one admitted order. */
export interface OrderView {
  readonly orderId: string;
  readonly terms: OrderTerms;
  readonly pay: string;
  readonly receive: string;
  readonly budget: string;
  readonly sequence: number;
  readonly admittedAt: string;
  readonly batchNumber: number;
  readonly status: 'new' | 'partiallyFilled' | 'filled' | 'canceled' | 'expired';
  readonly paid: string;
  readonly received: string;
  readonly fee: string;
  readonly residual?: string | undefined;
  readonly endedBy?: number | undefined;
}

const RESIDUALS = ['limit', 'minimumFill', 'blocked', 'rationed', 'halted', 'expired', 'canceled'];

export const orderView: z.ZodType<OrderView> = z.object({
  orderId: hashText,
  terms: orderTerms,
  pay: symbolText,
  receive: symbolText,
  budget: decimalText,
  sequence: sequenceNumber,
  admittedAt: timeText,
  batchNumber: countNumber,
  status: z.enum(['new', 'partiallyFilled', 'filled', 'canceled', 'expired']),
  paid: decimalText,
  received: decimalText.describe('Net of the fee'),
  fee: decimalText.describe('In the product received'),
  residual: z.enum(RESIDUALS).optional().describe('Why not all was filled'),
  endedBy: sequenceNumber.optional().describe('Sequence of the clearing or cancel that ended it'),
});

export interface OrderReply {
  readonly order: OrderView;
  readonly asOf: AsOf;
}

export const orderReply: z.ZodType<OrderReply> = z.object({ order: orderView, asOf });

export interface OrderList {
  readonly orders: readonly OrderView[];
  /** Pass as `before` for the next page; absent on the last. */
  readonly nextBefore?: number | undefined;
  readonly asOf: AsOf;
}

export const orderList: z.ZodType<OrderList> = z.object({
  orders: z.array(orderView),
  nextBefore: sequenceNumber.optional(),
  asOf,
});

/** A cancel: signed here, or in the header Lawbook-Signature, or carried by a session. */
export interface CancelRequest {
  readonly signature?: string | undefined;
}

export const cancelRequest: z.ZodType<CancelRequest> = z.strictObject({
  signature: signatureText.optional(),
});

export interface CancelReply {
  readonly orderId: string;
  readonly sequence: number;
  readonly batchNumber: number;
}

export const cancelReply: z.ZodType<CancelReply> = z.object({
  orderId: hashText,
  sequence: sequenceNumber,
  batchNumber: countNumber,
});

/** A hidden order of a commit-reveal batch. */
export interface CommitRequest {
  readonly owner: string;
  readonly marketId: string;
  readonly batchNumber: number;
  readonly commitment: string;
  readonly signature?: string | undefined;
}

export const commitRequest: z.ZodType<CommitRequest> = z.strictObject({
  owner: addressText,
  marketId: marketIdText,
  batchNumber: countNumber.describe('The open batch, as committed and signed'),
  commitment: hashText,
  signature: signatureText.optional(),
});

export interface CommitReply {
  readonly sequence: number;
  readonly batchNumber: number;
}

export const commitReply: z.ZodType<CommitReply> = z.object({
  sequence: sequenceNumber,
  batchNumber: countNumber,
});

/** The order that a commitment hid. */
export interface RevealRequest {
  readonly order: SignedOrder;
  readonly salt: string;
}

export const revealRequest: z.ZodType<RevealRequest> = z.strictObject({
  order: signedOrder,
  salt: hashText.describe('The 32 bytes of salt in the commitment'),
});

/** The terms whose outcome is asked for; nothing is signed and nothing is held. */
export type PreviewRequest = Omit<OrderTerms, 'owner' | 'orderNonce' | 'expiresAtMs'>;

export const previewRequest: z.ZodType<PreviewRequest> = z.strictObject({
  marketId: marketIdText,
  ...priceTerms,
});

export interface PreviewView {
  readonly marketId: string;
  readonly pay: string;
  readonly receive: string;
  readonly paid: string;
  readonly received: string;
  readonly fee: string;
  /** 10^4 (1 - net rate / mid rate), two decimals, rounded up; absent when nothing would fill. */
  readonly costBps?: string | undefined;
  readonly bound?: string | undefined;
  readonly ordersBeside: number;
  readonly prices: readonly {
    readonly symbol: string;
    readonly price: string;
    readonly mid: string;
  }[];
  readonly asOf: AsOf;
}

export const previewView: z.ZodType<PreviewView> = z.object({
  marketId: marketIdText,
  pay: symbolText,
  receive: symbolText,
  paid: decimalText,
  received: decimalText,
  fee: decimalText,
  costBps: z
    .string()
    .regex(/^-?\d+\.\d{2}$/)
    .optional(),
  bound: z.enum(RESIDUALS).optional().describe('What keeps it from filling whole'),
  ordersBeside: countNumber.describe('Orders of the open batch that were taken into account'),
  prices: z.array(z.object({ symbol: symbolText, price: priceText, mid: priceText })),
  asOf,
});
