// Goal: the reference pages say what the sources say. Method: every page is derived again and
// compared with the one in the repository.

import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { METRICS } from '../packages/executor/src/metrics/metricTable.ts';
import { FAULT_MEANINGS, generatePages, stalePages } from './generateDocs.ts';
import type { Token } from './tidy/tokens.ts';
import { isProduct } from './tidy/violation.ts';
import { readTree } from './tidy.ts';

const root = resolve(import.meta.dirname, '..');

test('no derived page is out of date', () => {
  const stale = stalePages(root).map(({ path }) => path);
  assert.deepEqual(stale, [], 'run node scripts/generateDocs.ts');
});

test('every fault code in the sources has a meaning, and every meaning a code', () => {
  const product = readTree(root).filter(({ path }) => isProduct(path));
  const thrown = product.flatMap(({ tokens }) => tokens.filter((_, i) => isThrownCode(tokens, i)));
  for (const { text } of thrown) assert.ok(FAULT_MEANINGS.has(text), `${text} has no meaning`);
  const words = new Set(product.flatMap(({ tokens }) => tokens.map(({ text }) => text)));
  assert.deepEqual(
    [...FAULT_MEANINGS.keys()].filter((code) => !words.has(code)),
    [],
  );
});

/** A string where a fault takes its code: after `code:`, or first argument of a Fault class. */
function isThrownCode(tokens: readonly Token[], index: number): boolean {
  const { kind, text } = tokens[index] as Token;
  if (kind !== 'string' || !/^[A-Z]+(_[A-Z]+)+$/.test(text)) return false;
  const [owner = '', before] = [tokens[index - 2]?.text, tokens[index - 1]?.text];
  return (before === ':' && owner === 'code') || (before === '(' && owner.endsWith('Fault'));
}

test('an absent page is out of date', () => {
  assert.equal(stalePages('/does/not/exist').length, generatePages().length);
});

test('pages show keys with defaults, mark secrets and list every metric', () => {
  const [configuration, metrics] = generatePages().map(({ text }) => text);
  assert.match(configuration ?? '', /\| `http\.port` \| `8547` \| 0 to 65535 \|/);
  assert.match(configuration ?? '', /\| `operator\.token` \| not set .*\(secret, never printed\)/);
  for (const { name } of Object.values(METRICS)) assert.ok(metrics?.includes(`\`${name}\``), name);
});
