import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';

/** A hash that is fed in pieces. `copy` allows a digest of what came so far without ending it. */
export interface Sha256 {
  update(bytes: Uint8Array): Sha256;
  copy(): Sha256;
  digest(): Uint8Array;
}

/**
 * SHA-256 that runs everywhere: what browsers get for `#sha256`. On Node the same name stands for
 * `sha256.node.ts`, which is some ten times as fast; a test holds the two against each other.
 */
export function sha256(bytes: Uint8Array): Uint8Array {
  return nobleSha256(bytes);
}

/** A SHA-256 to be fed in pieces. */
export function createSha256(): Sha256 {
  return wrap(nobleSha256.create());
}

function wrap(hash: ReturnType<typeof nobleSha256.create>): Sha256 {
  return {
    update(bytes) {
      hash.update(bytes);
      return this;
    },
    copy: () => wrap(hash.clone()),
    digest: () => hash.digest(),
  };
}
