import type { Mutant } from './instrumentSources.ts';
import type { DryRow, Hits, Trial } from './trial.ts';
import type { PricedTrial, TrialOrder } from './trialOrder.ts';
import type { MutationWorker } from './workerPool.ts';

/** What became of one mutant. `cut` survived what the budget allowed. */
export interface TriedMutant {
  readonly mutant: Mutant;
  readonly outcome: 'killed' | 'timeout' | 'survived' | 'cut' | 'uncovered';
  /** The trial that noticed it, and what it said. */
  readonly by?: Trial;
  readonly failure?: string;
}

/** What tests do with no mutant in force. */
export interface Baseline {
  readonly sources: readonly string[];
  readonly tests: readonly string[];
  readonly rows: readonly DryRow[];
  readonly order: TrialOrder;
  /** Hits while sources were imported, and while each test file was. */
  readonly fixed: Hits;
  readonly atImport: Readonly<Record<string, Hits>>;
  /** Texts of the test files. */
  readonly texts: ReadonlyMap<string, string>;
}

/**
 * Processor time after which no further trial of a mutant begins: twice what its trials usually
 * take together and a little, up to a most.
 */
const BUDGET_MS_LEAST = 5_000;
const BUDGET_MS_MAX = 60_000;
const BUDGET_FACTOR = 2;
/** A trial that is silent for so long, and so many times its usual time, hangs by the mutant. */
const SILENCE_MS_LEAST = 20_000;
const SILENCE_FACTOR = 20;
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

/** Tries one mutant on the tests that reach it. */
export async function tryMutant(
  workers: Workers,
  mutant: Mutant,
  baseline: Baseline,
): Promise<TriedMutant> {
  const trials = baseline.order.of(mutant);
  const importing = filesComputing(mutant, baseline, trials);
  if (trials.length === 0 && importing.length === 0) return { mutant, outcome: 'uncovered' };
  const first =
    trials.length === 0 ? undefined : await tryOn(workers.loaded, mutant, trials, baseline);
  if (first !== undefined && (first.outcome !== 'survived' || importing.length === 0)) return first;
  return await tryFresh(workers.fresh, mutant, importing, baseline);
}

async function tryOn(
  worker: MutationWorker,
  mutant: Mutant,
  trials: readonly PricedTrial[],
  baseline: Baseline,
): Promise<TriedMutant> {
  const { order, sources, tests } = baseline;
  const usual = baseline.rows.reduce((most, { hits }) => Math.max(most, hits[mutant.id] ?? 0), 0);
  const hitLimit = Math.max(HITS_MIN, usual * HIT_FACTOR);
  const task = { kind: 'try' as const, mutant: mutant.id, trials, hitLimit, ...limitsOf(trials) };
  let answer = await worker.ask(task, task.silenceMs);
  if (answer.kind === 'tried' && answer.outcome === 'poisoned') {
    await worker.load({ sources, tests });
    answer = await worker.ask(task, task.silenceMs);
    await worker.load({ sources, tests });
  }
  if (answer.kind !== 'tried') {
    await worker.load({ sources, tests });
    const failure = answer.kind === 'failed' ? answer.message : answer.kind;
    return { mutant, outcome: 'timeout', failure };
  }
  const made = trials.slice(0, answer.trials);
  order.learn(mutant, made, answer.outcome !== 'survived');
  if (answer.outcome === 'survived') {
    return { mutant, outcome: answer.isWhole ? 'survived' : 'cut' };
  }
  return noticed(mutant, made.at(-1), answer.failure);
}

function limitsOf(trials: readonly PricedTrial[]): {
  readonly budgetMs: number;
  readonly silenceMs: number;
} {
  const together = trials.reduce((sum, { ms }) => sum + ms, 0);
  const longest = trials.reduce((most, { ms }) => Math.max(most, ms), 0);
  return {
    budgetMs: Math.min(BUDGET_MS_MAX, BUDGET_MS_LEAST + BUDGET_FACTOR * together),
    silenceMs: SILENCE_MS_LEAST + SILENCE_FACTOR * longest,
  };
}

/**
 * Test files that must be imported anew, since the sources compute with the mutant when they are
 * imported; or since nothing but what test files compute reaches it.
 */
function filesComputing(
  mutant: Mutant,
  { fixed, atImport, rows, texts }: Baseline,
  trials: readonly PricedTrial[],
): readonly string[] {
  const own = Object.keys(atImport).filter((file) => atImport[file]?.[mutant.id] !== undefined);
  if (fixed[mutant.id] === undefined) {
    return trials.length === 0 ? own.slice(0, FRESH_FILES_MAX) : [];
  }
  const passing = rows.filter(({ passed }) => passed).map(({ file }) => file);
  // What a module computes once is read by whoever imports it, its own tests before all.
  const stem = mutant.fileName.slice(mutant.fileName.lastIndexOf('/') + 1);
  const importing = passing.filter((file) => texts.get(file)?.includes(`/${stem}'`));
  const beside = importing.filter((file) => file.includes(`/${stem.slice(0, -2)}`));
  const files = [...beside, ...importing, ...trials.map(({ file }) => file), ...own, ...passing];
  return [...new Set(files)].slice(0, FRESH_FILES_MAX);
}

/** What modules compute when they are imported is computed again in a process of its own. */
async function tryFresh(
  worker: MutationWorker,
  mutant: Mutant,
  files: readonly string[],
  { rows }: Baseline,
): Promise<TriedMutant> {
  try {
    for (const file of files) {
      const loaded = await worker.load({ sources: [], tests: [file], active: mutant.id });
      if (loaded.kind !== 'loaded') return noticed(mutant, undefined, `${file}: import`);
      const trials = rows
        .filter((row) => row.passed && row.file === file)
        .map(({ id, ms }) => ({ id, file, ms, share: 1 }))
        .sort((a, b) => a.ms - b.ms);
      const limits = limitsOf(trials);
      const task = { kind: 'try' as const, mutant: mutant.id, trials, ...limits, hitLimit: 1e9 };
      const answer = await worker.ask(task, limits.silenceMs);
      if (answer.kind !== 'tried') return { mutant, outcome: 'timeout', failure: file };
      if (answer.outcome !== 'survived') {
        return noticed(mutant, trials[answer.trials - 1], answer.failure);
      }
    }
    return { mutant, outcome: 'survived' };
  } finally {
    worker.close();
  }
}

function noticed(mutant: Mutant, by: Trial | undefined, failure = ''): TriedMutant {
  const trial = by === undefined ? {} : { by: { id: by.id, share: by.share } };
  return { mutant, outcome: 'killed', ...trial, failure };
}
