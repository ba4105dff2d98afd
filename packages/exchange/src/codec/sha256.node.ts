import type { Hash } from 'node:crypto';
import { createHash, hash } from 'node:crypto';
import type { Sha256 } from './sha256.ts';

/**
 * SHA-256 by OpenSSL, which uses the instructions that processors have for it: what Node gets for
 * `#sha256` (package.json, `imports`). Pure like its portable twin in `sha256.ts`, and ten times as
 * fast on a batch of a million order ids.
 */
export function sha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(hash('sha256', bytes, 'buffer'));
}

/** A SHA-256 to be fed in pieces. */
export function createSha256(): Sha256 {
  return wrap(createHash('sha256'));
}

function wrap(inner: Hash): Sha256 {
  return {
    update(bytes) {
      inner.update(bytes);
      return this;
    },
    copy: () => wrap(inner.copy()),
    digest: () => new Uint8Array(inner.digest()),
  };
}
