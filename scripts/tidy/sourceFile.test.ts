// Goal: the reader of sources finds what the rules judge, and never mistakes text for code.
// Method: small snippets for every construct that a regular expression would get wrong.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSource } from './sourceFile.ts';
import { tokenize } from './tokens.ts';

const words = (source: string): string[] =>
  tokenize(source)
    .tokens.filter(({ kind }) => kind === 'word')
    .map(({ text }) => text);

const declared = (source: string): string[] =>
  readSource('a.ts', source).declared.map(({ name }) => name);

const functions = (source: string): string[] =>
  readSource('a.ts', source).functions.map(({ name, lineCount }) => `${name} ${lineCount}`);

test('strings, comments and regular expressions are not code', () => {
  assert.deepEqual(words(`const a = 'enum b'; // enum c\n/* enum d */ const e = /enum f[/'"]/u;`), [
    'const',
    'a',
    'const',
    'e',
  ]);
});

test('a slash after an operand divides', () => {
  assert.deepEqual(words('const a = b / c / d; (e) / f / g; h[0] / i / j'), [
    ...['const', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'],
  ]);
});

test('template substitutions are code, however deep, and their text is not', () => {
  const substitute = (code: string): string => `\${${code}}`;
  const inner = `\`z ${substitute('{ c: d }')} w\``;
  const source = `const a = \`x ${substitute('b')} y ${substitute(inner)} v\`;\ne`;
  assert.deepEqual(words(source), ['const', 'a', 'b', 'c', 'd', 'e']);
  assert.equal(tokenize(source).tokens.at(-1)?.line, 2);
});

test('line numbers survive block comments and multi-line templates', () => {
  const { tokens, comments } = tokenize('/*\n\n*/ a\n`\n\n` + b // last');
  assert.deepEqual(
    tokens.filter(({ kind }) => kind === 'word').map(({ text, line }) => `${text}${line}`),
    ['a3', 'b6'],
  );
  assert.deepEqual(
    comments.map(({ line }) => line),
    [1, 6],
  );
});

test('declarations of every kind are found', () => {
  assert.deepEqual(declared('const a = 1; let { b, c: d, ...e } = f; const [g, , h = 2] = i;'), [
    ...['a', 'b', 'd', 'e', 'g', 'h'],
  ]);
  assert.deepEqual(declared('interface A {} type B = C; type D<E> = F; class G {}').sort(), [
    ...['A', 'B', 'D', 'G'],
  ]);
  assert.deepEqual(declared('type: string; const x = y.type;'), ['x']);
});

test('parameters are found in functions, methods, arrows and signatures, not in calls', () => {
  assert.deepEqual(declared('function a(b: C, { d, e: f }: G): H { return i(j, k); }').sort(), [
    ...['a', 'b', 'd', 'f'],
  ]);
  assert.deepEqual(declared('k(l ? m : n); o({ p: q });'), []);
  assert.deepEqual(declared('r.map((s, t) => s);'), ['s', 't']);
  assert.deepEqual(declared('class A { m(b: Map<string, C>, d = 2): void {} }').sort(), [
    ...['A', 'b', 'd', 'm'],
  ]);
  assert.deepEqual(declared('interface A { m(b: string, c?: D): void }'), ['b', 'c', 'A']);
});

test('functions are measured whatever their return type looks like', () => {
  assert.deepEqual(functions('function a(): { b: C } {\n}\n'), ['a 2']);
  assert.deepEqual(functions('const a = (b: C): Map<D, E> => {\n\n};'), ['a 3']);
  assert.deepEqual(functions('function a(): asserts b is C {\n}'), ['a 2']);
  assert.deepEqual(functions('function a(): () => void {\n}'), ['a 2']);
  assert.deepEqual(functions('if (a) {\n}\nfor await (const b of c) {\n}\nd(e);'), []);
  assert.deepEqual(
    functions('switch (a) {\n case f(b): {\n }\n}\nconst c = d ? e(f) : { g };'),
    [],
  );
});

test('imports of every kind are found with their kind', () => {
  const source = [
    "import type { A } from './a.ts';",
    "import { from as b } from './b.ts';",
    "export { C } from './c.ts';",
    "export * from './d.ts';",
    "import './e.ts';",
    "const f = await import('./f.ts');",
    "const url = import.meta.url; const g = Array.from('g');",
    "export const text = 'x'; const from = 'y';",
  ].join('\n');
  assert.deepEqual(
    readSource('x.ts', source).imports.map(({ specifier, typeOnly }) => [specifier, typeOnly]),
    [
      ['./a.ts', true],
      ['./b.ts', false],
      ['./c.ts', false],
      ['./d.ts', false],
      ['./e.ts', false],
      ['./f.ts', false],
    ],
  );
});
