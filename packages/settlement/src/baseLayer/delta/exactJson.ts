/**
 * JSON in which whole numbers are bigints, so that amounts above 2^53 pass unchanged. Numbers with
 * a fraction or an exponent stay numbers: no field of Delta has one, so every reader refuses them.
 */
export type ExactJson =
  | null
  | boolean
  | string
  | bigint
  | number
  | readonly ExactJson[]
  | { readonly [key: string]: ExactJson };

/** Levels that no message of Delta comes near; a reviver recurses, so it needs a bound. */
const DEPTH_MAX = 64;

/** Reads JSON; undefined for text that is none, or that nests deeper than any message does. */
export function parseExactJson(text: string): ExactJson | undefined {
  if (isDeeper(text, DEPTH_MAX)) return undefined;
  try {
    return parseWithSource(text, (_key, read, context) => {
      if (typeof read !== 'number') return read;
      const { source } = context;
      return source !== undefined && WHOLE.test(source) ? BigInt(source) : read;
    });
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/**
 * Counts brackets outside of strings, so that hostile text is refused before it is parsed. One look
 * at each character: an expression for strings would look again from every quotation mark.
 */
function isDeeper(text: string, depthMax: number): boolean {
  let depth = 0;
  let isQuoted = false;
  for (let k = 0; k < text.length; k += 1) {
    const letter = text[k];
    if (isQuoted) {
      if (letter === '\\') k += 1;
      else if (letter === '"') isQuoted = false;
    } else if (letter === '"') isQuoted = true;
    else if (letter === '[' || letter === '{') {
      depth += 1;
      if (depth > depthMax) return true;
    } else if (letter === ']' || letter === '}') depth -= 1;
  }
  return false;
}

/** Writes JSON. Numbers are counts and bytes: everything larger is a bigint. */
export function printExactJson(tree: ExactJson): string {
  if (typeof tree === 'bigint') return tree.toString();
  if (tree === null || typeof tree !== 'object') return JSON.stringify(tree);
  if (isList(tree)) return `[${tree.map(printExactJson).join(',')}]`;
  const entries = Object.entries(tree);
  const printed = entries.map(([key, part]) => `${JSON.stringify(key)}:${printExactJson(part)}`);
  return `{${printed.join(',')}}`;
}

/** Whether a part of a document is a list; `Array.isArray` forgets that lists are read-only. */
export function isList(tree: ExactJson): tree is readonly ExactJson[] {
  return Array.isArray(tree);
}

const WHOLE = /^-?\d+$/;

type Reviver = (key: string, read: ExactJson, context: { readonly source?: string }) => ExactJson;

/** The engine hands a reviver the source text of each number; the library's types lag behind. */
const parseWithSource = JSON.parse as (text: string, reviver: Reviver) => ExactJson;
