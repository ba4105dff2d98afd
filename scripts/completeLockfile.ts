import { readFileSync, writeFileSync } from 'node:fs';

/**
 * Adds the optional packages of other platforms to package-lock.json.
 *
 * npm leaves an optional package out of the lock when the registry it asked does not have it (yet),
 * and then `npm ci` refuses the lock as incomplete. The missing entries are fully determined by
 * their names and versions; a platform that needs one fetches it, every other platform skips it.
 *
 * Run `node scripts/completeLockfile.ts` after every change of dependencies.
 */

/** The part of a lock entry that is read or written here. */
export interface LockEntry {
  readonly version?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly libc?: readonly string[];
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const PLATFORM = /(?:^|-)(android|darwin|linux|win32|win)-(arm64|amd64|x64|arm)(-musl|-gnu)?$/;

/** Entries that belong into the lock and are not there, by path. */
export function missingEntries(
  packages: Readonly<Record<string, LockEntry>>,
): Record<string, LockEntry> {
  const missing: Record<string, LockEntry> = {};
  for (const entry of Object.values(packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      const path = `node_modules/${name}`;
      const match = PLATFORM.exec(name);
      if (packages[path] !== undefined || match === null || !/^\d/.test(version)) continue;
      missing[path] = platformEntry(version, match, entry.dev === true);
    }
  }
  return missing;
}

function platformEntry(version: string, match: RegExpExecArray, isDev: boolean): LockEntry {
  const [, system, cpu, libc] = match;
  const os = system === 'win' ? 'win32' : (system ?? '');
  return {
    version,
    cpu: [cpu === 'amd64' ? 'x64' : (cpu ?? '')],
    ...(isDev ? { dev: true } : {}),
    ...(os === 'linux' && libc === '-musl' ? { libc: ['musl'] } : {}),
    optional: true,
    os: [os],
  };
}

if (import.meta.main) {
  const path = new URL('../package-lock.json', import.meta.url);
  const lock = JSON.parse(readFileSync(path, 'utf8')) as { packages: Record<string, LockEntry> };
  const missing = missingEntries(lock.packages);
  const sorted = Object.entries({ ...lock.packages, ...missing }).sort(([a], [b]) => {
    return a < b ? -1 : 1;
  });
  lock.packages = Object.fromEntries(sorted);
  writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
  for (const name of Object.keys(missing)) console.log(`added ${name}`);
}
