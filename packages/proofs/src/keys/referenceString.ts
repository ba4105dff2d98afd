import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bytesToHex } from '@lawbook/exchange/codec/hex';
import { ProofFault } from '../proofFault.ts';
import type { Setup } from '../statements/proof.ts';
import { CEREMONY_GROUP2_POINT, CEREMONY_SECOND_POINT } from './ceremony.ts';
import { POINT_BYTES } from './fixedBase.ts';

/** A reference string on disk, in Barretenberg's file format, with its first facts checked. */
export interface ReferenceString {
  readonly setup: Setup;
  /** Holds `bn254_g1.dat` (64 bytes per point) and `bn254_g2.dat` (128 bytes). */
  readonly directory: string;
  /** Points of the first group; bounds the size of a circuit. */
  readonly pointCount: number;
  /**
   * SHA-256 over tau * G and tau * H, hex. The two points fix the whole string, so that the id is
   * the same however many points a copy holds; agreements record it.
   */
  readonly stringId: string;
  /** SHA-256 over both files, hex: this copy is undamaged. */
  readonly digest: string;
  /** tau * H, 128 bytes as hex, in the file's order. */
  readonly group2Point: string;
}

/** Names of the two files of a string. */
export const STRING_FILES = { group1: 'bn254_g1.dat', group2: 'bn254_g2.dat' } as const;

/**
 * Opens a copy of the public ceremony that the operator provides.
 *
 * `digest` is the SHA-256 of the first file followed by the second, as the operator knows it.
 *
 * @throws ProofFault PROOF_STRING_INVALID for any other files.
 */
export async function openCeremonyString(options: {
  readonly directory: string;
  readonly digest: string;
}): Promise<ReferenceString> {
  const string = await readString(options.directory, 'ceremony');
  if (string.digest !== options.digest.toLowerCase()) {
    throw invalid('its digest is not the configured one', string.digest);
  }
  if (string.group2Point !== CEREMONY_GROUP2_POINT) {
    throw invalid('its point of the second group is not the public ceremony’s', string.digest);
  }
  return string;
}

/** Reads and measures the files of a string. @throws ProofFault PROOF_STRING_INVALID */
export async function readString(directory: string, setup: Setup): Promise<ReferenceString> {
  const [group1, group2] = await Promise.all([
    readFile(join(directory, STRING_FILES.group1)),
    readFile(join(directory, STRING_FILES.group2)),
  ]).catch((cause: unknown) => {
    throw new ProofFault('PROOF_STRING_INVALID', 'The reference string cannot be read.', { cause });
  });
  const digest = createHash('sha256').update(group1).update(group2).digest('hex');
  if (group1.length % POINT_BYTES !== 0 || group1.length < 2 * POINT_BYTES) {
    throw invalid('its first file is not made of points of 64 bytes', digest);
  }
  if (group2.length !== 2 * POINT_BYTES) {
    throw invalid('its second file is not one point of 128 bytes', digest);
  }
  const first = bytesToHex(group1.subarray(0, POINT_BYTES)).slice(2);
  const second = group1.subarray(POINT_BYTES, 2 * POINT_BYTES);
  if (first !== GENERATOR) throw invalid('it does not begin with the generator', digest);
  const isCeremony = bytesToHex(second).slice(2) === CEREMONY_SECOND_POINT;
  if (isCeremony !== (setup === 'ceremony')) {
    throw invalid(`its second point is not that of the ${setup}`, digest);
  }
  return {
    setup,
    directory,
    pointCount: group1.length / POINT_BYTES,
    stringId: createHash('sha256').update(second).update(group2).digest('hex'),
    digest,
    group2Point: bytesToHex(group2).slice(2),
  };
}

/** The point (1, 2). */
const GENERATOR = `${'1'.padStart(64, '0')}${'2'.padStart(64, '0')}`;

function invalid(reason: string, digest: string): ProofFault {
  const message = `The reference string is refused: ${reason}.`;
  return new ProofFault('PROOF_STRING_INVALID', message, { fields: { digest } });
}
