import { z } from 'zod';
import type {
  AssetList,
  CandleList,
  DepthView,
  MarketAnswer,
  MarketList,
  OracleView,
  PoolView,
  PricesView,
} from './marketViews.ts';
import {
  assetList,
  candleList,
  depthView,
  marketAnswer,
  marketList,
  oracleView,
  poolView,
  pricesView,
} from './marketViews.ts';
import { marketIdText, pathNumber, symbolText } from './primitives.ts';
import type {
  BatchList,
  BatchReply,
  EpochList,
  EpochReply,
  EpochVerdicts,
  LawList,
} from './recordViews.ts';
import {
  batchList,
  batchReply,
  epochList,
  epochReply,
  epochVerdicts,
  lawList,
} from './recordViews.ts';
import type { AtLeast, NoFields, PageQuery, Route } from './route.ts';
import { atLeastQuery, noFields, pageFields, pageQuery } from './route.ts';
import type { EpochSettlementReply, ProofReply } from './settlementViews.ts';
import { epochSettlementReply, proofReply } from './settlementViews.ts';

/** Names a market. */
export interface MarketPath {
  readonly marketId: string;
}

export const marketPath: z.ZodType<MarketPath> = z.strictObject({ marketId: marketIdText });

/** Names a batch of a market. */
export interface BatchPath extends MarketPath {
  readonly batchNumber: number;
}

const batchPath: z.ZodType<BatchPath> = z.strictObject({
  marketId: marketIdText,
  batchNumber: pathNumber(1, Number.MAX_SAFE_INTEGER, 'Batch number, from 1'),
});

/** Names an epoch of a market. */
export interface EpochPath extends MarketPath {
  readonly epochNumber: number;
}

export const epochPath: z.ZodType<EpochPath> = z.strictObject({
  marketId: marketIdText,
  epochNumber: pathNumber(1, Number.MAX_SAFE_INTEGER, 'Epoch number, from 1'),
});

/** Which candles. */
export interface CandleQuery extends PageQuery {
  /** Asset of a batch market; a book has but one price. */
  readonly symbol?: string | undefined;
  readonly intervalMs?: number | undefined;
}

const candleQuery: z.ZodType<CandleQuery> = z.strictObject({
  atLeast: pageFields.atLeast.optional(),
  limit: pageFields.limit.optional(),
  before: pageFields.before.optional(),
  symbol: symbolText.optional().describe('Asset of a batch market; a book needs none'),
  intervalMs: pathNumber(
    1000,
    604_800_000,
    'Width of a candle, one minute unless stated',
  ).optional(),
});

/** Whose depth. */
export interface DepthQuery extends AtLeast {
  /** Asset of a batch market. */
  readonly symbol?: string | undefined;
  /** Levels of each half of a book. */
  readonly levels?: number | undefined;
}

const depthQuery: z.ZodType<DepthQuery> = z.strictObject({
  atLeast: pageFields.atLeast.optional(),
  symbol: symbolText.optional().describe('Asset of a batch market; a book needs none'),
  levels: pathNumber(1, 100, 'Levels of each half of a book, 20 unless stated').optional(),
});

const read = {
  method: 'GET',
  access: { role: 'public' },
  body: undefined,
  contentType: 'application/json',
} as const;

export const listAssets: Route<NoFields, AtLeast, undefined, AssetList> = {
  ...read,
  id: 'listAssets',
  path: '/v1/assets',
  tag: 'markets',
  summary: 'Assets of the ledger, the numeraire first',
  params: noFields,
  query: atLeastQuery,
  response: assetList,
};

export const listMarkets: Route<NoFields, AtLeast, undefined, MarketList> = {
  ...read,
  id: 'listMarkets',
  path: '/v1/markets',
  tag: 'markets',
  summary: 'Markets with their metadata',
  params: noFields,
  query: atLeastQuery,
  response: marketList,
};

export const readMarket: Route<MarketPath, AtLeast, undefined, MarketAnswer> = {
  ...read,
  id: 'readMarket',
  path: '/v1/markets/{marketId}',
  tag: 'markets',
  summary: 'Products, parameters, phase with its deadline, halt reason and limits of a market',
  params: marketPath,
  query: atLeastQuery,
  response: marketAnswer,
  note: 'The rules of an order book are at /v1/books/{marketId}.',
};

export const readOracle: Route<MarketPath, AtLeast, undefined, OracleView> = {
  ...read,
  id: 'readOracle',
  path: '/v1/markets/{marketId}/oracle',
  tag: 'markets',
  summary: 'Mids of the last clearing and of the feed',
  params: marketPath,
  query: atLeastQuery,
  response: oracleView,
};

export const readPool: Route<MarketPath, AtLeast, undefined, PoolView> = {
  ...read,
  id: 'readPool',
  path: '/v1/markets/{marketId}/pool',
  tag: 'markets',
  summary: 'Inventory of the pool, its bounds and how far they are used',
  params: marketPath,
  query: atLeastQuery,
  response: poolView,
};

export const readPrices: Route<MarketPath, AtLeast, undefined, PricesView> = {
  ...read,
  id: 'readPrices',
  path: '/v1/markets/{marketId}/prices',
  tag: 'markets',
  summary: 'Last cleared prices beside the mids',
  params: marketPath,
  query: atLeastQuery,
  response: pricesView,
};

export const listCandles: Route<MarketPath, CandleQuery, undefined, CandleList> = {
  ...read,
  id: 'listCandles',
  path: '/v1/markets/{marketId}/candles',
  tag: 'markets',
  summary: 'Candles over the latest 1,000 batches, or 10,000 trades of a book, new to old',
  params: marketPath,
  query: candleQuery,
  response: candleList,
  note: 'A batch market needs `symbol`; a book has one, its base. Its batches are its trades.',
};

export const readDepth: Route<MarketPath, DepthQuery, undefined, DepthView> = {
  ...read,
  id: 'readDepth',
  path: '/v1/markets/{marketId}/depth',
  tag: 'markets',
  summary: 'Price after net trades of growing size in one asset, from the pool or the book',
  params: marketPath,
  query: depthQuery,
  response: depthView,
  note: 'A batch market needs `symbol`; a book has one, its base, and shows its ladder as well.',
};

export const listBatches: Route<MarketPath, PageQuery, undefined, BatchList> = {
  ...read,
  id: 'listBatches',
  path: '/v1/markets/{marketId}/batches',
  tag: 'records',
  summary: 'Reports of cleared batches, new to old',
  params: marketPath,
  query: pageQuery,
  response: batchList,
};

export const readBatch: Route<BatchPath, AtLeast, undefined, BatchReply> = {
  ...read,
  id: 'readBatch',
  path: '/v1/markets/{marketId}/batches/{batchNumber}',
  tag: 'records',
  summary: 'Report of one batch with its verdicts',
  params: batchPath,
  query: atLeastQuery,
  response: batchReply,
};

export const listEpochs: Route<MarketPath, PageQuery, undefined, EpochList> = {
  ...read,
  id: 'listEpochs',
  path: '/v1/markets/{marketId}/epochs',
  tag: 'records',
  summary: 'Sealed epochs, new to old',
  params: marketPath,
  query: pageQuery,
  response: epochList,
};

export const readEpoch: Route<EpochPath, AtLeast, undefined, EpochReply> = {
  ...read,
  id: 'readEpoch',
  path: '/v1/markets/{marketId}/epochs/{epochNumber}',
  tag: 'records',
  summary: 'One sealed epoch and how far it has come',
  params: epochPath,
  query: atLeastQuery,
  response: epochReply,
};

export const readBundle: Route<EpochPath, AtLeast, undefined, Uint8Array> = {
  ...read,
  id: 'readBundle',
  path: '/v1/markets/{marketId}/epochs/{epochNumber}/bundle',
  tag: 'records',
  summary: 'Everything that a verifier needs to judge the epoch, as canonical bytes',
  params: epochPath,
  query: atLeastQuery,
  response: undefined,
  contentType: 'application/octet-stream',
};

export const readVerdicts: Route<EpochPath, AtLeast, undefined, EpochVerdicts> = {
  ...read,
  id: 'readVerdicts',
  path: '/v1/markets/{marketId}/epochs/{epochNumber}/verdicts',
  tag: 'records',
  summary: 'What every law said about every batch of the epoch',
  params: epochPath,
  query: atLeastQuery,
  response: epochVerdicts,
};

export const readProof: Route<EpochPath, AtLeast, undefined, ProofReply> = {
  ...read,
  id: 'readProof',
  path: '/v1/markets/{marketId}/epochs/{epochNumber}/proof',
  tag: 'records',
  summary: 'Validity proof of the epoch, or what it waits for',
  params: epochPath,
  query: atLeastQuery,
  response: proofReply,
};

export const readBaseLayerTransaction: Route<EpochPath, AtLeast, undefined, EpochSettlementReply> =
  {
    ...read,
    id: 'readBaseLayerTransaction',
    path: '/v1/markets/{marketId}/epochs/{epochNumber}/transaction',
    tag: 'records',
    summary: 'Settlement of the epoch on the base layer, or what it waits for',
    params: epochPath,
    query: atLeastQuery,
    response: epochSettlementReply,
  };

export const listLaws: Route<NoFields, NoFields, undefined, LawList> = {
  ...read,
  id: 'listLaws',
  path: '/v1/laws',
  tag: 'records',
  summary: 'The published laws and the predicates they add up to',
  params: noFields,
  query: noFields,
  response: lawList,
};
