import { posix } from 'node:path';
import { IMPORT_TABLE, TOOL_TREES, within, zoneOf } from './importTable.ts';
import type { ImportEdge, SourceFile } from './sourceFile.ts';
import type { Violation } from './violation.ts';
import { isTest } from './violation.ts';

/** What the rules on imports know beyond the sources. */
export interface PackageFacts {
  /** Names of the declared dependencies, by package folder such as `packages/api`. */
  readonly dependencies: ReadonlyMap<string, ReadonlySet<string>>;
  /** Dependencies of the repository root, for tests and tools. */
  readonly rootDependencies: ReadonlySet<string>;
  /** Files that something outside the sources starts: npm scripts and the like. */
  readonly entries: ReadonlySet<string>;
}

/** An import whose target is a file of the repository. */
interface Edge {
  readonly from: SourceFile;
  readonly to: string;
  readonly edge: ImportEdge;
}

/** Direction, cycles, undeclared packages and files that nothing reaches. */
export function checkImports(files: readonly SourceFile[], facts: PackageFacts): Violation[] {
  const paths = new Set(files.map(({ path }) => path));
  const edges: Edge[] = [];
  const violations: Violation[] = [];
  for (const from of files) {
    for (const edge of from.imports) {
      const to = resolveImport(from.path, edge.specifier);
      if (to === undefined) violations.push(...checkPackage(from, edge, facts));
      else if (paths.has(to) || GENERATED.test(to)) edges.push({ from, to, edge });
      else if (/\.tsx?$/.test(to)) violations.push(missing(from, edge, to));
    }
  }
  violations.push(...edges.flatMap((edge) => checkDirection(edge)));
  violations.push(...checkCycles(edges));
  violations.push(...checkDeadFiles(files, edges, facts.entries));
  return violations;
}

/** Written by programs, so no rule on sources reads it; the compiler knows whether it is there. */
const GENERATED = /\/generated\/[^/]+\.ts$/;

/** The repository path that a specifier names, undefined for packages from outside. */
export function resolveImport(from: string, specifier: string): string | undefined {
  if (specifier.startsWith('.')) return posix.join(posix.dirname(from), specifier);
  const own = /^@lawbook\/([^/]+)\/(.+)$/.exec(specifier);
  return own === null ? undefined : `packages/${own[1]}/src/${own[2]}.ts`;
}

function missing(from: SourceFile, edge: ImportEdge, to: string): Violation {
  const message = `${from.path} -> ${to}, which does not exist`;
  return { path: from.path, line: edge.line, rule: 'import-missing', message };
}

function checkDirection({ from, to, edge }: Edge): Violation[] {
  const broken = (because: string): Violation[] => [
    {
      path: from.path,
      line: edge.line,
      rule: 'import-direction',
      message: `${from.path} -> ${to}, because ${because}`,
    },
  ];
  if (TOOL_TREES.some((tree) => within(from.path, tree)) || EXAMPLE.test(from.path)) return [];
  if (TOOL_TREES.some((tree) => within(to, tree))) {
    const world = isTest(from.path) && (within(to, 'testing') || within(to, 'vectors'));
    return world ? [] : broken('tools and worlds for tests are not part of the product');
  }
  if (isTest(from.path)) return testMayImport(from.path, to) ? [] : broken(TEST_REASON);
  if (isTest(to)) return broken('product code does not depend on its tests');
  const zone = zoneOf(from.path);
  if (zone === undefined) return broken('the folder is not in scripts/tidy/importTable.ts');
  if (zoneOf(to) === zone) return [];
  if (!zone.may.some((allowed) => within(to, allowed))) return broken(zone.because);
  if (edge.typeOnly || !zone.typesOnly?.some((only) => within(to, only))) return [];
  return broken(`${zone.because}: import its types only`);
}

const TEST_REASON = 'a test stays within its package and what that package may import';

/** A test may look anywhere inside its package, and at what any part of it may import. */
function testMayImport(from: string, to: string): boolean {
  const home = packageOf(from);
  if (home === packageOf(to)) return true;
  const zones = IMPORT_TABLE.filter(({ zone }) => packageOf(`${zone}/`) === home);
  return zones.some(({ may }) => may.some((allowed) => within(to, allowed)));
}

/** A folder below `packages`, or a tree beside them. */
function packageOf(path: string): string {
  return path
    .split('/')
    .slice(0, path.startsWith('packages/') ? 2 : 1)
    .join('/');
}

function checkPackage(from: SourceFile, edge: ImportEdge, facts: PackageFacts): Violation[] {
  const { specifier, line } = edge;
  const isOurs = specifier.startsWith('node:') || specifier.startsWith('#');
  if (isOurs || !from.path.startsWith('packages/')) return [];
  const parts = specifier.split('/');
  const name = parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
  const declared = facts.dependencies.get(packageOf(from.path));
  if (declared === undefined || declared.has(name)) return [];
  if ((isTest(from.path) || from.path.endsWith('.bench.ts')) && facts.rootDependencies.has(name)) {
    return [];
  }
  const message = `${name} is not among the dependencies of ${packageOf(from.path)}/package.json`;
  return [{ path: from.path, line, rule: 'undeclared-package', message }];
}

/** Reports each cycle once, as the path that closes it. */
function checkCycles(edges: readonly Edge[]): Violation[] {
  const targets = new Map<string, string[]>();
  for (const { from, to } of edges) {
    const list = targets.get(from.path) ?? [];
    list.push(to);
    targets.set(from.path, list);
  }
  const violations: Violation[] = [];
  const finished = new Set<string>();
  const trail: string[] = [];
  const visit = (path: string): void => {
    const seenAt = trail.indexOf(path);
    if (seenAt >= 0) {
      const message = `imports run in a circle: ${[...trail.slice(seenAt), path].join(' -> ')}`;
      violations.push({ path, line: 0, rule: 'import-cycle', message });
    }
    if (seenAt >= 0 || finished.has(path)) return;
    trail.push(path);
    for (const to of targets.get(path) ?? []) visit(to);
    trail.pop();
    finished.add(path);
  };
  for (const path of [...targets.keys()].sort()) visit(path);
  return violations;
}

const ENTRY = /(\.test\.ts|\.bench\.ts|\/src\/(main|index)\.tsx?|\.d\.ts)$/;

/** A program that a package shows its use with. */
const EXAMPLE = /^packages\/[^/]+\/examples\/[^/]+\.ts$/;

/**
 * Files that are no entry and that nothing imports. A file used only by its own test is dead too:
 * the test keeps it compiling, not useful.
 */
function checkDeadFiles(
  files: readonly SourceFile[],
  edges: readonly Edge[],
  entries: ReadonlySet<string>,
): Violation[] {
  const used = new Set(entries);
  for (const { from, to } of edges) if (!isOwnTest(from.path, to)) used.add(to);
  for (const { path, references } of files) {
    for (const reference of references) used.add(posix.join(posix.dirname(path), reference));
  }
  return files
    .filter(({ path }) => !used.has(path) && !ENTRY.test(path) && !isTool(path))
    .map(({ path }) => ({
      path,
      line: 0,
      rule: 'dead-file',
      message: 'nothing but its own test imports this file: use it or delete it',
    }));
}

/** Tools are started by name: files directly in their tree, benchmarks anywhere, examples. */
function isTool(path: string): boolean {
  if (EXAMPLE.test(path)) return true;
  const tree = TOOL_TREES.find((name) => within(path, name));
  return tree !== undefined && (tree === 'benchmarks' || path.split('/').length === 2);
}

function isOwnTest(test: string, path: string): boolean {
  if (!isTest(test)) return false;
  const subject = path.replace(/\.ts$/, '');
  return [`${subject}.test.ts`, `${subject}.property.test.ts`].includes(test);
}
