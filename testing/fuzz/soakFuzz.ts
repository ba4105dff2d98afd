import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { FuzzTarget } from './fuzzTarget.ts';
import type { FuzzCounts } from './runFuzz.ts';
import { FuzzRun, shrink } from './runFuzz.ts';
import { ALL_TARGETS } from './targets/allTargets.ts';

/** Where inputs of every decoder lie that once failed or that reach a branch of their own. */
export const CORPUS: string = join(import.meta.dirname, 'corpus');

/** Slices of the budget, so that every decoder gets its turns early. */
const SLICE_MS = 500;

/**
 * `npm run soak:fuzz -- --minutes M --seed S [--only NAME] [--save]`: mutates valid inputs of every
 * decoder until the time is up, and prints what came of it. Exits 1 where a property broke; each
 * such input is cut down and printed, and `--save` puts it into the corpus.
 */
async function main(options: readonly string[]): Promise<void> {
  const { values: chosen } = parseArgs({
    args: [...options],
    options: {
      minutes: { type: 'string', default: '1' },
      seed: { type: 'string', default: '1' },
      only: { type: 'string', default: '' },
      save: { type: 'boolean', default: false },
    },
  });
  const targets = ALL_TARGETS.filter(({ name }) => name.includes(chosen.only));
  const untilMs = performance.now() + Number(chosen.minutes) * 60_000;
  const runs = targets.map((target) => new FuzzRun(target, Number(chosen.seed)));
  for (const [k, target] of targets.entries()) await runs[k]?.begin(corpusOf(target.name));
  while (performance.now() < untilMs && runs.some((run) => !run.isBroken)) {
    for (const run of runs) {
      await run.go({ inputs: Number.MAX_SAFE_INTEGER, untilMs: performance.now() + SLICE_MS });
    }
  }
  console.log(table(runs.map(({ counts }) => counts)));
  for (const [k, target] of targets.entries()) {
    for (const finding of runs[k]?.counts.findings ?? []) {
      const smallest = await shrink(target, finding);
      console.log(`${target.name}: ${finding.property}\n  ${finding.detail}`);
      console.log(`  ${Buffer.from(smallest).toString('hex').slice(0, 2_000)}`);
      if (chosen.save) save(target, smallest);
      process.exitCode = 1;
    }
  }
  for (const target of targets) await target.close?.();
}

/** Inputs of a decoder's corpus, by name of their file. */
export function corpusOf(name: string): Uint8Array[] {
  const folder = join(CORPUS, name);
  try {
    const files = readdirSync(folder).sort();
    return files.map((file) => new Uint8Array(readFileSync(join(folder, file))));
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return [];
    throw cause;
  }
}

function save(target: FuzzTarget, bytes: Uint8Array): void {
  const folder = join(CORPUS, target.name);
  mkdirSync(folder, { recursive: true });
  const name = createHash('sha256').update(bytes).digest('hex').slice(0, 12);
  writeFileSync(join(folder, `${name}.bin`), bytes);
}

/** One line a decoder: inputs, what became of them, and in how many ways they were refused. */
export function table(rows: readonly FuzzCounts[]): string {
  const head = 'decoder                     inputs   decoded   refused  ways  findings';
  const lines = rows.map(({ target, inputs, decoded, refused, reasons, findings }) => {
    return [
      target.padEnd(24),
      String(inputs).padStart(10),
      String(decoded).padStart(10),
      String(refused).padStart(10),
      String(reasons.size).padStart(6),
      String(findings.length).padStart(10),
    ].join('');
  });
  return [head, ...lines].join('\n');
}

if (import.meta.main) await main(process.argv.slice(2));
