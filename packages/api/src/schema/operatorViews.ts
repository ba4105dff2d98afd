import { z } from 'zod';
import type { AssetView, MarketParameters, MidView } from './marketViews.ts';
import { assetView, marketParameters, midView } from './marketViews.ts';
import {
  addressText,
  countNumber,
  decimalText,
  marketIdText,
  sequenceNumber,
  symbolText,
  timeText,
} from './primitives.ts';

export interface AssetRequest {
  readonly symbol: string;
  readonly decimals: number;
  /** False for an asset that no base layer holds, such as those of books. */
  readonly settles?: boolean | undefined;
}

export const assetRequest: z.ZodType<AssetRequest> = z.strictObject({
  symbol: z.string().max(64),
  decimals: z.int().min(0).max(255),
  settles: z.boolean().optional().describe('False: no base layer holds it; true unless stated'),
});

export interface AssetReply {
  readonly asset: AssetView;
  readonly sequence: number;
}

export const assetReply: z.ZodType<AssetReply> = z.object({
  asset: assetView,
  sequence: sequenceNumber,
});

/** An amount of one asset. */
export interface HoldingView {
  readonly symbol: string;
  readonly amount: string;
}

const holding: z.ZodType<HoldingView> = z.strictObject({ symbol: symbolText, amount: decimalText });

export interface MarketRequest {
  readonly marketId: string;
  readonly parameters: MarketParameters;
  /** Mids until the first batch clears. */
  readonly mids: readonly MidView[];
  /** Pool inventory to start with. */
  readonly inventory: readonly HoldingView[];
}

export const marketRequest: z.ZodType<MarketRequest> = z.strictObject({
  marketId: marketIdText,
  parameters: marketParameters,
  mids: z.array(midView).max(64),
  inventory: z.array(holding).max(64),
});

/** An operator's change, sequenced. */
export interface MarketChanged {
  readonly marketId: string;
  readonly sequence: number;
  /** First batch under new parameters. */
  readonly fromBatch?: number | undefined;
}

export const marketChanged: z.ZodType<MarketChanged> = z.object({
  marketId: marketIdText,
  sequence: sequenceNumber,
  fromBatch: countNumber.optional(),
});

export interface HaltRequest {
  readonly reason: string;
}

export const haltRequest: z.ZodType<HaltRequest> = z.strictObject({
  reason: z.string().min(1).max(500),
});

/** A development credit: units appear without a deposit on any base layer. */
export interface DepositRequest {
  readonly owner: string;
  readonly symbol: string;
  readonly amount: string;
}

export const depositRequest: z.ZodType<DepositRequest> = z.strictObject({
  owner: addressText,
  symbol: symbolText,
  amount: decimalText,
});

export interface DepositReply {
  readonly kind: 'developmentCredit';
  readonly owner: string;
  readonly symbol: string;
  readonly amount: string;
  readonly sequence: number;
}

export const depositReply: z.ZodType<DepositReply> = z.object({
  kind: z.literal('developmentCredit').describe('Not a deposit from a base layer'),
  owner: addressText,
  symbol: symbolText,
  amount: decimalText,
  sequence: sequenceNumber,
});

/** One part of the venue and whether it can do its work. */
export interface ComponentView {
  readonly name: string;
  readonly state: 'ready' | 'unready' | 'notConfigured';
  readonly detail: string;
}

const componentView: z.ZodType<ComponentView> = z.object({
  name: z.string(),
  state: z.enum(['ready', 'unready', 'notConfigured']),
  detail: z.string(),
});

export interface Readiness {
  readonly ready: boolean;
  readonly components: readonly ComponentView[];
}

export const readiness: z.ZodType<Readiness> = z.object({
  ready: z.boolean(),
  components: z.array(componentView),
});

export interface Liveness {
  readonly live: true;
}

export const liveness: z.ZodType<Liveness> = z.object({ live: z.literal(true) });

export interface StatusView {
  readonly service: 'lawbook';
  readonly version: string;
  readonly time: string;
  readonly executed: number;
  readonly durable: number;
  /** Whether new orders are taken now. */
  readonly admitting: boolean;
  readonly ready: boolean;
  readonly markets: readonly {
    readonly marketId: string;
    readonly phase: string;
    readonly batchNumber: number;
  }[];
  readonly components: readonly ComponentView[];
  readonly signatureLibrary: string;
}

export const statusView: z.ZodType<StatusView> = z.object({
  service: z.literal('lawbook'),
  version: z.string(),
  time: timeText,
  executed: sequenceNumber,
  durable: sequenceNumber,
  admitting: z.boolean(),
  ready: z.boolean(),
  markets: z.array(
    z.object({ marketId: marketIdText, phase: z.string(), batchNumber: countNumber }),
  ),
  components: z.array(componentView),
  signatureLibrary: z.string(),
});
