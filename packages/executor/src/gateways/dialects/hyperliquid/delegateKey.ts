import { createHmac } from 'node:crypto';
import { bytesToHex } from '@lawbook/exchange/codec/hex';
import { invariant } from '@lawbook/exchange/failures/invariant';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import { addressOfSecret, isSecretKey, SIGNATURE_BYTES } from '@lawbook/exchange/orders/signature';
import { signRecoverable } from 'tiny-secp256k1';

/**
 * The key with which a venue writes down what it was asked in a dialect. An owner lets it by a
 * session grant with this delegate; without one it can do nothing in the owner's name.
 */
export interface DelegateKey {
  readonly address: AccountId;
  /** Signs a digest: r, s, v as the exchange takes them. */
  readonly sign: (digest: Uint8Array) => Uint8Array;
}

/**
 * Derives the delegate key of a dialect from the secret of the gateways, so that it is the same
 * after a restart and is stored nowhere.
 */
export function deriveDelegateKey(serverKey: Uint8Array, dialect: string): DelegateKey {
  const secret = deriveSecret(serverKey, dialect);
  return {
    address: addressOfSecret(secret),
    sign: (digest) => {
      const { signature, recoveryId } = signRecoverable(digest, secret);
      const bytes = new Uint8Array(SIGNATURE_BYTES);
      bytes.set(signature, 0);
      bytes[64] = 27 + recoveryId;
      return bytes;
    },
  };
}

function deriveSecret(serverKey: Uint8Array, dialect: string): Uint8Array {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const label = `lawbook.dialect.${dialect}.${attempt}`;
    const secret = createHmac('sha256', serverKey).update(label).digest();
    if (isSecretKey(bytesToHex(secret))) return secret;
  }
  invariant(false, 'one of a few digests is a key of the curve');
}

/** A digest is no key with a chance of 2^-128. */
const ATTEMPTS_MAX = 4;
