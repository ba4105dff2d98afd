import type { Command } from 'commander';
import { UsageFault } from './cliFault.ts';
import { URL_VARIABLE } from './venueAddress.ts';

/** Flags of every command that reads the configuration of a venue. */
export interface ConfigFlags {
  readonly config?: string;
  readonly dataDir?: string;
  readonly set?: readonly string[];
}

/** Where a configuration is read from, in the form that the executor takes. */
export interface StatedSources {
  readonly file: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly flags: Readonly<Record<string, unknown>>;
}

/** Adds the flags. */
export function withConfigFlags(command: Command): Command {
  return command
    .option('-c, --config <file>', 'YAML file; LAWBOOK_CONFIG names one too')
    .option('-d, --data-dir <folder>', 'folder of journal, snapshots and indexes')
    .option('--set <key=setting...>', 'any key, such as --set http.port=9000');
}

/** Default < file < environment < flag: this collects the last three. `flags` win over --set. */
export function statedSources(
  stated: ConfigFlags,
  flags: Readonly<Record<string, unknown>> = {},
): StatedSources {
  const pairs = (stated.set ?? []).map((pair): readonly [string, string] => {
    const equals = pair.indexOf('=');
    if (equals < 1) throw new UsageFault(`--set takes key=setting, not ${pair}`);
    return [pair.slice(0, equals), pair.slice(equals + 1)];
  });
  const own = Object.entries({ dataDir: stated.dataDir, ...flags });
  return {
    file: stated.config,
    environment: { ...process.env, [URL_VARIABLE]: undefined },
    flags: Object.fromEntries([...pairs, ...own.filter(([, setting]) => setting !== undefined)]),
  };
}
