import type { FieldHash } from '@lawbook/proofs/statements/epoch/fieldHash';
import { poseidon2Hash } from '@zkpassport/poseidon2';

/**
 * The circuits' hash in plain JavaScript: a tenth of the download of Barretenberg's, and nothing to
 * compile. A test compares the two.
 */
export const fieldHash: FieldHash = (elements) => poseidon2Hash([...elements]);
