import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { GatheredTest } from './testStandIn.ts';

/** What the parent asks; one at a time. */
export type WorkerTask =
  | {
      readonly kind: 'load';
      readonly root: string;
      readonly tests: readonly string[];
      readonly active?: string;
    }
  | { readonly kind: 'dryRun' }
  | {
      readonly kind: 'try';
      readonly mutant: string;
      /** Ids of tests, quickest first. */
      readonly tests: readonly string[];
      readonly hitLimit: number;
      readonly budgetMs: number;
    };

/** What the worker answers. */
export type WorkerAnswer =
  | { readonly kind: 'loaded'; readonly count: number }
  | { readonly kind: 'dryRun'; readonly rows: readonly DryRow[]; readonly fixed: Hits }
  | {
      readonly kind: 'tried';
      readonly outcome: 'killed' | 'survived' | 'poisoned';
      /** The test that noticed, and how. */
      readonly by?: string;
      readonly isWhole: boolean;
    }
  | { readonly kind: 'failed'; readonly message: string };

/** Hits of mutants by id. */
export type Hits = Readonly<Record<string, number>>;

/** One test with no mutant in force. */
export interface DryRow {
  readonly id: string;
  readonly file: string;
  readonly ms: number;
  readonly passed: boolean;
  readonly hits: Hits;
}

interface Namespace {
  activeMutant: string | undefined;
  currentTestId: string | undefined;
  mutantCoverage: { static: Record<string, number>; perTest: Record<string, Hits> };
  hitCount: number | undefined;
  hitLimit: number;
}

const space: Namespace = {
  activeMutant: '',
  currentTestId: undefined,
  mutantCoverage: { static: {}, perTest: {} },
  hitCount: undefined,
  hitLimit: 0,
};
/** The name by which Stryker's instrumentation finds the switch of mutants. */
Object.assign(globalThis, { __stryker__: space });

const standIn = pathToFileURL(join(import.meta.dirname, 'testStandIn.ts')).href;
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'node:test' ? { url: standIn, shortCircuit: true } : next(specifier, context),
});
const { beginFile, gathered } = (await import(standIn)) as typeof import('./testStandIn.ts');

// A test of a mutant may leave a rejection behind; it says nothing about the next one.
process.on('unhandledRejection', () => undefined);
process.on('uncaughtException', () => undefined);
process.on('message', (task: WorkerTask) => {
  answer(task).then(
    (answered) => process.send?.(answered),
    (cause: unknown) => process.send?.({ kind: 'failed', message: String(cause) }),
  );
});

async function answer(task: WorkerTask): Promise<WorkerAnswer> {
  switch (task.kind) {
    case 'load':
      return await load(task);
    case 'dryRun':
      return { kind: 'dryRun', rows: await dryRun(), fixed: space.mutantCoverage.static };
    default:
      return await tryMutant(task);
  }
}

/** Imports the test files; with a mutant in force where it acts on what modules compute once. */
async function load({
  root,
  tests,
  active,
}: Extract<WorkerTask, { kind: 'load' }>): Promise<WorkerAnswer> {
  process.chdir(root);
  space.activeMutant = active ?? '';
  for (const name of tests) {
    beginFile(name);
    await import(pathToFileURL(join(root, name)).href);
  }
  return { kind: 'loaded', count: gathered.length };
}

async function dryRun(): Promise<DryRow[]> {
  const rows: DryRow[] = [];
  for (const one of gathered) {
    space.currentTestId = one.id;
    const startedMs = performance.now();
    const passed = (await failureOf(one)) === undefined;
    const ms = performance.now() - startedMs;
    rows.push({
      id: one.id,
      file: one.file,
      ms,
      passed,
      hits: space.mutantCoverage.perTest[one.id] ?? {},
    });
  }
  space.currentTestId = undefined;
  return rows;
}

async function tryMutant(task: Extract<WorkerTask, { kind: 'try' }>): Promise<WorkerAnswer> {
  const byId = new Map(gathered.map((one) => [one.id, one]));
  const untilMs = cpuMs() + task.budgetMs;
  space.hitLimit = task.hitLimit;
  for (const id of task.tests) {
    const one = byId.get(id);
    if (one === undefined) continue;
    if (cpuMs() > untilMs) return { kind: 'tried', outcome: 'survived', isWhole: false };
    space.activeMutant = task.mutant;
    space.hitCount = 0;
    const failure = await failureOf(one);
    space.activeMutant = '';
    space.hitCount = undefined;
    if (failure === undefined) continue;
    // What the mutant left in the memory of modules must not be taken for its successor's doing.
    const isPoisoned = (await failureOf(one)) !== undefined;
    const outcome = isPoisoned ? 'poisoned' : 'killed';
    return { kind: 'tried', outcome, by: `${id}: ${failure}`, isWhole: true };
  }
  return { kind: 'tried', outcome: 'survived', isWhole: true };
}

/** Time of the processor, so that a busy machine does not change what a budget allows. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

async function failureOf({ run }: GatheredTest): Promise<string | undefined> {
  try {
    await run();
    return undefined;
  } catch (cause) {
    return cause instanceof Error ? cause.message.slice(0, 200) : String(cause).slice(0, 200);
  }
}
