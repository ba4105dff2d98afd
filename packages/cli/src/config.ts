import type { ConfigFlags } from './terminal/configFlags.ts';
import { statedSources, withConfigFlags } from './terminal/configFlags.ts';
import type { Program } from './terminal/program.ts';
import { tableLines } from './terminal/table.ts';
import { printJson } from './terminal/terminal.ts';

interface ConfigOptions extends ConfigFlags {
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  lawbook config print                                 every key and its source, secrets masked
  lawbook config check --config venue.yaml             exit 1 and every problem at once
  lawbook config explain                               every key, its variable and its bounds
  LAWBOOK_HTTP__PORT=9000 lawbook config print --json

Sources: default < file < environment < flag. An unknown key stops the start and is named.`;

/** `lawbook config`: the configuration as a venue would read it. */
export function addConfig(program: Program): void {
  const { terminal } = program;
  const config = program.command
    .command('config')
    .description('Print, check and explain the configuration of a venue')
    .addHelpText('after', EXAMPLES);
  withConfigFlags(config.command('print'))
    .description('Print the effective configuration, secrets masked')
    .option('--json', 'print JSON')
    .action(async (options: ConfigOptions) => {
      const { effectiveConfig, loadConfig, printConfig } = await loader();
      const loaded = loadConfig(statedSources(options));
      if (options.json === true) printJson(terminal, effectiveConfig(loaded.config));
      else terminal.print(printConfig(loaded).trimEnd());
    });
  withConfigFlags(config.command('check'))
    .description('Check the configuration; exit 1 and name every problem')
    .option('--json', 'print JSON')
    .action(async (options: ConfigOptions) => {
      const { loadConfig } = await loader();
      loadConfig(statedSources(options));
      if (options.json === true) printJson(terminal, { ok: true });
      else terminal.print('The configuration is valid.');
    });
  config
    .command('explain')
    .description('List every key with its environment variable, bounds and meaning')
    .option('--json', 'print JSON')
    .action(async (options: ConfigOptions) => explain(program, options));
}

async function explain({ terminal }: Program, options: ConfigOptions): Promise<void> {
  const { listSettings } = await import('@lawbook/executor/config/settings');
  const settings = listSettings();
  if (options.json === true) {
    printJson(terminal, settings);
    return;
  }
  const rows = settings.map(({ path, kind, bounds, meaning }) => [
    path,
    bounds === '' ? kind : bounds,
    meaning,
  ]);
  const heads = [{ head: 'key' }, { head: 'bounds' }, { head: 'meaning' }];
  for (const line of tableLines(heads, rows)) terminal.print(line);
  terminal.print('');
  terminal.print('In the environment: LAWBOOK_ and the key, levels joined by two underscores,');
  terminal.print('such as LAWBOOK_HTTP__BODY_BYTES_MAX for http.bodyBytesMax.');
}

/** Loaded on use, so that commands that need no configuration start without its schema. */
function loader(): Promise<typeof import('@lawbook/executor/config/loadConfig')> {
  return import('@lawbook/executor/config/loadConfig');
}
