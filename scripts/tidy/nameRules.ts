import type { SourceFile } from './sourceFile.ts';
import type { Violation } from './violation.ts';

/** Names that say nothing, each with what to write instead. */
const BANNED: ReadonlyMap<string, string> = new Map([
  ['data', 'say what it holds: bytes, rows, orders'],
  ['info', 'say what it tells'],
  ['item', 'say what it is: order, asset, row'],
  ['items', 'say what they are: orders, assets, rows'],
  ['manager', 'say what it does: pool, tracker, scheduler'],
  ['helper', 'name it after what it computes'],
  ['helpers', 'name it after what it computes'],
  ['util', 'name it after what it computes'],
  ['utils', 'name it after what it computes'],
  ['common', 'put it where it belongs and name it after that'],
  ['misc', 'put each part where it belongs'],
  ['process', 'say what is done: clear, settle, parse'],
  ['handle', 'say what is done: accept, answer, record'],
  ['value', 'say amount, price, root or what else it is'],
  ['nonce', 'say orderNonce or chainNonce'],
  ['locked', 'say held'],
  ['frozen', 'say held, or halted for a market'],
]);

/** Endings that are as vague inside a longer name. */
const BANNED_ENDING = /[a-z\d](Manager|Helpers?|Utils?)$/;

/**
 * Refuses vague names where the repository declares them: variables, parameters, functions,
 * methods, types, files and folders. Properties stay free, because wire formats and foreign
 * interfaces fix many of them.
 */
export function checkNames(file: SourceFile): Violation[] {
  const violations: Violation[] = [];
  for (const { name, line } of file.declared) {
    const message = judgeName(name);
    if (message !== undefined) violations.push({ path: file.path, line, rule: 'name', message });
  }
  for (const part of file.path.split('/')) {
    const message = judgeName(part.replace(/\..*$/, ''));
    if (message !== undefined) violations.push({ path: file.path, line: 0, rule: 'name', message });
  }
  return violations;
}

function judgeName(name: string): string | undefined {
  const replacement = BANNED.get(name.replace(/^[#_]+/, '').toLowerCase());
  if (replacement !== undefined) return `"${name}" says too little: ${replacement}`;
  const ending = BANNED_ENDING.exec(name)?.[1];
  return ending === undefined ? undefined : `"${name}" ends in ${ending}: name what it does`;
}
