import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
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
  headersTimeoutMs: 150,
  requestTimeoutMs: 200,
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

/** Whether the venue still answers somebody new. */
export async function stillServes(): Promise<boolean> {
  const { hostname, port } = new URL((await servedVenue()).url);
  return await new Promise((resolve) => {
    const call = request({ hostname, port, path: '/health/live', agent: false }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode === 200));
    });
    call.once('error', () => resolve(false));
    call.end();
  });
}
