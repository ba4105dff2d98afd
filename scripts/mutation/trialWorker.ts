import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { GatheredTest } from './testStandIn.ts';
import type { DryRow, Hits, Trial } from './trial.ts';
import { FEW } from './trial.ts';

/** What the parent asks; one at a time. */
export type WorkerTask =
  | {
      readonly kind: 'load';
      readonly root: string;
      /** Mutated files, imported before the tests, so that it is known what modules compute. */
      readonly sources: readonly string[];
      readonly tests: readonly string[];
      readonly active?: string;
    }
  | { readonly kind: 'dryRun' }
  | {
      readonly kind: 'try';
      readonly mutant: string;
      /** In the order in which they are made. */
      readonly trials: readonly Trial[];
      readonly hitLimit: number;
      readonly budgetMs: number;
    };

/** What the worker answers. `began` is no answer: it tells that a trial began. */
export type WorkerAnswer =
  | { readonly kind: 'began' }
  | { readonly kind: 'loaded'; readonly count: number }
  | {
      readonly kind: 'dryRun';
      readonly rows: readonly DryRow[];
      /** Hits while sources were imported, and while each test file was. */
      readonly fixed: Hits;
      readonly atImport: Readonly<Record<string, Hits>>;
    }
  | {
      readonly kind: 'tried';
      readonly outcome: 'killed' | 'survived' | 'poisoned';
      /** How many trials were made; the last of them noticed, where one did. */
      readonly trials: number;
      readonly failure?: string;
      /** False where the budget ended before the trials did. */
      readonly isWhole: boolean;
    }
  | { readonly kind: 'failed'; readonly message: string };

/** From so many runs, and so much time without a mutant, a property is costly. */
const RUNS_MANY = 20;
const MS_MANY = 30;

interface Namespace {
  activeMutant: string | undefined;
  currentTestId: string | undefined;
  mutantCoverage: { static: Record<string, number>; perTest: Record<string, Hits> };
  /** Read by our change of Stryker's header: counting is needed once and slows every run. */
  isCounting: boolean;
  hitCount: number | undefined;
  hitLimit: number;
}

const space: Namespace = {
  activeMutant: '',
  currentTestId: undefined,
  mutantCoverage: { static: {}, perTest: {} },
  isCounting: true,
  hitCount: undefined,
  hitLimit: 0,
};
/** The name by which Stryker's instrumentation finds the switch of mutants. */
Object.assign(globalThis, { __stryker__: space });

const tests = pathToFileURL(join(import.meta.dirname, 'testStandIn.ts')).href;
const properties = pathToFileURL(join(import.meta.dirname, 'propertyStandIn.ts')).href;
// Tests import fast-check by its default export.
const fastCheck = `data:text/javascript,export { standIn as default } from '${properties}'`;
registerHooks({
  resolve: (specifier, context, next) => {
    if (specifier === 'node:test') return { url: tests, shortCircuit: true };
    const isOurs = specifier === 'fast-check' && context.parentURL !== properties;
    return isOurs ? { url: fastCheck, shortCircuit: true } : next(specifier, context);
  },
});
const { beginFile, gathered } = (await import(tests)) as typeof import('./testStandIn.ts');
const { drawing } = (await import(properties)) as typeof import('./propertyStandIn.ts');

// A test of a mutant may leave a rejection behind; it says nothing about the next one.
process.on('unhandledRejection', () => undefined);
process.on('uncaughtException', () => undefined);
process.on('message', (task: WorkerTask) => {
  answer(task).then(tell, (cause: unknown) => tell({ kind: 'failed', message: String(cause) }));
});

function tell(answered: WorkerAnswer): void {
  process.send?.(answered);
}

async function answer(task: WorkerTask): Promise<WorkerAnswer> {
  switch (task.kind) {
    case 'load':
      return await load(task);
    case 'dryRun':
      return await dryRun();
    default:
      return await tryMutant(task);
  }
}

let fixed: Hits = {};
const atImport: Record<string, Hits> = {};

/** Imports the test files; with a mutant in force where it acts on what modules compute once. */
async function load(task: Extract<WorkerTask, { kind: 'load' }>): Promise<WorkerAnswer> {
  const at = (name: string): string => pathToFileURL(join(task.root, name)).href;
  process.chdir(task.root);
  space.activeMutant = task.active ?? '';
  for (const name of task.sources) await import(at(name));
  fixed = takeHits();
  for (const name of task.tests) {
    beginFile(name);
    await import(at(name));
    atImport[name] = takeHits();
  }
  space.isCounting = false;
  return { kind: 'loaded', count: gathered.length };
}

function takeHits(): Hits {
  const hits = space.mutantCoverage.static;
  space.mutantCoverage.static = {};
  return hits;
}

async function dryRun(): Promise<WorkerAnswer> {
  const rows: DryRow[] = [];
  space.isCounting = true;
  for (const one of gathered) {
    space.currentTestId = one.id;
    drawing.runs = 0;
    const startedMs = cpuMs();
    const passed = (await failureOf(one, 1)) === undefined;
    const ms = cpuMs() - startedMs;
    const hits = space.mutantCoverage.perTest[one.id] ?? {};
    const isCostly = passed && drawing.runs >= RUNS_MANY && ms >= MS_MANY;
    // A property that counts what it met may need all of its runs.
    const passesFew = isCostly && (await failureOf(one, FEW)) === undefined;
    rows.push({ id: one.id, file: one.file, ms, passed, passesFew, hits });
  }
  space.currentTestId = undefined;
  space.isCounting = false;
  return { kind: 'dryRun', rows, fixed, atImport };
}

async function tryMutant(task: Extract<WorkerTask, { kind: 'try' }>): Promise<WorkerAnswer> {
  const byId = new Map(gathered.map((one) => [one.id, one]));
  const untilMs = cpuMs() + task.budgetMs;
  space.hitLimit = task.hitLimit;
  let trials = 0;
  for (const { id, share } of task.trials) {
    const one = byId.get(id);
    if (cpuMs() > untilMs) return { kind: 'tried', outcome: 'survived', trials, isWhole: false };
    trials += 1;
    if (one === undefined) continue;
    tell({ kind: 'began' });
    space.activeMutant = task.mutant;
    space.hitCount = 0;
    const failure = await failureOf(one, share);
    space.activeMutant = '';
    space.hitCount = undefined;
    if (failure === undefined) continue;
    // What the mutant left in the memory of modules must not be taken for its successor's doing.
    tell({ kind: 'began' });
    const isPoisoned = (await failureOf(one, share)) !== undefined;
    const outcome = isPoisoned ? 'poisoned' : 'killed';
    return { kind: 'tried', outcome, trials, failure, isWhole: true };
  }
  return { kind: 'tried', outcome: 'survived', trials, isWhole: true };
}

/** Time of the processor, so that a busy machine does not change what a budget allows. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

async function failureOf({ run }: GatheredTest, share: number): Promise<string | undefined> {
  drawing.share = share;
  try {
    await run();
    return undefined;
  } catch (cause) {
    return cause instanceof Error ? cause.message.slice(0, 200) : String(cause).slice(0, 200);
  }
}
