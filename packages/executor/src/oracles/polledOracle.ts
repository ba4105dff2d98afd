import { invariant } from '@lawbook/exchange/failures/invariant';
import type {
  OracleAdapter,
  OracleClock,
  OracleHealth,
  OracleQuote,
  SourceHealth,
} from './oracleAdapter.ts';
import type { GuardLimits } from './quoteGuard.ts';
import { QuoteGuard } from './quoteGuard.ts';
import type { OracleReader } from './reader.ts';

/** What a polled oracle reads and how it judges. */
export interface PolledOracleOptions {
  readonly reader: OracleReader;
  /** Assets that need a mid. */
  readonly symbols: readonly string[];
  readonly limits: GuardLimits;
}

/** Takes a reading at every interval of its reader and passes it through the guard. */
export class PolledOracle implements OracleAdapter {
  readonly name: string;
  readonly #reader: OracleReader;
  readonly #guard: QuoteGuard;
  readonly #clock: OracleClock;
  #sources: readonly SourceHealth[] = [];
  #running: Promise<void> | undefined;

  constructor({ reader, symbols, limits }: PolledOracleOptions, clock: OracleClock) {
    this.name = reader.name;
    this.#reader = reader;
    this.#guard = new QuoteGuard(symbols, limits);
    this.#clock = clock;
  }

  async start(signal: AbortSignal): Promise<void> {
    invariant(this.#running === undefined, 'an oracle is started once');
    const first = this.#observe(signal);
    this.#running = first.then(() => this.#run(signal));
    await first;
  }

  /** One reading at a time: the next wait starts when the last reading has ended. */
  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#clock.wait(this.#reader.intervalMs, signal);
      if (!signal.aborted) await this.#observe(signal);
    }
  }

  async #observe(signal: AbortSignal): Promise<void> {
    const reading = await this.#reader.read(this.#clock.nowMs(), signal);
    if (signal.aborted) return;
    this.#sources = reading.sources;
    this.#guard.observe(reading);
  }

  latest(): OracleQuote | undefined {
    const observedAtMs = this.#guard.observedAtMs();
    if (observedAtMs === undefined) return undefined;
    if (this.#guard.refusals(this.#clock.nowMs()).length > 0) return undefined;
    return { mids: this.#guard.mids(), observedAtMs, source: this.#reader.source };
  }

  health(): OracleHealth {
    const nowMs = this.#clock.nowMs();
    const refusals = this.#guard.refusals(nowMs);
    const observedAtMs = this.#guard.observedAtMs();
    return {
      ready: refusals.length === 0,
      adapter: this.name,
      ageMs: observedAtMs === undefined ? undefined : nowMs - observedAtMs,
      refusals,
      sources: this.#sources,
    };
  }

  async stopped(): Promise<void> {
    await this.#running;
  }
}
