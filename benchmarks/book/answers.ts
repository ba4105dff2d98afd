import { REPORT } from '../../packages/exchange/src/markets/book/bookReport.ts';
import { TICKS_MAX } from '../../packages/exchange/src/markets/book/bookTerms.ts';
import { LedgerBook } from '../../packages/exchange/src/markets/book/ledgerBook.ts';
import { depth } from '../../packages/exchange/src/markets/book/openOrders.ts';
import type { OrderBook } from '../../packages/exchange/src/markets/book/orderBook.ts';
import { PURSE } from '../../packages/exchange/src/markets/book/purses.ts';
import type { Flow } from './flows.ts';
import { BENCH_BOOK, BENCH_LEDGER_BOOK } from './flows.ts';

/** What can be measured; `journalParts` times single commands behind the journal. */
export type Measure =
  | 'engine'
  | 'ledger'
  | 'journal'
  | 'journalParts'
  | 'latency'
  | 'heap'
  | 'peer'
  | 'peerText';

/** What a worker is asked. */
export interface Task {
  readonly measure: Measure;
  readonly flow: Flow;
  /** Where the peer is installed. */
  readonly peerFolder: string;
  /** On whose disk the journal is written. */
  readonly journalFolder: string;
}

/** What it answers. Fields that a measurement does not have are 0. */
export interface Answer {
  readonly seconds: number;
  /** Processor time of the thread, where `seconds` are of the clock on the wall. */
  readonly cpuSeconds: number;
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

export const NOTHING: Answer = {
  seconds: 0,
  cpuSeconds: 0,
  p50Ns: 0,
  p99Ns: 0,
  p999Ns: 0,
  heapBytesPerOp: 0,
  ending: { bestBid: 0, bestAsk: 0, bidLots: 0, askLots: 0, filledLots: 0 },
};

/** Processor time of this thread. */
export function cpuSeconds(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1e6;
}

/** What the engine alone and the engine with balances have in common. */
export type Driven = Pick<OrderBook, 'apply' | 'reports'>;

/** Takes the reports below a sequence, as a publisher would; answers the lots that they trade. */
export function tradedLots(book: Driven, to: number = book.reports.written): number {
  const { reports } = book;
  let lots = 0;
  for (let k = reports.taken; k < to; k += 1) {
    const place = (k & reports.mask) * 8;
    if (((reports.integers[place] as number) & 255) !== REPORT.trade) continue;
    lots += reports.integers[place + 3] as number;
  }
  reports.release(to);
  return lots;
}

/** How a book stands after a flow. */
export function endingOf(book: OrderBook, filledLots: number): Ending {
  const lots = (side: 'buy' | 'sell'): number =>
    depth(book, side, TICKS_MAX).reduce((sum, level) => sum + level.shownLots, 0);
  const { bestBid, bestAsk } = book;
  return { bestBid, bestAsk, bidLots: lots('buy'), askLots: lots('sell'), filledLots };
}

/** A book whose accounts can afford every order of a flow; all sums stay below 2^53. */
export function fundedLedger(): LedgerBook {
  const ledger = new LedgerBook(BENCH_LEDGER_BOOK);
  for (let account = 0; account < BENCH_BOOK.accountsMax; account += 1) {
    ledger.deposit(account, PURSE.base, BASE_EACH);
    ledger.deposit(account, PURSE.quote, QUOTE_EACH);
  }
  return ledger;
}

const BASE_EACH = 1e9;
const QUOTE_EACH = 2e12;

/** Quantiles, in nanoseconds, of times in milliseconds, which it sorts. */
export function quantilesOf(samples: Float64Array): Pick<Answer, 'p50Ns' | 'p99Ns' | 'p999Ns'> {
  samples.sort();
  const quantile = (share: number): number =>
    (samples[Math.floor(share * samples.length)] as number) * 1e6;
  return { p50Ns: quantile(0.5), p99Ns: quantile(0.99), p999Ns: quantile(0.999) };
}
