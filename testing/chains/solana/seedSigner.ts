import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import type { SolanaSigner } from '@lawbook/chains/solana/solanaSigner';
import { getBase58Decoder } from '@solana/kit';

/** A PKCS #8 Ed25519 key in DER is this, then the 32 bytes of the seed. */
const DER_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/**
 * A key made of a name, which signs at once: WebCrypto answers from a thread, and a simulated clock
 * does not wait for threads.
 */
export function seedSigner(name: string): SolanaSigner {
  const seed = createHash('sha256').update(name).digest();
  const der = Buffer.concat([DER_PREFIX, seed]);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  return {
    address: getBase58Decoder().decode(spki.subarray(-32)),
    sign: async (messageBytes) => new Uint8Array(sign(null, messageBytes, key)),
  };
}
