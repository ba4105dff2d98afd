import type { Hash } from '@lawbook/exchange/codec/hash';
import { taggedHash } from '@lawbook/exchange/codec/hash';
import { hexToBytes } from '@lawbook/exchange/codec/hex';
import type { CircuitName } from '../circuits/circuit.ts';
import type { Setup } from '../statements/proof.ts';

/** What anybody needs to verify the proofs of one circuit under one reference string. */
export interface VerifyingKey {
  readonly circuit: CircuitName;
  readonly circuitVersion: number;
  readonly setup: Setup;
  /** Which reference string; see `ReferenceString.stringId`. */
  readonly stringId: string;
  readonly publicInputCount: number;
  readonly gates: number;
  /** Barretenberg's key, hex without prefix. */
  readonly keyBytes: string;
  /** The key's hash, hex without prefix, as its contract names it. */
  readonly keyHash: string;
  /** The verifier contract as it lies on a chain, hex without prefix. */
  readonly verifierCode: string;
  /** What deploys the verifier contract, hex without prefix; it takes no arguments. */
  readonly verifierCreationCode: string;
}

/** What an agreement records of its keys: one hash over the hashes of all keys, in order. */
export function hashVerifyingKeys(keys: readonly VerifyingKey[]): Hash {
  const hashes = keys.map(({ keyHash }) => hexToBytes(`0x${keyHash}`));
  return taggedHash('lawbook.verifyingKeys.v1', ...hashes);
}
