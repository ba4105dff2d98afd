import type { CircuitName } from '../circuits/circuit.ts';
import batchEpoch16 from '../generated/batchEpoch16.key.json' with { type: 'json' };
import batchEpoch64 from '../generated/batchEpoch64.key.json' with { type: 'json' };
import batchEpoch256 from '../generated/batchEpoch256.key.json' with { type: 'json' };
import type { VerifyingKey } from './verifyingKey.ts';

const KEYS: Readonly<Record<string, unknown>> = { batchEpoch16, batchEpoch64, batchEpoch256 };

/**
 * The key of a circuit under the development string, with its verifier contract, as `npm run
 * circuits` wrote it: a venue on the embedded chain needs no compiler to start. Undefined for a
 * circuit of which none is committed.
 */
export function committedKey(circuit: CircuitName): VerifyingKey | undefined {
  return KEYS[circuit] as VerifyingKey | undefined;
}
