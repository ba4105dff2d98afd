// Goal: the reference pages say what the sources say. Method: every page is derived again and
// compared with the one in the repository.

import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { METRICS } from '../packages/executor/src/metrics/metricTable.ts';
import { generatePages, stalePages } from './generateDocs.ts';

const root = resolve(import.meta.dirname, '..');

test('no derived page is out of date', () => {
  const stale = stalePages(root).map(({ path }) => path);
  assert.deepEqual(stale, [], 'run node scripts/generateDocs.ts');
});

test('an absent page is out of date', () => {
  assert.equal(stalePages('/does/not/exist').length, generatePages().length);
});

test('pages show keys with defaults, mark secrets and list every metric', () => {
  const [configuration, metrics] = generatePages().map(({ text }) => text);
  assert.match(configuration ?? '', /\| `http\.port` \| `8547` \| 0 to 65535 \|/);
  assert.match(configuration ?? '', /\| `operator\.token` \| not set .*\(secret, never printed\)/);
  for (const { name } of Object.values(METRICS)) assert.ok(metrics?.includes(`\`${name}\``), name);
});
