import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { delimiter, dirname, resolve } from 'node:path';

/**
 * `node contracts/forge.ts test`: forge with this repository's settings and the compiler from npm.
 * Arguments go to forge. Exits as forge does, or 2 when npm installed no forge for this platform.
 */
function main(options: readonly string[]): void {
  const forge = findForge();
  if (forge === undefined) {
    console.error('No forge for this platform among the npm packages: run "npm ci".');
    process.exitCode = 2;
    return;
  }
  const [command = 'test', ...rest] = options;
  process.exitCode = runForge(forge, [command, ...rest], 'inherit').status ?? 1;
}

const PLATFORM_PACKAGES: ReadonlyMap<string, string> = new Map([
  ['linux-x64', '@foundry-rs/forge-linux-amd64'],
  ['linux-arm64', '@foundry-rs/forge-linux-arm64'],
  ['darwin-x64', '@foundry-rs/forge-darwin-amd64'],
  ['darwin-arm64', '@foundry-rs/forge-darwin-arm64'],
]);

const ROOT = resolve(import.meta.dirname, '..');

/** The executable in its platform package; undefined where there is none. */
export function findForge(): string | undefined {
  const name = PLATFORM_PACKAGES.get(`${process.platform}-${process.arch}`);
  if (name === undefined) return undefined;
  const here = createRequire(import.meta.url);
  try {
    return createRequire(here.resolve('@foundry-rs/forge/package.json')).resolve(
      `${name}/bin/forge`,
    );
  } catch {
    // Optional packages of other platforms are not installed: the caller says so.
    return undefined;
  }
}

/** What forge answered. `status` is null when it was killed at its time limit. */
export interface ForgeRun {
  readonly status: number | null;
  readonly output: string;
}

/** Longer than a cold compile and the whole suite take on a busy machine of two cores. */
const LIMIT_MS = 240_000;

/** Runs forge in the root of the repository; the compiler runs on this Node. */
export function runForge(
  forge: string,
  options: readonly string[],
  output: 'inherit' | 'pipe',
): ForgeRun {
  const [command = 'test', ...rest] = options;
  const compiler = resolve(ROOT, 'contracts/solc.ts');
  const run = spawnSync(forge, [command, '--root', ROOT, '--use', compiler, ...rest], {
    cwd: ROOT,
    env: {
      ...process.env,
      FOUNDRY_CONFIG: resolve(ROOT, 'contracts/foundry.toml'),
      PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`,
    },
    encoding: 'utf8',
    stdio: ['ignore', output, output],
    timeout: LIMIT_MS,
  });
  return { status: run.status, output: `${run.stdout ?? ''}${run.stderr ?? ''}` };
}

if (import.meta.main) main(process.argv.slice(2));
