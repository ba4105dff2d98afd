import type { Command } from 'commander';
import { UsageFault } from '../terminal/cliFault.ts';
import { DEFAULT_DATA_DIR } from '../terminal/venueAddress.ts';
import { findDemoToken, readTokenFile } from './operatorToken.ts';

/** The variable that the venue reads its operator token from: the same on one machine. */
export const TOKEN_VARIABLE = 'LAWBOOK_OPERATOR__TOKEN';

/** Where the operator's token is looked for. */
export interface TokenFlags {
  readonly tokenFile?: string;
  readonly dataDir: string;
}

/** Adds the flags. */
export function withTokenFlags(command: Command): Command {
  return command
    .option('--token-file <file>', `file with the operator token; else ${TOKEN_VARIABLE}`)
    .option('-d, --data-dir <folder>', 'else the folder of a demo venue here', DEFAULT_DATA_DIR);
}

/**
 * The header by which the operator acts. `act` says in words what only the operator does.
 * @throws UsageFault without the operator's token, FileFault.
 */
export function operatorHeaders(
  { tokenFile, dataDir }: TokenFlags,
  act: string,
): { readonly authorization: string } {
  const token =
    tokenFile === undefined
      ? (process.env[TOKEN_VARIABLE] ?? findDemoToken(dataDir))
      : readTokenFile(tokenFile);
  if (token !== undefined && token !== '') {
    // What cannot stand in a header would be told of as a venue that does not answer.
    if (!/^[\x21-\x7e]{1,512}$/.test(token)) {
      throw new UsageFault('the operator token is one word of printable ASCII, at most 512');
    }
    return { authorization: `Bearer ${token}` };
  }
  throw new UsageFault(
    `only the operator ${act}: use --token-file or ${TOKEN_VARIABLE} with the token ` +
      'that the venue was started with, or --data-dir of a demo venue on this machine',
  );
}
