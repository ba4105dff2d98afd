// `npm run soak:chains -- --seeds 200 --minutes 3 --scenario 5 --intents 20 --workers 2 --json`:
// plays seeds of every scenario, round after round, within a time budget; prints what each
// invariant was asked and answered, and the command that replays a failing seed. Exits 1 when
// anything failed. `--first 1000` starts at that seed.
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import type { InvariantName } from '../double/invariants.ts';
import { INVARIANTS } from '../double/invariants.ts';
import { ROWS } from '../scenarios/catalogue.ts';
import { isFailure } from '../scenarios/runScenario.ts';
import knownSeeds from '../scenarios/seeds.json' with { type: 'json' };
import type { SoakAnswer, SoakTask } from './soakWorker.ts';

interface SoakReport {
  worlds: number;
  intents: number;
  blocks: number;
  requests: number;
  faults: number;
  deaths: number;
  simulatedHours: number;
  cpuMs: number;
  wallSeconds: number;
  readonly invariants: Record<InvariantName, { checks: number; violations: number }>;
  readonly scenarios: Record<string, { worlds: number; failures: number }>;
  readonly failures: { scenario: number; seed: number; intents: number; why: readonly string[] }[];
}

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '50' },
    first: { type: 'string', default: '0' },
    minutes: { type: 'string', default: '3' },
    scenario: { type: 'string' },
    intents: { type: 'string', default: '20' },
    workers: { type: 'string', default: String(availableParallelism()) },
    json: { type: 'boolean', default: false },
  },
});

const startedMs = performance.now();
const deadlineMs = startedMs + Number(values.minutes) * 60_000;
const report = newReport();
const tasks = planTasks();
const total = tasks.length;
await Promise.all(Array.from({ length: Number(values.workers) }, () => work()));
report.wallSeconds = Math.round((performance.now() - startedMs) / 1000);
if (values.json) process.stdout.write(`${JSON.stringify(report)}\n`);
else printReport();
if (report.failures.length > 0) process.exitCode = 1;

/** Known seeds first, then round after round, so that a short budget still meets every scenario. */
function planTasks(): SoakTask[] {
  const only = values.scenario === undefined ? undefined : Number(values.scenario);
  const numbers = ROWS.map(({ number }) => number).filter((n) => (only ?? n) === n);
  const planned: SoakTask[] = knownSeeds.filter(({ scenario }) => numbers.includes(scenario));
  const first = Number(values.first);
  for (let seed = first; seed < first + Number(values.seeds); seed += 1) {
    for (const scenario of numbers) {
      planned.push({ scenario, seed, intents: Number(values.intents) });
    }
  }
  return planned;
}

async function work(): Promise<void> {
  const worker = new Worker(new URL('./soakWorker.ts', import.meta.url), { workerData: 'soak' });
  try {
    for (let task = nextTask(); task !== undefined; task = nextTask()) {
      const answered = new Promise<SoakAnswer>((resolve, reject) => {
        worker.once('message', resolve);
        worker.once('error', reject);
      });
      worker.postMessage(task);
      tally(await answered);
      worker.removeAllListeners('error');
      showProgress();
    }
  } finally {
    await worker.terminate();
  }
}

function nextTask(): SoakTask | undefined {
  return performance.now() < deadlineMs ? tasks.shift() : undefined;
}

function tally({ task, result, crash }: SoakAnswer): void {
  report.worlds += 1;
  const row = report.scenarios[task.scenario] ?? { worlds: 0, failures: 0 };
  report.scenarios[task.scenario] = row;
  row.worlds += 1;
  const why: string[] = crash === undefined ? [] : [crash];
  if (result !== undefined) {
    const { counters } = result;
    report.intents += counters.intents;
    report.blocks += counters.blocks;
    report.requests += counters.requests;
    report.faults += counters.faults;
    report.deaths += counters.deaths;
    report.simulatedHours += counters.simulatedMs / 3_600_000;
    report.cpuMs += counters.cpuMs;
    for (const [name, checks] of Object.entries(result.report.checks)) {
      report.invariants[name as InvariantName].checks += checks;
    }
    for (const { invariant, sentence } of result.report.violations) {
      report.invariants[invariant].violations += 1;
      why.push(`${invariant}: ${sentence}`);
    }
    if (isFailure(result)) why.push(...result.complaints);
  }
  if (why.length === 0) return;
  row.failures += 1;
  report.failures.push({ ...task, why: why.slice(0, 8) });
}

function showProgress(): void {
  const { worlds, failures } = report;
  if (worlds % 10 !== 0 || !process.stderr.isTTY) return;
  process.stderr.write(`${worlds} of ${total} worlds, ${failures.length} failed\r`);
}

function newReport(): SoakReport {
  const none = { checks: 0, violations: 0 };
  return {
    worlds: 0,
    intents: 0,
    blocks: 0,
    requests: 0,
    faults: 0,
    deaths: 0,
    simulatedHours: 0,
    cpuMs: 0,
    wallSeconds: 0,
    invariants: {
      I1: { ...none },
      I2: { ...none },
      I3: { ...none },
      I4: { ...none },
      I5: { ...none },
      I6: { ...none },
      I7: { ...none },
      I8: { ...none },
    },
    scenarios: {},
    failures: [],
  };
}

function printReport(): void {
  const lines = [
    `${report.worlds} worlds, ${report.intents} intents, ${report.blocks} blocks, ` +
      `${report.faults} faults, ${report.deaths} deaths, ` +
      `${report.simulatedHours.toFixed(1)} simulated hours in ${report.wallSeconds} s, ` +
      `${(report.cpuMs / Math.max(1, report.worlds)).toFixed(1)} ms of CPU per world`,
  ];
  for (const [name, { checks, violations }] of Object.entries(report.invariants)) {
    const words = INVARIANTS[name as InvariantName];
    lines.push(`${name}  ${checks} checks, ${violations} violations  ${words}`);
  }
  for (const { number, name, criterion } of ROWS) {
    const row = report.scenarios[number];
    if (row === undefined) continue;
    lines.push(`#${number} ${name}: ${row.worlds} worlds, ${row.failures} failed (${criterion})`);
  }
  for (const { scenario, seed, intents, why } of report.failures) {
    lines.push(`FAILED scenario ${scenario}, seed ${seed}`, ...why.map((line) => `  ${line}`));
    lines.push(
      `  replay: npm run soak:chains -- --scenario ${scenario} --first ${seed} --seeds 1 ` +
        `--intents ${intents}`,
    );
  }
  process.stdout.write(`${lines.join('\n')}\n`);
}
