/**
 * The chain engine against plain viem: reads past bad endpoints, intents a second, the cache's hit
 * rate, and what happens to payments when things go wrong.
 *
 * Prints one JSON line per figure on stdout and tables for people on stderr. `value` is ours,
 * `ratio` is ours divided by the peer's in the same job. Everything runs on this machine: anvil
 * behind proxies with faults.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CACHE_JOBS } from './chains/cacheReplay.ts';
import type { Bench, Figure, Job } from './chains/figures.ts';
import { Closers, isWanted } from './chains/figures.ts';
import { RATE_JOBS } from './chains/intentRate.ts';
import { markdownOf, terminalTables } from './chains/pages.ts';
import { READ_JOBS } from './chains/reads.ts';
import { runVersusViem } from './chains/versusViem.ts';

const HELP = `npm run bench:chains -- [--quick] [--only <prefix>] [--markdown]

  --quick          few samples and few scenarios, under a minute
  --only <prefix>  figures whose names begin so: chains/silent, chains/intents-per-second,
                   chains/cache-hit-rate, chains/versus-viem/13
  --markdown       also writes docs/reference/chain-figures.md from this run
  --help           this

Figures, one JSON line each: name, value, unit, ratio (value by the peer's), peer, n.
  chains/{fault}/read-{p50,p95,p99}  ms of reads after the first five, the endpoint going bad in use
  chains/{fault}/read-first5-max     the slowest of the first five
  chains/{fault}/wrong-answers       reads that failed, or were of another chain or an old head
  chains/{fault}/from-start/...      the same where the endpoint was bad before the pool opened
  chains/intents-per-second/...      payments from the first submit to the last one there
  chains/cache-hit-rate/...          a committed workload replayed through the cache
  chains/versus-viem/{scenario}      payments made twice, lost or misreported by the engine
`;
const PAGE = join(import.meta.dirname, '../docs/reference/chain-figures.md');

async function main(): Promise<void> {
  const { values: flags } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', default: 'chains/' },
      markdown: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (flags.help) {
    process.stdout.write(HELP);
    return;
  }
  const figures: Figure[] = [];
  const closers = new Closers();
  endOnSignals(closers);
  const bench: Bench = {
    quick: flags.quick,
    only: flags.only,
    closers,
    print: (figure) => {
      figures.push(figure);
      process.stdout.write(`${JSON.stringify(figure)}\n`);
    },
    say: (line) => process.stderr.write(`${line}\n`),
  };
  const startMs = performance.now();
  try {
    const versus = { name: 'chains/versus-viem', run: runVersusViem };
    const jobs: readonly Job[] = [...RATE_JOBS, ...CACHE_JOBS, ...READ_JOBS, versus];
    for (const job of jobs) if (isWanted(job.name, bench.only)) await job.run(bench);
  } finally {
    await closers.closeAll();
  }
  const seconds = (performance.now() - startMs) / 1_000;
  bench.say(`\n${terminalTables(figures)}\n${seconds.toFixed(0)} s in all`);
  if (flags.markdown) writeFileSync(PAGE, markdownOf(figures, { quick: flags.quick }));
}

/** Chains, child processes and folders go with us, however we go. */
function endOnSignals(closers: Closers): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      const deadline = setTimeout(() => process.exit(1), 10_000);
      closers.closeAll().finally(() => {
        clearTimeout(deadline);
        process.exit(signal === 'SIGINT' ? 130 : 143);
      });
    });
  }
}

await main();
// Viem goes on polling for what it will never see; nothing of ours is open any more.
process.exit();
