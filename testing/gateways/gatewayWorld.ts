import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DEMO_MARKET_ID,
  type DemoAccount,
  type DemoName,
  demoAccounts,
  demoOracle,
  demoParameters,
  demoTargets,
} from '../../packages/analytics/src/demoWorld.ts';
import { LawbookClient } from '../../packages/api/src/client/lawbookClient.ts';
import type { Signer } from '../../packages/api/src/client/signers.ts';
import { keySigner, sessionSigner } from '../../packages/api/src/client/signers.ts';
import { unwrap } from '../../packages/api/src/client/transport.ts';
import type { ScopeName } from '../../packages/api/src/schema/accountViews.ts';
import { at, invariant } from '../../packages/exchange/src/failures/invariant.ts';
import type { BatchParameters } from '../../packages/exchange/src/markets/batch/parameters.ts';
import { loadConfig } from '../../packages/executor/src/config/loadConfig.ts';
import { demoInputs } from '../../packages/executor/src/demo/demoWorld.ts';
import type { GatewayOptions } from '../../packages/executor/src/gateways/gatewayOptions.ts';
import { GATEWAY_PRESETS } from '../../packages/executor/src/gateways/gatewayOptions.ts';
import type { Gateways } from '../../packages/executor/src/gateways/openGateways.ts';
import { openGateways } from '../../packages/executor/src/gateways/openGateways.ts';
import { recoverNative } from '../../packages/executor/src/gateways/recoverNative.ts';
import { createLogger } from '../../packages/executor/src/metrics/logger.ts';
import { createMetrics } from '../../packages/executor/src/metrics/metrics.ts';
import type { VenueService } from '../../packages/executor/src/venueService.ts';
import type { VenueEvent } from '../../packages/executor/src/venueTypes.ts';
import type { WiredVenue } from '../../packages/executor/src/wiring.ts';
import { wireVenue } from '../../packages/executor/src/wiring.ts';

/** How a world for gateway tests differs from the plain one. */
export interface WorldChoice {
  readonly options?: Partial<GatewayOptions>;
  /** Such as a short interval, where a test wants batches to clear. */
  readonly parameters?: Partial<BatchParameters>;
  /** Stands between the gateways and the venue, to observe or to disturb. */
  readonly around?: (venue: VenueService) => VenueService;
  /** Receives the lines of the log. */
  readonly onLine?: (line: string) => void;
  /** Leaves out assets, market and accounts. */
  readonly empty?: boolean;
}

export const OPERATOR_TOKEN = 'operator-token-of-the-test-world-0123456789';
export const MARKET_ID: string = String(DEMO_MARKET_ID);

/** A batch that stays open for as long as a test runs. */
const LONG_MS = 3_600_000;

/**
 * A real venue, journal and all, in a folder of its own, with gateways on a free loopback port.
 * Batches close only when the test says so.
 */
export class GatewayWorld {
  readonly wired: WiredVenue;
  readonly gateways: Gateways;
  readonly accounts: ReadonlyMap<DemoName, DemoAccount>;
  /** Broken invariants that the gateways reported. */
  readonly bugs: unknown[];
  readonly #close: () => Promise<void>;
  #closing: Promise<void> | undefined;

  constructor(
    parts: Pick<GatewayWorld, 'wired' | 'gateways' | 'accounts' | 'bugs'> & {
      readonly close: () => Promise<void>;
    },
  ) {
    this.wired = parts.wired;
    this.gateways = parts.gateways;
    this.accounts = parts.accounts;
    this.bugs = parts.bugs;
    this.#close = parts.close;
  }

  static async open(choice: WorldChoice = {}): Promise<GatewayWorld> {
    const dataDir = mkdtempSync(join(tmpdir(), 'lawbook-gateways-'));
    const flags = { dataDir, 'oracle.adapter': 'fixed', 'demo.flow': false };
    const { config } = loadConfig({ environment: {}, flags } as never);
    const { onLine } = choice;
    const log =
      onLine === undefined
        ? createLogger({ level: 'silent' })
        : createLogger({ level: 'debug', destination: { write: onLine } });
    const wired = await wireVenue(config, { log, recover: recoverNative });
    const running = new AbortController();
    await wired.oracle.start(running.signal);
    if (choice.empty !== true) await bringUp(wired, choice.parameters ?? {});
    const metrics = createMetrics();
    const bugs: unknown[] = [];
    const venue = choice.around?.(wired.venue) ?? wired.venue;
    const gateways = await openGateways(
      venue,
      {
        ...GATEWAY_PRESETS,
        dataFolder: tmpdir(),
        host: '127.0.0.1',
        port: 0,
        sessionKey: new Uint8Array(32).fill(9),
        operatorToken: OPERATOR_TOKEN,
        ...choice.options,
      },
      { log, metrics, clock: Date.now, stop: (cause) => bugs.push(cause) },
    );
    const close = async (): Promise<void> => {
      await gateways.close();
      wired.venue.stopAdmitting();
      running.abort();
      await wired.oracle.stopped();
      await wired.close();
      metrics.close();
      rmSync(dataDir, { recursive: true, force: true });
    };
    const accounts = new Map(demoAccounts().map((entry) => [entry.name as DemoName, entry]));
    return new GatewayWorld({ wired, gateways, accounts, bugs, close });
  }

  get url(): string {
    return this.gateways.url;
  }

  get venue(): WiredVenue['venue'] {
    return this.wired.venue;
  }

  account(name: DemoName): DemoAccount {
    const account = this.accounts.get(name);
    invariant(account !== undefined, 'the demo world has this account');
    return account;
  }

  /** A client of a demo account, signing with its key unless told otherwise. */
  client(name: DemoName, signer?: Signer): LawbookClient {
    const key = keySigner(this.account(name).secretKey);
    return new LawbookClient({ baseUrl: this.url, signer: signer ?? key });
  }

  /** A client that speaks through a fresh session. */
  async sessionClient(name: DemoName, scopes: readonly ScopeName[]): Promise<LawbookClient> {
    const wish = { scopes, ttlMs: 7_200_000 };
    const { owner, sessionId, secret } = unwrap(await this.client(name).openSession(wish));
    invariant(secret !== undefined, 'a session without a delegate has a secret');
    const session = { owner: owner as DemoAccount['account'], sessionId, secret };
    return this.client(name, sessionSigner(session));
  }

  /** Lets batches close until an event of the venue is the one waited for. */
  beatUntil(isIt: (event: VenueEvent) => boolean): Promise<VenueEvent> {
    return new Promise((resolve) => {
      const beat = setInterval(() => this.wired.scheduler.tick(), 10);
      const stop = this.venue.subscribe((event) => {
        if (!isIt(event)) return;
        stop();
        clearInterval(beat);
        resolve(event);
      });
    });
  }

  /** Clears the open batch and seals its epoch. */
  async clearBatch(): Promise<Extract<VenueEvent, { kind: 'batch' }>> {
    let cleared: Extract<VenueEvent, { kind: 'batch' }> | undefined;
    const stop = this.venue.subscribe((event) => {
      if (event.kind === 'batch') cleared = event;
    });
    await this.beatUntil((event) => event.kind === 'epoch');
    stop();
    invariant(cleared !== undefined, 'an epoch is sealed after a batch');
    await this.venue.waitFor(cleared.record.sequence + 1, 5000, new AbortController().signal);
    return cleared;
  }

  /** Sends raw JSON and reads what comes back. */
  async send(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<{ status: number; body: Record<string, unknown>; headers: Headers }> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const response = await fetch(this.url + path, {
      method,
      headers: { ...(text !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(text !== undefined && { body: text }),
    });
    const answer = await response.text();
    const type = response.headers.get('content-type') ?? '';
    const json = type.startsWith('application/json');
    return {
      status: response.status,
      body: json ? (JSON.parse(answer) as Record<string, unknown>) : { text: answer },
      headers: response.headers,
    };
  }

  /** Sends JSON as the operator. */
  operate(method: string, path: string, body?: unknown): ReturnType<GatewayWorld['send']> {
    return this.send(method, path, body, { authorization: `Bearer ${OPERATOR_TOKEN}` });
  }

  /** Ends the world; safe twice. Fails where the gateways met a broken invariant. */
  async close(): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
    if (this.bugs.length > 0) throw at(this.bugs, 0);
  }
}

async function bringUp(wired: WiredVenue, changes: Partial<BatchParameters>): Promise<void> {
  const parameters = { ...demoParameters(), batchIntervalMs: LONG_MS, ...changes };
  for (const input of demoInputs(Date.now(), LONG_MS)) {
    const plain =
      input.kind === 'createMarket'
        ? {
            ...input,
            parameters,
            oracle: demoOracle(Date.now()),
            inventory: demoTargets(),
          }
        : input;
    const result = await wired.venue.execute(plain);
    invariant(result.ok, 'the test world fits an empty venue');
  }
}
