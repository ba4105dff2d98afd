import { z } from 'zod';
import type { BookAction, BookActionAnswer, BookOrderView, ExecutionView } from './bookActions.ts';
import { bookAction, bookActionAnswer, bookOrderView, executionView } from './bookActions.ts';
import type {
  BookEpochView,
  LadderView,
  LevelView,
  QueuedOrderView,
  TradeView,
} from './bookViews.ts';
import { bookEpochView, bookLevelView, queuedOrderView, tradeView } from './bookViews.ts';
import type { MidView, PhaseView } from './marketViews.ts';
import { midView, phaseView } from './marketViews.ts';
import type { CancelReply, OrderAnswer, OrderView, SignedOrder } from './orderViews.ts';
import { cancelReply, orderAnswer, orderView, signedOrder } from './orderViews.ts';
import {
  countNumber,
  hashText,
  marketIdText,
  sequenceNumber,
  signatureText,
  timeText,
} from './primitives.ts';
import type { BatchView, EpochView } from './recordViews.ts';
import { batchView, epochView } from './recordViews.ts';
import type { RejectionView } from './rejectionView.ts';
import { rejectionView } from './rejectionView.ts';

/** Where the WebSocket of a venue is. */
export const WEBSOCKET_PATH = '/v1/ws';

/** The most orders in one `submit` message. */
export const ORDERS_PER_MESSAGE_MAX = 100;

/** Private close codes of the WebSocket, each with the reason it carries. */
export const CLOSE_CODES = {
  slowConsumer: 4001,
  heartbeatMissed: 4002,
  rateExceeded: 4003,
  closing: 4004,
  sessionEnded: 4005,
} as const;

/**
 * A feed: `batches:1`, `epochs:1`, `phases:1`, `oracle:1` by market, `book:101`, `queue:101`,
 * `trades:101`, `quotes:101` by book, `orders:0x...`, `executions:0x...` by owner.
 */
const CHANNEL_NAME: RegExp =
  /^((batches|epochs|phases|oracle|book|queue|trades|quotes):[1-9]\d{0,8}|(orders|executions):0x[0-9a-fA-F]{40})$/;

export const channelText: z.ZodType<string> = z
  .string()
  .regex(CHANNEL_NAME, 'a feed such as batches:1, book:101, orders: or executions: with an address')
  .describe('Feed of a market or of an owner');

const requestId = z.string().min(1).max(64).describe("The client's name for the request");

/** What a client may send. */
export type ClientMessage =
  | {
      readonly op: 'subscribe';
      readonly id: string;
      readonly channel: string;
      /** Catch up from this sequence on, if the venue still holds it, in place of a snapshot. */
      readonly from?: number | undefined;
      /** The feed that `from` belongs to, as answered by `subscribed`. */
      readonly feed?: string | undefined;
    }
  | { readonly op: 'unsubscribe'; readonly id: string; readonly channel: string }
  | {
      readonly op: 'authenticate';
      readonly id: string;
      readonly sessionId: string;
      readonly timestampMs: number;
      readonly mac: string;
    }
  | { readonly op: 'submit'; readonly id: string; readonly orders: readonly SignedOrder[] }
  | {
      readonly op: 'cancel';
      readonly id: string;
      readonly orderId: string;
      readonly signature?: string | undefined;
    }
  | { readonly op: 'book'; readonly id: string; readonly actions: readonly BookAction[] }
  | { readonly op: 'ping'; readonly id: string };

export const clientMessage: z.ZodType<ClientMessage> = z.discriminatedUnion('op', [
  z
    .strictObject({
      op: z.literal('subscribe'),
      id: requestId,
      channel: channelText,
      from: sequenceNumber.optional().describe('First sequence wanted, to go on without a gap'),
      feed: z.string().max(64).optional().describe('Feed that `from` counts in'),
    })
    .describe('Follow a channel'),
  z
    .strictObject({ op: z.literal('unsubscribe'), id: requestId, channel: channelText })
    .describe('Stop following a channel'),
  z
    .strictObject({
      op: z.literal('authenticate'),
      id: requestId,
      sessionId: hashText,
      timestampMs: countNumber,
      mac: hashText,
    })
    .describe('Use a session for this connection; once'),
  z
    .strictObject({
      op: z.literal('submit'),
      id: requestId,
      orders: z.array(signedOrder).min(1).max(ORDERS_PER_MESSAGE_MAX),
    })
    .describe('Submit orders'),
  z
    .strictObject({
      op: z.literal('cancel'),
      id: requestId,
      orderId: hashText,
      signature: signatureText.optional(),
    })
    .describe('Withdraw an order'),
  z
    .strictObject({
      op: z.literal('book'),
      id: requestId,
      actions: z.array(bookAction).min(1).max(ORDERS_PER_MESSAGE_MAX),
    })
    .describe('Place, amend and cancel orders of books, or send a heartbeat'),
  z.strictObject({ op: z.literal('ping'), id: requestId }).describe('Ask for a pong'),
]);

/** What happened on a channel. Orders are upserts by id. */
export type ChannelEvent =
  | { readonly kind: 'batch'; readonly batch: BatchView }
  | { readonly kind: 'epoch'; readonly epoch: EpochView }
  | { readonly kind: 'phase'; readonly marketId: string; readonly phase: PhaseView }
  | { readonly kind: 'oracle'; readonly marketId: string; readonly mids: readonly MidView[] }
  | { readonly kind: 'order'; readonly order: OrderView }
  | ({
      readonly kind: 'book';
      readonly marketId: string;
      /** True: the levels are all there are; false: those that changed. */
      readonly whole: boolean;
      /** Of the input behind it. */
      readonly inputSequence: number;
      readonly state: string;
    } & LadderView)
  | {
      readonly kind: 'queue';
      readonly marketId: string;
      /** True: these are all resting orders; false: those that came, changed or went. */
      readonly whole: boolean;
      readonly inputSequence: number;
      readonly orders: readonly QueuedOrderView[];
    }
  | { readonly kind: 'trade'; readonly marketId: string; readonly trade: TradeView }
  | {
      readonly kind: 'quote';
      readonly marketId: string;
      readonly bestBid?: LevelView | undefined;
      readonly bestAsk?: LevelView | undefined;
    }
  | { readonly kind: 'bookEpoch'; readonly epoch: BookEpochView }
  | { readonly kind: 'bookOrder'; readonly order: BookOrderView }
  | { readonly kind: 'execution'; readonly execution: ExecutionView };

export const channelEvent: z.ZodType<ChannelEvent> = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('batch'), batch: batchView }),
  z.object({ kind: z.literal('epoch'), epoch: epochView }),
  z.object({ kind: z.literal('phase'), marketId: marketIdText, phase: phaseView }),
  z.object({ kind: z.literal('oracle'), marketId: marketIdText, mids: z.array(midView) }),
  z.object({ kind: z.literal('order'), order: orderView }),
  z.object({
    kind: z.literal('book'),
    marketId: marketIdText,
    whole: z.boolean().describe('True: these are all levels; false: those that changed'),
    inputSequence: sequenceNumber.describe('Of the input behind it'),
    state: z.string(),
    bids: z.array(bookLevelView),
    asks: z.array(bookLevelView),
    checksum: z.string().describe('Of the ladder after the change, as in its depth'),
  }),
  z.object({
    kind: z.literal('queue'),
    marketId: marketIdText,
    whole: z.boolean().describe('True: all resting orders, each price in order of priority'),
    inputSequence: sequenceNumber.describe('Of the input behind it'),
    orders: z.array(queuedOrderView),
  }),
  z.object({ kind: z.literal('trade'), marketId: marketIdText, trade: tradeView }),
  z.object({
    kind: z.literal('quote'),
    marketId: marketIdText,
    bestBid: bookLevelView.optional(),
    bestAsk: bookLevelView.optional(),
  }),
  z.object({ kind: z.literal('bookEpoch'), epoch: bookEpochView }),
  z.object({ kind: z.literal('bookOrder'), order: bookOrderView }),
  z.object({ kind: z.literal('execution'), execution: executionView }),
]);

/** What a venue may send. */
export type ServerMessage =
  | {
      readonly op: 'subscribed';
      readonly id: string;
      readonly channel: string;
      /** Names this run of the channel: sequences of another feed do not continue it. */
      readonly feed: string;
      /** Sequence of the last event that the snapshot contains, or the one before `from`. */
      readonly sequence: number;
      readonly checksum: string;
      /** True when events follow from `from`, false when a snapshot stands in for the past. */
      readonly resumed: boolean;
      readonly snapshot?: readonly ChannelEvent[] | undefined;
    }
  | { readonly op: 'unsubscribed'; readonly id: string; readonly channel: string }
  | {
      readonly op: 'event';
      readonly channel: string;
      readonly sequence: number;
      readonly checksum: string;
      readonly event: ChannelEvent;
    }
  | { readonly op: 'authenticated'; readonly id: string; readonly owner: string }
  | { readonly op: 'answers'; readonly id: string; readonly answers: readonly OrderAnswer[] }
  | {
      readonly op: 'bookAnswers';
      readonly id: string;
      readonly answers: readonly BookActionAnswer[];
    }
  | { readonly op: 'canceled'; readonly id: string; readonly cancel: CancelReply }
  | { readonly op: 'rejected'; readonly id?: string | undefined; readonly rejection: RejectionView }
  | { readonly op: 'pong'; readonly id: string; readonly time: string }
  | {
      readonly op: 'warning';
      readonly reason: 'slowConsumer' | 'closing';
      readonly bufferedBytes: number;
      readonly limitBytes: number;
    };

export const serverMessage: z.ZodType<ServerMessage> = z.discriminatedUnion('op', [
  z
    .object({
      op: z.literal('subscribed'),
      id: requestId,
      channel: channelText,
      feed: z.string(),
      sequence: sequenceNumber,
      checksum: z.string().regex(/^[0-9a-f]{8}$/),
      resumed: z.boolean(),
      snapshot: z.array(channelEvent).optional(),
    })
    .describe('The channel is followed; events after `sequence` come next'),
  z
    .object({ op: z.literal('unsubscribed'), id: requestId, channel: channelText })
    .describe('The channel is no longer followed'),
  z
    .object({
      op: z.literal('event'),
      channel: channelText,
      sequence: sequenceNumber,
      checksum: z.string().regex(/^[0-9a-f]{8}$/),
      event: channelEvent,
    })
    .describe('Something happened; the sequence is one more than the one before'),
  z
    .object({ op: z.literal('authenticated'), id: requestId, owner: z.string() })
    .describe('The session is in use'),
  z
    .object({ op: z.literal('answers'), id: requestId, answers: z.array(orderAnswer) })
    .describe('One answer per order of a submit'),
  z
    .object({ op: z.literal('bookAnswers'), id: requestId, answers: z.array(bookActionAnswer) })
    .describe('One answer per action'),
  z
    .object({ op: z.literal('canceled'), id: requestId, cancel: cancelReply })
    .describe('The order is withdrawn'),
  z
    .object({ op: z.literal('rejected'), id: requestId.optional(), rejection: rejectionView })
    .describe('The request named by `id`, or the frame when absent, was refused'),
  z.object({ op: z.literal('pong'), id: requestId, time: timeText }).describe('Answer to a ping'),
  z
    .object({
      op: z.literal('warning'),
      reason: z.enum(['slowConsumer', 'closing']),
      bufferedBytes: countNumber,
      limitBytes: countNumber,
    })
    .describe('Read faster, or the connection is dropped at the limit; or the venue closes'),
]);
