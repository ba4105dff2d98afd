import type { Comment, Token } from './tokens.ts';
import { tokenize } from './tokens.ts';

/** One import, re-export or dynamic import. */
export interface ImportEdge {
  readonly specifier: string;
  readonly line: number;
  /** Whether the whole statement is erased: `import type` or `export type`. */
  readonly typeOnly: boolean;
}

/** A function with a block body. */
export interface FunctionExtent {
  readonly name: string;
  readonly line: number;
  /** From the line of its parameter list to its closing brace, both counted. */
  readonly lineCount: number;
  /** Whether it only groups tests: the callback of describe or suite. */
  readonly groupsTests: boolean;
}

/** A name that the file declares: a variable, parameter, function, method, class or type. */
export interface DeclaredName {
  readonly name: string;
  readonly line: number;
}

/** A source file as the rules see it. */
export interface SourceFile {
  /** Relative to the repository root, with forward slashes. */
  readonly path: string;
  readonly lines: readonly string[];
  readonly tokens: readonly Token[];
  readonly comments: readonly Comment[];
  readonly imports: readonly ImportEdge[];
  readonly functions: readonly FunctionExtent[];
  readonly declared: readonly DeclaredName[];
  /** Relative paths of source files that are started rather than imported. */
  readonly references: readonly string[];
}

/** Reads one file. */
export function readSource(path: string, text: string): SourceFile {
  const { tokens, comments } = tokenize(path.endsWith('.tsx') ? withoutTagSlashes(text) : text);
  const shape = readShape(tokens);
  return {
    path,
    lines: text.split('\n'),
    tokens,
    comments,
    imports: readImports(tokens),
    functions: shape.functions,
    declared: [...shape.parameters, ...readDeclarations(tokens, shape.partners)],
    references: readReferences(tokens),
  };
}

/** The slashes that close tags would read as regular expressions. Keeps every other place. */
function withoutTagSlashes(text: string): string {
  return text.replaceAll('</', '< ').replaceAll('/>', ' >');
}

const OPENING = new Set(['(', '[', '{', '${']);
const CLOSING = new Set([')', ']', '}']);
const CONTROL = new Set(['if', 'for', 'while', 'switch', 'catch', 'with']);
/** A brace after one of these opens an object type, not a body. */
const BEFORE_TYPE = new Set([':', '|', '&', '<', ',', '(', '[', 'extends', 'keyof']);
/** Tokens that end a return type without a body, so that there was none. */
const ENDS_TYPE = new Set([';', ')', ']', '}', '=', 'case', 'return', 'const', 'let', 'default']);

interface Shape {
  readonly functions: readonly FunctionExtent[];
  readonly parameters: readonly DeclaredName[];
  readonly partners: ReadonlyMap<number, number>;
}

/** Finds functions with their parameters: parentheses that a body follows. */
function readShape(tokens: readonly Token[]): Shape {
  const partners = matchBrackets(tokens);
  const functions: FunctionExtent[] = [];
  const parameters: DeclaredName[] = [];
  for (const [open, close] of partners) {
    if (!isPunctuation(tokens[open], '(')) continue;
    const isArrow = isPunctuation(tokens[close + 1], '=>');
    const body = isControl(tokens, open) ? undefined : findBody(tokens, partners, close + 1);
    if (body !== undefined || isArrow || isSignature(tokens, open)) {
      parameters.push(...bindings(tokens, partners, open, close));
    }
    if (body === undefined) continue;
    const line = (tokens[open] as Token).line;
    const end = (tokens[partners.get(body) ?? body] as Token).line;
    const name = functionName(tokens, open);
    functions.push({
      name,
      line,
      lineCount: end - line + 1,
      groupsTests: inDescribe(tokens, open),
    });
    if (isMethod(tokens, open, isArrow)) parameters.push({ name, line });
  }
  return { functions, parameters, partners };
}

/** Maps the index of each opening bracket to its closing one. */
function matchBrackets(tokens: readonly Token[]): Map<number, number> {
  const partners = new Map<number, number>();
  const open: number[] = [];
  for (const [index, token] of tokens.entries()) {
    if (token.kind !== 'punctuation') continue;
    if (OPENING.has(token.text)) open.push(index);
    const start = CLOSING.has(token.text) ? open.pop() : undefined;
    if (start !== undefined) partners.set(start, index);
  }
  return partners;
}

function isControl(tokens: readonly Token[], open: number): boolean {
  const before = tokens[open - 1];
  if (before?.kind !== 'word') return false;
  if (tokens[open - 2]?.text === '.') return false;
  return CONTROL.has(before.text) || (before.text === 'await' && tokens[open - 2]?.text === 'for');
}

/** The index of the brace that opens the body of a function whose parameters end before `from`. */
function findBody(
  tokens: readonly Token[],
  partners: ReadonlyMap<number, number>,
  from: number,
): number | undefined {
  const next = tokens[from];
  if (isPunctuation(next, '{')) return from;
  if (isPunctuation(next, '=>')) return isPunctuation(tokens[from + 1], '{') ? from + 1 : undefined;
  if (!isPunctuation(next, ':')) return undefined;
  let angles = 0;
  for (let index = from + 1; index < tokens.length; index += 1) {
    const token = tokens[index] as Token;
    const before = tokens[index - 1] as Token;
    if (token.kind === 'string' || token.kind === 'number') continue;
    if (isPunctuation(token, '<')) angles += 1;
    if (isPunctuation(token, '>')) angles -= 1;
    if (ENDS_TYPE.has(token.text) || (token.text === ',' && angles <= 0)) return undefined;
    if (isPunctuation(token, '{') && !BEFORE_TYPE.has(before.text)) return index;
    if (OPENING.has(token.text)) index = partners.get(index) ?? tokens.length;
  }
  return undefined;
}

function functionName(tokens: readonly Token[], open: number): string {
  const before = tokens.slice(Math.max(0, open - 3), open).filter((token) => token.kind === 'word');
  const named = before.filter(({ text }) => text !== 'async' && text !== 'function').at(-1);
  return named?.text ?? 'a function without a name';
}

/** Functions declared by their name directly before the parameters: methods and accessors. */
function isMethod(tokens: readonly Token[], open: number, isArrow: boolean): boolean {
  if (isArrow || tokens[open - 1]?.kind !== 'word') return false;
  return !['.', '?.', 'new', 'function', '*'].includes(tokens[open - 2]?.text ?? '');
}

function inDescribe(tokens: readonly Token[], open: number): boolean {
  const start = isPunctuation(tokens[open - 1], ',') ? open - 1 : open - 2;
  for (let index = start; index > Math.max(0, open - 8); index -= 1) {
    if (!isPunctuation(tokens[index], '(')) continue;
    return ['describe', 'suite'].includes(tokens[index - 1]?.text ?? '');
  }
  return false;
}

/** Names bound by a parameter list or by a destructuring pattern between two brackets. */
function bindings(
  tokens: readonly Token[],
  partners: ReadonlyMap<number, number>,
  open: number,
  close: number,
): DeclaredName[] {
  const names: DeclaredName[] = [];
  let startsElement = true;
  for (let index = open + 1; index < close; index += 1) {
    const token = tokens[index] as Token;
    const inPattern = !isPunctuation(tokens[open], '(');
    if (startsElement && inPattern && isPunctuation(tokens[index + 1], ':')) index += 1;
    else if (startsElement && token.kind === 'word' && token.text !== 'this') {
      names.push({ name: token.text, line: token.line });
      startsElement = false;
    } else if (OPENING.has(token.text) && token.kind === 'punctuation') {
      const end = partners.get(index) ?? close;
      if (startsElement) names.push(...bindings(tokens, partners, index, end));
      startsElement = false;
      index = end;
    } else if (isPunctuation(token, '<')) index = skipAngles(tokens, index, close);
    else startsElement = isPunctuation(token, ',') || (startsElement && token.text === '...');
  }
  return names;
}

/** The index of the `>` that closes type arguments, or `index` where it is a comparison. */
function skipAngles(tokens: readonly Token[], index: number, limit: number): number {
  let depth = 0;
  for (let here = index; here < limit; here += 1) {
    if (isPunctuation(tokens[here], '<')) depth += 1;
    if (isPunctuation(tokens[here], '>')) depth -= 1;
    if (depth === 0) return here;
  }
  return index;
}

/** Whether parentheses without a body hold typed parameters: a call has no `name: Type` inside. */
function isSignature(tokens: readonly Token[], open: number): boolean {
  const after = tokens[open + 2]?.text === '?' ? tokens[open + 3] : tokens[open + 2];
  return tokens[open + 1]?.kind === 'word' && isPunctuation(after, ':');
}

const DECLARES = new Set(['const', 'let', 'var', 'function', 'class', 'interface', 'type']);

function readDeclarations(
  tokens: readonly Token[],
  partners: ReadonlyMap<number, number>,
): DeclaredName[] {
  const names: DeclaredName[] = [];
  for (const [index, token] of tokens.entries()) {
    if (token.kind !== 'word' || !DECLARES.has(token.text)) continue;
    if (['.', '?.'].includes(tokens[index - 1]?.text ?? '')) continue;
    const star = tokens[index + 1]?.text === '*' ? 1 : 0;
    const next = tokens[index + 1 + star];
    if (next?.kind === 'word' && isDeclaration(tokens, index)) {
      names.push({ name: next.text, line: next.line });
    }
    const close = partners.get(index + 1);
    if (close === undefined || !['const', 'let', 'var'].includes(token.text)) continue;
    names.push(...bindings(tokens, partners, index + 1, close));
  }
  return names;
}

/** `type` is also an ordinary word: it declares only before `Name =` or `Name<`. */
function isDeclaration(tokens: readonly Token[], index: number): boolean {
  if (tokens[index]?.text !== 'type') return true;
  return ['=', '<'].includes(tokens[index + 2]?.text ?? '');
}

function readImports(tokens: readonly Token[]): ImportEdge[] {
  const edges: ImportEdge[] = [];
  for (const [index, token] of tokens.entries()) {
    if (token.kind !== 'word' || (token.text !== 'import' && token.text !== 'export')) continue;
    if (['.', '?.'].includes(tokens[index - 1]?.text ?? '')) continue;
    const specifier = findSpecifier(tokens, index);
    if (specifier === undefined) continue;
    const typeOnly = tokens[index + 1]?.text === 'type';
    edges.push({ specifier: specifier.text, line: token.line, typeOnly });
  }
  return edges;
}

/** Source files named by `new URL('./x.ts', import.meta.url)`, as workers and children are. */
function readReferences(tokens: readonly Token[]): string[] {
  return tokens
    .filter(({ kind, text }, index) => {
      const isArgument = tokens[index - 2]?.text === 'URL' && isPunctuation(tokens[index - 1], '(');
      return kind === 'string' && isArgument && /^\.\.?\/.*\.ts$/.test(text);
    })
    .map(({ text }) => text);
}

function findSpecifier(tokens: readonly Token[], index: number): Token | undefined {
  const isImport = tokens[index]?.text === 'import';
  const next = tokens[index + 1];
  if (isImport && next?.kind === 'string') return next;
  if (isImport && isPunctuation(next, '(')) {
    return tokens[index + 2]?.kind === 'string' ? tokens[index + 2] : undefined;
  }
  const clause = isImport || ['{', '*', 'type'].includes(next?.text ?? '');
  for (let here = index + 1; clause && here < tokens.length; here += 1) {
    const token = tokens[here] as Token;
    if (isPunctuation(token, ';') || isPunctuation(token, '=')) return undefined;
    if (token.text === 'from' && tokens[here + 1]?.kind === 'string') return tokens[here + 1];
  }
  return undefined;
}

/** Whether a token is this punctuation, and not a string or template with the same text. */
export function isPunctuation(token: Token | undefined, text: string): boolean {
  return token?.kind === 'punctuation' && token.text === text;
}
