import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TriedMutant } from './tryMutants.ts';

/** What became of a mutant, without the mutant. */
type Outcome = Omit<TriedMutant, 'mutant'>;

/**
 * Outcomes of a folder's mutants between runs, in the system's temporary folder, for as long as
 * neither its sources nor its tests change.
 */
export class KeptOutcomes {
  readonly #path: string;
  readonly #outcomes: Map<string, Outcome>;

  /** `paths` are the sources and tests, as they stand in the copy and before they are mutated. */
  constructor(folder: string, copy: string, paths: readonly string[]) {
    const hash = createHash('sha256');
    for (const path of paths) hash.update(`${path}\0`).update(readFileSync(join(copy, path)));
    const kept = join(tmpdir(), 'lawbook-mutation-outcomes');
    mkdirSync(kept, { recursive: true });
    const name = `${folder.replaceAll('/', '-')}-${hash.digest('hex').slice(0, 16)}.json`;
    this.#path = join(kept, name);
    const rows = existsSync(this.#path) ? JSON.parse(readFileSync(this.#path, 'utf8')) : [];
    this.#outcomes = new Map(rows as [string, Outcome][]);
  }

  of(mutantId: string): Outcome | undefined {
    return this.#outcomes.get(mutantId);
  }

  add({ mutant, ...outcome }: TriedMutant): void {
    this.#outcomes.set(mutant.id, outcome);
  }

  save(): void {
    writeFileSync(`${this.#path}.part`, JSON.stringify([...this.#outcomes]));
    renameSync(`${this.#path}.part`, this.#path);
  }
}
