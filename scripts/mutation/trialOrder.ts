import type { Mutant } from './instrumentSources.ts';
import type { DryRow, Trial } from './trial.ts';
import { FEW } from './trial.ts';

/** A trial with what it usually costs. */
export interface PricedTrial extends Trial {
  readonly file: string;
  /** Processor time without a mutant. */
  readonly ms: number;
}

interface Record {
  tries: number;
  kills: number;
}

/**
 * In which order the tests that reach a mutant are tried: by the chance that they notice it for
 * each millisecond, which gives the least expected time. The chance is what they noticed so far of
 * the mutants of one source, leaning on what they noticed of all while that is little.
 */
export class TrialOrder {
  readonly #rows: readonly DryRow[];
  readonly #everywhere = new Map<string, Record>();
  readonly #inSource = new Map<string, Record>();

  constructor(rows: readonly DryRow[]) {
    this.#rows = rows.filter(({ passed }) => passed);
  }

  /** Every trial that reaches the mutant, the most promising first. */
  of({ id, fileName }: Mutant): readonly PricedTrial[] {
    return this.#rows
      .filter(({ hits }) => hits[id] !== undefined)
      .flatMap(trialsOf)
      .map((trial) => [this.#promise(trial, fileName), trial] as const)
      .sort(([a], [b]) => b - a)
      .map(([, trial]) => trial);
  }

  /** Learns from trials of a mutant, the last of which noticed it or did not. */
  learn({ fileName }: Mutant, trials: readonly Trial[], isNoticed: boolean): void {
    trials.forEach((trial, k) => {
      const kills = isNoticed && k === trials.length - 1 ? 1 : 0;
      for (const record of [
        recordIn(this.#everywhere, keyOf(trial)),
        recordIn(this.#inSource, `${fileName} ${keyOf(trial)}`),
      ]) {
        record.tries += 1;
        record.kills += kills;
      }
    });
  }

  #promise(trial: PricedTrial, fileName: string): number {
    const all = this.#everywhere.get(keyOf(trial)) ?? { tries: 0, kills: 0 };
    const own = this.#inSource.get(`${fileName} ${keyOf(trial)}`) ?? { tries: 0, kills: 0 };
    const usual = (all.kills + KILLS_FIRST) / (all.tries + 1);
    const likely = isBeside(trial.file, fileName) ? Math.min(1, usual * BESIDE) : usual;
    const chance = (own.kills + LEANING * likely) / (own.tries + LEANING);
    return chance / Math.max(MS_MIN, trial.ms);
  }
}

/** What is expected of a test that was not tried yet, and how much more of a source's own tests. */
const KILLS_FIRST = 0.05;
const BESIDE = 10;
/** So many trials of one source weigh as much as those of all sources together. */
const LEANING = 3;
/** Below this, what a trial costs is mostly asking for it. */
const MS_MIN = 1;

/** Whether a test stands beside a source: `a.test.ts` and `a.property.test.ts` beside `a.ts`. */
function isBeside(test: string, source: string): boolean {
  return test.startsWith(`${source.slice(0, -'.ts'.length)}.`);
}

function trialsOf({ id, file, ms, passesFew }: DryRow): PricedTrial[] {
  const whole = { id, file, ms, share: 1 };
  if (!passesFew) return [whole];
  return [{ id, file, ms: ms * FEW, share: FEW }, whole];
}

function keyOf({ id, share }: Trial): string {
  return `${share} ${id}`;
}

function recordIn(records: Map<string, Record>, key: string): Record {
  const known = records.get(key);
  if (known !== undefined) return known;
  const made = { tries: 0, kills: 0 };
  records.set(key, made);
  return made;
}
