import type { Command } from 'commander';
import type { ExitCode } from './cliFault.ts';
import type { Terminal } from './terminal.ts';

/** What a command is added to and works with. */
export interface Program {
  readonly command: Command;
  readonly terminal: Terminal;
  /** Ends with this code once the command is done; the highest one asked for counts. */
  readonly exitWith: (code: ExitCode) => void;
}
