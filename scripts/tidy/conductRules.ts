import type { SourceFile } from './sourceFile.ts';
import { isPunctuation } from './sourceFile.ts';
import type { Token } from './tokens.ts';
import type { Violation } from './violation.ts';
import { isProduct } from './violation.ts';

/** Module shape, failures, comments and purity of one file. */
export function checkConduct(file: SourceFile): Violation[] {
  const violations = file.tokens.flatMap((token, index) => [
    ...checkModule(file, token, index),
    ...checkFailures(file, token, index),
  ]);
  return [...violations, ...checkComments(file), ...checkPurity(file)];
}

function checkModule(file: SourceFile, token: Token, index: number): Violation[] {
  if (token.kind !== 'word' || isMember(file, index)) return [];
  const next = file.tokens[index + 1];
  if (token.text === 'export' && next?.text === 'default') {
    return [violation(file, token.line, 'default-export', 'export by name')];
  }
  if (token.text === 'default' && file.tokens[index - 1]?.text === 'as') {
    return [violation(file, token.line, 'default-export', 'export by name')];
  }
  if (token.text === 'enum' && next?.kind === 'word' && file.tokens[index + 2]?.text === '{') {
    const message = 'write a constant object and the union of what it holds; enum is not erasable';
    return [violation(file, token.line, 'enum', message)];
  }
  return [];
}

const PLAIN_ERRORS = new Set(['Error', 'TypeError', 'RangeError', 'SyntaxError']);
const FAILURES = 'packages/exchange/src/failures/';

function checkFailures(file: SourceFile, token: Token, index: number): Violation[] {
  const { tokens } = file;
  const next = tokens[index + 1];
  const violations: Violation[] = [];
  const product = isProduct(file.path) && !file.path.startsWith(FAILURES);
  if (product && token.text === 'new' && PLAIN_ERRORS.has(next?.text ?? '')) {
    const message = 'refuse with a Rejection, throw a Fault, or state an invariant';
    violations.push(violation(file, token.line, 'plain-error', message));
  }
  if (product && token.text === 'extends' && PLAIN_ERRORS.has(next?.text ?? '')) {
    const message = 'extend Fault: one family of errors, each with its code';
    violations.push(violation(file, token.line, 'plain-error', message));
  }
  if (token.kind === 'word' && token.text === 'catch' && swallows(file, index)) {
    const message = 'an empty catch hides the failure: act on it or let it pass';
    violations.push(violation(file, token.line, 'empty-catch', message));
  }
  return violations;
}

/** `catch {}`, `catch (e) {}` and `.catch(() => {})`, whatever comments stand inside. */
function swallows({ tokens }: SourceFile, index: number): boolean {
  let here = index + 1;
  if (isPunctuation(tokens[index - 1], '.')) {
    while (here < tokens.length && !isPunctuation(tokens[here], '=>')) {
      if (here > index + 5) return false;
      here += 1;
    }
    here += 1;
  } else if (isPunctuation(tokens[here], '(')) {
    while (here < tokens.length && !isPunctuation(tokens[here], ')')) here += 1;
    here += 1;
  }
  return isPunctuation(tokens[here], '{') && isPunctuation(tokens[here + 1], '}');
}

/** A note on open work names who does it and the issue that says why. */
const OWNED_NOTE = /\bTODO\([^)]*[a-z][^)]*#\d+\)/i;

function checkComments(file: SourceFile): Violation[] {
  const violations: Violation[] = [];
  for (const { text, line } of file.comments) {
    for (const [offset, row] of text.split('\n').entries()) {
      if (/\bFIXME\b/.test(row)) {
        violations.push(violation(file, line + offset, 'fixme', 'mend it before it is merged'));
      }
      if (/\bTODO\b/.test(row) && !OWNED_NOTE.test(row)) {
        const message = 'name who and which issue: "TO' + 'DO(name, #12): ..."';
        violations.push(violation(file, line + offset, 'todo', message));
      }
    }
  }
  return violations;
}

const PURE = ['packages/exchange/', 'packages/analytics/'];
/** Globals that differ between two runs or two machines. */
const IMPURE_GLOBALS = new Set(
  (
    'Date process fetch setTimeout setInterval setImmediate queueMicrotask performance crypto ' +
    'console globalThis Intl WebSocket XMLHttpRequest localStorage navigator'
  ).split(' '),
);
/** Engines may differ in the last digit of these; sqrt and the four operations are exact. */
const INEXACT_MATH = new Set(
  (
    'random exp expm1 log log1p log2 log10 pow sin cos tan asin acos atan atan2 sinh cosh tanh ' +
    'asinh acosh atanh cbrt hypot'
  ).split(' '),
);

function checkPurity(file: SourceFile): Violation[] {
  if (!PURE.some((tree) => file.path.startsWith(tree)) || !isProduct(file.path)) return [];
  const own = new Set(file.declared.map(({ name }) => name));
  const violations: Violation[] = [];
  for (const { specifier, line } of file.imports) {
    // `x.node.ts` stands in for its portable twin `x.ts` on Node only (package.json, `imports`).
    if (!specifier.startsWith('node:') || file.path.endsWith('.node.ts')) continue;
    violations.push(violation(file, line, 'purity', `${specifier}: this code runs in any engine`));
  }
  for (const [index, token] of file.tokens.entries()) {
    if (token.kind !== 'word' || isMember(file, index) || own.has(token.text)) continue;
    const member = file.tokens[index + 2]?.text ?? '';
    if (IMPURE_GLOBALS.has(token.text) && !isKey(file, index)) {
      const message = `${token.text}: time, randomness and the world arrive as inputs`;
      violations.push(violation(file, token.line, 'purity', message));
    } else if (token.text === 'Math' && INEXACT_MATH.has(member)) {
      const message = `Math.${member}: its last digits depend on the engine, or it is random`;
      violations.push(violation(file, token.line, 'purity', message));
    }
  }
  return violations;
}

function isMember(file: SourceFile, index: number): boolean {
  return ['.', '?.'].includes(file.tokens[index - 1]?.text ?? '');
}

function isKey(file: SourceFile, index: number): boolean {
  const after = file.tokens[index + 1];
  return isPunctuation(after, ':') || isPunctuation(after, '?');
}

function violation(file: SourceFile, line: number, rule: string, message: string): Violation {
  return { path: file.path, line, rule, message };
}
