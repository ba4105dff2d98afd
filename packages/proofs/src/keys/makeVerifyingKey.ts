import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bytesToHex } from '@lawbook/exchange/codec/hex';
import { runJob } from '../barretenberg/jobProcess.ts';
import type { CircuitName } from '../circuits/circuit.ts';
import { circuitOf } from '../circuits/circuit.ts';
import { CIRCUIT_DIGESTS, CIRCUIT_VERSION } from '../circuits/circuitVersion.ts';
import { publicInputCount } from '../statements/publicInputs.ts';
import { committedKey } from './committedKey.ts';
import type { ReferenceString } from './referenceString.ts';
import { compileVerifier } from './verifierContract.ts';
import type { VerifyingKey } from './verifyingKey.ts';

/** What keys are made for, and where they are kept. */
export interface KeyOptions {
  readonly circuit: CircuitName;
  readonly string: ReferenceString;
  readonly directory: string;
}

/** Keys are made once; no circuit here needs more than this to be read. */
const KEY_MEMORY_BYTES_MAX = 4 * 2 ** 30;
const KEY_MS_MAX = 600_000;

/**
 * The verifying key of a circuit under a reference string, with its verifier contract. Under the
 * development string it is the committed one; under another it is made on first use and kept under
 * `directory`, under a name that changes with circuit and string.
 *
 * Where Barretenberg has no native code the contract is the plain one: it accepts the same proofs
 * for more gas, and its code differs, so a venue keeps the key that it registered.
 *
 * @throws ProofFault PROOF_STRING_INVALID, PROOF_KEYS_FAILED, PROOF_PROVER_FAILED
 */
export async function makeVerifyingKey(options: KeyOptions): Promise<VerifyingKey> {
  const { circuit, string, directory } = options;
  const committed = committedKey(circuit);
  if (committed?.stringId === string.stringId) return committed;
  const digest = CIRCUIT_DIGESTS[circuit].slice(0, 12);
  const name = `${circuit}-v${CIRCUIT_VERSION}-${digest}-${string.stringId.slice(0, 12)}.json`;
  const path = join(directory, name);
  const kept = await readFile(path, 'utf8').catch(() => undefined);
  if (kept !== undefined) return JSON.parse(kept) as VerifyingKey;
  const key = await freshVerifyingKey(circuit, string);
  await mkdir(directory, { recursive: true });
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, JSON.stringify(key));
  await rename(draft, path);
  return key;
}

/**
 * Makes a key, whatever is kept or committed: what `makeVerifyingKey` keeps.
 *
 * @throws ProofFault PROOF_STRING_INVALID, PROOF_KEYS_FAILED, PROOF_PROVER_FAILED
 */
export async function freshVerifyingKey(
  circuit: CircuitName,
  string: ReferenceString,
): Promise<VerifyingKey> {
  const { answer } = await runJob<'keys'>(
    { kind: 'keys', circuit },
    {
      session: { threads: 2, string },
      memoryBytesMax: KEY_MEMORY_BYTES_MAX,
      timeoutMs: KEY_MS_MAX,
    },
  );
  const contract = await compileVerifier(answer.soliditySource, string.group2Point);
  return {
    circuit,
    circuitVersion: CIRCUIT_VERSION,
    setup: string.setup,
    stringId: string.stringId,
    publicInputCount: publicInputCount(circuitOf(circuit).abi),
    gates: answer.gates,
    keyBytes: bytesToHex(answer.keyBytes).slice(2),
    keyHash: bytesToHex(answer.keyHash).slice(2),
    ...contract,
  };
}
