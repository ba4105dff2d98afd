import type { RecoverSigner } from '@lawbook/exchange/orders/signature';
import { SIGNATURE_BYTES } from '@lawbook/exchange/orders/signature';
import { signRecoverable } from 'tiny-secp256k1';
import { recoverNative } from '../../../packages/executor/src/gateways/recoverNative.ts';

/**
 * The product's `recoverNative`, asked once for each digest and signature: the venue, each of its
 * lives, the checkers, the base layer and a second play ask for the same ones, and the answer
 * depends on nothing else.
 */
export const recoverOnce: RecoverSigner = (digest, signature) => {
  const question = `${latin(digest)}/${latin(signature)}`;
  if (!RECOVERED.has(question)) keep(RECOVERED, question, recoverNative(digest, signature));
  return RECOVERED.get(question);
};

/**
 * Signs for the people of the world, once for each digest and key, with the same bytes as
 * `signDigest` of the product: both are RFC 6979 with low s.
 */
export function signOnce(digest: Uint8Array, secretKey: Uint8Array): Uint8Array {
  const question = `${latin(digest)}/${latin(secretKey)}`;
  const known = SIGNED.get(question);
  if (known !== undefined) return known;
  const { signature: rs, recoveryId } = signRecoverable(digest, secretKey);
  const signature = new Uint8Array(SIGNATURE_BYTES);
  signature.set(rs, 0);
  signature[64] = 27 + recoveryId;
  return keep(SIGNED, question, signature);
}

const RECOVERED = new Map<string, ReturnType<RecoverSigner>>();
const SIGNED = new Map<string, Uint8Array>();
/** Of a soak of many seeds the older half would never be asked for again. */
const KEPT_MAX = 50_000;

function keep<T>(memory: Map<string, T>, question: string, answer: T): T {
  if (memory.size >= KEPT_MAX) memory.clear();
  memory.set(question, answer);
  return answer;
}

function latin(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
