import type { MarketPath } from './marketRoutes.ts';
import { marketPath } from './marketRoutes.ts';
import type { MarketParameters } from './marketViews.ts';
import { marketParameters } from './marketViews.ts';
import type {
  AssetReply,
  AssetRequest,
  DepositReply,
  DepositRequest,
  HaltRequest,
  MarketChanged,
  MarketRequest,
} from './operatorViews.ts';
import {
  assetReply,
  assetRequest,
  depositReply,
  depositRequest,
  haltRequest,
  marketChanged,
  marketRequest,
} from './operatorViews.ts';
import type { NoFields, Route } from './route.ts';
import { noFields } from './route.ts';

const operate = {
  tag: 'operator',
  access: { role: 'operator' },
  query: noFields,
  contentType: 'application/json',
} as const;

export const registerAsset: Route<NoFields, NoFields, AssetRequest, AssetReply> = {
  ...operate,
  id: 'registerAsset',
  method: 'POST',
  path: '/v1/assets',
  summary: 'Register an asset; the first one is the numeraire',
  params: noFields,
  body: assetRequest,
  response: assetReply,
};

export const createMarket: Route<NoFields, NoFields, MarketRequest, MarketChanged> = {
  ...operate,
  id: 'createMarket',
  method: 'POST',
  path: '/v1/markets',
  summary: 'Open a batch market and fund its pool',
  params: noFields,
  body: marketRequest,
  response: marketChanged,
};

export const setParameters: Route<MarketPath, NoFields, MarketParameters, MarketChanged> = {
  ...operate,
  id: 'setParameters',
  method: 'PUT',
  path: '/v1/markets/{marketId}/parameters',
  summary: 'Change the rules of a market from its next batch on',
  params: marketPath,
  body: marketParameters,
  response: marketChanged,
};

export const haltMarket: Route<MarketPath, NoFields, HaltRequest, MarketChanged> = {
  ...operate,
  id: 'haltMarket',
  method: 'POST',
  path: '/v1/markets/{marketId}/halt',
  summary: 'Stop a market and say why',
  params: marketPath,
  body: haltRequest,
  response: marketChanged,
};

export const resumeMarket: Route<MarketPath, NoFields, undefined, MarketChanged> = {
  ...operate,
  id: 'resumeMarket',
  method: 'POST',
  path: '/v1/markets/{marketId}/resume',
  summary: 'Let a halted market go on',
  params: marketPath,
  body: undefined,
  response: marketChanged,
};

export const voidBatch: Route<MarketPath, NoFields, HaltRequest, MarketChanged> = {
  ...operate,
  id: 'voidBatch',
  method: 'POST',
  path: '/v1/markets/{marketId}/void',
  summary: 'Give up the closed batch of a halted market and release what its orders hold',
  params: marketPath,
  body: haltRequest,
  response: marketChanged,
  note:
    'For a batch that breaks a law even when nothing trades in it. No balance moves, order ' +
    'nonces stay used, and the next batch has the same number. The market stays halted.',
};

export const creditDeposit: Route<NoFields, NoFields, DepositRequest, DepositReply> = {
  ...operate,
  id: 'creditDeposit',
  method: 'POST',
  path: '/v1/deposits',
  summary: 'Development credit: units without a deposit on any base layer',
  params: noFields,
  body: depositRequest,
  response: depositReply,
};
