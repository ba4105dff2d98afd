import { parseHex } from '../codec/hex.ts';
import { invariant } from '../failures/invariant.ts';

declare const accountIdBrand: unique symbol;

/** A ledger account: 0x and forty lower-case hex digits, an Ethereum address for users. */
export type AccountId = string & { readonly [accountIdBrand]: true };

/** Reads an address in any letter case; undefined when it is not one. */
export function parseAccountId(text: string): AccountId | undefined {
  const bytes = parseHex(text);
  return bytes?.length === 20 ? (text.toLowerCase() as AccountId) : undefined;
}

/** Builds an `AccountId` from trusted text. */
export function accountId(text: string): AccountId {
  const id = parseAccountId(text);
  invariant(id !== undefined, 'an account id is a 20-byte address');
  return id;
}

/** What a system account is for. Nobody holds a key to these addresses. */
export const SystemRole = {
  custody: 1,
  pool: 2,
  fees: 3,
  /** Units that wait for the epoch which takes them out. */
  withdrawals: 4,
  /** Deposits for a market's pool that wait for its open epoch to be sealed. */
  arrivals: 5,
} as const;
export type SystemRole = (typeof SystemRole)[keyof typeof SystemRole];

/**
 * The account of a system role: the address 0x1a3b00..00, then role and market in four bytes each.
 *
 * `custody` mirrors what the base layer holds for the ledger and is the only account that may be
 * negative: a deposit moves units out of it, so that all accounts of an asset sum to zero.
 */
export function systemAccount(role: SystemRole, marketId = 0): AccountId {
  const tail = role.toString(16).padStart(8, '0') + marketId.toString(16).padStart(8, '0');
  return `${SYSTEM_PREFIX}${tail}` as AccountId;
}

/** Whether an account belongs to the venue itself, so that no user may name it as owner. */
export function isSystemAccount(id: AccountId): boolean {
  return id.startsWith(SYSTEM_PREFIX);
}

/** The market and role of a pool or fee account: the venue's vaults that a base layer knows too. */
export function venueVault(
  id: AccountId,
): { readonly role: SystemRole; readonly marketId: number } | undefined {
  if (!isSystemAccount(id)) return undefined;
  const tail = id.slice(SYSTEM_PREFIX.length);
  const role = Number.parseInt(tail.slice(0, 8), 16);
  if (role !== SystemRole.pool && role !== SystemRole.fees) return undefined;
  return { role, marketId: Number.parseInt(tail.slice(8), 16) };
}

const SYSTEM_PREFIX = `0x1a3b${'0'.repeat(20)}`;
