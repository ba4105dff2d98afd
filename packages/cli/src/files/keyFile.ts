import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { hexToBytes } from '@lawbook/exchange/codec/hex';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import { addressOfSecret, isSecretKey } from '@lawbook/exchange/orders/signature';
import { FileFault } from '../terminal/cliFault.ts';

/** A key and the account that it signs for. */
export interface SigningKey {
  readonly account: AccountId;
  readonly secretKey: Uint8Array;
}

/** A key file as read, and whether others on this machine may read it too. */
export interface KeyFile extends SigningKey {
  readonly exposed: boolean;
}

/** Only its owner reads or writes a key file. */
const KEY_MODE = 0o600;

/**
 * Writes a new key file: JSON with address and secret, not encrypted, readable by its owner only.
 * @throws FileFault when the file exists or cannot be written.
 */
export function writeKeyFile(path: string, secretHex: string): AccountId {
  const account = addressOfSecret(hexToBytes(secretHex));
  const text = JSON.stringify({ kind: 'lawbook-key', address: account, secretKey: secretHex });
  try {
    writeFileSync(path, `${text}\n`, { flag: 'wx', mode: KEY_MODE });
    chmodSync(path, KEY_MODE);
  } catch (cause) {
    const exists = (cause as NodeJS.ErrnoException).code === 'EEXIST';
    const why = exists ? 'exists already: keys are never overwritten' : 'cannot be written';
    throw new FileFault(`${path} ${why}`, path, cause);
  }
  return account;
}

/** Reads a key file. @throws FileFault when it is missing, malformed or holds another key. */
export function readKeyFile(path: string): KeyFile {
  const { text, mode } = readText(path);
  const secretHex = secretIn(text);
  if (secretHex === undefined) {
    throw new FileFault(`${path} is not a key file: make one with lawbook keys generate`, path);
  }
  const secretKey = hexToBytes(secretHex);
  return { account: addressOfSecret(secretKey), secretKey, exposed: (mode & 0o077) !== 0 };
}

function readText(path: string): { readonly text: string; readonly mode: number } {
  try {
    return { text: readFileSync(path, 'utf8'), mode: statSync(path).mode };
  } catch (cause) {
    throw new FileFault(`${path} cannot be read`, path, cause);
  }
}

/** The secret in a key file; undefined when there is none or its stated address is another's. */
function secretIn(text: string): string | undefined {
  const parsed = parseJson(text);
  if (parsed === undefined) return undefined;
  const { secretKey, address } = parsed;
  if (typeof secretKey !== 'string' || !isSecretKey(secretKey)) return undefined;
  return addressOfSecret(hexToBytes(secretKey)) === address ? secretKey : undefined;
}

function parseJson(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : undefined;
  } catch {
    // Not JSON: the caller names the file. The parser's message could quote the secret.
    return undefined;
  }
}
