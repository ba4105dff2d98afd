// Goal: the suite answers people and machines. Method: run the command on a few scenarios.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ScenarioRow } from '@lawbook/analytics/scenarioRow';
import { runCli } from './fixtures/runCli.ts';

test('prints rows that a machine can read', async () => {
  const words = ['simulate', '--scenario', 'A', 'B', 'H', '--gamma', '1.25e-7', '--json'];
  const { code, stdout, stderr } = await runCli(words);
  assert.equal(code, 0, stderr);
  const rows = JSON.parse(stdout) as ScenarioRow[];
  assert.deepEqual(
    rows.map(({ scenario }) => scenario),
    ['A', 'B', 'H'],
  );
  const [empty, uniform] = rows;
  assert.equal(empty?.costBps, null);
  assert.equal(empty?.fillRate, null);
  assert.ok(uniform !== undefined && uniform.costBps !== null && uniform.fillRate !== null);
  const { p50, p90, p99, mean } = uniform.costBps;
  assert.ok(p50 <= p90 && p90 <= p99 && mean <= p99);
  for (const field of ['gamma', 'lpGainUsd', 'theta', 'residual', 'iterations', 'ms'] as const) {
    assert.equal(typeof uniform[field], 'number', field);
  }
  assert.equal(uniform.boundViolations, 0);
  assert.equal(uniform.limitViolations, 0);
  assert.deepEqual(uniform.violatedLaws, []);
});

test('prints the table with the gain of the pool and the published figures', async () => {
  const { code, stdout } = await runCli(['simulate', '--scenario', 'B', '--scarcity', 'both']);
  assert.equal(code, 0);
  assert.match(stdout, /LP gain/);
  assert.match(stdout, /Against published figures/);
  assert.equal(stdout.match(/^B uniform/gm)?.length, 6);
});

test('draws the frontier', async () => {
  const { code, stdout } = await runCli(['simulate', '--frontier', '--scenario', 'B']);
  assert.equal(code, 0);
  assert.match(stdout, /Frontier of B/);
  assert.match(stdout, /mean cost, bps/);
});

test('lets the laws recover every signer when asked', async () => {
  const words = ['simulate', '--scenario', 'H', '--gamma', '1.25e-7', '--recover', '--json'];
  const { code, stdout } = await runCli(words);
  assert.equal(code, 0);
  assert.deepEqual((JSON.parse(stdout) as ScenarioRow[])[0]?.violatedLaws, []);
});

test('names a wrong option and exits 2', async () => {
  for (const words of [
    ['--scenario', 'Z'],
    ['--gamma', 'many'],
    ['--scarcity', 'none'],
    ['--fee-bps', '-1'],
  ]) {
    const { code, stderr } = await runCli(['simulate', ...words]);
    assert.equal(code, 2, words.join(' '));
    assert.match(stderr, /usage: .*\n$/);
  }
});
