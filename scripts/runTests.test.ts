// Goal: `npm test` runs every test file exactly once, and says what it left out.
// Method: a small tree of files in a temporary folder, and the choice rules as plain functions.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { chooseTests, findTests, optionalParts } from './runTests.ts';

test('finds tests in every folder that may hold them and skips installed packages', () => {
  const root = mkdtempSync(join(tmpdir(), 'lawbook-tests-'));
  const planted = [
    'packages/exchange/src/a.test.ts',
    'packages/exchange/src/a.ts',
    'packages/exchange/node_modules/foreign/x.test.ts',
    'scripts/b.test.ts',
    'vectors/c.property.test.ts',
    'docs/d.test.ts',
  ];
  try {
    for (const path of planted) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), '');
    }
    assert.deepEqual(findTests(root), [
      'packages/exchange/src/a.test.ts',
      'scripts/b.test.ts',
      'vectors/c.property.test.ts',
    ]);
  } finally {
    rmSync(root, { recursive: true });
  }
});

test('filters keep the files whose path contains one of them', () => {
  const found = ['packages/a/x.test.ts', 'packages/b/y.test.ts', 'scripts/z.test.ts'];
  assert.deepEqual(chooseTests(found, ['packages/b', 'z.test']).files, found.slice(1));
});

test('browser tests run only when asked for, and their absence is announced', () => {
  const found = ['packages/web/x.browser.test.ts', 'scripts/z.test.ts'];
  const without = chooseTests(found, []);
  assert.deepEqual(without.files, ['scripts/z.test.ts']);
  assert.match(without.leftOut.join(), /1 test file drives a browser.*--browser/);
  assert.deepEqual(chooseTests(found, ['--browser']), { files: found, leftOut: [] });
});

test('the closing paragraph lists every optional part with its reason', () => {
  assert.match(optionalParts([]), /all of them ran/);
  assert.match(optionalParts(['replay: no recorded rates']), / {2}- replay: no recorded rates\n/);
});
