import { z } from 'zod';
import type { AsOf } from './primitives.ts';
import {
  addressText,
  asOf,
  decimalText,
  hashText,
  sequenceNumber,
  signatureText,
  symbolText,
  timeMsNumber,
  timeText,
  u64Text,
} from './primitives.ts';

/** What an account owns of one asset: total is available plus held. */
export interface BalanceView {
  readonly symbol: string;
  readonly available: string;
  readonly held: string;
  readonly total: string;
}

/** How far along the log a set of balances is established. */
export interface LevelView {
  readonly level: 'executed' | 'checked' | 'proven' | 'available' | 'settled' | 'finalized';
  /**
   * `notConfigured` when this venue has nothing that could take a state to this level,
   * `notTracked` when balances are not kept at it (epochs are), `unavailable` while what knows them
   * does not answer.
   */
  readonly state: 'reached' | 'notConfigured' | 'notTracked' | 'unavailable';
  readonly sequence?: number | undefined;
  readonly balances?: readonly BalanceView[] | undefined;
}

const balanceView: z.ZodType<BalanceView> = z.object({
  symbol: symbolText,
  available: decimalText,
  held: decimalText,
  total: decimalText,
});

const levelView: z.ZodType<LevelView> = z.object({
  level: z.enum(['executed', 'checked', 'proven', 'available', 'settled', 'finalized']),
  state: z
    .enum(['reached', 'notConfigured', 'notTracked', 'unavailable'])
    .describe('notTracked: epochs are known at this level, balances are not'),
  sequence: sequenceNumber.optional(),
  balances: z.array(balanceView).optional(),
});

export interface AccountView {
  readonly owner: string;
  /** The levels in order; `checked` equals `executed` because laws judge before balances move. */
  readonly levels: readonly LevelView[];
  /** Highest order nonce used; sign the next order with a larger one. */
  readonly highestOrderNonce: string;
  readonly asOf: AsOf;
}

export const accountView: z.ZodType<AccountView> = z.object({
  owner: addressText,
  levels: z.array(levelView),
  highestOrderNonce: u64Text,
  asOf,
});

/** What a session may do. */
export type ScopeName = 'read' | 'trade' | 'withdraw';

const scopeName = z.enum(['read', 'trade', 'withdraw']);

/** A session grant as its owner signed it. */
export interface SessionRequest {
  readonly owner: string;
  /** Key that may sign for the owner; the zero address asks for a session secret instead. */
  readonly delegate: string;
  /** Sum of read 1, trade 2, withdraw 4. */
  readonly scopes: number;
  readonly expiresAtMs: number;
  readonly orderNonce: string;
  readonly signature: string;
}

export const sessionRequest: z.ZodType<SessionRequest> = z.strictObject({
  owner: addressText,
  delegate: addressText.describe('Key that may sign; the zero address asks for a session secret'),
  scopes: z.int().min(1).max(7).describe('Sum of read 1, trade 2, withdraw 4'),
  expiresAtMs: timeMsNumber,
  orderNonce: u64Text,
  signature: signatureText,
});

export interface SessionView {
  readonly sessionId: string;
  readonly owner: string;
  readonly delegate?: string | undefined;
  readonly scopes: readonly ScopeName[];
  readonly expiresAt: string;
}

const sessionFields = {
  sessionId: hashText.describe('Digest of the grant'),
  owner: addressText,
  delegate: addressText.optional(),
  scopes: z.array(scopeName),
  expiresAt: timeText,
};

export interface SessionOpened extends SessionView {
  readonly sequence: number;
  /** Key of the session's request authentication; answered once, stored nowhere. */
  readonly secret?: string | undefined;
}

export const sessionOpened: z.ZodType<SessionOpened> = z.object({
  ...sessionFields,
  sequence: sequenceNumber,
  secret: hashText
    .optional()
    .describe('HMAC key of the session, answered once; absent for a delegated key'),
});

export interface SessionList {
  readonly sessions: readonly SessionView[];
  readonly asOf: AsOf;
}

export const sessionList: z.ZodType<SessionList> = z.object({
  sessions: z.array(z.object(sessionFields)),
  asOf,
});

export interface SessionClosed {
  readonly sessionId: string;
  readonly sequence: number;
}

export const sessionClosed: z.ZodType<SessionClosed> = z.object({
  sessionId: hashText,
  sequence: sequenceNumber,
});

/** What anybody needs to sign for this venue. */
export interface TypedDataView {
  readonly domain: {
    readonly name: string;
    readonly version: string;
    readonly chainId: number;
    readonly verifyingContract: string;
  };
  readonly types: Readonly<
    Record<string, readonly { readonly name: string; readonly type: string }[]>
  >;
}

export const typedDataView: z.ZodType<TypedDataView> = z.object({
  domain: z.object({
    name: z.string(),
    version: z.string(),
    chainId: z.int(),
    verifyingContract: addressText,
  }),
  types: z.record(z.string(), z.array(z.object({ name: z.string(), type: z.string() }))),
});
