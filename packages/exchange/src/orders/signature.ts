import { secp256k1 } from '@noble/curves/secp256k1.js';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { bytesToHex, hexToBytes } from '../codec/hex.ts';
import type { AccountId } from '../ledger/account.ts';
import { accountId } from '../ledger/account.ts';

/** Recovers the signer of a digest; undefined for anything but a valid low-s signature. */
export type RecoverSigner = (digest: Uint8Array, signature: Uint8Array) => AccountId | undefined;

/** Width of r, s and v together. */
export const SIGNATURE_BYTES = 65;

/**
 * Recovers the signer with the audited pure-JavaScript curve, which runs everywhere.
 * `signature` is r (32), s (32), v (27 or 28). High-s twins are refused, so that a signature has
 * one form only. @see EIP-2 for the low-s rule, SEC 1 v2 section 4.1.6 for recovery
 */
export const recoverSigner: RecoverSigner = (digest, signature) => {
  const v = signature[64];
  if (signature.length !== SIGNATURE_BYTES || (v !== 27 && v !== 28)) return undefined;
  try {
    const parsed = secp256k1.Signature.fromBytes(signature.subarray(0, 64)).addRecoveryBit(v - 27);
    if (parsed.hasHighS()) return undefined;
    return addressOf(parsed.recoverPublicKey(digest).toBytes(false));
  } catch {
    // The curve library throws on points off the curve and on zero scalars: no such signer.
    return undefined;
  }
};

/** Signs a digest; deterministic (RFC 6979), low-s. `secretKey` is 32 bytes. */
export function signDigest(digest: Uint8Array, secretKey: Uint8Array): Uint8Array {
  const compact = secp256k1.sign(digest, secretKey, { prehash: false, format: 'recovered' });
  const signature = new Uint8Array(SIGNATURE_BYTES);
  signature.set(compact.subarray(1), 0);
  signature[64] = 27 + (compact[0] as number);
  return signature;
}

/** The address of a secret key. */
export function addressOfSecret(secretKey: Uint8Array): AccountId {
  return addressOf(secp256k1.getPublicKey(secretKey, false));
}

/** The address of an uncompressed public key of 65 bytes. @see Ethereum yellow paper, appendix F */
export function addressOf(publicKey: Uint8Array): AccountId {
  return accountId(bytesToHex(keccak_256(publicKey.subarray(1)).subarray(12)));
}

/** Whether text is a 32-byte secret key in hex that the curve accepts. */
export function isSecretKey(text: string): boolean {
  return /^0x[0-9a-fA-F]{64}$/.test(text) && secp256k1.utils.isValidSecretKey(hexToBytes(text));
}
