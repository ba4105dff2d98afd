import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExchangeClient, InfoClient } from '@nktkas/hyperliquid';
import * as sdk from '@nktkas/hyperliquid';
import { hyperliquid, pro } from 'ccxt';
import { privateKeyToAccount } from 'viem/accounts';
import type { DemoName } from '../../packages/analytics/src/demoWorld.ts';
import { unwrap } from '../../packages/api/src/client/transport.ts';
import { bytesToHex } from '../../packages/exchange/src/codec/hex.ts';
import { invariant } from '../../packages/exchange/src/failures/invariant.ts';
import { accountId } from '../../packages/exchange/src/ledger/account.ts';
import { demoBookInputs } from '../../packages/executor/src/demo/demoBookInputs.ts';
import type { WorldChoice } from '../gateways/gatewayWorld.ts';
import { GatewayWorld } from '../gateways/gatewayWorld.ts';

/** Coins of the demo books, EUR and GBP against USD, as the dialect names them. */
export const EUR = '@0';
export const GBP = '@1';
/** Their numbers in orders. */
export const EUR_ASSET = 10_000;
export const GBP_ASSET = 10_001;
/** Their unified names in ccxt. */
export const EUR_SYMBOL = 'PLAYEUR/PLAYUSD';

/** A real venue with the demo books, and the two clients of the dialect pointed at it. */
export class DialectWorld {
  readonly gateways: GatewayWorld;
  /** Where the gateways keep what is theirs. */
  readonly folder: string;
  readonly #closing: (() => Promise<void> | void)[] = [];

  constructor(gateways: GatewayWorld, folder: string) {
    this.gateways = gateways;
    this.folder = folder;
  }

  static async open(choice: WorldChoice = {}): Promise<DialectWorld> {
    const folder = mkdtempSync(join(tmpdir(), 'lawbook-dialect-'));
    const options = { dataFolder: folder, ...choice.options };
    const gateways = await GatewayWorld.open({ ...choice, options });
    for (const input of demoBookInputs(gateways.venue.state.assets.length)) {
      const opened = await gateways.venue.execute(input);
      invariant(opened.ok, 'the demo books fit the test world');
    }
    return new DialectWorld(gateways, folder);
  }

  get url(): string {
    return this.gateways.url;
  }

  get socketUrl(): string {
    return `${this.url.replace('http', 'ws')}/ws`;
  }

  /** The secret key of a demo account as wallets want it. */
  secretOf(name: DemoName): `0x${string}` {
    return bytesToHex(this.gateways.account(name).secretKey) as `0x${string}`;
  }

  addressOf(name: DemoName): `0x${string}` {
    return this.gateways.account(name).account as string as `0x${string}`;
  }

  /** Lets an account sign the grant by which the venue may write its actions down. */
  async grant(name: DemoName, ttlMs = 7_200_000): Promise<string> {
    const { delegate } = (await this.read({ type: 'lawbookConsent' })) as { delegate: string };
    const wish = { scopes: ['trade'], ttlMs, delegate: accountId(delegate) } as const;
    return unwrap(await this.gateways.client(name).openSession(wish)).sessionId;
  }

  /** Posts raw JSON to an endpoint of the dialect. */
  async post(
    path: '/info' | '/exchange',
    body: unknown,
  ): Promise<{ readonly status: number; readonly text: string }> {
    const response = await fetch(this.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    return { status: response.status, text: await response.text() };
  }

  async read(body: unknown): Promise<unknown> {
    const { status, text } = await this.post('/info', body);
    invariant(status === 200, `the read is answered: ${text}`);
    return JSON.parse(text) as unknown;
  }

  infoClient(): InfoClient {
    return new sdk.InfoClient({ transport: new sdk.HttpTransport({ apiUrl: this.url }) });
  }

  /** The SDK's client with a key: that of an account, or any other. */
  exchangeClient(secret: `0x${string}`, isTestnet = false): ExchangeClient {
    const transport = new sdk.HttpTransport({ apiUrl: this.url, isTestnet });
    return new sdk.ExchangeClient({ transport, wallet: privateKeyToAccount(secret) });
  }

  /** The SDK's transport over the WebSocket; it is closed with the world. */
  socketTransport(): sdk.WebSocketTransport {
    const transport = new sdk.WebSocketTransport({ url: this.socketUrl });
    this.#closing.push(() => transport.close());
    return transport;
  }

  /** ccxt, pointed at the venue by nothing but its own options. */
  ccxt(name: DemoName): hyperliquid {
    const client = new hyperliquid(this.#ccxtOptions(name));
    this.#closing.push(() => client.close());
    return client;
  }

  /** ccxt with its streams. */
  ccxtPro(name: DemoName): InstanceType<typeof pro.hyperliquid> {
    const client = new pro.hyperliquid(this.#ccxtOptions(name));
    this.#closing.push(() => client.close());
    return client;
  }

  async close(): Promise<void> {
    for (const close of this.#closing) await close();
    await this.gateways.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #ccxtOptions(name: DemoName): object {
    return {
      walletAddress: this.addressOf(name),
      privateKey: this.secretOf(name),
      enableRateLimit: false,
      urls: { api: { public: this.url, private: this.url, ws: { public: this.socketUrl } } },
    };
  }
}
