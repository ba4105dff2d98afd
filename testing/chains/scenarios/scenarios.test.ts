// Goal: the engine keeps its eight invariants in every scenario of the fault lab.
// Method: seeds that once failed are played first, then a few of each scenario, on the simulated
// chain; `npm run soak:chains` plays thousands. A failure prints the seed that replays it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Row } from './catalogue.ts';
import { ROWS } from './catalogue.ts';
import type { ScenarioResult } from './runScenario.ts';
import { isFailure } from './runScenario.ts';
import knownSeeds from './seeds.json' with { type: 'json' };

const SEEDS_EACH = 4;
const INTENTS = 12;

test('every row of the table is played', () => {
  const numbers = ROWS.map(({ number }) => number).filter((number) => number <= 28);
  const all = Array.from({ length: 28 }, (_, index) => index + 1);
  assert.deepEqual(numbers, all);
});

for (const row of ROWS) {
  test(`keeps every promise: ${row.name}`, async () => {
    const known = knownSeeds.filter((entry) => entry.scenario === row.number);
    for (const { seed, intents } of known) await playOne(row, seed, intents);
    for (let seed = 0; seed < SEEDS_EACH; seed += 1) await playOne(row, seed, INTENTS);
  });
}

test('the same seed plays the same story', async () => {
  for (const row of ROWS.filter(({ number }) => [5, 26, 100].includes(number))) {
    const [first, second] = [await play(row, 11), await play(row, 11)];
    assert.deepEqual({ ...first.counters, cpuMs: 0 }, { ...second.counters, cpuMs: 0 });
  }
});

async function play(row: Row, seed: number, intents = INTENTS): Promise<ScenarioResult> {
  return await row.play(seed, intents);
}

async function playOne(row: Row, seed: number, intents: number): Promise<void> {
  const result = await play(row, seed, intents);
  const { violations } = result.report;
  const found = [...violations.map((one) => `${one.invariant} ${one.sentence}`)];
  const sentence = [...found, ...result.complaints].join('\n');
  assert.equal(isFailure(result), false, `seed ${seed}, ${intents} intents:\n${sentence}`);
}
