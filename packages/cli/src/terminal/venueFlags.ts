import type { Command } from 'commander';
import { UsageFault } from './cliFault.ts';
import { DEFAULT_URL, URL_VARIABLE } from './venueAddress.ts';

/** Flags of every command that talks to a venue. */
export interface VenueFlags {
  readonly url?: string;
  readonly market: string;
  readonly json?: boolean;
}

/** Adds the flags. */
export function withVenueFlags(command: Command): Command {
  return command
    .option('--url <url>', `venue to talk to; ${URL_VARIABLE}, else ${DEFAULT_URL}`)
    .option('--market <id>', 'market id', '1')
    .option('--json', 'print JSON');
}

/** The address of the venue that the flags or the environment name. */
export function venueUrl(flags: Pick<VenueFlags, 'url'>): string {
  const text = flags.url ?? process.env[URL_VARIABLE] ?? DEFAULT_URL;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const web = url?.protocol === 'http:' || url?.protocol === 'https:';
  if (url === undefined || !web || url.username !== '' || url.password !== '') {
    throw new UsageFault('--url takes an http or https address without credentials');
  }
  return text.replace(/\/+$/, '');
}
