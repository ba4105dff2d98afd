import { randomBytes } from 'node:crypto';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { endSocket } from '../../http/refuseSocket.ts';
import { addressKey } from '../../tokenBuckets.ts';
import type { DialectConnectionParts } from './dialectConnection.ts';
import { DialectConnection } from './dialectConnection.ts';

/** What every connection is given. */
export type SocketParts = Pick<
  DialectConnectionParts,
  'core' | 'board' | 'readDesk' | 'actionDesk'
>;

/** The WebSocket of the dialect: accepts connections on its path, beats, closes. */
export class DialectSockets {
  readonly #parts: SocketParts;
  readonly #path: string;
  readonly #server: WebSocketServer;
  readonly #connections = new Set<DialectConnection>();
  readonly #perAddress = new Map<string, number>();
  readonly #heartbeat: NodeJS.Timeout;
  #closing = false;
  #whenEmpty: () => void = () => {};

  constructor(path: string, parts: SocketParts) {
    this.#path = path;
    this.#parts = parts;
    const { frameBytesMax, heartbeatMs } = parts.core.options.webSocket;
    this.#server = new WebSocketServer({
      noServer: true,
      maxPayload: frameBytesMax,
      perMessageDeflate: false,
      clientTracking: false,
    });
    this.#server.on('wsClientError', (_, socket) => refuseUpgrade(socket, 400));
    this.#heartbeat = setInterval(() => {
      for (const connection of this.#connections) connection.beat();
    }, heartbeatMs);
    this.#heartbeat.unref();
  }

  /** Takes upgrades of an HTTP server on the dialect's path. */
  attach(server: Server): void {
    server.on('upgrade', (request, socket, head) => {
      if (request.url?.split('?')[0] === this.#path) this.#upgrade(request, socket, head);
    });
  }

  /** Closes every connection with a reason and waits until they are gone. */
  async close(): Promise<void> {
    this.#closing = true;
    clearInterval(this.#heartbeat);
    const gone = new Promise<void>((resolve) => {
      this.#whenEmpty = resolve;
      if (this.#connections.size === 0) resolve();
    });
    for (const connection of this.#connections) connection.close('closing');
    await gone;
    this.#server.close();
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { core } = this.#parts;
    const key = addressKey(addressOf(request, core.options.trustProxy));
    const { connectionsMax, connectionsPerAddressMax } = core.options.webSocket;
    const isFull =
      this.#connections.size >= connectionsMax ||
      (this.#perAddress.get(key) ?? 0) >= connectionsPerAddressMax ||
      !core.addressBuckets.take(key, 1, core.dependencies.clock()).allowed;
    if (this.#closing || isFull) {
      refuseUpgrade(socket, this.#closing ? 503 : 429);
      return;
    }
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      const { metrics } = core.dependencies;
      metrics.feedOpened.inc();
      this.#perAddress.set(key, (this.#perAddress.get(key) ?? 0) + 1);
      const connection = new DialectConnection({
        ...this.#parts,
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

  #leave(connection: DialectConnection, key: string): void {
    this.#connections.delete(connection);
    const left = (this.#perAddress.get(key) ?? 1) - 1;
    if (left === 0) this.#perAddress.delete(key);
    else this.#perAddress.set(key, left);
    if (this.#connections.size === 0) this.#whenEmpty();
  }
}

/** The client's address: behind a trusted proxy the last one that the proxy names. */
function addressOf(request: IncomingMessage, trustProxy: boolean): string {
  const forwarded = String(request.headers['x-forwarded-for'] ?? '');
  const last = forwarded.split(',').at(-1)?.trim() ?? '';
  return trustProxy && last !== '' ? last : (request.socket.remoteAddress ?? 'unknown');
}

function refuseUpgrade(socket: Duplex, status: number): void {
  endSocket(socket, `HTTP/1.1 ${status} Refused\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`);
}
