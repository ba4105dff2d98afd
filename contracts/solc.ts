#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/**
 * The Solidity compiler of npm behind the command line that forge expects of a native one:
 * `--version`, and `--standard-json` from standard input to standard output. The name of the
 * package and the version are exact, so nothing is fetched.
 */
interface Compiler {
  version(): string;
  compile(standardJson: string): string;
}

/** Compiles standard JSON. @see https://docs.soliditylang.org/en/v0.8.37/using-the-compiler.html */
export function compileStandardJson(input: string): string {
  return compiler().compile(input);
}

/** Version with commit, as artifacts name it. */
export function compilerVersion(): string {
  return compiler().version();
}

/** Loaded on demand, because it takes half a second. */
function compiler(): Compiler {
  return createRequire(import.meta.url)('solc') as Compiler;
}

if (import.meta.main) {
  if (process.argv.includes('--version')) {
    process.stdout.write(`solc, the solidity compiler commandline interface
Version: ${compilerVersion()}\n`);
  } else {
    process.stdout.write(compileStandardJson(readFileSync(0, 'utf8')));
  }
}
