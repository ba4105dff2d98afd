// `npm run soak:world -- --minutes M`: plays one seed after another within a time budget and prints
// what happened in all of them; every seventh seed twice, to compare the digests. `--base evm` or
// `--base memory` says what they settle on. Failures are shrunk and printed with their seeds. Exits
// 1 when there was one.
import { parseArgs } from 'node:util';
import { readBase } from './simulation/drawBase.ts';
import { playHistory } from './simulation/playHistory.ts';
import { shrinkHistory } from './simulation/shrinkHistory.ts';
import { drawHistory } from './workload/drawHistory.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
    steps: { type: 'string', default: '300' },
    shrinks: { type: 'string', default: '80' },
    failures: { type: 'string', default: '3' },
    base: { type: 'string' },
  },
});

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const base = readBase(values.base);
const startedMs = performance.now();
const deadlineMs = startedMs + Number(values.minutes) * 60_000;
const totals: Record<string, number> = {};
const figures = { seeds: 0, steps: 0, inputs: 0, simulatedMs: 0, playedMs: 0, failures: 0 };
for (let seed = Number(values.seed); performance.now() < deadlineMs; seed += 1) {
  const history = drawHistory(seed, Number(values.steps), base);
  const beganMs = performance.now();
  const played = await playHistory(history);
  figures.playedMs += performance.now() - beganMs;
  figures.seeds += 1;
  figures.steps += played.steps;
  figures.inputs += played.inputs;
  figures.simulatedMs += played.simulatedMs;
  for (const [name, count] of Object.entries(played.counts)) {
    totals[name] = (totals[name] ?? 0) + count;
  }
  let { failure } = played;
  if (failure === undefined && seed % 7 === 0) {
    const again = await playHistory(history);
    if (again.digest !== played.digest) {
      failure = { checker: 'digest', step: 0, sentence: 'two runs of one seed differ' };
    }
  }
  if (failure === undefined) continue;
  figures.failures += 1;
  const { checker, step, sentence } = failure;
  print(`seed ${seed} on ${history.base}, step ${step}: ${checker}: ${sentence}`);
  if (checker !== 'digest') {
    const shrunken = await shrinkHistory(history, failure, { runsMax: Number(values.shrinks) });
    for (const step of shrunken.history.steps) print(`  ${JSON.stringify(step)}`);
    print(`  ${shrunken.failure.sentence}`);
  }
  if (figures.failures >= Number(values.failures)) break;
}
const faster = Math.round(figures.simulatedMs / figures.playedMs);
print(JSON.stringify({ first: Number(values.seed), ...figures, faster }));
print(JSON.stringify(totals));
process.exit(figures.failures === 0 ? 0 : 1);
