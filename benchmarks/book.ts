/**
 * How many commands a second the order book takes, alone and with balances: no journal.
 *
 * Prints one JSON line per figure. Every measurement runs in a worker of its own on a cold compiler
 * and on commands drawn once, so that all engines get the same; where a peer runs too, both must
 * end with the same best prices, resting lots and traded lots.
 *   engine   commands a second of the thread's processor time; `ratio` is to the peer, of scenarios
 *            to the mixed flow
 *   ledger   the same with a hold for each order, and balances and fees for each trade; it ends as
 *            the engine alone does, and `ratio` is to that
 *   p99      nanoseconds from a command's row to its reports taken, the timer's own time included
 *   heap     bytes by which the heap grew a command, over ten million of them
 * The peer, nodejs-order-book 10.1.1, is looked for where this repository's packages are, or below
 * `--peer FOLDER`; without it figures come without a ratio. `--quick` runs a tenth of the commands,
 * `--only NAME` one scenario. Rates are the best of `--rounds` runs, ours and the peer's in turn.
 */
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import type { Answer, Ending, Task } from './book/engines.ts';
import type { Flow, Scenario } from './book/flows.ts';
import { drawFlow, SCENARIOS } from './book/flows.ts';

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
    rounds: { type: 'string', default: '3' },
    only: { type: 'string', default: '' },
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
  const workerData: Task = { measure, flow, peerFolder: options.peer };
  const worker = new Worker(join(import.meta.dirname, 'book/engines.ts'), { workerData });
  return new Promise((done, fail) => {
    worker.once('message', (answer: Answer) => done(answer));
    worker.once('error', fail);
  });
}

/** The quickest of several runs, each from cold. */
function quickest(answers: readonly Answer[]): Answer {
  return answers.reduce((best, answer) => (answer.seconds < best.seconds ? answer : best));
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

function differs(a: Ending, b: Ending): boolean {
  return (Object.keys(a) as (keyof Ending)[]).some((key) => a[key] !== b[key]);
}

interface Race {
  readonly ours: Answer;
  /** Without a peer undefined. */
  readonly theirs: Answer | undefined;
}

/** Runs a flow on our engine and, where it is asked for and there, on the peer, in turn. */
async function race(scenario: Scenario, flow: Flow, withPeer: boolean): Promise<Race> {
  const [ours, theirs]: [Answer[], Answer[]] = [[], []];
  for (let k = 0; k < Number(options.rounds); k += 1) {
    ours.push(await ask('engine', flow));
    if (withPeer) theirs.push(await ask('peer', flow));
  }
  const result = { ours: quickest(ours), theirs: withPeer ? quickest(theirs) : undefined };
  if (result.theirs !== undefined && differs(result.ours.ending, result.theirs.ending)) {
    const endings = JSON.stringify([result.ours.ending, result.theirs.ending]);
    process.stderr.write(`${scenario}: the engines end differently: ${endings}\n`);
    process.exitCode = 1;
  }
  return result;
}

/** The engine with balances on the mixed flow, which every account can afford. */
async function measureLedger(flow: Flow, alone: Answer): Promise<void> {
  const runs: Answer[] = [];
  for (let k = 0; k < Number(options.rounds); k += 1) runs.push(await ask('ledger', flow));
  const { seconds, ending } = quickest(runs);
  if (differs(ending, alone.ending)) {
    process.stderr.write(`with balances the book ends differently: ${JSON.stringify(ending)}\n`);
    process.exitCode = 1;
  }
  const n = flow.timed;
  const ratio = alone.seconds / seconds;
  const name = 'book/mixed/ledger';
  print({ name, value: n / seconds, unit: 'op/s', ratio, peer: 'book/mixed/engine', n });
}

async function main(): Promise<void> {
  const timed = options.quick ? 100_000 : 1_000_000;
  const peerIsThere = hasPeer();
  let mixedRate = 0;
  for (const scenario of SCENARIOS) {
    if (options.only !== '' && options.only !== scenario) continue;
    const flow = drawFlow(scenario, timed, SEED);
    const isMixed = scenario === 'mixed';
    const { ours, theirs } = await race(scenario, flow, isMixed && peerIsThere);
    const figure = { value: timed / ours.seconds, unit: 'op/s', n: timed };
    const name = `book/${scenario}/engine`;
    if (isMixed) mixedRate = figure.value;
    if (theirs !== undefined) {
      print({ name, ...figure, ratio: theirs.seconds / ours.seconds, peer: PEER });
    } else if (isMixed || mixedRate === 0) print({ name, ...figure });
    else print({ name, ...figure, ratio: figure.value / mixedRate, peer: 'book/mixed' });
    if (isMixed) await measureLedger(flow, ours);
    const latency = await ask('latency', flow);
    print({ name: `book/${scenario}/p50`, value: latency.p50Ns, unit: 'ns', n: timed });
    print({ name: `book/${scenario}/p99`, value: latency.p99Ns, unit: 'ns', n: timed });
    print({ name: `book/${scenario}/p999`, value: latency.p999Ns, unit: 'ns', n: timed });
  }
  const heap = await ask('heap', drawFlow('mixed', timed, SEED));
  print({ name: 'book/mixed/heap', value: heap.heapBytesPerOp, unit: 'B/op', n: timed * 10 });
}

await main();
