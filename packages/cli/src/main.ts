#!/usr/bin/env node
import { runCommandLine } from './commandLine.ts';
import { standardTerminal } from './terminal/terminal.ts';

// A reader that has seen enough, such as head, closes the pipe: that is no failure.
process.stdout.on('error', (failure: NodeJS.ErrnoException) => {
  if (failure.code === 'EPIPE') process.exit(0);
  process.stderr.write(`failed: the result cannot be written [${failure.code ?? 'EIO'}]\n`);
  process.exit(1);
});
process.exitCode = await runCommandLine(process.argv.slice(2), standardTerminal());
