import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { drawMutants } from './mutation/drawMutants.ts';
import type { Mutant } from './mutation/instrumentSources.ts';
import { instrumentSources } from './mutation/instrumentSources.ts';
import { KeptOutcomes } from './mutation/keptOutcomes.ts';
import { copyRepository } from './mutation/mutationCopy.ts';
import type { MutationFolder } from './mutation/mutationFolders.ts';
import { MUTATION_FOLDERS } from './mutation/mutationFolders.ts';
import type { FolderScore } from './mutation/mutationScore.ts';
import { compareScore, describeMutant, scoreOf } from './mutation/mutationScore.ts';
import { TrialOrder } from './mutation/trialOrder.ts';
import type { Baseline, TriedMutant } from './mutation/tryMutants.ts';
import { tryMutant } from './mutation/tryMutants.ts';
import { MutationWorker } from './mutation/workerPool.ts';

/**
 * `npm run mutation -- [FOLDER] [--file PART] [--sample N] [--seed S] [--minutes M] [--resume]
 * [--survivors] [--accept]`: changes the sources of a folder in a copy, one small change at a time,
 * and counts how many a test notices. Without `--sample` every mutant is tried; `--file` takes only
 * the files whose path has that part, and their score is shown and never kept. `--resume` takes
 * what earlier runs found, as far as it still stands, so that a folder can be done in slices.
 * Exits 1 where a score fell below the one that scripts/mutation/scores.json keeps; `--accept`
 * writes the new one there.
 */
async function main(options: readonly string[]): Promise<void> {
  const { values: chosen, positionals } = parseArgs({
    args: [...options],
    allowPositionals: true,
    options: {
      file: { type: 'string' },
      sample: { type: 'string' },
      seed: { type: 'string', default: '1' },
      minutes: { type: 'string', default: '600' },
      resume: { type: 'boolean', default: false },
      survivors: { type: 'boolean', default: false },
      accept: { type: 'boolean', default: false },
    },
  });
  const wanted = positionals[0] ?? '';
  // A whole name is that folder alone; part of one is every folder that has it.
  const exact = MUTATION_FOLDERS.filter(({ name }) => name === wanted);
  const like = MUTATION_FOLDERS.filter(({ name }) => name.includes(wanted));
  const folders = exact.length > 0 ? exact : like;
  if (folders.length === 0) {
    console.error(`No folder is called ${wanted}: ${MUTATION_FOLDERS.map((f) => f.name).join()}`);
    process.exitCode = 2;
    return;
  }
  const untilMs = performance.now() + Number(chosen.minutes) * 60_000;
  const { file } = chosen;
  const count = Number(chosen.sample ?? 'Infinity');
  const { resume } = chosen;
  const plan = { count, seed: Number(chosen.seed), untilMs, file: file ?? '', resume };
  for (const folder of folders) {
    const { score, tried } = await mutateFolder(folder, plan);
    if (chosen.survivors) for (const one of tried) printSurvivor(one);
    if (file === undefined) report(folder.name, score, chosen.accept);
    else console.log(JSON.stringify({ folder: folder.name, file, ...score }));
  }
}

interface Plan {
  readonly count: number;
  readonly seed: number;
  readonly untilMs: number;
  /** Part of the paths that are mutated. */
  readonly file: string;
  readonly resume: boolean;
}

const ROOT: string = resolve(import.meta.dirname, '..');
const SCORES: string = join(import.meta.dirname, 'mutation', 'scores.json');

/** Mutants are always taken in a drawn order, so that a run that ends early is a fair sample. */
async function mutateFolder(
  folder: MutationFolder,
  plan: Plan,
): Promise<{ readonly score: FolderScore; readonly tried: readonly TriedMutant[] }> {
  const copy = copyRepository(ROOT);
  const workers = { loaded: new MutationWorker(copy), fresh: new MutationWorker(copy) };
  try {
    const tracked = execFileSync('git', ['ls-files'], { cwd: ROOT, encoding: 'utf8' }).split('\n');
    const sources = sourcesOf(folder, tracked).filter((path) => path.includes(plan.file));
    if (sources.length === 0)
      throw new Error(`No source of ${folder.name} has ${plan.file} in it.`);
    const tests = testsOf(folder, tracked);
    const kept = new KeptOutcomes(keptAt(folder), copy, { sources, tests });
    const mutants = await instrumentSources(copy, sources);
    const texts = new Map(tests.map((name) => [name, readFileSync(join(copy, name), 'utf8')]));
    const measured = await measure(workers.loaded, sources, tests);
    const baseline: Baseline = { ...measured, texts };
    const drawn = drawMutants(mutants, plan.seed).slice(0, plan.count);
    const known = plan.resume ? recall(drawn, kept, baseline) : new Map<Mutant, TriedMutant>();
    const progress = new Progress(folder.name, { all: drawn.length, known: known.size });
    const tried: TriedMutant[] = [];
    for (const mutant of drawn) {
      if (performance.now() > plan.untilMs) break;
      const before = known.get(mutant);
      const one = before ?? (await tryMutant(workers, mutant, baseline));
      tried.push(one);
      if (before !== undefined) continue;
      kept.add(one);
      if (progress.step()) kept.save();
    }
    kept.save();
    const score = scoreOf(tried, { total: mutants.length, seed: plan.seed });
    return { score, tried };
  } finally {
    workers.loaded.close();
    workers.fresh.close();
    rmSync(copy, { recursive: true, force: true });
  }
}

function sourcesOf({ sources, apart = [] }: MutationFolder, tracked: readonly string[]): string[] {
  return tracked.filter((path) => {
    const isIn = (start: string): boolean => path.startsWith(start);
    const isOwn = sources.some(isIn) && !apart.some(isIn) && path.endsWith('.ts');
    return isOwn && !path.endsWith('.test.ts') && !path.includes('/fixtures/');
  });
}

function testsOf({ tests, except }: MutationFolder, tracked: readonly string[]): string[] {
  return tracked.filter((path) => {
    const isOwn = tests.some((start) => path.startsWith(start)) && path.endsWith('.test.ts');
    return isOwn && !except.some((part) => path.includes(part));
  });
}

/** Where outcomes wait for a run that resumes. */
function keptAt({ name }: MutationFolder): string {
  return join(tmpdir(), 'lawbook-mutation-outcomes', `${name.replaceAll('/', '-')}.json`);
}

/** What earlier runs found, from which the order of trials learns as well. */
function recall(
  drawn: readonly Mutant[],
  kept: KeptOutcomes,
  { order }: Baseline,
): Map<Mutant, TriedMutant> {
  const known = new Map<Mutant, TriedMutant>();
  for (const mutant of drawn) {
    const tried = kept.of(mutant);
    if (tried !== undefined) known.set(mutant, tried);
    if (tried?.by !== undefined) order.learn(mutant, [tried.by], true);
  }
  return known;
}

/** Runs the tests with no mutant in force; those that fail here are told and left out. */
async function measure(
  worker: MutationWorker,
  sources: readonly string[],
  tests: readonly string[],
): Promise<Omit<Baseline, 'texts'>> {
  const loaded = await worker.load({ sources, tests });
  if (loaded.kind === 'failed') throw new Error(`The tests do not load: ${loaded.message}`);
  const dry = await worker.ask({ kind: 'dryRun' }, DRY_RUN_MS_MAX);
  if (dry.kind !== 'dryRun') throw new Error('The tests do not run without a mutant.');
  const { rows, fixed, atImport } = dry;
  const failing = rows.filter(({ passed }) => !passed);
  for (const { id } of failing) console.error(`left out, since it fails unmutated: ${id}`);
  const ms = rows.reduce((sum, row) => sum + row.ms, 0);
  console.error(`${rows.length} tests in ${Math.round(ms / 1000)} s without a mutant`);
  return { sources, tests, rows, order: new TrialOrder(rows), fixed, atImport };
}

const DRY_RUN_MS_MAX = 600_000;

/** Tells how far a run is and when it would be done. */
class Progress {
  readonly #name: string;
  readonly #all: number;
  readonly #known: number;
  readonly #startedMs: number = performance.now();
  #done = 0;

  constructor(name: string, count: { readonly all: number; readonly known: number }) {
    this.#name = name;
    this.#all = count.all;
    this.#known = count.known;
  }

  /** Counts one mutant; true now and then, when it told. */
  step(): boolean {
    this.#done += 1;
    if (this.#done % PROGRESS_EVERY !== 0) return false;
    const eachMs = (performance.now() - this.#startedMs) / this.#done;
    const done = this.#known + this.#done;
    const left = Math.ceil(((this.#all - done) * eachMs) / 60_000);
    const pace = `${Math.round(eachMs)} ms each, ${left} min to the end`;
    console.error(`${this.#name}: ${done}/${this.#all}, ${pace}`);
    return true;
  }
}

const PROGRESS_EVERY = 25;

function printSurvivor({ mutant, outcome }: TriedMutant): void {
  if (outcome === 'killed' || outcome === 'timeout') return;
  const text = readFileSync(join(ROOT, mutant.fileName), 'utf8');
  console.log(`${outcome.padEnd(10)} ${describeMutant(mutant, text)}`);
}

function report(name: string, score: FolderScore, accept: boolean): void {
  const kept = JSON.parse(readFileSync(SCORES, 'utf8')) as Record<string, FolderScore>;
  const { tried, mutants, killed, timeout, survived, cut, uncovered, percent } = score;
  const extent = tried === mutants ? 'all' : `${tried} drawn (seed ${score.seed}) of`;
  console.log(
    `${name}: ${percent} % of ${extent} ${mutants} mutants noticed: ${killed} by a test, ` +
      `${timeout} by time; ${survived} survived, ${cut} survived the budget, ` +
      `${uncovered} unreached`,
  );
  const complaint = compareScore(score, kept[name]);
  if (complaint !== undefined) {
    console.log(`${name}: ${complaint}`);
    process.exitCode = 1;
  }
  if (!accept) return;
  const scores = Object.entries({ ...kept, [name]: score }).sort(([a], [b]) => (a < b ? -1 : 1));
  writeFileSync(SCORES, `${JSON.stringify(Object.fromEntries(scores), null, 2)}\n`);
}

if (import.meta.main) await main(process.argv.slice(2));
