import { demoTokenFile } from './files/operatorToken.ts';
import type { ConfigFlags } from './terminal/configFlags.ts';
import { statedSources, withConfigFlags } from './terminal/configFlags.ts';
import type { Program } from './terminal/program.ts';
import type { Progress } from './terminal/progress.ts';
import { startProgress } from './terminal/progress.ts';
import type { Terminal } from './terminal/terminal.ts';
import { paint } from './terminal/terminal.ts';
import { DEFAULT_DATA_DIR, DEFAULT_URL } from './terminal/venueAddress.ts';

interface StartOptions extends ConfigFlags {
  readonly host?: string;
  readonly port?: string;
  readonly demo: boolean;
  readonly flow: boolean;
  readonly settlement?: string;
  readonly json?: boolean;
}

type LoadedConfig = ReturnType<typeof import('@lawbook/executor/config/loadConfig')['loadConfig']>;
type Executor = typeof import('@lawbook/executor/main');
type RunningVenue = Awaited<ReturnType<Executor['startVenue']>>;

const EXAMPLES = `
Examples:
  lawbook start                                 a demo venue with simulated traders
  lawbook start --no-flow --port 0              alone, on a port that the system chooses
  lawbook start --config venue.yaml --no-demo   a venue of your own

Ctrl-C stops admitting, finishes what was accepted, syncs and exits 0.`;

/** `lawbook start`: runs a venue in this process until it is interrupted. */
export function addStart(program: Program): void {
  withConfigFlags(program.command.command('start'))
    .description('Start a venue on this machine')
    .option('--host <host>', 'address to listen on')
    .option('-p, --port <port>', 'port to listen on; 0 lets the system choose')
    .option('--no-demo', 'no demo assets, accounts or invented oracle')
    .option('--no-flow', 'no simulated traders')
    .option(
      '--settlement <mode>',
      'off: check epochs only; embedded: prove and settle on a chain of its own; evm: on yours',
    )
    .option('--json', 'print the address as one line of JSON once the venue listens')
    .addHelpText('after', EXAMPLES)
    .action((options: StartOptions) => start(program, options));
}

async function start(program: Program, options: StartOptions): Promise<void> {
  const { terminal } = program;
  const { loadConfig } = await import('@lawbook/executor/config/loadConfig');
  const { prepareDataDirectory } = await import('@lawbook/executor/config/dataDirectory');
  const { startVenue } = await import('@lawbook/executor/main');
  const flags = {
    'http.host': options.host,
    'http.port': options.port,
    'demo.enabled': options.demo ? undefined : false,
    'demo.flow': options.flow ? undefined : false,
    'settlement.mode': options.settlement,
  };
  const stated = loadConfig(statedSources(options, flags));
  await prepareDataDirectory(stated.config.dataDir);
  const { config } = loadConfig(
    statedSources(options, { ...flags, ...defaults(stated, terminal) }),
  );
  let progress: Progress | undefined;
  const running = await startVenue({
    config,
    onProgress: ({ sequence, last }) => {
      progress ??= startProgress(terminal, 'replaying the journal', last);
      progress.update(sequence);
    },
  }).finally(() => progress?.stop());
  // Listened for before the venue is announced: whoever reads the address may stop it at once.
  const interruption = interrupted();
  announce(terminal, running, { config, json: options.json === true });
  // Programs read the address as JSON and open no page.
  if (options.json !== true) running.preparePage();
  await interruption;
  terminal.note('stopping');
  await running.close();
}

/** What this command adds where no source of the configuration says otherwise. */
function defaults(
  { config, sources }: LoadedConfig,
  terminal: Terminal,
): Readonly<Record<string, string>> {
  const { demo, operator, dataDir, settlement } = config;
  const settles =
    settlement.mode === 'embedded' || (demo.enabled && !sources.has('settlement.mode'));
  const tokenless = operator.token === undefined && operator.tokenFile === undefined;
  // A person reads warnings only; a log collector reads all.
  const quiet = terminal.notesOnScreen && !sources.has('log.level');
  return {
    ...(quiet ? { 'log.level': 'warn' } : {}),
    ...(demo.enabled && tokenless ? { 'operator.tokenFile': demoTokenFile(dataDir) } : {}),
    ...(demo.enabled && !sources.has('settlement.mode') ? { 'settlement.mode': 'embedded' } : {}),
    // Two cores prove about this much beside the venue; a machine with more is told so.
    ...(settles && !sources.has('demo.ordersPerSecond') ? { 'demo.ordersPerSecond': '2' } : {}),
  };
}

function announce(
  terminal: Terminal,
  { url, recovered }: RunningVenue,
  { config, json }: { readonly config: LoadedConfig['config']; readonly json: boolean },
): void {
  if (json) {
    terminal.print(JSON.stringify({ url, recovered }));
    return;
  }
  const { demo, dataDir } = config;
  const venue = url === DEFAULT_URL ? '' : ` --url ${url}`;
  const folder = dataDir === DEFAULT_DATA_DIR ? '' : ` --data-dir ${dataDir}`;
  const lines = [
    `${paint.bold('Lawbook')} listens at ${paint.good(url)}`,
    `  API documentation  ${url}/docs`,
    `  health             ${url}/health/ready`,
    ...settlementLines(config, url),
    `  replayed           ${recovered.replayed} records, root ${recovered.stateRoot}`,
    ...(demo.enabled
      ? [
          '',
          'A demo venue: invented prices, public development keys, no real money. Try',
          `  npx lawbook order --from alice --pay 1000 USD --receive EUR${venue}`,
          `  npx lawbook watch${venue}`,
          `  npx lawbook book 101 --watch${venue}`,
          `  npx lawbook deposit alice 1000 USD${folder}${venue}`,
          ...(config.settlement.mode === 'embedded' && recovered.replayed === 0
            ? ['Its accounts are paid over the chain: they have money in about half a minute.']
            : []),
        ]
      : []),
    '',
    'Ctrl-C stops it.',
  ];
  for (const line of lines) terminal.print(line);
}

function settlementLines({ settlement }: LoadedConfig['config'], url: string): string[] {
  if (settlement.mode === 'off')
    return ['  settlement         off: epochs are checked, not proven'];
  const where = settlement.mode === 'embedded' ? 'a chain of its own, play money' : 'your chain';
  return [`  settlement         ${where}; ${url}/v1/settlement`];
}

/** Resolves at the first interrupt; a second one ends the process at once. */
function interrupted(): Promise<void> {
  const signals = ['SIGINT', 'SIGTERM'] as const;
  return new Promise((resolve) => {
    const stop = (): void => {
      for (const signal of signals) process.off(signal, stop);
      resolve();
    };
    for (const signal of signals) process.on(signal, stop);
  });
}
