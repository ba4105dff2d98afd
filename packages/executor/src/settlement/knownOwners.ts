import { existsSync, readFileSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { accountId } from '@lawbook/exchange/ledger/account';
import type { KnownOwners } from '@lawbook/settlement/baseLayer/evm/readOwners';
import { z } from 'zod';
import { RecoveryFault } from '../recovery/recoveryFault.ts';

/**
 * What the logs told that the embedded chain no longer has.
 * @returns undefined for a chain that still has all of them.
 * @throws RecoveryFault RECOVERY_NOT_POSSIBLE for a file that does not read.
 */
export function readKnownOwners(directory: string): KnownOwners | undefined {
  const path = join(directory, FILE);
  if (!existsSync(path)) return undefined;
  try {
    return FORM.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (cause) {
    const sentence = `${path} does not say who had vaults: the logs that told it are gone.`;
    throw new RecoveryFault('RECOVERY_NOT_POSSIBLE', sentence, { fields: { path }, cause });
  }
}

/** Writes it down before the logs go: complete on the disk, or as it was before. */
export async function writeKnownOwners(directory: string, known: KnownOwners): Promise<void> {
  const text = JSON.stringify({ ...known, owners: [...known.owners].sort() }, asText, 1);
  const fresh = join(directory, `${FILE}.new`);
  const file = await open(fresh, 'w');
  try {
    await file.writeFile(`${text}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(fresh, join(directory, FILE));
}

const FILE = 'owners.json';

const natural = z
  .string()
  .regex(/^\d{1,19}$/)
  .transform(BigInt);

const FORM = z.strictObject({
  upTo: natural,
  owners: z.array(z.string().transform(accountId)).transform((owners) => new Set(owners)),
  depositCount: natural,
  exitCount: natural,
  lastDeposit: natural,
  lastEvent: z
    .strictObject({ blockNumber: natural, logIndex: z.int().nonnegative() })
    .optional()
    .transform((cursor) => cursor),
});

function asText(_: string, part: unknown): unknown {
  return typeof part === 'bigint' ? String(part) : part;
}
