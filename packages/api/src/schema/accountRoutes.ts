import { z } from 'zod';
import type {
  AccountView,
  SessionClosed,
  SessionList,
  SessionOpened,
  SessionRequest,
  TypedDataView,
} from './accountViews.ts';
import {
  accountView,
  sessionClosed,
  sessionList,
  sessionOpened,
  sessionRequest,
  typedDataView,
} from './accountViews.ts';
import type { LegacyVault, Verifiable } from './compatibility.ts';
import { legacyVault, verifiables } from './compatibility.ts';
import type { Liveness, Readiness, StatusView } from './operatorViews.ts';
import { liveness, readiness, statusView } from './operatorViews.ts';
import type { OrderAnswers } from './orderViews.ts';
import { orderAnswers } from './orderViews.ts';
import { addressText, hashText } from './primitives.ts';
import type { AtLeast, NoFields, Route } from './route.ts';
import { atLeastQuery, noFields } from './route.ts';
import type { AgreementReply, SettlementReply } from './settlementViews.ts';
import { agreementReply, settlementReply } from './settlementViews.ts';

/** Names an account. */
export interface OwnerPath {
  readonly owner: string;
}

export const ownerPath: z.ZodType<OwnerPath> = z.strictObject({ owner: addressText });

/** Names a session. */
export interface SessionPath {
  readonly sessionId: string;
}

const sessionPath: z.ZodType<SessionPath> = z.strictObject({ sessionId: hashText });

const open = {
  access: { role: 'public' },
  contentType: 'application/json',
} as const;
const read = { ...open, method: 'GET', body: undefined } as const;

export const readAccount: Route<OwnerPath, AtLeast, undefined, AccountView> = {
  ...read,
  id: 'readAccount',
  path: '/v1/accounts/{owner}',
  tag: 'accounts',
  summary: 'Balances of an account at each level; an unknown account owns nothing',
  params: ownerPath,
  query: atLeastQuery,
  response: accountView,
};

export const readVault: Route<OwnerPath, AtLeast, undefined, AccountView> = {
  ...read,
  id: 'readVault',
  path: '/v1/vaults/{owner}',
  tag: 'accounts',
  summary: 'The same balances under the word of the base layer',
  params: ownerPath,
  query: atLeastQuery,
  response: accountView,
};

export const openSession: Route<NoFields, NoFields, SessionRequest, SessionOpened> = {
  ...open,
  id: 'openSession',
  method: 'POST',
  path: '/v1/sessions',
  tag: 'sessions',
  summary: 'Open a session by one signed grant',
  params: noFields,
  query: noFields,
  body: sessionRequest,
  response: sessionOpened,
  note:
    'The secret is answered once: grants become public with their epochs, so sending one again ' +
    'answers orderNonceReplayed.',
};

export const listSessions: Route<NoFields, AtLeast, undefined, SessionList> = {
  ...read,
  id: 'listSessions',
  path: '/v1/sessions',
  tag: 'sessions',
  summary: 'Sessions in force of the owner who asks',
  access: { role: 'session', scope: 'read' },
  params: noFields,
  query: atLeastQuery,
  response: sessionList,
};

export const closeSession: Route<SessionPath, NoFields, undefined, SessionClosed> = {
  ...read,
  id: 'closeSession',
  method: 'DELETE',
  path: '/v1/sessions/{sessionId}',
  tag: 'sessions',
  summary: 'Revoke a session: the one that asks, or with scope trade another of the same owner',
  access: { role: 'session' },
  params: sessionPath,
  query: noFields,
  response: sessionClosed,
};

export const readTypedData: Route<NoFields, NoFields, undefined, TypedDataView> = {
  ...read,
  id: 'readTypedData',
  path: '/v1/typed-data',
  tag: 'sessions',
  summary: 'EIP-712 domain and types that users sign here',
  params: noFields,
  query: noFields,
  response: typedDataView,
};

export const readAgreement: Route<NoFields, NoFields, undefined, AgreementReply> = {
  ...read,
  id: 'readAgreement',
  path: '/v1/agreement',
  tag: 'operations',
  summary: 'Domain agreement with the base layer: operator, shard and verifying keys',
  params: noFields,
  query: noFields,
  response: agreementReply,
};

export const readSettlement: Route<NoFields, NoFields, undefined, SettlementReply> = {
  ...read,
  id: 'readSettlement',
  path: '/v1/settlement',
  tag: 'operations',
  summary: 'Where the venue settles and how far behind trading that is',
  params: noFields,
  query: noFields,
  response: settlementReply,
};

export const readStatus: Route<NoFields, AtLeast, undefined, StatusView> = {
  ...read,
  id: 'readStatus',
  path: '/v1/status',
  tag: 'operations',
  summary: 'Sequences, markets and components at a glance',
  params: noFields,
  query: atLeastQuery,
  response: statusView,
};

export const readLiveness: Route<NoFields, NoFields, undefined, Liveness> = {
  ...read,
  id: 'readLiveness',
  path: '/health/live',
  tag: 'operations',
  summary: 'Whether the program answers at all',
  params: noFields,
  query: noFields,
  response: liveness,
};

export const readReadiness: Route<NoFields, NoFields, undefined, Readiness> = {
  ...read,
  id: 'readReadiness',
  path: '/health/ready',
  tag: 'operations',
  summary: 'Whether every configured part can do its work, each named',
  params: noFields,
  query: noFields,
  response: readiness,
  note: 'Status 503 with the same body while a part is unready or the venue is closing.',
};

export const readMetrics: Route<NoFields, NoFields, undefined, string> = {
  ...read,
  id: 'readMetrics',
  path: '/metrics',
  tag: 'operations',
  summary: 'Metrics in the text format of Prometheus',
  params: noFields,
  query: noFields,
  response: undefined,
  contentType: 'text/plain',
};

export const readHealth: Route<NoFields, NoFields, undefined, string> = {
  ...read,
  id: 'readHealth',
  path: '/api/health',
  tag: 'compatibility',
  summary: 'OK, for clients of the batch-FX executor API',
  params: noFields,
  query: noFields,
  response: undefined,
  contentType: 'text/plain',
};

export const readLegacyVault: Route<OwnerPath, NoFields, undefined, LegacyVault> = {
  ...read,
  id: 'readLegacyVault',
  path: '/vaults/{owner}',
  tag: 'compatibility',
  summary: 'Vault of an owner in the form of the batch-FX executor API',
  params: ownerPath,
  query: noFields,
  response: legacyVault,
};

export const submitVerifiables: Route<NoFields, NoFields, readonly Verifiable[], OrderAnswers> = {
  id: 'submitVerifiables',
  method: 'POST',
  path: '/verifiables',
  tag: 'compatibility',
  summary: 'Swaps in the form of the batch-FX executor API',
  access: { role: 'signed', scope: 'trade' },
  params: noFields,
  query: noFields,
  body: verifiables,
  response: orderAnswers,
  contentType: 'application/json',
  note:
    'Each Swap is translated to a BatchOrder, whose EIP-712 signature it carries: budget times ' +
    '10^decimals; limit n/d with n = 10^(digits of limit_ratio + decimals received) and ' +
    'd = limit_ratio without its point times 10^(decimals paid), in lowest terms; ' +
    'min_fill_fraction times 10^6; nonce as orderNonce; expires_at_ms as expiresAtMs.',
};
