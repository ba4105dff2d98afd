import { developmentAccount } from '@lawbook/analytics/demoWorld';
import { keySigner } from '@lawbook/api/client/signers';
import type { AccountId } from '@lawbook/exchange/ledger/account';

/** The address of a demo account: anybody derives its key from its name. */
export function demoAddress(name: string): AccountId {
  return developmentAccount(name).account;
}

/** The public key of a demo account, 32 bytes. */
export function demoSecret(name: string): Uint8Array {
  return developmentAccount(name).secretKey;
}

/** Signs as a demo account. @returns 65 bytes in hex. */
export function signAsDemo(name: string, digest: Uint8Array): string {
  return keySigner(demoSecret(name)).sign(digest);
}
