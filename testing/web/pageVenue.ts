import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VenueProcess } from '../e2e/venueProcess.ts';

/** Token of the operator of such venues. */
export const OPERATOR_TOKEN = 'page-test-operator-token-0123456789abcdef';

/** Configuration of a venue by key. */
type Flags = Readonly<Record<string, unknown>>;

/** A demo venue for tests of the page; it may be stopped and started at its address. */
export class PageVenue {
  readonly url: string;
  readonly #folder: string;
  readonly #flags: Flags;
  #venue: VenueProcess;

  private constructor(folder: string, flags: Flags, venue: VenueProcess) {
    this.#folder = folder;
    this.#flags = flags;
    this.#venue = venue;
    this.url = venue.url;
  }

  /**
   * Starts a demo venue on an embedded chain, with a calm flow of simulated orders.
   *
   * @param own configuration that is otherwise, by key.
   */
  static async start(own: Flags = {}): Promise<PageVenue> {
    const folder = mkdtempSync(join(tmpdir(), 'lawbook-page-'));
    const flags = { ...flagsOf(folder), ...own };
    return new PageVenue(folder, flags, await VenueProcess.start({ ...flags, 'http.port': 0 }));
  }

  /** Ends it as a crash would; the address then answers nothing. */
  async kill(): Promise<void> {
    await this.#venue.kill();
  }

  /** Starts it again where it was. */
  async startAgain(): Promise<void> {
    const port = Number(new URL(this.url).port);
    this.#venue = await VenueProcess.start({ ...this.#flags, 'http.port': port });
  }

  /** What the operator asks of the market. */
  async operate(action: 'halt' | 'resume', reason?: string): Promise<void> {
    await fetch(`${this.url}/v1/markets/1/${action}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${OPERATOR_TOKEN}`,
        ...(reason === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(reason === undefined ? {} : { body: JSON.stringify({ reason }) }),
    });
  }

  async close(): Promise<void> {
    await this.#venue.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function flagsOf(folder: string): Flags {
  return {
    dataDir: folder,
    'settlement.mode': 'embedded',
    'demo.ordersPerSecond': 2,
    'operator.token': OPERATOR_TOKEN,
  };
}
