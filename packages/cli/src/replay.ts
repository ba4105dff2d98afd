import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { LoadedConfig } from '@lawbook/executor/config/loadConfig';
import { ExitCode } from './terminal/cliFault.ts';
import type { ConfigFlags } from './terminal/configFlags.ts';
import { statedSources, withConfigFlags } from './terminal/configFlags.ts';
import type { Program } from './terminal/program.ts';
import type { Progress } from './terminal/progress.ts';
import { startProgress } from './terminal/progress.ts';
import { tableLines } from './terminal/table.ts';
import { paint, printResult } from './terminal/terminal.ts';

interface ReplayOptions extends ConfigFlags {
  readonly judge: boolean;
  readonly json?: boolean;
}

type Report = Awaited<ReturnType<typeof import('@lawbook/executor/replay')['replayJournal']>>;

const EXAMPLES = `
Examples:
  lawbook replay --data-dir .lawbook            every batch and every epoch of a book judged again
  lawbook replay --no-judge --json              counts and roots only

Stop the venue first: a journal has one user. Two machines that replay the same journal print the
same state root. Exits 1 when a law is violated or the ledger does not sum to zero.`;

/** `lawbook replay`: rebuilds the state of a stopped venue from its journal alone. */
export function addReplay(program: Program): void {
  withConfigFlags(program.command.command('replay'))
    .description('Replay a journal from its first record and print the state root')
    .option('--no-judge', 'do not re-run the laws')
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLES)
    .action((options: ReplayOptions) => replay(program, options));
}

async function replay(program: Program, options: ReplayOptions): Promise<void> {
  const { terminal } = program;
  const { loadConfig } = await import('@lawbook/executor/config/loadConfig');
  const { replayJournal } = await import('@lawbook/executor/replay');
  const stated = loadConfig(statedSources(options));
  const { config } = loadConfig(statedSources(options, defaults(stated)));
  let progress: Progress | undefined;
  const report = await replayJournal({
    config,
    judge: options.judge,
    onProgress: ({ sequence, last }) => {
      progress ??= startProgress(terminal, 'replaying', last);
      progress.update(sequence);
    },
  }).finally(() => progress?.stop());
  const broken = report.violations.length + report.bookViolations.length;
  const ok = broken === 0 && report.isZeroSum;
  printResult(terminal, options, { ok, ...report }, () => reportLines(report, ok));
  if (!ok) program.exitWith(ExitCode.refused);
}

/**
 * A demo venue that was started with a chain of its own has that chain's files beside its journal,
 * and its orders were signed for the contract there: `lawbook start` needs no flag for it either.
 */
function defaults({ config, sources }: LoadedConfig): Readonly<Record<string, string>> {
  const hasChain = existsSync(join(config.dataDir, 'settlement', 'deployment.json'));
  const isUnstated = config.demo.enabled && !sources.has('settlement.mode');
  return hasChain && isUnstated ? { 'settlement.mode': 'embedded' } : {};
}

function reportLines(report: Report, ok: boolean): string[] {
  const counts = Object.entries(report.byKind).map(([kind, count]) => [kind, String(count)]);
  const heads = [{ head: 'input' }, { head: 'records', align: 'right' }] as const;
  const violations = report.violations.map(({ batchNumber, verdict }) => {
    return paint.bad(`batch ${batchNumber}: ${verdict.id} ${verdict.name} is violated`);
  });
  const bookViolations = report.bookViolations.map(({ marketId, epochNumber, verdict }) => {
    const epoch = `epoch ${epochNumber} of book ${marketId}`;
    return paint.bad(`${epoch}: ${verdict.id} ${verdict.name} is violated`);
  });
  return [
    ...tableLines(heads, counts),
    '',
    `records        ${report.records}`,
    `state root     ${report.stateRoot}`,
    `epochs         ${report.epochs.length} of batches, ${report.bookEpochs.length} of books`,
    `judged         ${report.batchesJudged} batches, ${report.bookEpochsJudged} epochs of books`,
    `zero sum       ${report.isZeroSum ? 'yes' : 'NO'}`,
    ...violations,
    ...bookViolations,
    ok ? paint.good('The journal replays and every check holds.') : paint.bad('A check failed.'),
  ];
}
