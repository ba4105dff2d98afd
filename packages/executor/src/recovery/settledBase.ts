import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Hash } from '@lawbook/exchange/codec/hash';
import { RecoveryFault } from './recoveryFault.ts';

/** The last list that a rebuilt venue takes as the base layer has it. */
export interface SettledBase {
  readonly listNumber: bigint;
  readonly listHash: Hash;
}

/** Writes down in a journal's folder from which list on the lists are the journal's own. */
export function writeSettledBase(directory: string, { listNumber, listHash }: SettledBase): void {
  const text = JSON.stringify({ listNumber: String(listNumber), listHash }, undefined, 2);
  writeFileSync(join(directory, FILE), `${text}\n`);
}

/**
 * The list that the venue was rebuilt from; undefined for a venue that has all its history.
 * @throws RecoveryFault RECOVERY_NOT_POSSIBLE for a file that does not read.
 */
export function readSettledBase(dataDir: string): SettledBase | undefined {
  const path = join(dataDir, 'journal', FILE);
  if (!existsSync(path)) return undefined;
  const text = readFileSync(path, 'utf8');
  const found = /"listNumber": "(\d{1,19})",\s*"listHash": "(0x[0-9a-f]{64})"/.exec(text);
  const [, listNumber, listHash] = found ?? [];
  if (listNumber === undefined || listHash === undefined) {
    const sentence = `${path} does not say from which list on the venue goes on: recover again.`;
    throw new RecoveryFault('RECOVERY_NOT_POSSIBLE', sentence, { fields: { path } });
  }
  return { listNumber: BigInt(listNumber), listHash: listHash as Hash };
}

/** Beside the segments: it comes and goes with the journal that it is about. */
const FILE = 'settled-base.json';
