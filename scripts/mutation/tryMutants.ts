import type { Mutant } from './instrumentSources.ts';
import type { DryRow, Hits } from './mutationWorker.ts';
import type { MutationWorker } from './workerPool.ts';

/** What became of one mutant. `cut` survived what the budget allowed. */
export interface TriedMutant {
  readonly mutant: Mutant;
  readonly outcome: 'killed' | 'timeout' | 'survived' | 'cut' | 'uncovered';
  readonly by?: string;
}

/** What tests do with no mutant in force. */
export interface Baseline {
  readonly tests: readonly string[];
  readonly rows: readonly DryRow[];
  /** Hits while modules were imported. */
  readonly fixed: Hits;
}

/** Processor time after which no further test of a mutant begins, and the longest wait for it. */
const BUDGET_MS = 5_000;
const ANSWER_MS_MAX = 120_000;
/** How much slower than in the dry run the machine may be. */
const SLOWNESS_MAX = 8;
/** Test files that a mutant of module constants is tried with, each in a process of its own. */
const FRESH_FILES_MAX = 3;
/** A loop that the mutant made endless ends after so many times its usual turns. */
const HIT_FACTOR = 200;
const HITS_MIN = 100_000;

/** One worker keeps its tests loaded; the other is for what needs a process of its own. */
export interface Workers {
  readonly loaded: MutationWorker;
  readonly fresh: MutationWorker;
}

/** Tries one mutant on the tests that reach it, quickest first. */
export async function tryMutant(
  workers: Workers,
  mutant: Mutant,
  baseline: Baseline,
): Promise<TriedMutant> {
  const reaching = baseline.rows
    .filter(({ passed, hits }) => passed && hits[mutant.id] !== undefined)
    .sort((a, b) => a.ms - b.ms);
  const isFixed = baseline.fixed[mutant.id] !== undefined;
  if (reaching.length === 0 && !isFixed) return { mutant, outcome: 'uncovered' };
  const first =
    reaching.length === 0 ? undefined : await tryOn(workers.loaded, mutant, reaching, baseline);
  if (first !== undefined && (first.outcome !== 'survived' || !isFixed)) return first;
  return await tryFresh(workers.fresh, mutant, reaching, baseline);
}

async function tryOn(
  worker: MutationWorker,
  mutant: Mutant,
  reaching: readonly DryRow[],
  baseline: Baseline,
): Promise<TriedMutant> {
  const usual = Math.max(...reaching.map(({ hits }) => hits[mutant.id] ?? 0));
  const task = {
    kind: 'try' as const,
    mutant: mutant.id,
    tests: reaching.map(({ id }) => id),
    hitLimit: Math.max(HITS_MIN, usual * HIT_FACTOR),
    budgetMs: BUDGET_MS,
  };
  const timeoutMs = ANSWER_MS_MAX;
  let answer = await worker.ask(task, timeoutMs);
  if (answer.kind === 'tried' && answer.outcome === 'poisoned') {
    await worker.load(baseline.tests);
    answer = await worker.ask(task, timeoutMs);
    await worker.load(baseline.tests);
  }
  if (answer.kind !== 'tried') {
    await worker.load(baseline.tests);
    const by = answer.kind === 'failed' ? answer.message : answer.kind;
    // Silence is the mutant's doing only where its tests are usually done long before.
    const usualMs = reaching.reduce((sum, { ms }) => sum + ms, 0);
    const outcome = usualMs * SLOWNESS_MAX < timeoutMs ? 'timeout' : 'cut';
    return { mutant, outcome, by };
  }
  if (answer.outcome === 'survived') {
    return { mutant, outcome: answer.isWhole ? 'survived' : 'cut' };
  }
  return { mutant, outcome: 'killed', by: answer.by ?? '' };
}

/** What modules compute when they are imported is computed again in a process of its own. */
async function tryFresh(
  worker: MutationWorker,
  mutant: Mutant,
  reaching: readonly DryRow[],
  baseline: Baseline,
): Promise<TriedMutant> {
  const folder = mutant.fileName.slice(0, mutant.fileName.lastIndexOf('/') + 1);
  const near = baseline.rows.filter(({ file }) => file.startsWith(folder));
  const rows = [...reaching, ...near, ...baseline.rows].filter(({ passed }) => passed);
  const files = [...new Set(rows.map(({ file }) => file))].slice(0, FRESH_FILES_MAX);
  try {
    for (const file of files) {
      const loaded = await worker.load([file], mutant.id);
      if (loaded.kind !== 'loaded') return { mutant, outcome: 'killed', by: `${file}: import` };
      const own = rows.filter((row) => row.file === file).sort((a, b) => a.ms - b.ms);
      const tests = [...new Set(own.map(({ id }) => id))];
      const task = { kind: 'try' as const, mutant: mutant.id, tests, budgetMs: BUDGET_MS };
      const answer = await worker.ask({ ...task, hitLimit: 1e9 }, ANSWER_MS_MAX);
      if (answer.kind !== 'tried') return { mutant, outcome: 'timeout', by: file };
      if (answer.outcome !== 'survived') return { mutant, outcome: 'killed', by: answer.by ?? '' };
    }
    return { mutant, outcome: 'survived' };
  } finally {
    worker.close();
  }
}
