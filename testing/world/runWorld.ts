// `npm run world -- --seed S --steps N`: plays the history of a seed twice, prints both digests and
// what happened. `--base evm|memory` says what it settles on, in place of the seed. A failure is
// shrunk and printed; `--export PATH` writes it as a test. Exits 1 when a promise is broken or two
// runs differ.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { readBase } from './simulation/drawBase.ts';
import { playHistory } from './simulation/playHistory.ts';
import { regressionTest } from './simulation/regressionTest.ts';
import { shrinkHistory } from './simulation/shrinkHistory.ts';
import { drawHistory } from './workload/drawHistory.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    steps: { type: 'string', default: '200' },
    once: { type: 'boolean', default: false },
    shrinks: { type: 'string', default: '300' },
    export: { type: 'string' },
    base: { type: 'string' },
  },
});

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const seed = Number(values.seed);
const history = drawHistory(seed, Number(values.steps), readBase(values.base));
const startedMs = performance.now();
const first = await playHistory(history);
const tookMs = performance.now() - startedMs;
print(`digest ${first.digest}`);
let isSame = true;
if (!values.once) {
  const second = await playHistory(history);
  print(`digest ${second.digest}`);
  isSame = second.digest === first.digest;
  if (!isSame) print('the two runs differ: something outside the seed decides');
}
const { steps, inputs, simulatedMs, counts, failure } = first;
const faster = Math.round(simulatedMs / tookMs);
print(
  JSON.stringify({
    seed,
    base: history.base,
    steps,
    inputs,
    simulatedMs,
    tookMs: Math.round(tookMs),
    faster,
  }),
);
print(JSON.stringify(counts));
if (failure !== undefined) {
  print(`broken after step ${failure.step}: ${failure.checker}: ${failure.sentence}`);
  const shrunken = await shrinkHistory(history, failure, { runsMax: Number(values.shrinks) });
  print(`shrunk to ${shrunken.history.steps.length} steps in ${shrunken.runs} runs:`);
  for (const step of shrunken.history.steps) print(JSON.stringify(step));
  print(`which breaks ${shrunken.failure.checker}: ${shrunken.failure.sentence}`);
  if (values.export !== undefined) {
    writeFileSync(values.export, regressionTest(shrunken));
    print(`written to ${values.export}`);
  }
}
process.exit(failure === undefined && isSame ? 0 : 1);
