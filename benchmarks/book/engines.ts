// One measurement in a worker of its own, so that every engine starts with a cold compiler: takes
// a flow in shared memory, runs it, and answers how long it took and what the book looked like.
// Times are processor time of the thread, what other work on the machine takes away left out; with
// the journal they are of the clock on the wall, because waiting for the disk is part of them.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parentPort, workerData } from 'node:worker_threads';
import {
  COMMAND_STRIDE,
  encodeCommand,
} from '../../packages/exchange/src/markets/book/bookCommand.ts';
import { OrderBook } from '../../packages/exchange/src/markets/book/orderBook.ts';
import type { Answer, Driven, Measure, Task } from './answers.ts';
import { cpuSeconds, endingOf, fundedLedger, NOTHING, quantilesOf, tradedLots } from './answers.ts';
import { BENCH_BOOK, shiftIds } from './flows.ts';
import { measureJournal } from './journal.ts';
import { measurePeer } from './peer.ts';

/** Reports are taken in batches of this many commands. */
const BATCH = 256;

function runCommands(book: Driven, commands: Float64Array, from: number, to: number): number {
  let filled = 0;
  for (let k = from; k < to; k += 1) {
    book.apply(commands, k * COMMAND_STRIDE);
    if (k % BATCH === 0) filled += tradedLots(book);
  }
  return filled + tradedLots(book);
}

function measureEngine({ flow }: Task): Answer {
  const { commands, untimed, timed } = flow;
  const book = new OrderBook(BENCH_BOOK);
  const before = runCommands(book, commands, 0, untimed);
  const start = cpuSeconds();
  const filled = runCommands(book, commands, untimed, untimed + timed);
  const seconds = cpuSeconds() - start;
  return { ...NOTHING, seconds, ending: endingOf(book, before + filled) };
}

/** The same with a hold for each order, and balances and fees for each trade. */
function measureLedger({ flow }: Task): Answer {
  const { commands, untimed, timed } = flow;
  const ledger = fundedLedger();
  const before = runCommands(ledger, commands, 0, untimed);
  const start = cpuSeconds();
  const filled = runCommands(ledger, commands, untimed, untimed + timed);
  const seconds = cpuSeconds() - start;
  return { ...NOTHING, seconds, ending: endingOf(ledger.book, before + filled) };
}

function measureLatency({ flow }: Task): Answer {
  const { commands, untimed, timed } = flow;
  const book = new OrderBook(BENCH_BOOK);
  runCommands(book, commands, 0, untimed);
  const samples = new Float64Array(timed);
  let filled = 0;
  for (let k = 0; k < timed; k += 1) {
    const start = performance.now();
    book.apply(commands, (untimed + k) * COMMAND_STRIDE);
    filled += tradedLots(book);
    samples[k] = performance.now() - start;
  }
  return { ...NOTHING, ...quantilesOf(samples), ending: endingOf(book, filled) };
}

/** The flow once to warm up and ten times more; the heap after a collection, per command. */
function measureHeap({ flow }: Task): Answer {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const { commands, untimed, timed } = flow;
  const book = new OrderBook(BENCH_BOOK);
  const count = untimed + timed;
  const clear = new Float64Array(COMMAND_STRIDE);
  const round = (): void => {
    runCommands(book, commands, 0, count);
    for (let account = 0; account < BENCH_BOOK.accountsMax; account += 1) {
      encodeCommand({ kind: 'cancelAll', account }, clear, 0);
      book.apply(clear, 0);
      tradedLots(book);
    }
    shiftIds(commands, count);
  };
  const heapUsed = (): number => {
    collect();
    collect();
    return process.memoryUsage().heapUsed;
  };
  round();
  round();
  const before = heapUsed();
  for (let k = 0; k < 10; k += 1) round();
  const grown = heapUsed() - before;
  return { ...NOTHING, heapBytesPerOp: grown / (10 * count) };
}

const MEASURES: Readonly<Record<Measure, (task: Task) => Answer | Promise<Answer>>> = {
  engine: measureEngine,
  ledger: measureLedger,
  journal: (task: Task) => measureJournal(task, false),
  journalParts: (task: Task) => measureJournal(task, true),
  latency: measureLatency,
  heap: measureHeap,
  peer: (task: Task) => measurePeer(task, (orderId) => String(orderId)),
  peerText: (task: Task) => measurePeer(task, (orderId) => `order-${orderId}`),
};

if (parentPort !== null) {
  const task = workerData as Task;
  parentPort.postMessage(await MEASURES[task.measure](task));
}
