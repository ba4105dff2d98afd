// Goal: the contracts keep their rules, and the committed artifacts are those of the sources.
// Method: compile again and compare byte for byte; then forge's unit, fuzz and invariant tests
// against the committed artifacts, and the gas of an epoch, printed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { committedFiles, committedText, generateFiles } from './build.ts';
import { findForge, runForge } from './forge.ts';

test('the committed artifacts are what the sources compile to', () => {
  const files = generateFiles();
  const names = files.map(({ path }) => path.replace('generated/', '')).sort();
  assert.deepEqual(committedFiles(), names, 'run "npm run contracts"');
  for (const { path, text } of files) {
    assert.equal(committedText(path) === text, true, `${path} is stale: run "npm run contracts"`);
  }
});

const forge = findForge();
const skip = forge === undefined && 'The tests of the contracts need forge: npm ci installs it';

test('the contracts pass their tests under forge', { skip }, () => {
  assert.ok(forge !== undefined);
  const run = runForge(forge, ['test', '--no-match-contract', 'GasTest'], 'pipe');
  assert.equal(run.status, 0, run.output);
  assert.match(run.output, /[1-9]\d* tests passed, 0 failed, 0 skipped/);
});

test('the gas of an epoch is measured by its number of orders', { skip }, (t) => {
  assert.ok(forge !== undefined);
  const options = ['test', '--isolate', '-vvvv', '--match-contract', 'GasTest'];
  const run = runForge(forge, options, 'pipe');
  assert.equal(run.status, 0, run.output);
  const lines = [...run.output.matchAll(/GasPerEpoch\((.*)\)/g)].map(([, line]) => `${line}`);
  assert.equal(lines.length, 4, run.output);
  for (const line of lines) t.diagnostic(line.replace(/ \[[^\]]*\]/g, ''));
});
