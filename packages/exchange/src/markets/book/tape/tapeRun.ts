import { createSha256 } from '#sha256';
import { ByteWriter } from '../../../codec/byteWriter.ts';
import type { Hash } from '../../../codec/hash.ts';
import { hashFromBytes, taggedHash } from '../../../codec/hash.ts';
import type { Sha256 } from '../../../codec/sha256.ts';
import { COMMAND_STRIDE } from '../bookCommand.ts';
import type { ReportKind } from '../bookReport.ts';
import { REPORT, REPORT_BYTES } from '../bookReport.ts';
import { LedgerBook } from '../ledgerBook.ts';
import { openOrders, openOrdersRoot } from '../openOrders.ts';
import { OrderBook } from '../orderBook.ts';
import { PURSE } from '../purses.ts';
import { REPORT_DIGEST_TAG, writeRingReport } from './reportBytes.ts';
import type { TapeHeader } from './tapeHeader.ts';

/** The engine alone, or the one with a hold for each order and balances and fees for each trade. */
export const TAPE_ENGINES = ['bare', 'ledger'] as const;
export type TapeEngine = (typeof TAPE_ENGINES)[number];

/** What came of a tape. Counts stay below 2^53, as the commands do. */
export interface TapeOutcome {
  readonly commands: number;
  readonly refused: number;
  readonly reports: number;
  readonly reportsByKind: Readonly<Record<ReportKind, number>>;
  readonly tradedLots: number;
  /** SHA-256 of the tag, a zero byte and every report's canonical bytes, in order. */
  readonly reportDigest: Hash;
  readonly bestBid: number;
  readonly bestAsk: number;
  readonly openOrders: number;
  readonly openOrdersRoot: Hash;
  /** Of an engine with balances: fees less rebates, and the root of all balances. */
  readonly fees: number | undefined;
  readonly balancesRoot: Hash | undefined;
}

/** Reports hashed at once. */
const CHUNK_REPORTS = 2_048;

/**
 * Drives an engine with the commands of a tape and keeps the digest of all that it reports.
 *
 * Applying and taking reports are apart, so that whoever has a clock can time the engine alone.
 * Apply a few hundred commands, then take the reports: the ring grows with what is left in it.
 */
export class TapeRun {
  readonly #engine: OrderBook | LedgerBook;
  readonly #book: OrderBook;
  readonly #accounts: number;
  readonly #sha: Sha256 = createSha256();
  readonly #chunk: Uint8Array = new Uint8Array(CHUNK_REPORTS * REPORT_BYTES);
  readonly #view: DataView = new DataView(this.#chunk.buffer);
  readonly #kinds: Float64Array = new Float64Array(Object.keys(REPORT).length + 1);
  #inChunk = 0;
  #commands = 0;
  #refused = 0;
  #tradedLots = 0;

  constructor({ parameters, baseEach, quoteEach }: TapeHeader, engine: TapeEngine) {
    this.#accounts = parameters.accountsMax;
    this.#sha.update(new TextEncoder().encode(REPORT_DIGEST_TAG)).update(new Uint8Array(1));
    if (engine === 'bare') {
      this.#book = new OrderBook(parameters);
      this.#engine = this.#book;
      return;
    }
    const ledger = new LedgerBook(parameters);
    for (let account = 0; account < parameters.accountsMax; account += 1) {
      ledger.deposit(account, PURSE.base, baseEach);
      ledger.deposit(account, PURSE.quote, quoteEach);
    }
    this.#engine = ledger;
    this.#book = ledger.book;
  }

  /** Applies the commands numbered `from` up to `to`, COMMAND_STRIDE doubles each. */
  apply(commands: Float64Array, from: number, to: number): void {
    for (let k = from; k < to; k += 1) {
      if (!this.#engine.apply(commands, k * COMMAND_STRIDE)) this.#refused += 1;
    }
    this.#commands += to - from;
  }

  /** Counts and hashes what was reported, and empties the ring. */
  takeReports(): void {
    const { reports } = this.#engine;
    const { integers, mask } = reports;
    for (let k = reports.taken; k < reports.written; k += 1) {
      const place = k & mask;
      const kind = (integers[place * 8] as number) & 255;
      this.#kinds[kind] = (this.#kinds[kind] as number) + 1;
      if (kind === REPORT.trade) this.#tradedLots += integers[place * 8 + 3] as number;
      writeRingReport(reports, place, this.#view, this.#inChunk * REPORT_BYTES);
      this.#inChunk += 1;
      if (this.#inChunk === CHUNK_REPORTS) this.#hashChunk();
    }
    reports.release(reports.written);
  }

  /** What came of the commands so far. */
  outcome(): TapeOutcome {
    this.takeReports();
    this.#hashChunk();
    const orders = openOrders(this.#book);
    const kinds = Object.entries(REPORT).map(([kind, number]) => [kind, this.#kinds[number]]);
    const ledger = this.#engine instanceof LedgerBook ? this.#engine : undefined;
    return {
      commands: this.#commands,
      refused: this.#refused,
      reports: this.#kinds.reduce((sum, count) => sum + count, 0),
      reportsByKind: Object.fromEntries(kinds),
      tradedLots: this.#tradedLots,
      reportDigest: hashFromBytes(this.#sha.copy().digest()),
      bestBid: this.#book.bestBid,
      bestAsk: this.#book.bestAsk,
      openOrders: orders.length,
      openOrdersRoot: openOrdersRoot(orders),
      fees: ledger?.fees,
      balancesRoot: ledger === undefined ? undefined : this.#balancesRoot(ledger),
    };
  }

  #hashChunk(): void {
    this.#sha.update(this.#chunk.subarray(0, this.#inChunk * REPORT_BYTES));
    this.#inChunk = 0;
  }

  #balancesRoot({ purses }: LedgerBook): Hash {
    const out = new ByteWriter(this.#accounts * 32);
    for (let slot = 0; slot < this.#accounts * 2; slot += 1) {
      out.u64(BigInt(purses.available[slot] as number)).u64(BigInt(purses.held[slot] as number));
    }
    return taggedHash('lawbook.tapeBalances.v1', out.finish());
  }
}
