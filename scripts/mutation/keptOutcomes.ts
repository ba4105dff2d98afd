import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Mutant } from './instrumentSources.ts';
import type { TriedMutant } from './tryMutants.ts';

interface KeptOutcome extends Omit<TriedMutant, 'mutant'> {
  /** Of the files on which the outcome rests. */
  readonly hash: string;
}

/**
 * Outcomes of mutants between runs. That a test noticed a mutant is kept for as long as the mutated
 * file and the file of that test stay the same; any other outcome for as long as the mutated file
 * and all tests do. Other files on which they lean are not looked at.
 */
export class KeptOutcomes {
  readonly #path: string;
  readonly #hashes: ReadonlyMap<string, string>;
  readonly #hashOfTests: string;
  readonly #added = new Map<string, KeptOutcome>();
  readonly #outcomes: ReadonlyMap<string, KeptOutcome>;

  /** `path` is where they are kept; sources and tests are read before they are mutated. */
  constructor(path: string, root: string, files: SourcesAndTests) {
    this.#path = path;
    const hashed = [...files.sources, ...files.tests].map((name) => {
      return [name, hashOf([readFileSync(join(root, name), 'utf8')])] as const;
    });
    this.#hashes = new Map(hashed);
    this.#hashOfTests = hashOf(files.tests.map((name) => this.#hashes.get(name) ?? ''));
    this.#outcomes = this.#read();
  }

  /** What became of a mutant; undefined where that is not known, or no longer. */
  of(mutant: Mutant): TriedMutant | undefined {
    const kept = this.#outcomes.get(nameOf(mutant));
    if (kept === undefined) return undefined;
    const { hash, ...outcome } = kept;
    const tried = { mutant, ...outcome };
    return hash === this.#basisOf(tried) ? tried : undefined;
  }

  add(tried: TriedMutant): void {
    const { mutant, ...outcome } = tried;
    this.#added.set(nameOf(mutant), { ...outcome, hash: this.#basisOf(tried) });
  }

  /** Writes what was added beside what others wrote meanwhile. */
  save(): void {
    mkdirSync(join(this.#path, '..'), { recursive: true });
    const all = [...this.#read(), ...this.#added];
    const part = `${this.#path}.${process.pid}`;
    writeFileSync(part, JSON.stringify([...new Map(all)]));
    renameSync(part, this.#path);
  }

  #read(): ReadonlyMap<string, KeptOutcome> {
    if (!existsSync(this.#path)) return new Map();
    return new Map(JSON.parse(readFileSync(this.#path, 'utf8')) as [string, KeptOutcome][]);
  }

  #basisOf({ mutant, by }: TriedMutant): string {
    const test = by === undefined ? this.#hashOfTests : this.#hashes.get(fileOf(by.id));
    return hashOf([this.#hashes.get(mutant.fileName) ?? '', test ?? '']);
  }
}

interface SourcesAndTests {
  readonly sources: readonly string[];
  readonly tests: readonly string[];
}

/** Names a mutant by its place and change, which stay when other files are edited. */
export function nameOf({ fileName, location, mutatorName, replacement }: Mutant): string {
  const { start, end } = location;
  const place = [start.line, start.column, end.line, end.column].join(':');
  return `${fileName}:${place} ${mutatorName} ${replacement}`;
}

function hashOf(texts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const text of texts) hash.update(text).update('\0');
  return hash.digest('hex').slice(0, 24);
}

/** The ids of trials begin with the file of the test. */
function fileOf(id: string): string {
  return id.split(' > ')[0] ?? '';
}
