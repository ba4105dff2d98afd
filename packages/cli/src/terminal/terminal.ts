import { styleText } from 'node:util';

/** What commands write to. Standard output carries results, standard error everything else. */
export interface Terminal {
  /** One line of result. */
  readonly print: (line: string) => void;
  /** One line beside the result: progress in words, warnings. */
  readonly note: (line: string) => void;
  /** Whether results go to a person's screen. */
  readonly resultsOnScreen: boolean;
  /** Whether notes go to a person's screen. */
  readonly notesOnScreen: boolean;
}

/** The terminal of this program. */
export function standardTerminal(): Terminal {
  return {
    print: (line) => void process.stdout.write(`${line}\n`),
    note: (line) => void process.stderr.write(`${line}\n`),
    resultsOnScreen: process.stdout.isTTY === true,
    notesOnScreen: process.stderr.isTTY === true,
  };
}

/** Colours by meaning; plain text where the stream is no terminal or NO_COLOR is set. */
export const paint: {
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly warn: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly bold: (text: string) => string;
} = {
  good: (text) => styleText('green', text, { stream: process.stdout }),
  bad: (text) => styleText('red', text, { stream: process.stdout }),
  warn: (text) => styleText('yellow', text, { stream: process.stdout }),
  dim: (text) => styleText('dim', text, { stream: process.stdout }),
  bold: (text) => styleText('bold', text, { stream: process.stdout }),
};

/** Prints JSON: bigints as decimal strings, two spaces, one document. */
export function printJson(terminal: Terminal, document: unknown): void {
  terminal.print(
    JSON.stringify(
      document,
      (_, part: unknown) => (typeof part === 'bigint' ? String(part) : part),
      2,
    ),
  );
}

/** Prints what a command found: as JSON where machines read, else in lines for people. */
export function printResult(
  terminal: Terminal,
  { json = false }: { readonly json?: boolean },
  document: unknown,
  lines: () => readonly string[],
): void {
  if (json) printJson(terminal, document);
  else for (const line of lines()) terminal.print(line);
}
