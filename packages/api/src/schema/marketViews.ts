import { z } from 'zod';
import type { BookView, LadderView } from './bookViews.ts';
import { bookView, ladderFields } from './bookViews.ts';
import type { AsOf } from './primitives.ts';
import {
  asOf,
  countNumber,
  decimalText,
  integerTextSigned,
  marketIdText,
  ppmNumber,
  priceText,
  signedDecimalText,
  symbolText,
  timeText,
  unitsText,
} from './primitives.ts';

/** An asset of the ledger. */
export interface AssetView {
  readonly assetId: string;
  readonly symbol: string;
  /** One ledger unit is 10^-decimals of a whole unit. */
  readonly decimals: number;
  /** False: no base layer holds it. */
  readonly settles?: boolean | undefined;
}

export const assetView: z.ZodType<AssetView> = z.object({
  assetId: z.string(),
  symbol: symbolText,
  decimals: z.int().min(0).max(9),
  settles: z.boolean().optional().describe('False: no base layer holds it'),
});

export interface AssetList {
  readonly assets: readonly AssetView[];
  readonly asOf: AsOf;
}

export const assetList: z.ZodType<AssetList> = z.object({ assets: z.array(assetView), asOf });

/** The rules of a batch market in human units; the same form is sent to set them. */
export interface MarketParameters {
  readonly assets: readonly {
    readonly symbol: string;
    readonly target: string;
    readonly inventoryMin: string;
    readonly inventoryMax: string;
    readonly bandPpm: number;
  }[];
  readonly baskets: readonly {
    readonly symbol: string;
    readonly units: readonly { readonly symbol: string; readonly units: string }[];
  }[];
  readonly pairBands: readonly {
    readonly pay: string;
    readonly receive: string;
    readonly bandPpm: number;
  }[];
  readonly scaledCovariance: readonly string[];
  readonly feeE7: number;
  readonly haltBandPpm: number;
  readonly scarcity: 'proRata' | 'scarcityPricing';
  readonly admission: 'open' | 'commitReveal';
  readonly batchIntervalMs: number;
  readonly revealWindowMs: number;
  readonly bond: string;
  readonly oracleAgeMsMax: number;
  readonly orderCountMax: number;
  readonly budgetMaxUnits: string;
}

const u32 = z.int().min(0).max(0xffff_ffff);

export const marketParameters: z.ZodType<MarketParameters> = z.strictObject({
  assets: z
    .array(
      z.strictObject({
        symbol: symbolText,
        target: decimalText.describe('Inventory without exposure'),
        inventoryMin: decimalText,
        inventoryMax: decimalText,
        bandPpm: u32.describe('Half-width of the protective band, ppm'),
      }),
    )
    .max(64)
    .describe('Index 0 is the numeraire'),
  baskets: z
    .array(
      z.strictObject({
        symbol: symbolText,
        units: z
          .array(z.strictObject({ symbol: symbolText, units: unitsText }))
          .max(64)
          .describe('Ledger units of each asset in one basket unit'),
      }),
    )
    .max(64),
  pairBands: z
    .array(z.strictObject({ pay: symbolText, receive: symbolText, bandPpm: u32 }))
    .max(4096),
  scaledCovariance: z
    .array(integerTextSigned)
    .max(63 * 63)
    .describe('round(gamma Sigma_ij 2^80) over the assets after the numeraire, row by row'),
  feeE7: u32.describe('Fee on the receive leg in units of 10^-7'),
  haltBandPpm: u32,
  scarcity: z.enum(['proRata', 'scarcityPricing']),
  admission: z.enum(['open', 'commitReveal']),
  batchIntervalMs: u32,
  revealWindowMs: u32,
  bond: decimalText.describe('Bond per commitment, numeraire'),
  oracleAgeMsMax: u32,
  orderCountMax: u32,
  budgetMaxUnits: unitsText.describe('Largest budget of one order, ledger units of its asset'),
});

/** What an order may pay or receive, under its index. */
export interface ProductView {
  readonly index: number;
  readonly symbol: string;
  readonly kind: 'asset' | 'basket';
  /** Decimals of the amounts of this product; baskets are whole units. */
  readonly decimals: number;
}

const productView: z.ZodType<ProductView> = z.object({
  index: countNumber.describe('Index as signed in an order'),
  symbol: symbolText,
  kind: z.enum(['asset', 'basket']),
  decimals: countNumber,
});

/** Where the open batch stands. */
export interface PhaseView {
  readonly name: 'collecting' | 'revealing' | 'closed' | 'halted';
  readonly batchNumber: number;
  readonly since: string;
  /** When the phase is due to end; absent once closed or halted. */
  readonly due?: string | undefined;
}

export const phaseView: z.ZodType<PhaseView> = z.object({
  name: z.enum(['collecting', 'revealing', 'closed', 'halted']),
  batchNumber: countNumber,
  since: timeText,
  due: timeText.optional(),
});

/** Everything that an order of a market is checked against. */
export interface MarketView {
  readonly marketId: string;
  readonly kind: 'batch';
  readonly products: readonly ProductView[];
  readonly parameters: MarketParameters;
  /** Rules that take effect with the next batch, if they differ. */
  readonly nextParameters?: MarketParameters | undefined;
  readonly phase: PhaseView;
  readonly haltReason?: string | undefined;
  readonly ordersInBatch: number;
  readonly epoch: { readonly number: number; readonly batches: number };
  readonly limits: {
    readonly orderCountMax: number;
    readonly budgetMaxUnits: string;
    readonly ordersPerRequestMax: number;
    readonly limitFactorMax: number;
    readonly minFillPpmMax: number;
  };
}

export const marketView: z.ZodType<MarketView> = z.object({
  marketId: marketIdText,
  kind: z.literal('batch'),
  products: z.array(productView),
  parameters: marketParameters,
  nextParameters: marketParameters.optional(),
  phase: phaseView,
  haltReason: z.string().optional(),
  ordersInBatch: countNumber,
  epoch: z.object({ number: countNumber, batches: countNumber }),
  limits: z.object({
    orderCountMax: countNumber,
    budgetMaxUnits: unitsText,
    ordersPerRequestMax: countNumber,
    limitFactorMax: countNumber.describe('How far a limit may be off the mid, as a factor'),
    minFillPpmMax: countNumber,
  }),
});

export interface MarketList {
  readonly markets: readonly MarketView[];
  /** Markets of the other kind, as at `/v1/books`. */
  readonly books?: readonly BookView[] | undefined;
  readonly asOf: AsOf;
}

export const marketList: z.ZodType<MarketList> = z.object({
  markets: z.array(marketView).describe('Batch markets'),
  books: z.array(bookView).optional().describe('Order books, as at /v1/books'),
  asOf,
});

export interface MarketAnswer {
  readonly market: MarketView;
  readonly asOf: AsOf;
}

export const marketAnswer: z.ZodType<MarketAnswer> = z.object({ market: marketView, asOf });

/** The mid of one asset. */
export interface MidView {
  readonly symbol: string;
  readonly mid: string;
}

export const midView: z.ZodType<MidView> = z.object({ symbol: symbolText, mid: priceText });

export interface OracleView {
  readonly marketId: string;
  /** Mids of the last cleared batch: orders are checked against these. */
  readonly reference: {
    readonly mids: readonly MidView[];
    readonly observedAt: string;
    readonly source: string;
  };
  /** Mids of the feed since this server started, if any arrived. */
  readonly latest?: { readonly mids: readonly MidView[]; readonly receivedAt: string } | undefined;
  readonly oracleAgeMsMax: number;
  readonly asOf: AsOf;
}

export const oracleView: z.ZodType<OracleView> = z.object({
  marketId: marketIdText,
  reference: z.object({
    mids: z.array(midView),
    observedAt: timeText,
    source: z.string(),
  }),
  latest: z.object({ mids: z.array(midView), receivedAt: timeText }).optional(),
  oracleAgeMsMax: countNumber,
  asOf,
});

export interface PoolView {
  readonly marketId: string;
  readonly assets: readonly {
    readonly symbol: string;
    readonly inventory: string;
    readonly target: string;
    readonly inventoryMin: string;
    readonly inventoryMax: string;
    /** Distance from target towards the nearer bound in that direction, ppm; 1,000,000 is tight. */
    readonly utilisationPpm: number;
    readonly fees: string;
  }[];
  readonly asOf: AsOf;
}

export const poolView: z.ZodType<PoolView> = z.object({
  marketId: marketIdText,
  assets: z.array(
    z.object({
      symbol: symbolText,
      inventory: signedDecimalText,
      target: decimalText,
      inventoryMin: decimalText,
      inventoryMax: decimalText,
      utilisationPpm: ppmNumber,
      fees: decimalText.describe('Fees collected and kept in the fee vault'),
    }),
  ),
  asOf,
});

export interface PricesView {
  readonly marketId: string;
  /** Batch of the cleared prices; absent before the first. */
  readonly batchNumber?: number | undefined;
  readonly prices: readonly {
    readonly symbol: string;
    readonly mid: string;
    readonly cleared?: string | undefined;
  }[];
  readonly asOf: AsOf;
}

export const pricesView: z.ZodType<PricesView> = z.object({
  marketId: marketIdText,
  batchNumber: countNumber.optional(),
  prices: z.array(z.object({ symbol: symbolText, mid: priceText, cleared: priceText.optional() })),
  asOf,
});

/** One candle of clearing prices. */
export interface CandleView {
  readonly openTime: string;
  readonly open: string;
  readonly high: string;
  readonly low: string;
  readonly close: string;
  /** Of a book: numbers of its trades. */
  readonly firstBatch: number;
  readonly lastBatch: number;
  /** Whole units of base that a book traded. */
  readonly volume?: string | undefined;
}

export interface CandleList {
  readonly marketId: string;
  readonly symbol: string;
  readonly intervalMs: number;
  readonly candles: readonly CandleView[];
  readonly asOf: AsOf;
}

export const candleList: z.ZodType<CandleList> = z.object({
  marketId: marketIdText,
  symbol: symbolText,
  intervalMs: countNumber,
  candles: z.array(
    z.object({
      openTime: timeText,
      open: priceText,
      high: priceText,
      low: priceText,
      close: priceText,
      firstBatch: countNumber.describe('Of a book: number of its first trade'),
      lastBatch: countNumber.describe('Of a book: number of its last trade'),
      volume: decimalText.optional().describe('Whole units of base that a book traded'),
    }),
  ),
  asOf,
});

/**
 * The pool's quote after a net trade of a given size: what the risk book says. Of an order book:
 * the worst price that a taker of that much pays, level by level, and the ladder behind it.
 */
export interface DepthView {
  readonly marketId: string;
  readonly symbol: string;
  readonly mid: string;
  readonly levels: readonly {
    /** `buy`: traders buy the asset from the pool. */
    readonly side: 'buy' | 'sell';
    readonly notional: string;
    readonly quote: string;
    readonly withinBounds: boolean;
  }[];
  /** Of an order book, best first, with the checksum of its feed. */
  readonly ladder?: LadderView | undefined;
  readonly asOf: AsOf;
}

export const depthView: z.ZodType<DepthView> = z.object({
  marketId: marketIdText,
  symbol: symbolText,
  mid: priceText,
  levels: z.array(
    z.object({
      side: z.enum(['buy', 'sell']),
      notional: decimalText.describe('Net trade at mid, numeraire; of a book: quote paid'),
      quote: priceText.describe('Quote of the pool after that trade alone'),
      withinBounds: z.boolean().describe('Whether the inventory bound leaves room for it'),
    }),
  ),
  ladder: z.object(ladderFields).optional().describe('Of an order book, best first'),
  asOf,
});
