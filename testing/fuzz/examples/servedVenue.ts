import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unwrap } from '@lawbook/api/client/transport';
import { invariant } from '@lawbook/exchange/failures/invariant';
import { accountId } from '@lawbook/exchange/ledger/account';
import { demoBookInputs } from '../../../packages/executor/src/demo/demoBookInputs.ts';
import { GATEWAY_PRESETS } from '../../../packages/executor/src/gateways/gatewayOptions.ts';
import { GatewayWorld } from '../../gateways/gatewayWorld.ts';

const PLENTY = { ratePerSecond: 1e9, burst: 1e9 };
/** So that what is slow ends within an input's time. */
const IMPATIENT = {
  headersTimeoutMs: 400,
  requestTimeoutMs: 500,
  keepAliveTimeoutMs: 150,
  slowCheckIntervalMs: 20,
  atLeastWaitMsMax: 1,
};

let opened: Promise<GatewayWorld> | undefined;
let folder: string | undefined;

/**
 * One venue for all who attack its gateways: on loopback, with a book, without limits of rate and
 * with little patience. In the dialect alice has consented.
 */
export function servedVenue(): Promise<GatewayWorld> {
  opened ??= open();
  return opened;
}

/** Ends the venue; fails where the gateways met a broken invariant. Safe twice. */
export async function closeServedVenue(): Promise<void> {
  const open = opened;
  opened = undefined;
  agent.destroy();
  await (await open)?.close();
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  folder = undefined;
}

async function open(): Promise<GatewayWorld> {
  folder = mkdtempSync(join(tmpdir(), 'lawbook-fuzz-'));
  const webSocket = {
    ...GATEWAY_PRESETS.webSocket,
    messages: PLENTY,
    connectionsPerAddressMax: 1000,
  };
  const buckets = { addressBucket: PLENTY, accountBucket: PLENTY };
  const options = { ...IMPATIENT, ...buckets, webSocket, dataFolder: folder };
  const world = await GatewayWorld.open({ options });
  for (const input of demoBookInputs(world.venue.state.assets.length)) {
    invariant((await world.venue.execute(input)).ok, 'the demo books fit the test world');
  }
  const consent = await world.send('POST', '/info', { type: 'lawbookConsent' });
  const delegate = accountId(String(consent.body['delegate']));
  const wish = { scopes: ['trade'], ttlMs: 86_400_000, delegate } as const;
  unwrap(await world.client('alice').openSession(wish));
  return world;
}

/** A request to the served venue. */
export interface Call {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | undefined;
}

/** What came back. */
export interface Answered {
  readonly status: number;
  readonly text: string;
  readonly type: string;
}

const agent = new Agent({ keepAlive: true, maxSockets: 4 });

/** Sends a request; on a connection that was just being closed for silence, once more. */
export async function callVenue(call: Call): Promise<Answered> {
  try {
    return await send(call, agent);
  } catch (cause) {
    if (!(cause instanceof StaleConnection)) throw cause;
    return await send(call, false);
  }
}

/** Whether the venue still answers somebody new. */
export async function stillServes(): Promise<boolean> {
  return (await send({ method: 'GET', path: '/health/live' }, false)).status === 200;
}

class StaleConnection extends Error {}

async function send({ method, path, headers, body }: Call, over: Agent | false): Promise<Answered> {
  const { hostname, port } = new URL((await servedVenue()).url);
  return await new Promise((resolve, reject) => {
    const place = { hostname, port, method, path, agent: over, ...(headers && { headers }) };
    const call = request(place, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => {
        const type = response.headers['content-type'] ?? '';
        resolve({ status: response.statusCode ?? 0, text, type });
      });
      response.on('error', reject);
    });
    call.on('error', (cause) => reject(call.reusedSocket ? new StaleConnection() : cause));
    call.end(body);
  });
}
