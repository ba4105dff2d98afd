// Goal: what a base layer answers is read in a time that grows with its length, and refused where
// it nests deeper than a reader that recurses can follow. Method: hostile text, and strings that
// look like nesting.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseExactJson } from './exactJson.ts';

test('text that nests deeper than any message is refused', () => {
  const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
  assert.equal(parseExactJson(nested(10_000)), undefined);
  assert.equal(parseExactJson(`${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`), undefined);
  assert.equal(parseExactJson(nested(65)), undefined);
  assert.deepEqual(JSON.stringify(parseExactJson(nested(64))), nested(64));
});

test('brackets within strings are no nesting', () => {
  const inner = '[{'.repeat(1_000);
  assert.equal(parseExactJson(JSON.stringify(inner)), inner);
  assert.deepEqual(parseExactJson('["\\\\",["\\"[",1]]'), ['\\', ['"[', 1n]]);
});

test('a megabyte of quotation marks is refused within the time of the test', {
  timeout: 9_000,
}, () => {
  // Looked at again from each of them, it would take hours.
  assert.equal(parseExactJson('\\"'.repeat(500_000)), undefined);
});
