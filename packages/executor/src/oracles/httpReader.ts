import type { Rejection } from '@lawbook/exchange/failures/rejection';
import { agree } from './agreement.ts';
import type { JsonSource, SourceQuote } from './jsonSource.ts';
import { readAnswer } from './jsonSource.ts';
import type { OracleClock, SourceHealth } from './oracleAdapter.ts';
import { OracleFault } from './oracleFault.ts';
import type { ObservedMid, OracleReader, Reading } from './reader.ts';

/** Which sources are asked, how, and when they agree. */
export interface HttpReaderOptions {
  readonly sources: readonly JsonSource[];
  readonly symbols: readonly string[];
  readonly pollIntervalMs: number;
  /** Time after which a source is given up for this reading. */
  readonly timeoutMs: number;
  readonly responseBytesMax: number;
  readonly deviationPpmMax: number;
  readonly ageMsMax: number;
}

/** The part of the global `fetch` that the reader uses. */
export type Fetch = (url: string, options: RequestInit) => Promise<Response>;

/**
 * Asks several sources at once and takes the mids on which they agree; see `agree` for the rule.
 * Redirects are refused: a source may not send the venue elsewhere.
 */
export class HttpReader implements OracleReader {
  readonly name = 'http';
  readonly source: string;
  readonly intervalMs: number;
  readonly #options: HttpReaderOptions;
  readonly #fetch: Fetch;
  readonly #clock: Pick<OracleClock, 'wait'>;

  constructor(options: HttpReaderOptions, fetch: Fetch, clock: Pick<OracleClock, 'wait'>) {
    this.#options = options;
    this.#fetch = fetch;
    this.#clock = clock;
    this.intervalMs = options.pollIntervalMs;
    this.source = `http ${options.sources.map(({ name }) => name).join(', ')}`;
  }

  async read(nowMs: number, signal: AbortSignal): Promise<Reading> {
    const { sources, symbols } = this.#options;
    const answers = await Promise.all(sources.map((source) => this.#ask(source, nowMs, signal)));
    const mids = new Map<string, ObservedMid>();
    const refusals: Rejection[] = [];
    for (const symbol of symbols) {
      const quotes = answers.flatMap(({ quote }) => observed(quote, symbol));
      const outcome = agree(symbol, quotes, { ...this.#options, nowMs });
      if (outcome.ok) mids.set(symbol, outcome.agreed);
      else refusals.push(outcome.rejection);
    }
    return { mids, refusals, sources: answers.map(({ health }) => health) };
  }

  async #ask(source: JsonSource, nowMs: number, signal: AbortSignal): Promise<Answer> {
    const { name } = source;
    const { symbols } = this.#options;
    try {
      const quote = readAnswer(source, await this.#download(source, signal), { symbols, nowMs });
      return { quote, health: { name, ok: true, note: `${quote.mids.size} mids` } };
    } catch (cause) {
      if (!(cause instanceof OracleFault)) throw cause;
      return { health: { name, ok: false, note: `${cause.code}: ${cause.message}` } };
    }
  }

  async #download(source: JsonSource, signal: AbortSignal): Promise<string> {
    const { timeoutMs, responseBytesMax } = this.#options;
    const [answered, late] = [new AbortController(), new AbortController()];
    const patience = this.#clock.wait(timeoutMs, answered.signal).then(() => late.abort());
    const either = AbortSignal.any([signal, late.signal]);
    const headers = { accept: 'application/json' };
    try {
      const response = await this.#fetch(source.url, {
        headers,
        signal: either,
        redirect: 'error',
      });
      if (!response.ok) throw unreachable(source, `it answered status ${response.status}`);
      return await readBounded(source, response, responseBytesMax);
    } catch (cause) {
      if (cause instanceof OracleFault) throw cause;
      const timedOut = either.aborted && !signal.aborted;
      throw unreachable(source, timedOut ? `no answer in ${timeoutMs} ms` : 'no answer', cause);
    } finally {
      // With a reason: without one an error with a stack is made for each answer.
      answered.abort('answered');
      await patience;
    }
  }
}

interface Answer {
  readonly quote?: SourceQuote;
  readonly health: SourceHealth;
}

function observed(quote: SourceQuote | undefined, symbol: string): ObservedMid[] {
  const mid = quote?.mids.get(symbol);
  if (quote === undefined || mid === undefined) return [];
  return [{ mid, observedAtMs: quote.observedAtMs }];
}

/** Reads a body up to a bound, whatever length it announces. */
async function readBounded(
  source: JsonSource,
  response: Response,
  bytesMax: number,
): Promise<string> {
  const decoder = new TextDecoder('utf-8');
  let text = '';
  let read = 0;
  for await (const chunk of response.body ?? []) {
    read += chunk.byteLength;
    if (read > bytesMax) {
      const message = `Oracle source ${source.name}: the answer exceeds ${bytesMax} bytes.`;
      throw new OracleFault('ORACLE_SOURCE_INVALID', message, { source: source.name, bytesMax });
    }
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function unreachable(source: JsonSource, reason: string, cause?: unknown): OracleFault {
  const message = `Oracle source ${source.name}: ${reason}. It is asked again at the next reading.`;
  const fields = { source: source.name };
  return new OracleFault('ORACLE_SOURCE_UNREACHABLE', message, fields, cause);
}
