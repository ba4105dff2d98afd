import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { developmentAccount } from '@lawbook/analytics/demoWorld';
import { LawbookClient } from '@lawbook/api/client/lawbookClient';
import { keySigner } from '@lawbook/api/client/signers';
import type { OrderAnswer, SignedOrder } from '@lawbook/api/schema/orderViews';
import type { SettlementReply } from '@lawbook/api/schema/settlementViews';
import type { Result } from '@lawbook/exchange/failures/result';
import { until } from '../../chains/anvil/until.ts';
import { VenueProcess } from '../venueProcess.ts';

/** Two cores are shared: far above what anything here takes alone. */
export const PATIENCE_MS = 180_000;

/** Settings of a venue by name. */
export type Flags = Readonly<Record<string, unknown>>;

/** A venue without simulated traders that settles every few batches, on a chain of its own. */
const FLAGS: Flags = {
  'settlement.mode': 'embedded',
  'settlement.finalityBlocks': 3,
  'market.batchIntervalMs': 250,
  'market.batchesPerEpoch': 2,
  'market.epochSealAfterMs': 1_500,
  'demo.flow': false,
  'limits.account.ratePerSecond': 100_000,
  'limits.account.burst': 100_000,
  'limits.address.ratePerSecond': 100_000,
  'limits.address.burst': 100_000,
};

/** People with public keys and about $100,000 of each asset. */
export type Person = 'alice' | 'bob' | 'charlie';

/**
 * A venue in a process of its own that proves and settles on a chain of its own, with the processes
 * that belong to it, for tests that kill or stop them.
 */
export class SettlingVenue {
  readonly dataDir: string;
  readonly flags: Flags;
  #running: VenueProcess;

  private constructor(dataDir: string, flags: Flags, running: VenueProcess) {
    this.dataDir = dataDir;
    this.flags = flags;
    this.#running = running;
  }

  /** Starts on a folder; returns once the venue listens, which is before the chain is ready. */
  static async start(dataDir: string, over: Flags = {}): Promise<SettlingVenue> {
    const flags = { ...FLAGS, ...over, dataDir };
    return new SettlingVenue(dataDir, flags, await VenueProcess.start(flags));
  }

  get url(): string {
    return this.#running.url;
  }

  /** Starts again on the same folder, after a kill or a stop. */
  async restart(over: Flags = {}): Promise<void> {
    this.#running = await VenueProcess.start({ ...this.flags, ...over });
  }

  /** Ends the venue as a power cut of its process would; its children end by themselves. */
  async kill(): Promise<void> {
    await this.#running.kill();
  }

  /** Asks it to stop, and waits until it has done so cleanly. */
  async stop(): Promise<void> {
    await this.#running.stop();
  }

  /** A client that acts for a person. */
  client(person: Person = 'alice'): LawbookClient {
    const signer = keySigner(developmentAccount(person).secretKey);
    return new LawbookClient({ baseUrl: this.url, signer });
  }

  /** Places an order of some dollars for euros. */
  order(person: Person = 'alice', dollars = 10): Promise<Result<OrderAnswer>> {
    return this.client(person).placeOrder({ pay: 'USD', receive: 'EUR', amount: String(dollars) });
  }

  /** Places an order and waits until an epoch holds it. @returns the number of the epoch. */
  async tradeAnEpoch(
    person: Person = 'alice',
    dollars = 10,
    signed?: SignedOrder,
  ): Promise<number> {
    const before = await this.sealed();
    const placed = await (signed === undefined
      ? this.order(person, dollars)
      : this.#submit(signed));
    if (!placed.ok || placed.value?.kind !== 'accepted') {
      throw new Error(`the order is refused: ${JSON.stringify(placed)}`);
    }
    return await this.until('the epoch of the order is sealed', async () => {
      const sealed = await this.sealed();
      return sealed > before ? sealed : undefined;
    });
  }

  async #submit(signed: SignedOrder): Promise<Result<OrderAnswer | undefined>> {
    const answers = await this.client().submitOrders([signed]);
    return answers.ok ? { ok: true, value: answers.value[0] } : answers;
  }

  /** Number of the last sealed epoch of the market; zero for none. */
  async sealed(): Promise<number> {
    const epochs = await this.client().listEpochs('1', { limit: 1 });
    return epochs.ok ? (epochs.value.epochs[0]?.epochNumber ?? 0) : 0;
  }

  async status(): Promise<SettlementReply> {
    const reply = await this.client().readSettlement();
    if (!reply.ok) throw new Error(JSON.stringify(reply.rejection));
    return reply.value;
  }

  /** Waits until a list has come to a level on the chain. */
  async reaches(level: 'settled' | 'finalized' | 'proven', listNumber: number): Promise<void> {
    await this.until(`list ${listNumber} is ${level}`, async () => {
      const { lag } = await this.status();
      return lag !== undefined && Number(lag[level]) >= listNumber;
    });
  }

  /** Waits until chain, contracts and provers are open. */
  async ready(): Promise<void> {
    await this.until('the base layer is open', async () => {
      return (await this.status()).phase === 'running';
    });
  }

  /** Calls the chain. */
  async chain(method: string, ...params: readonly unknown[]): Promise<unknown> {
    const url = (await this.status()).layer?.rpcUrl;
    if (url === undefined) throw new Error('the venue tells no endpoint');
    return await callChain(url, method, ...params);
  }

  async chainHeight(): Promise<number> {
    return Number(await this.chain('eth_blockNumber'));
  }

  /** Process of the chain itself, beneath its guard. */
  anvilPid(): number | undefined {
    return this.#descendants().find((pid) => commandOf(pid)[0]?.endsWith('/anvil') === true);
  }

  /** Processes that prove, each of one proof. */
  proverPids(): number[] {
    return this.#descendants().filter((pid) => {
      return commandOf(pid).some((word) => word.endsWith('/jobMain.ts'));
    });
  }

  async until<T>(
    what: string,
    condition: () => T | Promise<T>,
  ): Promise<NonNullable<Exclude<T, false>>> {
    return await until(what, condition, { timeoutMs: PATIENCE_MS, everyMs: 50 }).catch(
      async (cause: unknown) => {
        const status = await this.status().catch(() => 'no answer');
        throw new Error(`${String(cause)}; settlement says ${JSON.stringify(status)}`, { cause });
      },
    );
  }

  #descendants(): number[] {
    const parents = new Map(processes().map((pid) => [pid, parentOf(pid)]));
    const isOurs = (pid: number): boolean => {
      for (let at = parents.get(pid); at !== undefined && at > 1; at = parents.get(at)) {
        if (at === this.#running.pid) return true;
      }
      return false;
    };
    return [...parents.keys()].filter(isOurs);
  }
}

/** Why an order was refused, before or after it was signed. */
export function rejectionOf(placed: Result<OrderAnswer>): {
  readonly code: string;
  readonly field: string;
  readonly actual?: unknown;
} {
  if (!placed.ok) return placed.rejection;
  if (placed.value.kind !== 'accepted') return placed.value.rejection;
  throw new Error('the order was accepted');
}

/** One call of a chain. @throws Error with what the chain said. */
export async function callChain(
  url: string,
  method: string,
  ...params: readonly unknown[]
): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    signal: AbortSignal.timeout(10_000),
  });
  const answer = (await response.json()) as { result?: unknown; error?: { message: string } };
  if (answer.error !== undefined) throw new Error(answer.error.message);
  return answer.result;
}

/** Folders of venues that start where another one stood: contracts, money and market are there. */
export class Nursery {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'lawbook-settling-'));
  readonly #venues: SettlingVenue[] = [];
  #count = 0;

  /** Brings a venue up and stops it again. Once for all tests of a file: it takes a while. */
  async prepare(over: Flags = {}): Promise<void> {
    const venue = await this.#keep(SettlingVenue.start(this.#seed(), over));
    await venue.ready();
    await venue.until('everybody has money', async () => {
      return (await venue.status()).asOf.sequence >= INPUTS_OF_DEMO;
    });
    await venue.stop();
  }

  /** A folder of its own, in the state that was prepared. */
  copy(): string {
    this.#count += 1;
    const target = join(this.folder, `venue-${this.#count}`);
    cpSync(this.#seed(), target, { recursive: true });
    return target;
  }

  /** A venue that starts where the prepared one stood, and is ready to settle. */
  async venue(over: Flags = {}): Promise<SettlingVenue> {
    const venue = await this.#keep(SettlingVenue.start(this.copy(), over));
    await venue.ready();
    return venue;
  }

  /** Ends what tests have left running, and removes all folders. */
  async close(): Promise<void> {
    for (const venue of this.#venues) await venue.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #keep(starting: Promise<SettlingVenue>): Promise<SettlingVenue> {
    const venue = await starting;
    this.#venues.push(venue);
    return venue;
  }

  #seed(): string {
    return join(this.folder, 'seed');
  }
}

/** Six assets, a market, and six deposits for the pool and each of fifteen people. */
const INPUTS_OF_DEMO = 7 + 6 * 16;

/** Numbers of all processes. */
function processes(): number[] {
  if (!existsSync('/proc')) throw new Error('these tests look for processes in /proc');
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function parentOf(pid: number): number | undefined {
  const status = read(`/proc/${pid}/status`);
  const found = /^PPid:\s+(\d+)$/m.exec(status)?.[1];
  return found === undefined ? undefined : Number(found);
}

function commandOf(pid: number): string[] {
  return read(`/proc/${pid}/cmdline`).split('\0');
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // It ended while we were looking.
    return '';
  }
}
