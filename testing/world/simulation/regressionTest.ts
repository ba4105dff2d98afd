import type { Shrunken } from './shrinkHistory.ts';

/** The text of a test file that plays a shrunken history again, for testing/world/regressions. */
export function regressionTest({ history, failure }: Shrunken): string {
  const steps = history.steps.map((step) => `    ${JSON.stringify(step)},`).join('\n');
  const sentence = failure.sentence.replaceAll('\n', ' ').slice(0, 300);
  const wrapped = sentence.match(/.{1,94}(\s|$)|.{1,94}/g)?.map((line) => `// ${line.trim()}`);
  return `// Goal: what broke in the world of seed ${history.seed} stays mended.
// Method: the shrunken history of the failure is played again, with every checker. It broke
// ${failure.checker}:
${(wrapped ?? []).join('\n')}
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { playHistory } from '../simulation/playHistory.ts';
import type { History } from '../workload/acts.ts';

const HISTORY: History = {
  seed: ${history.seed},
  base: '${history.base ?? 'memory'}',
  steps: [
${steps}
  ],
};

test('seed ${history.seed}: ${failure.checker} holds', async () => {
  assert.equal((await playHistory(HISTORY)).failure, undefined);
});
`;
}
