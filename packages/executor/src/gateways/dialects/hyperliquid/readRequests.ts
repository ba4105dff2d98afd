import type { AccountId } from '@lawbook/exchange/ledger/account';
import { accountId } from '@lawbook/exchange/ledger/account';
import { z } from 'zod';
import type { CandleInterval } from './candleTimes.ts';
import { CANDLE_INTERVAL_NAMES } from './candleTimes.ts';

const VENUE_READS = [
  'perpDexs',
  'allPerpMetas',
  'predictedFundings',
  'spotMeta',
  'spotMetaAndAssetCtxs',
  'exchangeStatus',
  'meta',
  'metaAndAssetCtxs',
  'allMids',
] as const;

const USER_READS = [
  'openOrders',
  'frontendOpenOrders',
  'historicalOrders',
  'userFills',
  'spotClearinghouseState',
  'clearinghouseState',
  'userFees',
  'userRole',
  'extraAgents',
  'userAbstraction',
  'subAccounts',
  'referral',
  'userFunding',
  'userTwapSliceFills',
  'twapHistory',
  'userVaultEquities',
  'maxBuilderFee',
] as const;

/** A request of the read endpoint. */
export type ReadRequest =
  | {
      readonly type: (typeof VENUE_READS)[number];
      /** Which perpetual exchange; only the unnamed one is here. */
      readonly dex?: string | undefined;
    }
  | { readonly type: 'l2Book' | 'recentTrades'; readonly coin: string }
  | { readonly type: 'candleSnapshot'; readonly req: CandleRequest }
  | { readonly type: (typeof USER_READS)[number]; readonly user: AccountId }
  | { readonly type: 'orderStatus'; readonly user: AccountId; readonly oid: number | string }
  | ({ readonly type: 'userFillsByTime'; readonly user: AccountId } & Span)
  | { readonly type: 'lawbookConsent'; readonly user?: AccountId | undefined };

interface Span {
  readonly startTime: number;
  readonly endTime?: number | null | undefined;
}

interface CandleRequest extends Span {
  readonly coin: string;
  readonly interval: CandleInterval;
}

const coin = z.string().min(1).max(32);
const time = z.int().min(0);
const span = { startTime: time, endTime: time.nullish() };
const user = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/)
  .transform(accountId);
const orderId = z.union([time, z.string().regex(/^0x[0-9a-fA-F]{32}$/)]);

/**
 * Requests of the read endpoint. What they carry besides is ignored, as in the dialect: nothing of
 * it is signed.
 */
export const readRequest: z.ZodType<ReadRequest> = z.discriminatedUnion('type', [
  z.object({ type: z.literal(VENUE_READS), dex: z.string().max(64).optional() }),
  // Books are shown price by price and are not rounded to fewer digits.
  z.object({ type: z.literal('l2Book'), coin, nSigFigs: z.null().optional() }),
  z.object({ type: z.literal('recentTrades'), coin }),
  z.object({
    type: z.literal('candleSnapshot'),
    req: z.object({ coin, interval: z.enum(CANDLE_INTERVAL_NAMES), ...span }),
  }),
  z.object({ type: z.literal(USER_READS), user }),
  z.object({ type: z.literal('orderStatus'), user, oid: orderId }),
  z.object({ type: z.literal('userFillsByTime'), user, ...span }),
  z.object({ type: z.literal('lawbookConsent'), user: user.optional() }),
]);
