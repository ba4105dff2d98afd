/**
 * How fast the simulated world (testing/world) goes: simulated seconds and steps for each second
 * of a processor, as medians over seeds, quiet and dense worlds apart.
 *
 * Prints one JSON line per figure. A world is quiet where its steps lie two simulated seconds or
 * more apart on average. Processor time is taken and not the time of day, so that a shared machine
 * does not slow the figures down much; the first world, in which everything is compiled, does not
 * count. `--seeds N` and `--steps N` say how much, `--base evm` settles on the contracts' bytecode.
 */
import { parseArgs } from 'node:util';
import { at } from '../packages/exchange/src/failures/invariant.ts';
import { readBase } from '../testing/world/simulation/drawBase.ts';
import { playHistory } from '../testing/world/simulation/playHistory.ts';
import { drawHistory } from '../testing/world/workload/drawHistory.ts';

const { values: options } = parseArgs({
  options: {
    seeds: { type: 'string', default: '40' },
    steps: { type: 'string', default: '300' },
    base: { type: 'string', default: 'memory' },
  },
});

interface Pace {
  readonly isQuiet: boolean;
  readonly simulatedPerSecond: number;
  readonly stepsPerSecond: number;
}

const QUIET_MS = 2_000;

async function paceOf(seed: number): Promise<Pace> {
  const history = drawHistory(seed, Number(options.steps), readBase(options.base));
  const waitMs = history.steps.reduce((sum, step) => sum + step.waitMs, 0) / history.steps.length;
  const before = process.cpuUsage();
  const { simulatedMs, steps } = await playHistory(history);
  const { user, system } = process.cpuUsage(before);
  const seconds = (user + system) / 1e6;
  return {
    isQuiet: waitMs >= QUIET_MS,
    simulatedPerSecond: simulatedMs / 1000 / seconds,
    stepsPerSecond: steps / seconds,
  };
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return at(sorted, Math.floor(sorted.length / 2));
}

const paces: Pace[] = [];
for (let seed = 0; seed <= Number(options.seeds); seed += 1) {
  const pace = await paceOf(seed);
  if (seed > 0) paces.push(pace);
}
for (const isQuiet of [false, true]) {
  const group = paces.filter((pace) => pace.isQuiet === isQuiet);
  if (group.length === 0) continue;
  const world = `${isQuiet ? 'quiet' : 'dense'} world on ${options.base}`;
  const figures = [
    ['simulated seconds', group.map(({ simulatedPerSecond }) => simulatedPerSecond)],
    ['steps', group.map(({ stepsPerSecond }) => stepsPerSecond)],
  ] as const;
  for (const [unit, numbers] of figures) {
    const figure = { name: world, value: Math.round(median(numbers)), n: numbers.length };
    process.stdout.write(`${JSON.stringify({ ...figure, unit: `${unit} per second` })}\n`);
  }
}
process.exit(0);
