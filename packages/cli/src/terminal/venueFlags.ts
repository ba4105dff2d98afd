import type { Command } from 'commander';
import { UsageFault } from './cliFault.ts';
import { DEFAULT_URL, URL_VARIABLE } from './venueAddress.ts';

/** Flags of every command that talks to a venue. */
export interface AddressFlags {
  readonly url?: string;
  readonly json?: boolean;
}

/** Flags of every command that is about one market of a venue. */
export interface VenueFlags extends AddressFlags {
  readonly market: string;
}

/** Adds the flags for commands that name their market otherwise, or none. */
export function withAddressFlags(command: Command): Command {
  return command
    .option('--url <url>', `venue to talk to; ${URL_VARIABLE}, else ${DEFAULT_URL}`)
    .option('--json', 'print JSON');
}

/** Adds the flags. */
export function withVenueFlags(command: Command): Command {
  return withAddressFlags(command).option('--market <id>', 'market id', '1');
}

/** The address of the venue that the flags or the environment name. */
export function venueUrl(flags: Pick<AddressFlags, 'url'>): string {
  const text = flags.url ?? process.env[URL_VARIABLE] ?? DEFAULT_URL;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const web = url?.protocol === 'http:' || url?.protocol === 'https:';
  if (url === undefined || !web || url.username !== '' || url.password !== '') {
    throw new UsageFault('--url takes an http or https address without credentials');
  }
  return text.replace(/\/+$/, '');
}
