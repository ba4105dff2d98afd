/**
 * How many commands a second the order book takes: alone, with balances, behind the journal, and as
 * orders through the gateways of a venue.
 *
 * Prints one JSON line per figure (docs/reference/book-figures.md says what each includes). Every
 * measurement runs in a worker of its own on a cold compiler and on commands drawn once, so that
 * all engines get the same; all must end with the same best prices, resting lots and traded lots.
 * Figures are medians over `--rounds`, in which the engines and the peer run in turn; ratios are
 * medians of the ratios within a round.
 *
 * The peer, nodejs-order-book 10.1.1, is looked for where this repository's packages are, or below
 * `--peer FOLDER`; without it figures come without a ratio. `--quick` runs a tenth of the commands,
 * `--only NAME` one scenario, or `gateway` alone; `--dir FOLDER` names the journal's disk.
 */
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import type { Answer, Ending, Measure, Task } from './book/answers.ts';
import type { Flow, Scenario } from './book/flows.ts';
import { drawFlow, SCENARIOS } from './book/flows.ts';
import { measureGateway } from './book/gateway.ts';

interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly ratio?: number;
  readonly peer?: string;
  readonly n: number;
}

const SEED = 7;
const PEER = 'nodejs-order-book';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    peer: { type: 'string', default: resolve(import.meta.dirname, '..') },
    rounds: { type: 'string', default: '5' },
    only: { type: 'string', default: '' },
    dir: { type: 'string', default: tmpdir() },
  },
});

function print(figure: Figure): void {
  const rounded = { ...figure, value: Number(figure.value.toPrecision(4)) };
  const { ratio } = figure;
  const line = ratio === undefined ? rounded : { ...rounded, ratio: Number(ratio.toPrecision(3)) };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** Runs one measurement in a worker; its failure is ours. */
function ask(measure: Task['measure'], flow: Flow): Promise<Answer> {
  const workerData: Task = { measure, flow, peerFolder: options.peer, journalFolder: options.dir };
  const worker = new Worker(join(import.meta.dirname, 'book/engines.ts'), { workerData });
  return new Promise((done, fail) => {
    worker.once('message', (answer: Answer) => done(answer));
    worker.once('error', fail);
  });
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

function hasPeer(): boolean {
  try {
    createRequire(join(options.peer, 'any.js')).resolve(PEER);
    return true;
  } catch (absent) {
    process.stderr.write(`no peer: ${(absent as Error).message.split('\n')[0]}\n`);
    return false;
  }
}

/** Seconds by what was measured, one for each round; `journalCpu` is the thread's of `journal`. */
type Rounds = Map<Measure | 'journalCpu', number[]>;

/** Runs a flow in every way, in turn, and requires that all end alike. */
async function playRounds(
  scenario: Scenario,
  flow: Flow,
  measures: readonly Measure[],
): Promise<Rounds> {
  const rounds: Rounds = new Map([...measures, 'journalCpu' as const].map((name) => [name, []]));
  let first: Ending | undefined;
  for (let k = 0; k < Number(options.rounds); k += 1) {
    for (const measure of measures) {
      const { seconds, cpuSeconds, ending } = await ask(measure, flow);
      rounds.get(measure)?.push(seconds);
      if (measure === 'journal') rounds.get('journalCpu')?.push(cpuSeconds);
      first ??= ending;
      if (!differs(first, ending)) continue;
      const endings = JSON.stringify([first, ending]);
      process.stderr.write(`${scenario}: ${measure} ends differently: ${endings}\n`);
      process.exitCode = 1;
    }
  }
  return rounds;
}

function differs(a: Ending, b: Ending): boolean {
  return (Object.keys(a) as (keyof Ending)[]).some((key) => a[key] !== b[key]);
}

/** How many times as fast one is as another, as the median over rounds. */
function ratioOf(ours: readonly number[], theirs: readonly number[]): number {
  return median(ours.map((seconds, k) => (theirs[k] as number) / seconds));
}

/** Prints the rates of a scenario; all but the mixed one's engine are beside a figure of ours. */
function printRates(scenario: Scenario, rounds: Rounds, mixed: readonly number[], n: number): void {
  const engine = rounds.get('engine') ?? [];
  for (const measure of ['engine', 'ledger', 'journal', 'journalCpu'] as const) {
    const seconds = rounds.get(measure) ?? [];
    const figure = { value: n / median(seconds), unit: 'op/s', n };
    const name = `book/${scenario}/${measure === 'journalCpu' ? 'journal/cpu' : measure}`;
    const decimal = rounds.get('peer');
    if (measure !== 'engine') {
      const peer = `book/${scenario}/engine`;
      print({ name, ...figure, ratio: ratioOf(seconds, engine), peer });
    } else if (decimal !== undefined) {
      const text = rounds.get('peerText') ?? [];
      print({ name, ...figure, ratio: ratioOf(seconds, decimal), peer: `${PEER}, decimal ids` });
      print({ name, ...figure, ratio: ratioOf(seconds, text), peer: `${PEER}, ids of text` });
    } else if (scenario === 'mixed' || mixed.length === 0) print({ name, ...figure });
    else {
      const ratio = median(mixed) / median(seconds);
      print({ name, ...figure, ratio, peer: 'book/mixed/engine' });
    }
  }
}

async function printLatency(scenario: Scenario, flow: Flow): Promise<void> {
  const n = flow.timed;
  const alone = await ask('latency', flow);
  const journaled = await ask('journalParts', flow);
  print({ name: `book/${scenario}/p50`, value: alone.p50Ns, unit: 'ns', n });
  print({ name: `book/${scenario}/p99`, value: alone.p99Ns, unit: 'ns', n });
  print({ name: `book/${scenario}/p999`, value: alone.p999Ns, unit: 'ns', n });
  print({ name: `book/${scenario}/journal/engine-p99`, value: journaled.p99Ns, unit: 'ns', n });
}

async function main(): Promise<void> {
  const timed = options.quick ? 100_000 : 1_000_000;
  const peerIsThere = hasPeer();
  const engines = new Map<Scenario, number>();
  let mixed: readonly number[] = [];
  for (const scenario of SCENARIOS) {
    if (options.only !== '' && options.only !== scenario) continue;
    const flow = drawFlow(scenario, timed, SEED);
    const peers = scenario === 'mixed' && peerIsThere ? (['peer', 'peerText'] as const) : [];
    const rounds = await playRounds(scenario, flow, ['engine', ...peers, 'ledger', 'journal']);
    const engine = rounds.get('engine') ?? [];
    if (scenario === 'mixed') mixed = engine;
    engines.set(scenario, median(engine));
    printRates(scenario, rounds, mixed, timed);
    await printLatency(scenario, flow);
  }
  printWorst(engines, timed);
  if (options.only === '' || options.only === 'gateway') await printGateway();
  if (options.only === '' || options.only === 'mixed') {
    const heap = await ask('heap', drawFlow('mixed', timed, SEED));
    print({ name: 'book/heap-per-op', value: heap.heapBytesPerOp, unit: 'B/op', n: timed * 10 });
  }
}

/** Orders of sessions through the gateways of a venue; the WebSocket's figures carry the names. */
async function printGateway(): Promise<void> {
  for (const figures of await measureGateway(options.quick)) {
    const { way, ordersPerSecond, orders, offeredPerSecond, offered: n, refused } = figures;
    const prefix = way === 'ws' ? 'book/gateway' : `book/gateway/${way}`;
    const unit = `ms at ${offeredPerSecond} orders/s`;
    print({
      name: `${prefix}/orders-per-second`,
      value: ordersPerSecond,
      unit: 'orders/s',
      n: orders,
    });
    print({ name: `${prefix}/p50`, value: figures.p50Ms, unit, n });
    print({ name: `${prefix}/p99`, value: figures.p99Ms, unit, n });
    if (refused === 0) continue;
    process.stderr.write(`${way}: ${refused} orders were refused\n`);
    process.exitCode = 1;
  }
}

/** The slowest scenario against the normal one. */
function printWorst(engines: ReadonlyMap<Scenario, number>, n: number): void {
  const mixed = engines.get('mixed');
  if (mixed === undefined || engines.size === 1) return;
  const [worst, seconds] = [...engines].reduce((a, b) => (b[1] > a[1] ? b : a));
  const ratio = mixed / seconds;
  const peer = 'book/mixed/engine';
  print({ name: 'book/worst', value: n / seconds, unit: `op/s (${worst})`, ratio, peer, n });
}

await main();
