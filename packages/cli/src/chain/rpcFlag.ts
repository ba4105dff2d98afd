import type { Command } from 'commander';
import { UsageFault } from '../terminal/cliFault.ts';

/** Names an endpoint for every command; a URL may carry a key, which arguments would show. */
export const RPC_VARIABLE = 'LAWBOOK_RPC_URL';

/** Adds the flag. */
export function withRpcFlag(command: Command): Command {
  return command.option(
    '--rpc <url>',
    `endpoint of the chain; ${RPC_VARIABLE}, else what the venue tells`,
  );
}

/** The endpoint that flags or environment name; undefined for none. */
export function rpcUrlOf({ rpc }: { readonly rpc?: string }): string | undefined {
  const text = rpc ?? process.env[RPC_VARIABLE];
  if (text === undefined || text === '') return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // The text is not repeated: it may carry a key.
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new UsageFault('--rpc takes an http or https address');
  }
  return text;
}
