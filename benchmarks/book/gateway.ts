import { fork } from 'node:child_process';
import { join } from 'node:path';
import { DEMO_BOOK_ID } from '../../packages/analytics/src/demoBooks.ts';
import { developmentAccount } from '../../packages/analytics/src/demoWorld.ts';
import { LawbookClient } from '../../packages/api/src/client/lawbookClient.ts';
import { keySigner } from '../../packages/api/src/client/signers.ts';
import { unwrap } from '../../packages/api/src/client/transport.ts';
import { NO_CLIENT_ORDER_ID } from '../../packages/exchange/src/orders/bookOrder.ts';
import type { BenchSession, Lane, Prepared } from '../api/load.ts';
import {
  benchSession,
  closedLoop,
  httpLanes,
  OWNERS,
  openLoop,
  ownerName,
  quantile,
  webSocketLanes,
} from '../api/load.ts';

/** What one way into the venue takes. */
export interface GatewayFigures {
  readonly way: 'http' | 'ws';
  readonly ordersPerSecond: number;
  readonly orders: number;
  /** Milliseconds from the moment at which an order was due, at half of that rate. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly offeredPerSecond: number;
  readonly offered: number;
  readonly refused: number;
}

const TARGET = { path: '/v1/book-actions', op: 'book' };

/**
 * Orders of a book through HTTP and WebSocket, each by a session that signs (HTTP, every request)
 * or has authenticated (WebSocket, once a connection), against a venue in a process of its own with
 * its journal: an answer means that the order is on disk and has matched.
 *
 * Sixty-four owners on as many connections, one order a request, one request at a time each. A
 * closed loop finds what the venue takes; then an open loop offers half of it, and latency counts
 * from when an order was due, whether or not its connection was free. Client and venue share the
 * machine. Ends by itself, at the latest after `deadlineMs`.
 */
export async function measureGateway(isQuick: boolean): Promise<GatewayFigures[]> {
  const child = fork(join(import.meta.dirname, 'venue.ts'), { stdio: 'inherit' });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const deadline = setTimeout(() => child.kill('SIGKILL'), isQuick ? 60_000 : 300_000);
  try {
    const { url } = await new Promise<{ readonly url: string }>((resolve, reject) => {
      child.once('message', resolve as never);
      child.once('exit', () => reject(new Error('the venue ended before it was asked')));
    });
    const sessions = await openSessions(url);
    const figures: GatewayFigures[] = [];
    for (const way of ['http', 'ws'] as const) {
      figures.push(await measureWay(way, url, sessions, isQuick));
    }
    return figures;
  } finally {
    if (child.connected) child.send('stop');
    await ended;
    clearTimeout(deadline);
  }
}

async function measureWay(
  way: GatewayFigures['way'],
  url: string,
  sessions: readonly BenchSession[],
  isQuick: boolean,
): Promise<GatewayFigures> {
  const open = way === 'http' ? httpLanes : webSocketLanes;
  const lanes: Lane[] = await open(url, sessions, TARGET);
  await closedLoop(lanes, prepareActions(isQuick ? 256 : 2_048));
  const orders = isQuick ? 1_024 : 12_288;
  const capacity = await closedLoop(lanes, prepareActions(orders));
  const offeredPerSecond = Math.max(1, Math.floor(capacity.perSecond / 2));
  const offered = offeredPerSecond * (isQuick ? 1 : 10);
  const { latenciesMs, refused } = await openLoop(lanes, prepareActions(offered), offeredPerSecond);
  for (const lane of lanes) lane.close();
  return {
    way,
    ordersPerSecond: capacity.perSecond,
    orders,
    p50Ms: quantile(latenciesMs, 0.5),
    p99Ms: quantile(latenciesMs, 0.99),
    offeredPerSecond,
    offered,
    refused: capacity.refused + refused,
  };
}

const nonces = new Array<number>(OWNERS).fill(0);

/**
 * Pairs of orders: one that rests at one of eight prices, then a market order of the same size
 * that takes from that side. So half of all orders trade, and the book stays as deep as requests
 * overtake one another.
 */
function prepareActions(count: number): Prepared[] {
  return Array.from({ length: count }, (_, k) => {
    const owner = k % OWNERS;
    nonces[owner] = (nonces[owner] as number) + 1;
    const rests = k % 2 === 0;
    const pair = k >> 1;
    const restsToBuy = pair % 2 === 0;
    const isBuy = rests === restsToBuy;
    const away = 1 + (pair % 8);
    const action = {
      ...{ kind: 'order', owner: developmentOwner(owner), marketId: String(DEMO_BOOK_ID) },
      ...{ clientOrderId: NO_CLIENT_ORDER_ID, side: isBuy ? 'buy' : 'sell' },
      ...{ type: rests ? 'limit' : 'market', timeInForce: rests ? 'gtc' : 'ioc' },
      ...{ postOnly: false, selfTradePolicy: 'cancelResting', trigger: 'none' },
      ...{ triggerSource: 'lastTrade', triggerTicks: 0, ocoWith: '0', goodUntilMs: 0 },
      priceTicks: restsToBuy ? MID - away : MID + away,
      sizeLots: 1 + (pair % 10),
      displayLots: 0,
      orderNonce: String(nonces[owner]),
      expiresAtMs: Date.now() + 600_000,
    };
    if (!rests) action.priceTicks = isBuy ? MID + 100 : MID - 100;
    return { owner, json: JSON.stringify({ actions: [action] }) };
  });
}

/** Where the first demo book begins, ticks. */
const MID = 11_000;

const owners = new Map<number, string>();

function developmentOwner(k: number): string {
  const known = owners.get(k) ?? developmentAccount(ownerName(k)).account;
  owners.set(k, known);
  return known;
}

async function openSessions(url: string): Promise<BenchSession[]> {
  const sessions: BenchSession[] = [];
  for (let k = 0; k < OWNERS; k += 1) {
    const { secretKey } = developmentAccount(ownerName(k));
    const client = new LawbookClient({ baseUrl: url, signer: keySigner(secretKey) });
    const opened = unwrap(await client.openSession({ scopes: ['trade'], ttlMs: 3_600_000 }));
    sessions.push(benchSession(opened.sessionId, opened.secret ?? ''));
  }
  return sessions;
}
