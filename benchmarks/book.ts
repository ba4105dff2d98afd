/**
 * How many commands a second the order book takes, engine only: no ledger, no journal.
 *
 * Prints one JSON line per figure. Every measurement runs in a worker of its own on a cold compiler
 * and on commands drawn once, so that all engines get the same; where a peer runs too, both must
 * end with the same best prices, resting lots and traded lots.
 *   engine   commands a second; `ratio` is to the peer, of scenarios to the mixed flow
 *   p99      nanoseconds from a command's row to its reports taken, the timer's own time included
 *   heap     bytes by which the heap grew a command, over ten million of them
 * The peer, nodejs-order-book 10.1.1, is looked for where this repository's packages are, or below
 * `--peer FOLDER`; without it figures come without a ratio. `--quick` runs a tenth of the commands, `--only NAME` one
 * scenario.
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

/** The median of several runs, each from cold. */
async function median(measure: Task['measure'], flow: Flow, rounds: number): Promise<Answer> {
  const answers: Answer[] = [];
  for (let k = 0; k < rounds; k += 1) answers.push(await ask(measure, flow));
  answers.sort((a, b) => a.seconds - b.seconds);
  return answers[Math.floor(rounds / 2)] as Answer;
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

/** The peer's commands a second on a flow; 0 without a peer. It runs a tenth of the commands. */
async function peerRate(scenario: Scenario, timed: number): Promise<number> {
  if (!hasPeer()) return 0;
  const flow = drawFlow(scenario, timed, SEED);
  const [ours, theirs] = [await ask('engine', flow), await ask('peer', flow)];
  if (differs(ours.ending, theirs.ending)) {
    const endings = JSON.stringify([ours.ending, theirs.ending]);
    process.stderr.write(`${scenario}: the engines end differently: ${endings}\n`);
    process.exitCode = 1;
  }
  return timed / theirs.seconds;
}

async function main(): Promise<void> {
  const timed = options.quick ? 100_000 : 1_000_000;
  const rounds = Number(options.rounds);
  let mixedRate = 0;
  for (const scenario of SCENARIOS) {
    if (options.only !== '' && options.only !== scenario) continue;
    const flow = drawFlow(scenario, timed, SEED);
    const answer = await median('engine', flow, rounds);
    const rate = timed / answer.seconds;
    const name = `book/${scenario}/engine`;
    if (scenario === 'mixed') {
      mixedRate = rate;
      const peer = await peerRate(scenario, timed);
      const compared = peer === 0 ? {} : { ratio: rate / peer, peer: PEER };
      print({ name, value: rate, unit: 'op/s', ...compared, n: timed });
    } else {
      const ratio = rate / mixedRate;
      print({ name, value: rate, unit: 'op/s', ratio, peer: 'book/mixed', n: timed });
    }
    const latency = await ask('latency', flow);
    print({ name: `book/${scenario}/p50`, value: latency.p50Ns, unit: 'ns', n: timed });
    print({ name: `book/${scenario}/p99`, value: latency.p99Ns, unit: 'ns', n: timed });
    print({ name: `book/${scenario}/p999`, value: latency.p999Ns, unit: 'ns', n: timed });
  }
  const heap = await ask('heap', drawFlow('mixed', timed, SEED));
  print({ name: 'book/mixed/heap', value: heap.heapBytesPerOp, unit: 'B/op', n: timed * 10 });
}

await main();
