// Goal: the glossary speaks of what exists. Method: every identifier that it names must be a word
// of the product's sources, outside comments, and every term must stand once.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { isProduct } from './tidy/violation.ts';
import { readTree } from './tidy.ts';

const root = resolve(import.meta.dirname, '..');
const rows = readFileSync(join(root, 'GLOSSARY.md'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| Term '))
  .map((line) => line.split('|').map((cell) => cell.trim()));

test('every identifier of the glossary exists in the sources', () => {
  const words = new Set<string>();
  for (const { path, tokens } of readTree(root)) {
    if (!isProduct(path)) continue;
    for (const { kind, text } of tokens) if (kind === 'word' || kind === 'string') words.add(text);
  }
  const absent: string[] = [];
  for (const [, term = '', identifiers = ''] of rows) {
    const named = [...identifiers.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
    assert.ok(named.length > 0, `${term} names an identifier`);
    absent.push(...named.filter((name) => !words.has(name)));
  }
  assert.deepEqual(absent, []);
});

test('every term stands once', () => {
  const terms = rows.map(([, term]) => term);
  assert.ok(terms.length > 30);
  assert.equal(new Set(terms).size, terms.length);
});
