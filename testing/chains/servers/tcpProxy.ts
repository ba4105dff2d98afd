import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';

/**
 * A way to a server on the loopback interface that can hold back either direction.
 *
 * What a client sent before it gave up still reaches the server, as on a real network.
 */
export class TcpProxy {
  readonly port: number;
  readonly #server: Server;
  readonly #links: Set<Link>;

  private constructor(server: Server, links: Set<Link>) {
    this.port = (server.address() as AddressInfo).port;
    this.#server = server;
    this.#links = links;
  }

  static async start(target: number): Promise<TcpProxy> {
    const links = new Set<Link>();
    const server = createServer((client) => links.add(new Link(client, target)));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TcpProxy(server, links);
  }

  /** From now on nothing that clients of the present connections send reaches the server. */
  holdRequests(): void {
    for (const link of this.#links) link.hold();
  }

  /** Lets what was held back go on, and waits until the server has answered or hung up. */
  async releaseRequests(): Promise<void> {
    await Promise.all([...this.#links].map((link) => link.release()));
  }

  /** From now on nothing that the server answers on the present connections arrives. */
  loseAnswers(): void {
    for (const link of this.#links) link.loseAnswers();
  }

  /** Breaks all connections. */
  cut(): void {
    for (const link of this.#links) link.cut();
    this.#links.clear();
  }

  async stop(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

/** One connection from a client to the server. */
class Link {
  readonly #client: Socket;
  readonly #upstream: Socket;
  #held: Buffer[] | undefined;
  #isLosing = false;
  #hasEnded = false;

  constructor(client: Socket, target: number) {
    this.#client = client;
    this.#upstream = connect(target, '127.0.0.1');
    const cut = (): void => this.cut();
    this.#upstream.on('error', cut).on('close', () => client.destroy());
    this.#upstream.on('data', (chunk: Buffer) => {
      if (!this.#isLosing && !client.destroyed) client.write(chunk);
    });
    client.on('data', (chunk: Buffer) => {
      if (this.#held === undefined) this.#upstream.write(chunk);
      else this.#held.push(chunk);
    });
    const end = (): void => {
      this.#hasEnded = true;
      if (this.#held === undefined) this.#upstream.end();
    };
    client.on('error', end).on('close', end);
  }

  hold(): void {
    this.#held ??= [];
  }

  loseAnswers(): void {
    this.#isLosing = true;
  }

  async release(): Promise<void> {
    const held = this.#held;
    if (held === undefined) return;
    this.#held = undefined;
    if (this.#upstream.destroyed) return;
    const answered = Promise.race([once(this.#upstream, 'data'), once(this.#upstream, 'close')]);
    for (const chunk of held) this.#upstream.write(chunk);
    if (this.#hasEnded) this.#upstream.end();
    if (held.length > 0 || this.#hasEnded) await answered;
  }

  cut(): void {
    this.#client.destroy();
    this.#upstream.destroy();
  }
}
