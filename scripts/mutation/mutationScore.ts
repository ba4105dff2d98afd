import type { Mutant } from './instrumentSources.ts';
import type { TriedMutant } from './tryMutants.ts';

/** What is kept of a run over one folder. */
export interface FolderScore {
  /** Mutants that there are, and how many of them were tried. */
  readonly mutants: number;
  readonly tried: number;
  readonly seed: number;
  readonly killed: number;
  readonly timeout: number;
  readonly survived: number;
  readonly cut: number;
  readonly uncovered: number;
  /** Of those tried, how many were noticed, one digit after the point. */
  readonly percent: number;
}

/** Counts what became of the mutants; what no test reaches counts as not noticed. */
export function scoreOf(
  tried: readonly TriedMutant[],
  { total, seed }: { readonly total: number; readonly seed: number },
): FolderScore {
  const count = (outcome: TriedMutant['outcome']): number =>
    tried.filter((one) => one.outcome === outcome).length;
  const [killed, timeout] = [count('killed'), count('timeout')];
  const percent = Math.round((1000 * (killed + timeout)) / Math.max(1, tried.length)) / 10;
  return {
    mutants: total,
    tried: tried.length,
    seed,
    killed,
    timeout,
    survived: count('survived'),
    cut: count('cut'),
    uncovered: count('uncovered'),
    percent,
  };
}

/**
 * Why a score is worse than the one that is kept, in percent points; undefined where it is not.
 * Two whole runs are compared as they are, up to what chance decides (time outs, drawn properties);
 * samples up to three of their standard deviations.
 */
export function compareScore(
  score: FolderScore,
  kept: FolderScore | undefined,
): string | undefined {
  if (kept === undefined) return undefined;
  const slack = Math.max(WHOLE_SLACK, deviation(score), deviation(kept));
  const least = kept.percent - slack;
  if (score.percent >= least) return undefined;
  const less = slack.toFixed(1);
  return `${score.percent} % is below the ${kept.percent} % that are kept, less ${less}`;
}

const WHOLE_SLACK = 0.5;

function deviation({ mutants, tried, percent }: FolderScore): number {
  if (tried >= mutants || tried === 0) return 0;
  const share = percent / 100;
  return 300 * Math.sqrt((share * (1 - share)) / tried);
}

/** One line: place, kind of change, what stood there and what stands there now. */
export function describeMutant(mutant: Mutant, text: string): string {
  const { start, end } = mutant.location;
  const lines = text.split('\n');
  const line = lines[start.line] ?? '';
  const old = end.line === start.line ? line.slice(start.column, end.column) : line.trim();
  const now = mutant.replacement.replaceAll(/\s+/g, ' ').slice(0, 80);
  const place = `${mutant.fileName}:${start.line + 1}:${start.column + 1}`;
  return `${place} ${mutant.mutatorName}: ${old.trim().slice(0, 80)} -> ${now}`;
}
