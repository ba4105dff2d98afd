// Load for benchmarks/api.ts: connections that send one prepared request at a time, a closed loop
// that finds the capacity, and an open loop that measures latency from the moment at which a
// request was due, whether or not it could be sent then.
import { createHmac, hash } from 'node:crypto';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { performance } from 'node:perf_hooks';
import { signRecoverable } from 'tiny-secp256k1';
import { WebSocket } from 'ws';
import { developmentAccount } from '../../packages/analytics/src/demoWorld.ts';
import { wireTerms } from '../../packages/api/src/schema/wireTerms.ts';
import { bytesToHex, hexToBytes } from '../../packages/exchange/src/codec/hex.ts';
import { amount } from '../../packages/exchange/src/numbers/amount.ts';
import type { BatchOrder } from '../../packages/exchange/src/orders/batchOrder.ts';
import type { Signing } from '../../packages/exchange/src/orders/signedTypes.ts';

/** Accounts that trade, and connections: the most requests at once. */
export const OWNERS = 64;
const CONNECTIONS = OWNERS;

/** Name of a trading account, from which its development key follows. */
export function ownerName(k: number): string {
  return `bench-${k}`;
}

/** An open session of a trading account. */
export interface BenchSession {
  readonly sessionId: string;
  readonly secret: Uint8Array;
}

/** A request of one order, as bytes for HTTP or as a frame. */
export interface Prepared {
  readonly owner: number;
  readonly json: string;
}

const ACCOUNTS = Array.from({ length: OWNERS }, (_, k) => developmentAccount(ownerName(k)));
const nonces = new Array<number>(OWNERS).fill(1_000);

/** Orders of one dollar back and forth, signed where a domain is given. */
export function prepareOrders(count: number, signing: Signing | undefined): Prepared[] {
  return Array.from({ length: count }, (_, k) => {
    const owner = k % OWNERS;
    const { account, secretKey } = ACCOUNTS[owner] as (typeof ACCOUNTS)[number];
    nonces[owner] = (nonces[owner] as number) + 1;
    const order: BatchOrder = {
      owner: account,
      marketId: 1,
      pay: k % 2,
      receive: 1 - (k % 2),
      budget: amount(1_000_000n),
      limitNumerator: 0n,
      limitDenominator: 1n,
      minFillPpm: 0,
      orderNonce: BigInt(nonces[owner] as number),
      expiresAtMs: Date.now() + 600_000,
    };
    const terms = wireTerms(order);
    if (signing === undefined) return { owner, json: JSON.stringify({ orders: [terms] }) };
    const signed = signRecoverable(signing.orderDigest(order), secretKey);
    const signature = `${bytesToHex(signed.signature)}${(27 + signed.recoveryId).toString(16)}`;
    return { owner, json: JSON.stringify({ orders: [{ ...terms, signature }] }) };
  });
}

/** One connection that carries a request at a time. */
export interface Lane {
  /** Resolves true when the answer accepts the order. */
  send(request: Prepared): Promise<boolean>;
  close(): void;
}

/** Where requests go: a path over HTTP, an operation over WebSocket. */
export interface Target {
  readonly path: string;
  readonly op: string;
}

const BATCH_ORDERS: Target = { path: '/v1/orders', op: 'submit' };

/** Opens HTTP lanes; a session, where given, authenticates each request. */
export function httpLanes(
  url: string,
  sessions?: readonly BenchSession[],
  { path }: Target = BATCH_ORDERS,
): Promise<Lane[]> {
  const open = (): Promise<HttpLane> => HttpLane.open(url, path, sessions);
  return Promise.all(Array.from({ length: CONNECTIONS }, open));
}

/** Opens WebSocket lanes; a session, where given, authenticates each connection once. */
export function webSocketLanes(
  url: string,
  sessions?: readonly BenchSession[],
  { op }: Target = BATCH_ORDERS,
): Promise<Lane[]> {
  return Promise.all(
    Array.from({ length: CONNECTIONS }, (_, k) => FrameLane.open(url, op, sessions?.[k % OWNERS])),
  );
}

class HttpLane implements Lane {
  readonly #socket: Socket;
  readonly #host: string;
  readonly #path: string;
  readonly #sessions: readonly BenchSession[] | undefined;
  #text = '';
  #answer: (accepted: boolean) => void = () => {};

  private constructor(
    socket: Socket,
    { host, path }: { readonly host: string; readonly path: string },
    sessions?: readonly BenchSession[],
  ) {
    this.#socket = socket;
    this.#host = host;
    this.#path = path;
    this.#sessions = sessions;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#read(chunk.toString('latin1')));
    socket.on('close', () => this.#answer(false));
    socket.on('error', () => this.#answer(false));
  }

  static open(url: string, path: string, sessions?: readonly BenchSession[]): Promise<HttpLane> {
    const { hostname, port, host } = new URL(url);
    return new Promise((resolve, reject) => {
      const socket = connect(Number(port), hostname, () =>
        resolve(new HttpLane(socket, { host, path }, sessions)),
      );
      socket.once('error', reject);
    });
  }

  send({ owner, json }: Prepared): Promise<boolean> {
    const session = this.#sessions?.[owner];
    const authorization = session === undefined ? '' : headerOf(session, this.#path, json);
    return new Promise((resolve) => {
      this.#answer = resolve;
      this.#socket.write(
        `POST ${this.#path} HTTP/1.1\r\nhost: ${this.#host}\r\n${authorization}` +
          `content-type: application/json\r\ncontent-length: ${json.length}\r\n\r\n${json}`,
      );
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(text: string): void {
    this.#text += text;
    const end = this.#text.indexOf('\r\n\r\n');
    if (end < 0) return;
    const length = /content-length: (\d+)/i.exec(this.#text)?.[1];
    const chunked = length === undefined;
    const body = this.#text.slice(end + 4);
    if (chunked ? !body.endsWith('0\r\n\r\n') : body.length < Number(length)) return;
    this.#text = '';
    this.#answer(body.includes('"accepted"'));
  }
}

class FrameLane implements Lane {
  readonly #socket: WebSocket;
  readonly #op: string;
  #ids = 0;
  #answer: (accepted: boolean) => void = () => {};

  private constructor(socket: WebSocket, op: string) {
    this.#socket = socket;
    this.#op = op;
    socket.on('message', (bytes: Buffer) => this.#answer(bytes.includes('"accepted"')));
    socket.on('close', () => this.#answer(false));
  }

  static async open(url: string, op: string, session?: BenchSession): Promise<FrameLane> {
    const path = '/v1/ws';
    const socket = new WebSocket(`${url.replace('http', 'ws')}${path}`, {
      perMessageDeflate: false,
    });
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    if (session !== undefined) {
      const proof = proofOf(session, `GET\n${path}\n`, '');
      const { sessionId } = session;
      socket.send(JSON.stringify({ op: 'authenticate', id: 'who', sessionId, ...proof }));
      await new Promise((resolve) => socket.once('message', resolve));
    }
    return new FrameLane(socket, op);
  }

  send({ json }: Prepared): Promise<boolean> {
    this.#ids += 1;
    return new Promise((resolve) => {
      this.#answer = resolve;
      this.#socket.send(`{"op":"${this.#op}","id":"${this.#ids}",${json.slice(1)}`);
    });
  }

  close(): void {
    this.#socket.terminate();
  }
}

function headerOf(session: BenchSession, path: string, json: string): string {
  const { timestampMs, mac } = proofOf(session, `POST\n${path}\n`, json);
  return `authorization: Lawbook ${session.sessionId}:${timestampMs}:${mac}\r\n`;
}

function proofOf(
  { secret }: BenchSession,
  head: string,
  body: string,
): { readonly timestampMs: number; readonly mac: string } {
  const timestampMs = Date.now();
  const text = `${head}${timestampMs}\n${hash('sha256', body, 'hex')}`;
  return { timestampMs, mac: `0x${createHmac('sha256', secret).update(text).digest('hex')}` };
}

/** Reads a session's secret. */
export function benchSession(sessionId: string, secret: string): BenchSession {
  return { sessionId, secret: hexToBytes(secret) };
}

/** What a load saw. */
export interface LoadResult {
  readonly accepted: number;
  readonly refused: number;
  readonly perSecond: number;
  /** Milliseconds, ascending. */
  readonly latenciesMs: readonly number[];
}

/**
 * Sends the next request of a lane as soon as its last is answered: what the server can take.
 * Request k goes to lane k mod lanes, so that a lane carries the orders of one owner.
 */
export async function closedLoop(
  lanes: readonly Lane[],
  requests: readonly Prepared[],
): Promise<LoadResult> {
  let accepted = 0;
  const startMs = performance.now();
  await Promise.all(
    lanes.map(async (lane, first) => {
      for (let k = first; k < requests.length; k += lanes.length) {
        if (await lane.send(requests[k] as Prepared)) accepted += 1;
      }
    }),
  );
  const perSecond = (accepted * 1000) / (performance.now() - startMs);
  return { accepted, refused: requests.length - accepted, perSecond, latenciesMs: [] };
}

/** Sends at a fixed rate; latency counts from the due moment, waiting for the lane included. */
export async function openLoop(
  lanes: readonly Lane[],
  requests: readonly Prepared[],
  ratePerSecond: number,
): Promise<LoadResult> {
  const latenciesMs: number[] = [];
  const tails = lanes.map(() => Promise.resolve());
  let accepted = 0;
  const startMs = performance.now();
  const dueMs = (k: number): number => startMs + (k * 1000) / ratePerSecond;
  const carry = async (k: number, lane: Lane): Promise<void> => {
    if (await lane.send(requests[k] as Prepared)) accepted += 1;
    latenciesMs.push(performance.now() - dueMs(k));
  };
  let next = 0;
  const paced = Promise.withResolvers<void>();
  const pump = (): void => {
    const nowMs = performance.now();
    while (next < requests.length && dueMs(next) <= nowMs) {
      const k = next;
      const place = k % lanes.length;
      tails[place] = (tails[place] as Promise<void>).then(() => carry(k, lanes[place] as Lane));
      next += 1;
    }
    if (next < requests.length) setTimeout(pump, 1);
    else paced.resolve();
  };
  pump();
  await paced.promise;
  await Promise.all(tails);
  const perSecond = (accepted * 1000) / (performance.now() - startMs);
  latenciesMs.sort((a, b) => a - b);
  return { accepted, refused: requests.length - accepted, perSecond, latenciesMs };
}

/** The latency below which a part of the answers came. */
export function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}
