/** A piece of TypeScript source. Comments are kept apart; they are not tokens. */
export interface Token {
  readonly kind: 'word' | 'punctuation' | 'string' | 'template' | 'number' | 'regex';
  /** The source text; for strings and templates without their delimiters. */
  readonly text: string;
  /** First line is 1. */
  readonly line: number;
}

/** A comment with the line it starts on. */
export interface Comment {
  readonly text: string;
  readonly line: number;
}

/** What `tokenize` finds. */
export interface Tokens {
  readonly tokens: readonly Token[];
  readonly comments: readonly Comment[];
}

/**
 * Splits TypeScript into tokens, so that rules never trip over strings, comments or templates.
 *
 * TypeScript 7 has no parser API to build on. This reads the language as Biome formats it. Of JSX
 * it knows nothing, so that text between tags must hold no straight quotes. A slash starts a
 * regular expression unless the token before it ends an operand.
 */
export function tokenize(source: string): Tokens {
  return new Scanner(source).scan();
}

/** Longest first; `<` and `>` stay single so that nested type arguments close one by one. */
const MULTI = ['>>>=', '===', '!==', '...', '**=', '??=', '&&=', '||=', '=>', '?.', '??', '**'];
const MULTI_SHORT = ['&&', '||', '==', '!=', '<=', '++', '--', '+=', '-=', '*=', '/=', '%='];
const PUNCTUATION = [...MULTI, ...MULTI_SHORT];
/** Words after which an operand begins, so that a slash opens a regular expression. */
const BEFORE_OPERAND = new Set(
  'return typeof case in of do else void delete throw new await yield instanceof'.split(' '),
);
const WORD = /[\p{ID_Start}$_#][\p{ID_Continue}$\u200c\u200d]*/uy;
const NUMBER = /0[xXbBoO][\da-fA-F_]+n?|(?:\d[\d_]*)?\.?\d[\d_]*(?:[eE][+-]?\d+)?n?/y;
const REGEX = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*/y;
const STRING = /'(?:\\[\s\S]|[^'\\\n])*'|"(?:\\[\s\S]|[^"\\\n])*"/y;

class Scanner {
  readonly #source: string;
  readonly #tokens: Token[] = [];
  readonly #comments: Comment[] = [];
  /** For each open template substitution, how many braces are open inside it. */
  readonly #substitutions: number[] = [];
  #at = 0;
  #line = 1;

  constructor(source: string) {
    this.#source = source;
  }

  scan(): Tokens {
    if (this.#source.startsWith('#!')) this.#comment(this.#endOfLine());
    while (this.#at < this.#source.length) this.#next();
    return { tokens: this.#tokens, comments: this.#comments };
  }

  #next(): void {
    const here = this.#source[this.#at] as string;
    if (/\s/.test(here)) this.#advance(1);
    else if (this.#source.startsWith('//', this.#at)) this.#comment(this.#endOfLine());
    else if (this.#source.startsWith('/*', this.#at)) this.#comment(this.#endOfBlock());
    else if (here === '`') this.#template(1);
    else if (here === '}' && this.#substitutions.at(-1) === 0) this.#closeSubstitution();
    else if (here === "'" || here === '"') this.#string();
    else if (here === '/' && this.#operandExpected() && this.#match('regex', REGEX)) return;
    else if (/[\d.]/.test(here) && this.#match('number', NUMBER)) return;
    else if (this.#match('word', WORD)) return;
    else this.#punctuation();
  }

  #match(kind: Token['kind'], pattern: RegExp): boolean {
    pattern.lastIndex = this.#at;
    const text = pattern.exec(this.#source)?.[0];
    if (text === undefined) return false;
    this.#emit(kind, text, text.length);
    return true;
  }

  #string(): void {
    STRING.lastIndex = this.#at;
    const text = STRING.exec(this.#source)?.[0] ?? this.#source.slice(this.#at, this.#endOfLine());
    this.#emit('string', text.slice(1, -1), text.length);
  }

  /** Reads from an opening backtick, or from the brace that ends a substitution. */
  #template(opening: number): void {
    let end = this.#at + opening;
    while (end < this.#source.length) {
      if (this.#source[end] === '\\') end += 2;
      else if (this.#source[end] === '`' || this.#source.startsWith('${', end)) break;
      else end += 1;
    }
    const text = this.#source.slice(this.#at + opening, end);
    const substitution = this.#source[end] === '$';
    this.#emit('template', text, end - this.#at);
    if (substitution) {
      this.#emit('punctuation', '${', 2);
      this.#substitutions.push(0);
    } else {
      this.#advance(1);
    }
  }

  #closeSubstitution(): void {
    this.#substitutions.pop();
    this.#emit('punctuation', '}', 0);
    this.#template(1);
  }

  #punctuation(): void {
    const long = PUNCTUATION.find((text) => this.#source.startsWith(text, this.#at));
    const text = long ?? (this.#source[this.#at] as string);
    const last = this.#substitutions.length - 1;
    if (last >= 0 && text === '{') this.#substitutions[last] = this.#openBraces(last) + 1;
    if (last >= 0 && text === '}') this.#substitutions[last] = this.#openBraces(last) - 1;
    this.#emit('punctuation', text, text.length);
  }

  #openBraces(index: number): number {
    return this.#substitutions[index] as number;
  }

  #operandExpected(): boolean {
    const before = this.#tokens.at(-1);
    if (before === undefined) return true;
    if (before.kind === 'word') return BEFORE_OPERAND.has(before.text);
    return before.kind === 'punctuation' && ![')', ']', '}', '++', '--'].includes(before.text);
  }

  #endOfLine(): number {
    const end = this.#source.indexOf('\n', this.#at);
    return end === -1 ? this.#source.length : end;
  }

  #endOfBlock(): number {
    const end = this.#source.indexOf('*/', this.#at + 2);
    return end === -1 ? this.#source.length : end + 2;
  }

  #comment(end: number): void {
    this.#comments.push({ text: this.#source.slice(this.#at, end), line: this.#line });
    this.#advance(end - this.#at);
  }

  #emit(kind: Token['kind'], text: string, length: number): void {
    this.#tokens.push({ kind, text, line: this.#line });
    this.#advance(length);
  }

  #advance(length: number): void {
    const end = Math.min(this.#at + length, this.#source.length);
    for (; this.#at < end; this.#at += 1) if (this.#source[this.#at] === '\n') this.#line += 1;
  }
}
