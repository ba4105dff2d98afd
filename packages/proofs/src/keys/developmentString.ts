import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { hexToBytes } from '@lawbook/exchange/codec/hex';
import { bn254 } from '@noble/curves/bn254.js';
import { ProofFault } from '../proofFault.ts';
import { bytesToNumber, FIELD_MODULUS } from '../statements/fieldElement.ts';
import { INSECURE_SETUP } from '../statements/proof.ts';
import { multiplesOfGenerator } from './fixedBase.ts';
import type { ReferenceString } from './referenceString.ts';
import { readString, STRING_FILES } from './referenceString.ts';

/**
 * Everybody knows the secret of this string and can prove anything with it. It stands in for a
 * ceremony on the embedded chain only.
 */
const PUBLIC_CONSTANT = 'lawbook: insecure development setup v1';

/**
 * The development string with at least `points` points, rounded up to a power of two and one more.
 * It is made on first use (about 0.1 ms per point), kept under `directory`, and checked against its
 * digest whenever it is opened; a damaged copy is made again.
 *
 * @throws ProofFault PROOF_STRING_INVALID when the directory cannot hold it.
 */
export async function openDevelopmentString(options: {
  readonly directory: string;
  readonly points: number;
}): Promise<ReferenceString> {
  const count = 2 ** Math.ceil(Math.log2(Math.max(2, options.points - 1))) + 1;
  const tag = createHash('sha256').update(PUBLIC_CONSTANT).digest('hex').slice(0, 12);
  const directory = join(options.directory, `development-${tag}-${count}`);
  const known = await openKept(directory);
  if (known !== undefined) return known;
  await makeString(directory, count);
  const made = await openKept(directory);
  if (made !== undefined) return made;
  throw new ProofFault('PROOF_STRING_INVALID', 'The development string does not read back.');
}

async function openKept(directory: string): Promise<ReferenceString | undefined> {
  try {
    const digest = await readFile(join(directory, DIGEST_FILE), 'utf8');
    const string = await readString(directory, INSECURE_SETUP);
    return string.digest === digest ? string : undefined;
  } catch (cause) {
    // Absent or damaged: it is made again.
    if (cause instanceof ProofFault || isMissing(cause)) return undefined;
    throw cause;
  }
}

const DIGEST_FILE = 'digest';

/** The secret that everybody knows. */
function publicSecret(): bigint {
  const secret = bytesToNumber(createHash('sha256').update(PUBLIC_CONSTANT).digest());
  return secret % FIELD_MODULUS;
}

/** Both files of the string, computed here: ten seconds for the largest circuit. */
export function computeString(count: number): StringFiles {
  const tau = publicSecret();
  const powers: bigint[] = [];
  for (let k = 0, power = 1n; k < count; k += 1) {
    powers.push(power);
    power = (power * tau) % FIELD_MODULUS;
  }
  return { group1: multiplesOfGenerator(powers), group2: group2Bytes(tau) };
}

/** Contents of the two files. */
export interface StringFiles {
  readonly group1: Uint8Array;
  readonly group2: Uint8Array;
}

/** On a thread of its own: a venue goes on trading meanwhile. */
function computeAside(count: number): Promise<StringFiles> {
  const worker = new Worker(new URL('./developmentStringWorker.ts', import.meta.url), {
    workerData: count,
  });
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', () => {
      // After a message this changes nothing.
      reject(new ProofFault('PROOF_STRING_INVALID', 'The development string was not computed.'));
    });
  });
}

/** Writes beside the final place and renames, so that no reader sees half a string. */
async function makeString(directory: string, count: number): Promise<void> {
  const { group1, group2 } = await computeAside(count);
  const digest = createHash('sha256').update(group1).update(group2).digest('hex');
  const draft = `${directory}.${randomUUID()}`;
  await mkdir(draft, { recursive: true });
  await writeFile(join(draft, STRING_FILES.group1), group1);
  await writeFile(join(draft, STRING_FILES.group2), group2);
  await writeFile(join(draft, DIGEST_FILE), digest);
  await replaceDirectory(draft, directory);
}

/** Another process may have put the same string there meanwhile; then its copy stays. */
async function replaceDirectory(draft: string, directory: string): Promise<void> {
  if ((await openKept(directory)) === undefined) {
    await rm(directory, { recursive: true, force: true });
    await rename(draft, directory).catch((cause: unknown) => {
      if (!isOccupied(cause)) throw cause;
    });
  }
  await rm(draft, { recursive: true, force: true });
}

function group2Bytes(tau: bigint): Uint8Array {
  const { x, y } = bn254.G2.Point.BASE.multiply(tau).toAffine();
  const bytes = new Uint8Array(128);
  [x.c0, x.c1, y.c0, y.c1].forEach((coordinate, k) => {
    bytes.set(coordinateBytes(coordinate), 32 * k);
  });
  return bytes;
}

function coordinateBytes(coordinate: bigint): Uint8Array {
  return hexToBytes(`0x${coordinate.toString(16).padStart(64, '0')}`);
}

function isMissing(cause: unknown): boolean {
  return (cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
}

function isOccupied(cause: unknown): boolean {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code ?? '';
  return ['ENOTEMPTY', 'EEXIST', 'EPERM'].includes(code);
}
