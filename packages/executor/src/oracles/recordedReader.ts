import { at } from '@lawbook/exchange/failures/invariant';
import type { RateRow } from './rateTable.ts';
import type { OracleReader, Reading } from './reader.ts';
import { trustedReading } from './reader.ts';

/** How recorded rates are played. */
export interface RecordedReaderOptions {
  readonly rows: readonly RateRow[];
  /** Time that one row stands, milliseconds. */
  readonly intervalMs: number;
  /** After the last row: start again, or let it grow stale. */
  readonly atEnd: 'wrap' | 'stop';
  /** File name for reports. */
  readonly file: string;
}

/** Plays recorded rates, one row per reading. */
export class RecordedReader implements OracleReader {
  readonly name = 'csv';
  readonly source: string;
  readonly intervalMs: number;
  readonly #options: RecordedReaderOptions;
  #next = 0;
  #steppedAtMs = 0;

  constructor(options: RecordedReaderOptions) {
    this.#options = options;
    this.source = `csv ${options.file}`;
    this.intervalMs = options.intervalMs;
  }

  async read(nowMs: number): Promise<Reading> {
    const { rows, atEnd, file } = this.#options;
    const ended = this.#next >= rows.length;
    if (!ended || atEnd === 'wrap') this.#steppedAtMs = nowMs;
    const index = ended && atEnd === 'stop' ? rows.length - 1 : this.#next % rows.length;
    if (!ended || atEnd === 'wrap') this.#next = index + 1;
    const row = at(rows, index);
    const note = `row ${index + 1} of ${rows.length}, ${row.date}`;
    return trustedReading(row.mids, this.#steppedAtMs, { name: file, ok: true, note });
  }
}
