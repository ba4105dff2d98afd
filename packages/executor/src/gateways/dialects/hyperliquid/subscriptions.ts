import type { AccountId } from '@lawbook/exchange/ledger/account';
import { accountId } from '@lawbook/exchange/ledger/account';
import { z } from 'zod';
import type { CandleInterval } from './candleTimes.ts';
import { CANDLE_INTERVAL_NAMES } from './candleTimes.ts';

const COIN_STREAMS = ['trades', 'bbo', 'activeAssetCtx', 'l2Book'] as const;
const USER_STREAMS = [
  'orderUpdates',
  'userFills',
  'userEvents',
  'spotState',
  'openOrders',
  'clearinghouseState',
] as const;

/** What a client may follow. */
export type Subscription =
  | { readonly type: (typeof COIN_STREAMS)[number]; readonly coin: string }
  | { readonly type: 'candle'; readonly coin: string; readonly interval: CandleInterval }
  | { readonly type: 'allMids' }
  | { readonly type: (typeof USER_STREAMS)[number]; readonly user: AccountId };

const coin = z.string().min(1).max(32);
const user = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/)
  .transform(accountId);
/** Only the first, unnamed exchange is here. */
const dex = z.literal('').optional();

const subscription: z.ZodType<Subscription> = z.discriminatedUnion('type', [
  // Books are shown price by price, whole, and at one pace.
  z.object({
    type: z.literal('l2Book'),
    coin,
    nSigFigs: z.null().optional(),
    fast: z.literal(false).optional(),
  }),
  z.object({ type: z.literal(['trades', 'bbo', 'activeAssetCtx']), coin }),
  z.object({ type: z.literal('candle'), coin, interval: z.enum(CANDLE_INTERVAL_NAMES) }),
  z.object({ type: z.literal('allMids'), dex }),
  z.object({ type: z.literal(USER_STREAMS), user, dex }),
]);

/** A message of a client. */
export type SocketRequest =
  | { readonly method: 'ping' }
  | {
      readonly method: 'subscribe' | 'unsubscribe';
      readonly subscription: Subscription;
      /** As it was sent: clients recognise the answer by it. */
      readonly echo: unknown;
    }
  | {
      readonly method: 'post';
      readonly id: number;
      readonly request: { readonly type: 'info' | 'action'; readonly payload: unknown };
    };

const head = z.object({
  method: z.enum(['ping', 'subscribe', 'unsubscribe', 'post']),
  subscription: z.looseObject({}).optional(),
});

const post = z.object({
  method: z.literal('post'),
  id: z.int().min(0),
  request: z.object({ type: z.enum(['info', 'action']), payload: z.unknown() }),
});

/** Reads a message; otherwise says what is wrong with it, in the dialect's words. */
export function readSocketRequest(json: unknown, text: string): SocketRequest | string {
  const shown = text.slice(0, SHOWN_CHARACTERS);
  const known = head.safeParse(json);
  if (!known.success) return `Error parsing JSON into valid websocket request: ${shown}`;
  const { method } = known.data;
  if (method === 'ping') return { method };
  if (method === 'post') {
    const parsed = post.safeParse(json);
    if (!parsed.success) return `Error parsing JSON into valid websocket request: ${shown}`;
    // The schema's copy may order keys anew, and the order of an action's keys is signed.
    const { request } = json as Extract<SocketRequest, { method: 'post' }>;
    return { method, id: parsed.data.id, request };
  }
  const { subscription: echo } = json as { readonly subscription?: unknown };
  const parsed = subscription.safeParse(echo);
  const told = JSON.stringify(echo ?? null).slice(0, SHOWN_CHARACTERS);
  return parsed.success ? { method, subscription: parsed.data, echo } : invalidSubscription(told);
}

/** The dialect's sentence for something that cannot be followed, with what was sent. */
export function invalidSubscription(told: string): string {
  return `Invalid subscription ${told}`;
}

/** What names a stream, the same for everybody who follows it. */
export function streamKey(stream: Subscription): string {
  switch (stream.type) {
    case 'allMids':
      return stream.type;
    case 'candle':
      return `${stream.type}:${stream.coin}:${stream.interval}`;
    default:
      return `${stream.type}:${'coin' in stream ? stream.coin : stream.user}`;
  }
}

/** So much of a broken message is sent back. */
const SHOWN_CHARACTERS = 300;
