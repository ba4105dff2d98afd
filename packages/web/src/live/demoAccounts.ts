import type { AccountId } from '@lawbook/exchange/ledger/account';
import { accountId } from '@lawbook/exchange/ledger/account';

/**
 * The demo accounts that every visitor is offered. Their addresses follow from their names; written
 * down, because the curve that derives them weighs more than the rest of this page's own code.
 */
export const DEMO_ACCOUNTS: ReadonlyMap<string, AccountId> = new Map([
  ['alice', accountId('0xb2755771d818621ed250c26f9377abc2d74fb68b')],
  ['bob', accountId('0x43cc5f7b43631120a3453159ad662c67aab00030')],
  ['charlie', accountId('0x16627cc47316f80db984c5411a003a9b35d2d0e2')],
]);

/** The chain on which demo accounts are offered: their keys are public. */
export const DEMO_CHAIN = 31_337;
