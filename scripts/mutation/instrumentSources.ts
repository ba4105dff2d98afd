import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** One small change of a source that a test should notice. */
export interface Mutant {
  readonly id: string;
  readonly fileName: string;
  readonly mutatorName: string;
  readonly replacement: string;
  /** `Ignored` for a kind that is left out. */
  readonly status?: string | undefined;
  /** Lines and columns from zero. */
  readonly location: {
    readonly start: { readonly line: number; readonly column: number };
    readonly end: { readonly line: number; readonly column: number };
  };
}

interface SourceText {
  readonly name: string;
  readonly content: string;
  readonly mutate: boolean;
}

interface Instrumenter {
  instrument(
    files: readonly SourceText[],
    options: object,
  ): Promise<{ readonly files: readonly SourceText[]; readonly mutants: readonly Mutant[] }>;
}

/** The part of Stryker that is used, resolved by name: it is installed with Stryker's core. */
interface InstrumenterModule {
  readonly Instrumenter: new (log: object) => Instrumenter;
}

const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, isDebugEnabled: () => false };

/**
 * Writes every mutant of the sources into the copy, each behind a switch, with Stryker's own
 * instrumenter: all of its mutators, strings of messages included.
 */
export async function instrumentSources(
  copy: string,
  paths: readonly string[],
): Promise<readonly Mutant[]> {
  const { Instrumenter } = (await import(
    import.meta.resolve(
      '@stryker-mutator/instrumenter',
      import.meta.resolve('@stryker-mutator/core'),
    )
  )) as InstrumenterModule;
  const sources = paths.map((path) => {
    return { name: path, content: readFileSync(join(copy, path), 'utf8'), mutate: true };
  });
  const options = { plugins: null, excludedMutations: EXCLUDED, ignorers: [] };
  const { files, mutants } = await new Instrumenter(SILENT).instrument(sources, options);
  for (const { name, content } of files) {
    writeFileSync(join(copy, name), content.replace(COUNTING, `if (!ns.isCounting) return; $&`));
  }
  return mutants.filter(({ status }) => status !== 'Ignored');
}

/** Where Stryker's header begins to count which mutants were reached. */
const COUNTING = 'var c = cov.static;';

/** Texts of messages are for people: that a test pins their words would make them worse. */
const EXCLUDED: readonly string[] = ['StringLiteral'];
