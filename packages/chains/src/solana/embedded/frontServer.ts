import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { WebSocket } from 'ws';
import { WebSocketServer } from 'ws';
import { z } from 'zod';
import { RpcError } from '../../endpoints/transport.ts';
import type { SolanaCommitment } from '../finality.ts';
import { commitmentSchema, fromCommitment, isAsFinal } from '../finality.ts';
import type { SolanaFront } from './solanaFront.ts';

/** A front behind a loopback port: JSON-RPC by POST, subscriptions by WebSocket, on one port. */
export interface FrontServer {
  readonly url: string;
  readonly webSocketUrl: string;
  /** Tells subscribers what a new slot or a fork changed. */
  announce(): void;
  close(): Promise<void>;
}

/** Largest request body: far above 256 signatures or one transaction. */
const BODY_BYTES_MAX = 262_144;
/** Subscriptions of one connection at most. */
const SUBSCRIPTIONS_MAX = 1_000;

/** Serves `front` on a free port of the loopback interface. */
export async function serveFront(front: SolanaFront): Promise<FrontServer> {
  const subscribers = new Set<Subscriber>();
  const server = createServer((request, response) => answerPost(front, request, response));
  const sockets = new WebSocketServer({ server, maxPayload: BODY_BYTES_MAX });
  sockets.on('connection', (socket) => {
    const subscriber = new Subscriber(front, socket);
    subscribers.add(subscriber);
    socket.on('message', (bytes) => subscriber.receive(String(bytes)));
    socket.on('error', () => socket.terminate());
    socket.on('close', () => subscribers.delete(subscriber));
  });
  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${port}`,
    webSocketUrl: `ws://127.0.0.1:${port}`,
    announce: () => {
      for (const subscriber of subscribers) subscriber.announce();
    },
    close: async () => {
      for (const socket of sockets.clients) socket.terminate();
      sockets.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

function answerPost(front: SolanaFront, request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = [];
  let length = 0;
  request.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length > BODY_BYTES_MAX) request.destroy();
    else chunks.push(chunk);
  });
  request.on('end', () => {
    const body = answerText(front, Buffer.concat(chunks).toString('utf8'));
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(body);
  });
}

const callSchema = z.object({
  id: z.union([z.number(), z.string(), z.null()]).default(null),
  method: z.string(),
  params: z.array(z.unknown()).default([]),
});

function answerText(front: SolanaFront, text: string): string {
  const call = callSchema.safeParse(parseJson(text));
  if (!call.success) return reply(null, { error: { code: -32700, message: 'Parse error' } });
  const { id, method, params } = call.data;
  try {
    return reply(id, { result: front.answer({ method, params }) });
  } catch (cause) {
    if (!(cause instanceof RpcError)) throw cause;
    return reply(id, { error: describeError(cause) });
  }
}

function describeError({ rpcCode: code, rpcMessage: message, detail }: RpcError): unknown {
  return detail === undefined ? { code, message } : { code, message, data: detail };
}

function reply(id: unknown, outcome: { result: unknown } | { error: unknown }): string {
  return JSON.stringify({ jsonrpc: '2.0', id, ...outcome });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The schema refuses it, and the sender is told of a parse error.
    return undefined;
  }
}

type Subscription =
  | { readonly kind: 'slot'; lastSlot: number }
  | { readonly kind: 'signature'; readonly signature: string; readonly until: SolanaCommitment };

/** One WebSocket connection with what it asked to be told. */
class Subscriber {
  readonly #front: SolanaFront;
  readonly #socket: WebSocket;
  readonly #subscriptions: Map<number, Subscription> = new Map();
  #count = 0;

  constructor(front: SolanaFront, socket: WebSocket) {
    this.#front = front;
    this.#socket = socket;
  }

  receive(text: string): void {
    const call = callSchema.safeParse(parseJson(text));
    if (!call.success) return;
    const { id, method, params } = call.data;
    const subscription = this.#read(method, params);
    if (subscription !== undefined && this.#subscriptions.size < SUBSCRIPTIONS_MAX) {
      this.#count += 1;
      this.#subscriptions.set(this.#count, subscription);
      this.#socket.send(reply(id, { result: this.#count }));
      this.announce();
    } else if (method === 'slotUnsubscribe' || method === 'signatureUnsubscribe') {
      this.#socket.send(reply(id, { result: this.#subscriptions.delete(Number(params[0])) }));
    } else this.#socket.send(answerText(this.#front, text));
  }

  announce(): void {
    for (const [id, subscription] of this.#subscriptions) {
      if (subscription.kind === 'slot') this.#announceSlot(id, subscription);
      else this.#announceSignature(id, subscription);
    }
  }

  #read(method: string, params: readonly unknown[]): Subscription | undefined {
    if (method === 'slotSubscribe') return { kind: 'slot', lastSlot: 0 };
    if (method !== 'signatureSubscribe' || typeof params[0] !== 'string') return undefined;
    const options = z.object({ commitment: commitmentSchema.optional() }).safeParse(params[1]);
    const until = options.success ? options.data.commitment : undefined;
    return { kind: 'signature', signature: params[0], until: until ?? 'finalized' };
  }

  #announceSlot(id: number, subscription: Subscription & { kind: 'slot' }): void {
    const result = this.#front.slotNotice();
    if (result.slot === subscription.lastSlot) return;
    subscription.lastSlot = result.slot;
    this.#push('slotNotification', { result, subscription: id });
  }

  /** Told once, then the subscription is over, as on the cluster. */
  #announceSignature(id: number, { signature, until }: Subscription & { kind: 'signature' }): void {
    const status = this.#front.status(signature);
    if (status === null) return;
    if (!isAsFinal(fromCommitment(status.confirmationStatus), fromCommitment(until))) return;
    this.#subscriptions.delete(id);
    const result = { context: { slot: status.slot }, value: { err: status.err } };
    this.#push('signatureNotification', { result, subscription: id });
  }

  #push(method: string, params: unknown): void {
    this.#socket.send(JSON.stringify({ jsonrpc: '2.0', method, params }));
  }
}
