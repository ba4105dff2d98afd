import { randomBytes } from 'node:crypto';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WEBSOCKET_PATH } from '@lawbook/api/schema/messages';
import type { Rejection } from '@lawbook/exchange/failures/rejection';
import { refuse } from '@lawbook/exchange/failures/rejection';
import { WebSocketServer } from 'ws';
import type { BookIntake } from '../bookIntake.ts';
import type { GatewayCore } from '../gatewayCore.ts';
import { refuseSocket } from '../http/refuseSocket.ts';
import type { MidsBoard } from '../midsBoard.ts';
import type { OrderIntake } from '../orderIntake.ts';
import { addressKey } from '../tokenBuckets.ts';
import { ChannelBoard } from './channelBoard.ts';
import { Connection } from './connection.ts';

/** Where orders go. */
export interface Intakes {
  readonly intake: OrderIntake;
  readonly bookIntake: BookIntake;
}

/** The WebSocket side of a venue: accepts connections, beats, drains. */
export class WebSocketGateway {
  readonly #core: GatewayCore;
  readonly #intakes: Intakes;
  readonly #board: ChannelBoard;
  readonly #server: WebSocketServer;
  readonly #connections = new Set<Connection>();
  readonly #perAddress = new Map<string, number>();
  readonly #stopListening: () => void;
  readonly #heartbeat: NodeJS.Timeout;
  #closing = false;

  constructor(core: GatewayCore, { mids, ...intakes }: Intakes & { readonly mids: MidsBoard }) {
    this.#core = core;
    this.#intakes = intakes;
    this.#board = new ChannelBoard(core, mids);
    const { frameBytesMax, heartbeatMs } = core.options.webSocket;
    this.#server = new WebSocketServer({
      noServer: true,
      maxPayload: frameBytesMax,
      perMessageDeflate: false,
      clientTracking: false,
    });
    this.#server.on('wsClientError', ({ message }, socket) => {
      refuseSocket(
        socket,
        refuse('malformedRequest', { field: 'upgrade', actual: message }).rejection,
      );
    });
    this.#stopListening = this.#board.listen();
    this.#heartbeat = setInterval(() => this.#beat(), heartbeatMs);
    this.#heartbeat.unref();
  }

  /** Connections open now. */
  get connectionCount(): number {
    return this.#connections.size;
  }

  /** Takes upgrades of an HTTP server, but for paths that others take. */
  attach(server: Server, elsewhere: readonly string[] = []): void {
    server.on('upgrade', (request, socket, head) => {
      if (!elsewhere.includes(pathOf(request))) this.#upgrade(request, socket, head);
    });
  }

  /** Tells every client that the venue closes; new connections are refused. */
  warn(): void {
    this.#closing = true;
    for (const connection of this.#connections) connection.warnClosing();
  }

  /** Closes every connection with a reason and waits until they are gone. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#stopListening();
    clearInterval(this.#heartbeat);
    const gone = new Promise<void>((resolve) => {
      this.#whenEmpty = resolve;
      if (this.#connections.size === 0) resolve();
    });
    for (const connection of this.#connections) connection.close('closing');
    await gone;
    this.#server.close();
  }

  #whenEmpty: () => void = () => {};

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const key = addressKey(addressOfRequest(request, this.#core.options.trustProxy));
    const rejection = this.#refusal(request, key);
    if (rejection !== undefined) {
      refuseSocket(socket, rejection);
      return;
    }
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      const { metrics } = this.#core.dependencies;
      metrics.feedOpened.inc();
      this.#perAddress.set(key, (this.#perAddress.get(key) ?? 0) + 1);
      const connection = new Connection({
        core: this.#core,
        ...this.#intakes,
        board: this.#board,
        socket: webSocket,
        addressKey: key,
        traceId: randomBytes(16).toString('hex'),
        ended: (reason) => {
          metrics.feedClosed.inc({ reason });
          this.#leave(connection, key);
        },
      });
      this.#connections.add(connection);
    });
  }

  #refusal(request: IncomingMessage, key: string): Rejection | undefined {
    const { options, addressBuckets, dependencies } = this.#core;
    const { connectionsMax, connectionsPerAddressMax } = options.webSocket;
    if (this.#closing) return refuse('notAdmitting', { field: 'connection' }).rejection;
    const path = pathOf(request);
    if (path !== WEBSOCKET_PATH)
      return refuse('notFound', { field: 'path', actual: path }).rejection;
    const field = 'connections';
    if (this.#connections.size >= connectionsMax) {
      return refuse('rateLimited', { field, limit: connectionsMax }).rejection;
    }
    if ((this.#perAddress.get(key) ?? 0) >= connectionsPerAddressMax) {
      return refuse('rateLimited', { field, limit: connectionsPerAddressMax }).rejection;
    }
    const quota = addressBuckets.take(key, 1, dependencies.clock());
    if (quota.allowed) return undefined;
    return refuse('rateLimited', { field: 'address', limit: quota.limit }).rejection;
  }

  #leave(connection: Connection, key: string): void {
    this.#connections.delete(connection);
    const left = (this.#perAddress.get(key) ?? 1) - 1;
    if (left === 0) this.#perAddress.delete(key);
    else this.#perAddress.set(key, left);
    if (this.#connections.size === 0) this.#whenEmpty();
  }

  #beat(): void {
    let buffered = 0;
    for (const connection of this.#connections) {
      buffered += connection.bufferedBytes;
      connection.beat();
    }
    const { feedBuffered, feedReaders } = this.#core.dependencies.metrics;
    feedBuffered.set(buffered);
    for (const [kind, count] of this.#board.readers()) feedReaders.set({ kind }, count);
  }
}

function pathOf({ url = '' }: IncomingMessage): string {
  return url.split('?')[0] ?? '';
}

/** The client's address: behind a trusted proxy the last one that the proxy names. */
function addressOfRequest(request: IncomingMessage, trustProxy: boolean): string {
  const forwarded = String(request.headers['x-forwarded-for'] ?? '');
  const last = forwarded.split(',').at(-1)?.trim() ?? '';
  return trustProxy && last !== '' ? last : (request.socket.remoteAddress ?? 'unknown');
}
