import { createHash, randomUUID } from 'node:crypto';
import { readFile, rename, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { CEREMONY_GROUP2_POINT, CEREMONY_SECOND_POINT } from '../keys/ceremony.ts';
import { POINT_BYTES } from '../keys/fixedBase.ts';
import type { ReferenceString } from '../keys/referenceString.ts';
import { STRING_FILES } from '../keys/referenceString.ts';
import { ProofFault } from '../proofFault.ts';

/**
 * A copy of Barretenberg's wasm build that accepts the development string.
 *
 * The build refuses every string but the public ceremony's: it holds tau * G and the SHA-256 of
 * tau * H as constants. In the copy both are those of the development string. The copy is kept
 * beside that string and can verify nothing that was proved with the ceremony's.
 *
 * @returns the path of the copy.
 * @throws ProofFault PROOF_STRING_INVALID when the build does not hold each constant exactly once.
 */
export async function developmentWasm(string: ReferenceString): Promise<string> {
  const path = join(string.directory, 'barretenberg-development.wasm');
  const isKept = await stat(path).then(
    () => true,
    () => false,
  );
  if (isKept) return path;
  const code = await promisify(gunzip)(await readFile(wasmPath()));
  const group1 = await readFile(join(string.directory, STRING_FILES.group1));
  const second = group1.subarray(POINT_BYTES, 2 * POINT_BYTES);
  replaceOnce(code, Buffer.from(CEREMONY_SECOND_POINT, 'hex'), second);
  replaceOnce(code, sha256(CEREMONY_GROUP2_POINT), sha256(string.group2Point));
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, code);
  await rename(draft, path);
  return path;
}

function wasmPath(): string {
  const entry = createRequire(import.meta.url).resolve('@aztec/bb.js/platform');
  const root = entry.slice(0, entry.lastIndexOf(`${join('@aztec', 'bb.js')}`));
  const build = join(root, '@aztec', 'bb.js', 'dest', 'node', 'barretenberg_wasm');
  return join(build, 'barretenberg-threads.wasm.gz');
}

function sha256(hex: string): Buffer {
  return createHash('sha256').update(Buffer.from(hex, 'hex')).digest();
}

function replaceOnce(code: Buffer, from: Buffer, to: Buffer): void {
  const first = code.indexOf(from);
  if (first < 0 || code.indexOf(from, first + 1) >= 0) {
    const message = 'This build of Barretenberg pins the ceremony in another way; use native code.';
    throw new ProofFault('PROOF_STRING_INVALID', message);
  }
  to.copy(code, first);
}
