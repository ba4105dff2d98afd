import { z } from 'zod';
import type {
  CancelReply,
  CancelRequest,
  CommitReply,
  CommitRequest,
  OrderAnswers,
  OrderList,
  OrderReply,
  OrderSubmission,
  PreviewRequest,
  PreviewView,
  RevealRequest,
} from './orderViews.ts';
import {
  cancelReply,
  cancelRequest,
  commitReply,
  commitRequest,
  orderAnswers,
  orderList,
  orderReply,
  orderSubmission,
  previewRequest,
  previewView,
  revealRequest,
} from './orderViews.ts';
import { addressText, hashText, queryFlag } from './primitives.ts';
import type { AtLeast, NoFields, PageQuery, Route } from './route.ts';
import { atLeastQuery, noFields, pageFields } from './route.ts';

/** Names an order. */
export interface OrderPath {
  readonly orderId: string;
}

const orderPath: z.ZodType<OrderPath> = z.strictObject({ orderId: hashText });

/** Whose orders. */
export interface OrdersQuery extends PageQuery {
  readonly owner: string;
  /** Only orders that still stand. */
  readonly open?: boolean | undefined;
}

const ordersQuery: z.ZodType<OrdersQuery> = z.strictObject({
  atLeast: pageFields.atLeast.optional(),
  limit: pageFields.limit.optional(),
  before: pageFields.before.optional(),
  owner: addressText,
  open: queryFlag.optional().describe('true: only orders that still stand'),
});

const JSON_TYPE = 'application/json';
const trade = { role: 'signed', scope: 'trade' } as const;

export const submitOrders: Route<NoFields, NoFields, OrderSubmission, OrderAnswers> = {
  id: 'submitOrders',
  method: 'POST',
  path: '/v1/orders',
  tag: 'orders',
  summary: 'Submit one or many orders; each gets one of three answers',
  access: trade,
  params: noFields,
  query: noFields,
  body: orderSubmission,
  response: orderAnswers,
  contentType: JSON_TYPE,
  note: 'One order that is refused answers with the HTTP status of its code and the same body.',
};

export const readOrder: Route<OrderPath, AtLeast, undefined, OrderReply> = {
  id: 'readOrder',
  method: 'GET',
  path: '/v1/orders/{orderId}',
  tag: 'orders',
  summary: 'One admitted order and what became of it',
  access: { role: 'public' },
  params: orderPath,
  query: atLeastQuery,
  body: undefined,
  response: orderReply,
  contentType: JSON_TYPE,
};

export const listOrders: Route<NoFields, OrdersQuery, undefined, OrderList> = {
  id: 'listOrders',
  method: 'GET',
  path: '/v1/orders',
  tag: 'orders',
  summary: 'Orders of an owner, new to old by sequence',
  access: { role: 'public' },
  params: noFields,
  query: ordersQuery,
  body: undefined,
  response: orderList,
  contentType: JSON_TYPE,
};

export const cancelOrder: Route<OrderPath, NoFields, CancelRequest, CancelReply> = {
  id: 'cancelOrder',
  method: 'DELETE',
  path: '/v1/orders/{orderId}',
  tag: 'orders',
  summary: 'Withdraw an order while its batch collects',
  access: trade,
  params: orderPath,
  query: noFields,
  body: cancelRequest,
  response: cancelReply,
  contentType: JSON_TYPE,
  note: 'The signature may stand in the body or in the header Lawbook-Signature.',
};

export const commitOrder: Route<NoFields, NoFields, CommitRequest, CommitReply> = {
  id: 'commitOrder',
  method: 'POST',
  path: '/v1/commits',
  tag: 'orders',
  summary: 'Commit to a hidden order of a commit-reveal market',
  access: trade,
  params: noFields,
  query: noFields,
  body: commitRequest,
  response: commitReply,
  contentType: JSON_TYPE,
};

export const revealOrder: Route<NoFields, NoFields, RevealRequest, OrderAnswers> = {
  id: 'revealOrder',
  method: 'POST',
  path: '/v1/reveals',
  tag: 'orders',
  summary: 'Reveal the order behind a commitment',
  access: trade,
  params: noFields,
  query: noFields,
  body: revealRequest,
  response: orderAnswers,
  contentType: JSON_TYPE,
};

export const previewOrder: Route<NoFields, AtLeast, PreviewRequest, PreviewView> = {
  id: 'previewOrder',
  method: 'POST',
  path: '/v1/preview',
  tag: 'orders',
  summary: "The clearing engine's own answer at the current state; nothing is sequenced",
  access: { role: 'public' },
  params: noFields,
  query: atLeastQuery,
  body: previewRequest,
  response: previewView,
  contentType: JSON_TYPE,
};
