import { readFileSync } from 'node:fs';
import { rpcUrlOf, withRpcFlag } from './chain/rpcFlag.ts';
import { FileFault } from './terminal/cliFault.ts';
import type { ConfigFlags } from './terminal/configFlags.ts';
import { statedSources, withConfigFlags } from './terminal/configFlags.ts';
import type { Program } from './terminal/program.ts';
import { tableLines } from './terminal/table.ts';
import { paint, printResult } from './terminal/terminal.ts';
import { readWait, withWaitFlag } from './terminal/waitFlag.ts';

interface RecoverOptions extends ConfigFlags {
  readonly rpc?: string;
  readonly bundle?: string;
  readonly settlement?: string;
  readonly wait: string;
  readonly json?: boolean;
}

type Restoring = typeof import('@lawbook/executor/recovery/restoreFromChain');
type Report = Awaited<ReturnType<Restoring['restoreFromChain']>>;

const WAIT_SECONDS = 600;

const EXAMPLES = `
Examples:
  lawbook recover --data-dir .lawbook                 the chain that the venue runs itself
  lawbook recover --settlement evm --config venue.yaml --rpc https://rpc.example
  lawbook recover --bundle epoch-41.bin               with the last settled epoch, from an auditor

For a venue whose journal is lost. Balances and used nonces come from the base layer as of the last
settled epoch, which is what everybody was promised; what was traded after it is undone, and the
report names it. Start the venue afterwards as always: it goes on with the next epoch. A journal
that is only damaged in its indexes needs none of this: a start rebuilds those.`;

/** `lawbook recover`: rebuilds a venue that lost its journal from its base layer. */
export function addRecover(program: Program): void {
  const command = withRpcFlag(withConfigFlags(program.command.command('recover')))
    .description('Rebuild a venue without a journal from what its base layer has settled')
    .option('--settlement <mode>', 'embedded or evm; else what the configuration says, or embedded')
    .option('--bundle <file>', 'bundle of the last settled epoch: keeps its hash chains going')
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLES);
  withWaitFlag(command, WAIT_SECONDS).action((options: RecoverOptions) => {
    return recover(program, options);
  });
}

async function recover({ terminal }: Program, options: RecoverOptions): Promise<void> {
  const { loadConfig } = await import('@lawbook/executor/config/loadConfig');
  const { createLogger } = await import('@lawbook/executor/metrics/logger');
  const { restoreFromChain } = await import('@lawbook/executor/recovery/restoreFromChain');
  const rpc = rpcUrlOf(options);
  const flags = {
    'settlement.mode': options.settlement,
    'settlement.evm.rpcUrls': rpc === undefined ? undefined : [rpc],
  };
  const stated = loadConfig(statedSources(options, flags));
  const isStated = stated.sources.has('settlement.mode');
  const { config } = isStated
    ? stated
    : loadConfig(statedSources(options, { ...flags, 'settlement.mode': 'embedded' }));
  const report = await restoreFromChain({
    config,
    log: createLogger({ level: 'warn', secrets: [] }),
    signal: readWait(options.wait),
    ...(options.bundle === undefined ? {} : { bundle: readBundle(options.bundle) }),
  });
  printResult(terminal, options, { ok: true, ...report }, () => reportLines(report));
}

function readBundle(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new FileFault(`the bundle ${path} cannot be read`, path, cause);
  }
}

function reportLines(report: Report): string[] {
  const { listNumber, epochNumber, batchNumber, blockNumber, vaults, totals, leaving } = report;
  const heads = [{ head: 'asset' }, { head: 'ledger units', align: 'right' }] as const;
  const rows = Object.entries(totals).map(([symbol, units]) => [symbol, String(units)]);
  return [
    ...tableLines(heads, rows),
    '',
    `settled       list ${listNumber}, epoch ${epochNumber}, batch ${batchNumber}`,
    `as of block   ${blockNumber}`,
    `vaults        ${vaults}, of which ${leaving} are leaving`,
    `crossings     ${report.depositCount} deposits, ${report.exitCount} payments of exits`,
    `state root    ${report.stateRoot}`,
    ...(report.indexesAside === undefined ? [] : [`old indexes   ${report.indexesAside}`]),
    '',
    paint.bold('What is gone'),
    ...report.missing.map((sentence) => `  ${sentence}`),
    '',
    paint.good('The venue is rebuilt; start it as always.'),
  ];
}
