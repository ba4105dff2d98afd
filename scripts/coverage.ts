import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Coverage } from './reach/readLcov.ts';
import { percentOf, readLcov, sumOf } from './reach/readLcov.ts';
import { findTests } from './runTests.ts';

/**
 * `npm run coverage -- [PACKAGE...] [--accept] [--gaps]`: runs the tests of packages (exchange
 * unless named, `all` for every one) with Node's own coverage and prints lines and branches by
 * package and folder; `--gaps` adds what was not reached. A package's figures count its own tests
 * only, so that they say what stands beside the code. Exits 1 where a figure fell below the one in
 * scripts/reach/floors.json; `--accept` writes the new ones there.
 */
function main(options: readonly string[]): void {
  const { values: chosen, positionals } = parseArgs({
    args: [...options],
    allowPositionals: true,
    options: {
      accept: { type: 'boolean', default: false },
      gaps: { type: 'boolean', default: false },
    },
  });
  const known = readdirSync(join(ROOT, 'packages')).sort();
  const named = positionals.length === 0 ? ['exchange'] : positionals;
  const packages = named.includes('all') ? known : named;
  for (const name of packages) {
    if (!known.includes(name)) {
      console.error(`No package is called ${name}: ${known.join()}`);
      process.exitCode = 2;
      return;
    }
    const { files, passed } = measure(name);
    if (files.length === 0) {
      // The whole of nothing would be all of it.
      console.error(`${name}: its tests ended before they told what they reached`);
      process.exitCode = 1;
      continue;
    }
    if (!passed) console.log(`${name}: tests failed; the figures are of what ran`);
    print(name, files, chosen.gaps);
    keep(name, files, chosen.accept && passed);
    if (!passed) process.exitCode = 1;
  }
}

const ROOT: string = resolve(import.meta.dirname, '..');
const FLOORS: string = join(import.meta.dirname, 'reach', 'floors.json');
/** Tests of one package end within this, or hang. */
const RUN_MS_MAX = 1_800_000;

function measure(name: string): { readonly files: readonly Coverage[]; readonly passed: boolean } {
  const folder = mkdtempSync(join(tmpdir(), 'lawbook-coverage-'));
  const report = join(folder, 'report.lcov');
  const start = `packages/${name}/src/`;
  const tests = findTests(ROOT).filter((path) => path.startsWith(start));
  const coverage = [
    '--experimental-test-coverage',
    `--test-coverage-include=${start}**`,
    '--test-coverage-exclude=**/*.test.ts',
    '--test-coverage-exclude=**/fixtures/**',
  ];
  const reporters = ['--test-reporter=lcov', `--test-reporter-destination=${report}`];
  const shown = ['--test-reporter=dot', '--test-reporter-destination=stderr'];
  try {
    const args = ['--test', '--test-concurrency=2', ...coverage, ...reporters, ...shown, ...tests];
    const stdio = ['ignore', 'inherit', 'inherit'] as const;
    const { status } = spawnSync(process.execPath, args, {
      cwd: ROOT,
      stdio: [...stdio],
      timeout: RUN_MS_MAX,
    });
    return { files: readLcov(readFileSync(report, 'utf8')), passed: status === 0 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function print(name: string, files: readonly Coverage[], gaps: boolean): void {
  const start = `packages/${name}/src/`;
  const folders = new Map<string, Coverage[]>();
  for (const file of files) {
    const folder = file.path.slice(start.length).split('/').slice(0, -1).join('/') || '.';
    folders.set(folder, [...(folders.get(folder) ?? []), file]);
  }
  for (const [folder, inside] of [...folders].sort(([a], [b]) => (a < b ? -1 : 1))) {
    console.log(`  ${folder.padEnd(28)} ${figures(sumOf(inside))}`);
  }
  console.log(`${name.padEnd(30)} ${figures(sumOf(files))}`);
  if (!gaps) return;
  for (const { path, missedLines, missedBranches } of files) {
    if (missedLines.length + missedBranches.length === 0) continue;
    console.log(`  ${path}: lines ${missedLines.join()}; branches at ${missedBranches.join()}`);
  }
}

function figures(sum: ReturnType<typeof sumOf>): string {
  const { lines, branches } = percentOf(sum);
  return `${lines.toFixed(2)} % of lines, ${branches.toFixed(2)} % of branches`;
}

interface Floor {
  readonly lines: number;
  readonly branches: number;
}

/** Figures may move by a line or two with what timing decides; more than that is a loss. */
const SLACK = 0.3;

function keep(name: string, files: readonly Coverage[], accept: boolean): void {
  const floors = JSON.parse(readFileSync(FLOORS, 'utf8')) as Record<string, Floor>;
  const { lines, branches } = percentOf(sumOf(files));
  const floor = floors[name];
  if (floor !== undefined && (lines < floor.lines - SLACK || branches < floor.branches - SLACK)) {
    console.log(`${name}: below ${floor.lines} % of lines or ${floor.branches} % of branches`);
    process.exitCode = 1;
  }
  if (!accept) return;
  const rounded = { lines: floor2(lines), branches: floor2(branches) };
  const all = Object.entries({ ...floors, [name]: rounded }).sort(([a], [b]) => (a < b ? -1 : 1));
  writeFileSync(FLOORS, `${JSON.stringify(Object.fromEntries(all), null, 2)}\n`);
}

/** Two digits after the point, rounded down. */
function floor2(percent: number): number {
  return Math.floor(percent * 100) / 100;
}

if (import.meta.main) main(process.argv.slice(2));
