import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FileFault } from '../terminal/cliFault.ts';

/** Name of the token file that a demo venue keeps in its data directory. */
const TOKEN_FILE = 'operator.token';

/**
 * The token file of a demo venue on this machine, made at the first start: 256 random bits,
 * readable by its owner only. The directory must exist. It lets `deposit` credit demo accounts
 * without any set-up.
 * @throws FileFault when it cannot be written.
 */
export function demoTokenFile(dataDir: string): string {
  const path = join(dataDir, TOKEN_FILE);
  if (existsSync(path)) return path;
  try {
    writeFileSync(path, `${randomBytes(32).toString('hex')}\n`, { flag: 'wx', mode: 0o600 });
  } catch (cause) {
    throw new FileFault(`${path} cannot be written`, path, cause);
  }
  return path;
}

/** The token that a demo venue keeps in a data directory; undefined when there is none. */
export function findDemoToken(dataDir: string): string | undefined {
  const path = join(dataDir, TOKEN_FILE);
  return existsSync(path) ? readTokenFile(path) : undefined;
}

/** Reads a token file; white space around the token is not part of it. @throws FileFault */
export function readTokenFile(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (cause) {
    throw new FileFault(`${path} cannot be read`, path, cause);
  }
}
