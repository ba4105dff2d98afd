import type { VenueEnvironment } from '../../../packages/executor/src/venueEnvironment.ts';
import type { SimulatedClock } from '../../chains/double/simulatedClock.ts';
import type { SeededRandom } from '../seededRandom.ts';

/** What a source can do wrong. */
export interface Misbehaviour {
  readonly what: 'lie' | 'stale' | 'down' | 'jump' | 'drift' | 'garbage';
  /** The source that does it; jumps, drifts and outages of the world's rates are for all. */
  readonly source: number;
  readonly ppm: number;
}

/** USD per unit at the beginning. */
const RATES: Readonly<Record<string, number>> = {
  EUR: 1.1,
  JPY: 0.006667,
  GBP: 1.25,
  CHF: 1.075,
  AUD: 0.75,
};
export const SOURCES: readonly string[] = ['north', 'east', 'west'];
const SLOWLY_MS = 700;

/** Three places that quote the same rates, over a network that the venue fetches from. */
export class SimulatedOracle {
  readonly #clock: SimulatedClock;
  readonly #random: SeededRandom;
  readonly #rates: Record<string, number> = { ...RATES };
  #wrong: Misbehaviour | undefined;
  #frozen: string | undefined;

  constructor(dependencies: { readonly clock: SimulatedClock; readonly random: SeededRandom }) {
    this.#clock = dependencies.clock;
    this.#random = dependencies.random;
    this.#clock.every(SLOWLY_MS, () => this.#walk());
  }

  /** The configuration that reads these sources. */
  settings(): Readonly<Record<string, unknown>> {
    const sources = SOURCES.map((name) => {
      const url = `https://${name}.example/rates`;
      return { name, url, quotes: 'usdPerUnit', mapPath: '/rates', timePath: '/at' };
    });
    return { 'oracle.adapter': 'http', 'oracle.http.sources': sources };
  }

  misbehave(wrong: Misbehaviour): void {
    this.#wrong = wrong;
    if (wrong.what === 'stale') this.#frozen = this.#quote(0);
    if (wrong.what !== 'jump') return;
    for (const symbol of Object.keys(this.#rates)) this.#move(symbol, wrong.ppm);
  }

  behave(): void {
    this.#wrong = undefined;
    this.#frozen = undefined;
    // The rates of the world come back to where people know them.
    Object.assign(this.#rates, RATES);
  }

  readonly fetch: VenueEnvironment['fetch'] = async (url, { signal }) => {
    const source = SOURCES.findIndex((name) => url.includes(name));
    const wrong = this.#wrong;
    const isIts = wrong?.source === source;
    const patience = wrong?.what === 'down' && isIts ? 60_000 : this.#random.integer(5, 60);
    await this.#clock.sleep(patience, signal ?? undefined);
    if (wrong?.what === 'down') throw new TypeError('no route');
    if (wrong?.what === 'garbage' && isIts) return answered('{"rates":');
    if (this.#frozen !== undefined) return answered(this.#frozen);
    return answered(this.#quote(wrong?.what === 'lie' && isIts ? wrong.ppm : 0));
  };

  #quote(ppm: number): string {
    const rates = Object.fromEntries(
      Object.entries(this.#rates).map(([symbol, rate]) => {
        return [symbol, (rate * (1 + ppm / 1e6)).toFixed(9)];
      }),
    );
    return JSON.stringify({ rates, at: String(this.#clock.nowMs()) });
  }

  #walk(): void {
    for (const symbol of Object.keys(this.#rates))
      this.#move(symbol, this.#random.between(-60, 60));
    if (this.#wrong?.what !== 'drift') return;
    for (const symbol of Object.keys(this.#rates)) this.#move(symbol, this.#wrong.ppm / 40);
  }

  #move(symbol: string, ppm: number): void {
    this.#rates[symbol] = (this.#rates[symbol] ?? 1) * (1 + ppm / 1e6);
  }
}

/** The part of a response that is read. */
function answered(text: string): Response {
  return { ok: true, status: 200, body: [Buffer.from(text)] } as unknown as Response;
}
