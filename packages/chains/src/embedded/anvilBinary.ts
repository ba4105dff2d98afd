import { accessSync, chmodSync, constants } from 'node:fs';
import { createRequire } from 'node:module';
import { ChainFault } from '../chainFault.ts';

/**
 * Where npm put anvil for this platform. The package `@foundry-rs/anvil` names one package per
 * platform as optional dependencies, so no install script has to run.
 *
 * @throws ChainFault CHAIN_PROCESS_FAILED when there is none for this platform, or none was
 *   installed, or it may not be executed.
 */
export function findAnvil(
  platform: string = process.platform,
  architecture: string = process.arch,
): string {
  const name = PLATFORM_PACKAGES.get(`${platform}-${architecture}`);
  if (name === undefined) {
    throw absent(
      `There is no anvil for ${platform}-${architecture}: point the settings at an endpoint of a ` +
        'running chain instead of the embedded one.',
    );
  }
  const path = resolveBinary(name, platform === 'win32' ? 'bin/anvil.exe' : 'bin/anvil');
  makeExecutable(path);
  return path;
}

const PLATFORM_PACKAGES: ReadonlyMap<string, string> = new Map([
  ['linux-x64', '@foundry-rs/anvil-linux-amd64'],
  ['linux-arm64', '@foundry-rs/anvil-linux-arm64'],
  ['darwin-x64', '@foundry-rs/anvil-darwin-amd64'],
  ['darwin-arm64', '@foundry-rs/anvil-darwin-arm64'],
  ['win32-x64', '@foundry-rs/anvil-win32-amd64'],
]);

/** From the place of the package that depends on it: npm may nest the one within the other. */
function resolveBinary(name: string, path: string): string {
  const here = createRequire(import.meta.url);
  try {
    return createRequire(here.resolve('@foundry-rs/anvil/package.json')).resolve(`${name}/${path}`);
  } catch (cause) {
    throw absent(
      `The package ${name} is not installed: run "npm ci" without --omit=optional, or point the ` +
        'settings at an endpoint of a running chain.',
      cause,
    );
  }
}

/** Archives and copies lose the mode of files. */
function makeExecutable(path: string): void {
  try {
    accessSync(path, constants.X_OK);
  } catch {
    try {
      chmodSync(path, 0o755);
    } catch (cause) {
      throw absent(`anvil may not be executed: run "chmod +x" on ${path}.`, cause);
    }
  }
}

function absent(sentence: string, cause?: unknown): ChainFault {
  return new ChainFault('CHAIN_PROCESS_FAILED', sentence, cause === undefined ? {} : { cause });
}
