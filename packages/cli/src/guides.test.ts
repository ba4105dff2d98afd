// Goal: the guides of the command line name commands, verbs and flags that there are. Method: every
// line of a code block that begins with lawbook is looked up in the program as it is built.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { Command } from 'commander';
import { COMMANDS } from './commands.ts';
import type { Terminal } from './terminal/terminal.ts';

const GUIDES = ['order-book.md', 'cli.md'];

const SILENT: Terminal = {
  print: () => undefined,
  note: () => undefined,
  resultsOnScreen: false,
  notesOnScreen: false,
};

async function program(): Promise<Command> {
  const command = new Command('lawbook');
  for (const load of Object.values(COMMANDS)) {
    const add = await load();
    add({ command, terminal: SILENT, exitWith: () => undefined });
  }
  return command;
}

/** The command lines of a guide's code blocks, without what stands behind #. */
function linesOf(guide: string): string[] {
  const page = readFileSync(resolve(import.meta.dirname, '../../../docs/guides', guide), 'utf8');
  const blocks = [...page.matchAll(/```\n([^`]*)```/g)].map(([, text = '']) => text);
  return blocks
    .flatMap((text) => text.split('\n'))
    .filter((line) => line.startsWith('lawbook '))
    .map((line) => line.replace(/ #.*$/, '').trim());
}

/** What is wrong with a line, if anything. */
function flawOf(root: Command, line: string): string | undefined {
  const words = line.split(/\s+/).slice(1);
  let command = root;
  while (words[0] !== undefined) {
    const next = command.commands.find((one) => one.name() === words[0]);
    if (next === undefined) break;
    command = next;
    words.shift();
  }
  if (command === root) return 'there is no such command';
  const known = new Set(command.options.flatMap(({ long, short }) => [long, short]));
  const flag = words.find((word) => /^--?[a-z]/.test(word) && !known.has(word));
  return flag === undefined ? undefined : `${command.name()} has no ${flag}`;
}

for (const guide of GUIDES) {
  test(`${guide} shows commands that there are`, async () => {
    const root = await program();
    const lines = linesOf(guide);
    assert.ok(lines.length >= 5, `${lines.length} lines`);
    for (const line of lines) assert.equal(flawOf(root, line), undefined, line);
  });
}

test('would notice a verb or a flag that there is not', async () => {
  const root = await program();
  assert.match(flawOf(root, 'lawbook bok 101') ?? '', /no such command/);
  assert.match(flawOf(root, 'lawbook book order 101 buy 1 --prize 2') ?? '', /has no --prize/);
});
