import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { checkConduct } from './tidy/conductRules.ts';
import type { PackageFacts } from './tidy/importRules.ts';
import { checkImports } from './tidy/importRules.ts';
import { checkNames } from './tidy/nameRules.ts';
import { checkSizes } from './tidy/sizeRules.ts';
import type { SourceFile } from './tidy/sourceFile.ts';
import { readSource } from './tidy/sourceFile.ts';
import type { Violation } from './tidy/violation.ts';

/**
 * `npm run tidy`: the style rules that a machine can keep. Prints one line per broken rule, with
 * what to write instead, and exits 1 if there is any.
 */
function main(): void {
  const root = resolve(import.meta.dirname, '..');
  const files = readTree(root);
  const violations = checkTree(files, readPackageFacts(root));
  for (const violation of violations) console.log(formatViolation(violation));
  const broken = violations.length;
  console.log(`tidy: ${files.length} files, ${broken === 0 ? 'no' : broken} broken rules`);
  process.exitCode = broken === 0 ? 0 : 1;
}

const TREES = ['packages', 'scripts', 'benchmarks', 'testing', 'vectors', 'contracts'];

/** Applies every rule; violations come sorted by place. */
export function checkTree(files: readonly SourceFile[], facts: PackageFacts): Violation[] {
  const violations = [
    ...checkImports(files, facts),
    ...checkSizes(files),
    ...files.flatMap((file) => [...checkNames(file), ...checkConduct(file)]),
  ];
  return violations.sort((a, b) => a.path.localeCompare(b.path) || a.line - b.line);
}

/** One line for people and editors: path, line, rule, message. */
export function formatViolation({ path, line, rule, message }: Violation): string {
  return `${path}${line === 0 ? '' : `:${line}`}  ${rule}: ${message}`;
}

/** Every TypeScript source of the repository, sorted by path. */
export function readTree(root: string): SourceFile[] {
  const files: SourceFile[] = [];
  const visit = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (['node_modules', 'dist', 'generated'].includes(entry.name)) continue;
      const path = join(folder, entry.name);
      if (entry.isDirectory()) visit(path);
      else if (/\.tsx?$/.test(entry.name)) {
        const name = relative(root, path).split(sep).join('/');
        files.push(readSource(name, readFileSync(path, 'utf8')));
      }
    }
  };
  for (const tree of TREES) if (existsSync(join(root, tree))) visit(join(root, tree));
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Declared dependencies and entries, read from the package files. */
export function readPackageFacts(root: string): PackageFacts {
  const dependencies = new Map<string, ReadonlySet<string>>();
  for (const name of readdirSync(join(root, 'packages'))) {
    const path = join(root, 'packages', name, 'package.json');
    if (existsSync(path)) dependencies.set(`packages/${name}`, dependencyNames(path));
  }
  const scripts = readFileSync(join(root, 'package.json'), 'utf8');
  const entries = new Set(scripts.match(/[\w./-]+\.ts\b/g));
  return { dependencies, rootDependencies: dependencyNames(join(root, 'package.json')), entries };
}

interface PackageFile {
  readonly dependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
  readonly optionalDependencies?: Record<string, string>;
}

function dependencyNames(path: string): Set<string> {
  const file = JSON.parse(readFileSync(path, 'utf8')) as PackageFile;
  return new Set([
    ...Object.keys(file.dependencies ?? {}),
    ...Object.keys(file.devDependencies ?? {}),
    ...Object.keys(file.optionalDependencies ?? {}),
  ]);
}

if (import.meta.main) main();
