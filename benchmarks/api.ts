// Orders per second and acknowledgement latency of the gateways, over HTTP and WebSocket, with
// orders signed one by one and orders carried by sessions.
//
// Method: one order per request over 64 loopback connections against a venue in a process of its
// own, with its real journal (an answer means the order is on disk) and batches clearing each
// second. A closed loop finds the capacity; then an open loop at half of it measures latency from
// the moment at which each order was due, so that waiting counts. The peer is a bare node:http or
// ws server in the same process as the venue that parses the same JSON and answers at once, under
// the same client and, for latency, the same offered rate. Client and server share the machine.
// Orders are signed before the clock starts. Arguments: --quick for small counts. Stops by itself.
import { fork } from 'node:child_process';
import { join } from 'node:path';
import { developmentAccount } from '../packages/analytics/src/demoWorld.ts';
import { LawbookClient } from '../packages/api/src/client/lawbookClient.ts';
import { keySigner } from '../packages/api/src/client/signers.ts';
import { unwrap } from '../packages/api/src/client/transport.ts';
import type { Signing } from '../packages/exchange/src/orders/signedTypes.ts';
import { SIGNATURE_LIBRARY } from '../packages/executor/src/gateways/recoverNative.ts';
import type { BenchSession, Lane } from './api/load.ts';
import {
  benchSession,
  closedLoop,
  httpLanes,
  OWNERS,
  openLoop,
  ownerName,
  prepareOrders,
  quantile,
  webSocketLanes,
} from './api/load.ts';

const isQuick = process.argv.includes('--quick');
const WARM_UP = isQuick ? 200 : 2_000;
const CLOSED = isQuick ? 1_000 : 12_000;
const OPEN_SECONDS = isQuick ? 1 : 5;
/** The whole run ends here whatever happens. */
const DEADLINE_MS = isQuick ? 60_000 : 300_000;

interface Mode {
  readonly name: string;
  readonly isSigned: boolean;
  readonly lanes: (url: string, sessions?: readonly BenchSession[]) => Promise<Lane[]>;
  readonly peer: string;
}

const MODES: readonly Mode[] = [
  { name: 'http-signed', isSigned: true, lanes: httpLanes, peer: 'bare node:http' },
  { name: 'http-session', isSigned: false, lanes: httpLanes, peer: 'bare node:http' },
  { name: 'ws-signed', isSigned: true, lanes: webSocketLanes, peer: 'bare ws' },
  { name: 'ws-session', isSigned: false, lanes: webSocketLanes, peer: 'bare ws' },
];

interface Server {
  readonly url: string;
  readonly peerUrl: string;
}

async function main(): Promise<void> {
  const child = fork(join(import.meta.dirname, 'api/server.ts'), { stdio: 'inherit' });
  const deadline = setTimeout(() => {
    process.stderr.write(`stopped after ${DEADLINE_MS} ms\n`);
    child.kill('SIGKILL');
    process.exit(1);
  }, DEADLINE_MS);
  const server = await new Promise<Server>((resolve) => child.once('message', resolve as never));
  const client = new LawbookClient({ baseUrl: server.url });
  const signing = await client.signing();
  const sessions = await openSessions(server.url);
  for (const mode of MODES) await measure(mode, server, signing, sessions);
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.send('stop');
  await ended;
  clearTimeout(deadline);
}

async function measure(
  mode: Mode,
  server: Server,
  signing: Signing,
  sessions: readonly BenchSession[],
): Promise<void> {
  const signer = mode.isSigned ? signing : undefined;
  const carried = mode.isSigned ? undefined : sessions;
  const lanes = await mode.lanes(server.url, carried);
  await closedLoop(lanes, prepareOrders(WARM_UP, signer));
  const capacity = await closedLoop(lanes, prepareOrders(CLOSED, signer));
  const rate = Math.max(1, Math.floor(capacity.perSecond / 2));
  const offered = await openLoop(lanes, prepareOrders(rate * OPEN_SECONDS, signer), rate);
  for (const lane of lanes) lane.close();
  const peerLanes = await mode.lanes(server.peerUrl);
  const sample = prepareOrders(64, signer);
  const requests = (count: number): typeof sample =>
    Array.from({ length: count }, (_, k) => sample[k % sample.length] as (typeof sample)[number]);
  await closedLoop(peerLanes, requests(WARM_UP));
  const peerCapacity = await closedLoop(peerLanes, requests(CLOSED));
  const peerOffered = await openLoop(peerLanes, requests(rate * OPEN_SECONDS), rate);
  for (const lane of peerLanes) lane.close();
  const refused = capacity.refused + offered.refused;
  if (refused > 0) process.stderr.write(`${mode.name}: ${refused} orders were refused\n`);
  print(mode, 'orders-per-second', {
    value: capacity.perSecond,
    unit: 'orders/s',
    ratio: capacity.perSecond / peerCapacity.perSecond,
    n: CLOSED,
  });
  for (const [name, part] of [
    ['p50', 0.5],
    ['p99', 0.99],
  ] as const) {
    const latencyMs = quantile(offered.latenciesMs, part);
    print(mode, name, {
      value: latencyMs,
      unit: `ms at ${rate} orders/s`,
      ratio: latencyMs / quantile(peerOffered.latenciesMs, part),
      n: offered.latenciesMs.length,
    });
  }
}

interface Figure {
  readonly value: number;
  readonly unit: string;
  readonly ratio: number;
  readonly n: number;
}

function print({ name, peer, isSigned }: Mode, what: string, figure: Figure): void {
  const line = {
    name: `api/${name}/${what}`,
    value: Number(figure.value.toPrecision(4)),
    unit: figure.unit,
    ratio: Number(figure.ratio.toPrecision(3)),
    peer,
    n: figure.n,
    ...(isSigned && { signatures: SIGNATURE_LIBRARY }),
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function openSessions(url: string): Promise<BenchSession[]> {
  const sessions: BenchSession[] = [];
  for (let k = 0; k < OWNERS; k += 1) {
    const { secretKey } = developmentAccount(ownerName(k));
    // A clock near zero keeps the grant's nonce below those of the orders that follow.
    const timers = { now: () => 1, after: () => () => {}, random: () => 0 };
    const client = new LawbookClient({ baseUrl: url, signer: keySigner(secretKey), timers });
    const ttlMs = Date.now() + 3_600_000;
    const opened = unwrap(await client.openSession({ scopes: ['trade'], ttlMs }));
    sessions.push(benchSession(opened.sessionId, opened.secret ?? ''));
  }
  return sessions;
}

await main();
