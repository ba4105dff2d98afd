import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import type { Transform } from 'node:stream';
import { run } from 'node:test';
import type { TestEvent } from 'node:test/reporters';
import { spec } from 'node:test/reporters';

/**
 * `npm test`: finds every `*.test.ts` of the repository and runs it with Node's own test runner.
 *
 * Arguments are filters: parts of paths (`npm test -- oracles journal`). `--browser` adds the tests
 * that drive a browser. Exits 1 when a test fails, 2 when the filters match no test.
 */
async function main(options: readonly string[]): Promise<void> {
  const root = resolve(import.meta.dirname, '..');
  const choice = chooseTests(findTests(root), options);
  if (choice.files.length === 0) {
    console.error(`No test file matches ${options.join(' ')}.`);
    process.exitCode = 2;
    return;
  }
  const passed = await runFiles(root, choice);
  process.exitCode = passed ? 0 : 1;
}

/** Folders that hold tests. */
const TEST_FOLDERS = ['packages', 'scripts', 'testing', 'benchmarks', 'vectors', 'contracts'];
/** Two test files at a time: the machines that run this have two cores. */
const TEST_FILES_AT_ONCE = 2;
/** A file that runs longer than this hangs. */
const FILE_TIMEOUT_MS = 300_000;

/** Which files run, and which optional groups the options leave out. */
export interface TestChoice {
  readonly files: readonly string[];
  readonly leftOut: readonly string[];
}

/** Every test file below the root, as sorted paths relative to it. */
export function findTests(root: string): string[] {
  const found: string[] = [];
  const visit = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.name === 'node_modules' || entry.name.startsWith('.')) continue;
      const path = join(folder, entry.name);
      if (entry.isDirectory()) visit(path);
      else if (entry.name.endsWith('.test.ts')) found.push(relative(root, path));
    }
  };
  for (const folder of TEST_FOLDERS) {
    const path = join(root, folder);
    if (existsSync(path) && statSync(path).isDirectory()) visit(path);
  }
  return found.sort();
}

/** Applies the path filters and the switches for optional groups. */
export function chooseTests(found: readonly string[], options: readonly string[]): TestChoice {
  const filters = options.filter((option) => !option.startsWith('--'));
  const matching = found.filter(
    (path) => filters.length === 0 || filters.some((filter) => path.includes(filter)),
  );
  const browser = matching.filter((path) => path.endsWith('.browser.test.ts'));
  if (options.includes('--browser') || browser.length === 0)
    return { files: matching, leftOut: [] };
  const noun = browser.length === 1 ? 'file drives' : 'files drive';
  return {
    files: matching.filter((path) => !browser.includes(path)),
    leftOut: [`${browser.length} test ${noun} a browser: enable with npm test -- --browser`],
  };
}

/** Runs the files; prints Node's report, with the optional parts before its closing lines. */
async function runFiles(root: string, choice: TestChoice): Promise<boolean> {
  const reporter = new spec();
  reporter.pipe(process.stdout);
  const skips = new Map<string, number>();
  let failed = false;
  let closing = false;
  const events = run({
    files: choice.files.map((path) => join(root, path)),
    concurrency: TEST_FILES_AT_ONCE,
    timeout: FILE_TIMEOUT_MS,
    cwd: root,
  });
  for await (const event of events as AsyncIterable<TestEvent>) {
    if (event.type === 'test:fail') failed ||= event.data.todo === undefined;
    const skip = skipReason(event);
    if (skip !== undefined) skips.set(skip, 1 + (skips.get(skip) ?? 0));
    if (!closing && startsSummary(event)) {
      closing = true;
      await drained(reporter);
      reporter.push(optionalParts([...choice.leftOut, ...[...skips].map(countSkips)]));
    }
    reporter.write(event);
  }
  reporter.end();
  return !failed;
}

/** Node closes a run with diagnostics outside any test, the first of which counts the tests. */
function startsSummary(event: TestEvent): boolean {
  if (event.type !== 'test:diagnostic') return false;
  return event.data.nesting === 0 && /^tests \d+$/.test(event.data.message);
}

/** Why a test was skipped and how to enable it, as it says itself; undefined for tests that ran. */
function skipReason(event: TestEvent): string | undefined {
  if (event.type !== 'test:pass') return undefined;
  const { skip, name } = event.data;
  if (skip === undefined || skip === false) return undefined;
  return typeof skip === 'string' && skip !== '' ? skip : `${name} gives no reason`;
}

function countSkips([reason, count]: readonly [string, number]): string {
  return `${reason} (${count} ${count === 1 ? 'test' : 'tests'})`;
}

/** The paragraph on what this run left out. */
export function optionalParts(lines: readonly string[]): string {
  if (lines.length === 0) return '\nOptional parts: all of them ran.\n\n';
  const list = lines.map((line) => `  - ${line}\n`).join('');
  return `\nOptional parts skipped in this run:\n${list}\n`;
}

async function drained(reporter: Transform): Promise<void> {
  while (reporter.writableLength > 0) await new Promise((resume) => setImmediate(resume));
}

if (import.meta.main) await main(process.argv.slice(2));
