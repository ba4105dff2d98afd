// One measurement in a worker of its own, so that every engine starts with a cold compiler: takes
// a flow in shared memory, runs it, and answers how long it took and what the book looked like.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parentPort, workerData } from 'node:worker_threads';
import {
  COMMAND,
  COMMAND_STRIDE,
  encodeCommand,
  FIELD,
} from '../../packages/exchange/src/markets/book/bookCommand.ts';
import { REPORT } from '../../packages/exchange/src/markets/book/bookReport.ts';
import { SIDE, TERM, TICKS_MAX } from '../../packages/exchange/src/markets/book/bookTerms.ts';
import { LedgerBook } from '../../packages/exchange/src/markets/book/ledgerBook.ts';
import { depth } from '../../packages/exchange/src/markets/book/openOrders.ts';
import { OrderBook } from '../../packages/exchange/src/markets/book/orderBook.ts';
import { PURSE } from '../../packages/exchange/src/markets/book/purses.ts';
import type { Flow } from './flows.ts';
import { BENCH_BOOK, BENCH_LEDGER_BOOK, shiftIds } from './flows.ts';

/** What a worker is asked. */
export interface Task {
  readonly measure: 'engine' | 'ledger' | 'latency' | 'heap' | 'peer';
  readonly flow: Flow;
  /** Where the peer is installed. */
  readonly peerFolder: string;
}

/** What it answers. Fields that a measurement does not have are 0. */
export interface Answer {
  readonly seconds: number;
  readonly p50Ns: number;
  readonly p99Ns: number;
  readonly p999Ns: number;
  readonly heapBytesPerOp: number;
  readonly ending: Ending;
}

/** By which engines that ran the same flow are compared. */
export interface Ending {
  readonly bestBid: number;
  readonly bestAsk: number;
  readonly bidLots: number;
  readonly askLots: number;
  readonly filledLots: number;
}

const NOTHING: Answer = {
  seconds: 0,
  p50Ns: 0,
  p99Ns: 0,
  p999Ns: 0,
  heapBytesPerOp: 0,
  ending: { bestBid: 0, bestAsk: 0, bidLots: 0, askLots: 0, filledLots: 0 },
};

/** Processor time of this thread: what other work on the machine takes away does not count. */
function cpuSeconds(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1e6;
}

/** Reports are taken in batches of this many commands. */
const BATCH = 256;

/** What the engine alone and the engine with balances have in common. */
type Driven = Pick<OrderBook, 'apply' | 'reports'>;

function tradedLots(book: Driven): number {
  const { reports } = book;
  let lots = 0;
  for (let k = reports.taken; k < reports.written; k += 1) {
    const place = (k & reports.mask) * 8;
    if (((reports.integers[place] as number) & 255) !== REPORT.trade) continue;
    lots += reports.integers[place + 3] as number;
  }
  reports.release(reports.written);
  return lots;
}

function runCommands(book: Driven, commands: Float64Array, from: number, to: number): number {
  let filled = 0;
  for (let k = from; k < to; k += 1) {
    book.apply(commands, k * COMMAND_STRIDE);
    if (k % BATCH === 0) filled += tradedLots(book);
  }
  return filled + tradedLots(book);
}

function endingOf(book: OrderBook, filledLots: number): Ending {
  const lots = (side: 'buy' | 'sell'): number =>
    depth(book, side, TICKS_MAX).reduce((sum, level) => sum + level.shownLots, 0);
  const { bestBid, bestAsk } = book;
  return { bestBid, bestAsk, bidLots: lots('buy'), askLots: lots('sell'), filledLots };
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
  const ledger = new LedgerBook(BENCH_LEDGER_BOOK);
  for (let account = 0; account < BENCH_BOOK.accountsMax; account += 1) {
    ledger.deposit(account, PURSE.base, BASE_EACH);
    ledger.deposit(account, PURSE.quote, QUOTE_EACH);
  }
  const before = runCommands(ledger, commands, 0, untimed);
  const start = cpuSeconds();
  const filled = runCommands(ledger, commands, untimed, untimed + timed);
  const seconds = cpuSeconds() - start;
  return { ...NOTHING, seconds, ending: endingOf(ledger.book, before + filled) };
}

/** Room for every order of the flow, and sums over all accounts below 2^53. */
const BASE_EACH = 1e9;
const QUOTE_EACH = 2e12;

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
  samples.sort();
  const quantile = (share: number): number => (samples[Math.floor(share * timed)] as number) * 1e6;
  return {
    ...NOTHING,
    p50Ns: quantile(0.5),
    p99Ns: quantile(0.99),
    p999Ns: quantile(0.999),
    ending: endingOf(book, filled),
  };
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

/** The slice of nodejs-order-book that the comparison needs. */
interface PeerBook {
  limit(order: object): unknown;
  market(order: object): { readonly quantityLeft: number };
  cancel(id: string): { readonly order: { readonly size: number } } | undefined;
  depth(): [[number, number][], [number, number][]];
}

function measurePeer({ flow, peerFolder }: Task): Answer {
  const load = createRequire(join(peerFolder, 'any.js'));
  const { OrderBook: PeerOrderBook } = load('nodejs-order-book') as {
    OrderBook: new () => PeerBook;
  };
  const { commands, untimed, timed } = flow;
  const book = new PeerOrderBook();
  const ids = Array.from({ length: untimed + timed }, (_, k) =>
    String(commands[k * COMMAND_STRIDE + FIELD.orderId]),
  );
  let [limits, canceled, market] = [0, 0, 0];
  const run = (from: number, to: number): void => {
    for (let k = from; k < to; k += 1) {
      const o = k * COMMAND_STRIDE;
      const id = ids[k] as string;
      if (commands[o] === COMMAND.cancel) canceled += book.cancel(id)?.order.size ?? 0;
      else {
        const terms = commands[o + FIELD.terms] as number;
        const side = (terms & TERM.sideMask) === SIDE.buy ? 'buy' : 'sell';
        const size = commands[o + FIELD.size] as number;
        if (((terms >> TERM.typeShift) & TERM.typeMask) === 0) {
          limits += size;
          book.limit({ id, side, size, price: commands[o + FIELD.price] as number });
        } else market += size - book.market({ side, size }).quantityLeft;
      }
    }
  };
  run(0, untimed);
  const start = cpuSeconds();
  run(untimed, untimed + timed);
  const seconds = cpuSeconds() - start;
  const [asks, bids] = book.depth();
  const sum = (levels: [number, number][]): number =>
    levels.reduce((lots, [, size]) => lots + size, 0);
  const [bidLots, askLots] = [sum(bids), sum(asks)];
  const ending: Ending = {
    bestBid: Math.max(0, ...bids.map(([price]) => price)),
    bestAsk: Math.min(...asks.map(([price]) => price)),
    bidLots,
    askLots,
    // Every traded lot leaves two orders: limits lose theirs to trades, cancels and the end.
    filledLots: (limits - canceled - bidLots - askLots + market) / 2,
  };
  return { ...NOTHING, seconds, ending };
}

const MEASURES = {
  engine: measureEngine,
  ledger: measureLedger,
  latency: measureLatency,
  heap: measureHeap,
  peer: measurePeer,
};

if (parentPort !== null) {
  const task = workerData as Task;
  parentPort.postMessage(MEASURES[task.measure](task));
}
