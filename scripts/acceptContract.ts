import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Contract } from '../packages/api/src/schema/contract.ts';
import {
  breakingChanges,
  contractText,
  currentContract,
} from '../packages/api/src/schema/contract.ts';

/** Where the published contract of the API stands, relative to the repository. */
const CONTRACT_PATH = 'packages/api/contract.snapshot';

/**
 * Writes the public contract of the API as it is now: `node scripts/acceptContract.ts`.
 * Refuses a contract that breaks clients of the published one, unless told `--break`.
 */
function main(options: readonly string[]): void {
  const path = join(resolve(import.meta.dirname, '..'), CONTRACT_PATH);
  const current = currentContract();
  const published = existsSync(path)
    ? (JSON.parse(readFileSync(path, 'utf8')) as Contract)
    : current;
  const breaks = breakingChanges(published, current);
  if (breaks.length > 0 && !options.includes('--break')) {
    for (const sentence of breaks) console.error(sentence);
    console.error('This breaks clients. Version the route, or accept it with --break.');
    process.exitCode = 1;
    return;
  }
  writeFileSync(path, contractText(current));
  console.log(`wrote ${CONTRACT_PATH}`);
}

if (import.meta.main) main(process.argv.slice(2));
