// Goal: the core of a venue reaches the machine through its environment alone, so that a simulation
// sees every wait, every file and every draw. Method: its sources are read for the globals and
// modules that lead around it; adapters of the real machine are named one by one.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { test } from 'node:test';

const ROOT = import.meta.dirname;
const CORE = [
  ...['sequencer', 'scheduler', 'journal', 'readModel', 'books', 'oracles', 'storage'],
  ...['settlement', 'recovery.ts', 'pipeline.ts', 'venue.ts', 'wiring.ts', 'sessionKey.ts'],
];
/** What is the real machine, or opens the real base layer. */
const ADAPTERS = [
  ...['journal/disk.ts', 'journal/lock.ts', 'storage/lmdbStore.ts', 'storage/lmdbFile.ts'],
  ...['storage/rocksDbStore.ts', 'storage/openIndexStore.ts', 'settlement/incidents.ts'],
  ...['settlement/embeddedPlan.ts', 'settlement/evmPlan.ts', 'settlement/operatorDesk.ts'],
  ...['settlement/knownOwners.ts', 'settlement/chainContracts.ts'],
  // Defaults for whoever opens a journal without an environment.
  'journal/openJournal.ts',
];
const GLOBALS =
  /\b(setTimeout|setInterval|setImmediate|Math\.random|Date\.now|performance\.now)\b|new Date\(\)/;
const MODULES = /from 'node:(fs|fs\/promises|timers\/promises|crypto)'|AbortSignal\.timeout/;
/** Hashing needs nothing of the machine. */
const HARMLESS =
  /import (type )?\{[^}]*\b(hash|Hash|createHash|createHmac)\b[^}]*\} from 'node:crypto'/;

function sources(place: string): string[] {
  if (place.endsWith('.ts')) return [place];
  return readdirSync(join(ROOT, place), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .filter((path) => !/\.test\.ts$|fixtures\//.test(path));
}

test('nothing in the core goes around the environment', () => {
  const found: string[] = [];
  for (const path of CORE.flatMap(sources)) {
    if (ADAPTERS.includes(path)) continue;
    readFileSync(join(ROOT, path), 'utf8')
      .split('\n')
      .forEach((line, k) => {
        const code = line.replace(/^\s*(\*|\/\/|\/\*).*$/, '');
        const goesAround = GLOBALS.test(code) || MODULES.test(code);
        if (goesAround && !HARMLESS.test(code)) found.push(`${path}:${k + 1} ${line.trim()}`);
      });
  }
  assert.deepEqual(found, []);
});
