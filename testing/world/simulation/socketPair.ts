import { EventEmitter } from 'node:events';
import type { Wires } from './wires.ts';

/** The end that a gateway holds. */
export class ServerEnd extends EventEmitter {
  readonly OPEN = 1;
  readyState = 1;
  readonly bufferedAmount = 0;
  peer: ClientEnd | undefined;
  readonly #wires: Wires;
  readonly #way: Way;

  constructor(wires: Wires) {
    super();
    this.#wires = wires;
    this.#way = new Way(wires);
  }

  send(frame: string): void {
    if (this.readyState !== 1) return;
    this.#way.carry(frame, (text) => this.peer?.receive(text));
  }

  ping(): void {
    this.#wires.after(this.#wires.delayMs(), () => this.emit('pong'));
  }

  close(code = 1000): void {
    if (this.readyState !== 1) return;
    this.readyState = 3;
    this.#wires.after(this.#wires.delayMs(), () => this.peer?.lose());
    this.emit('close', code);
  }

  terminate(): void {
    this.close(1006);
  }
}

/** The end that a client holds. */
export class ClientEnd {
  readyState = 0;
  peer: ServerEnd | undefined;
  readonly #wires: Wires;
  readonly #way: Way;
  readonly #listeners = new Map<string, ((event: unknown) => void)[]>();

  constructor(wires: Wires) {
    this.#wires = wires;
    this.#way = new Way(wires);
  }

  addEventListener(kind: string, listener: (event: unknown) => void): void {
    this.#listeners.set(kind, [...(this.#listeners.get(kind) ?? []), listener]);
  }

  send(text: string): void {
    if (this.readyState !== 1) return;
    this.#way.carry(text, (arrived) => {
      if (this.peer?.readyState === 1) this.peer.emit('message', Buffer.from(arrived), false);
    });
  }

  close(): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    const { peer } = this;
    this.#wires.after(this.#wires.delayMs(), () => peer?.close(1000));
  }

  open(): void {
    if (this.readyState !== 0) return;
    this.readyState = 1;
    this.#tell('open', {});
  }

  receive(text: string): void {
    if (this.readyState === 1) this.#tell('message', { data: text });
  }

  lose(): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.#tell('close', {});
  }

  #tell(kind: string, event: unknown): void {
    for (const listener of this.#listeners.get(kind) ?? []) listener(event);
  }
}

/** One direction: in order, unless a proxy is at fault. */
class Way {
  readonly #wires: Wires;
  #arrivalMs = 0;
  #held: (() => void) | undefined;

  constructor(wires: Wires) {
    this.#wires = wires;
  }

  carry(text: string, arrive: (text: string) => void): void {
    const { random, terms } = this.#wires;
    const fault = random.next() < terms.frameFaults ? random.integer(0, 2) : undefined;
    if (fault === 0) return;
    const deliver = (): void => {
      this.#after(() => arrive(text));
      if (fault === 1) this.#after(() => arrive(text));
    };
    if (fault === 2) {
      this.#held = deliver;
      return;
    }
    deliver();
    this.#held?.();
    this.#held = undefined;
  }

  #after(act: () => void): void {
    // A frame is never sooner than the one before it.
    this.#arrivalMs = Math.max(this.#wires.nowMs() + this.#wires.delayMs(), this.#arrivalMs);
    this.#wires.after(this.#arrivalMs - this.#wires.nowMs(), act);
  }
}

/** Connects a client with whoever takes the other end; undefined refuses the connection. */
export function connect(
  wires: Wires,
  accept: () => ((server: ServerEnd) => void) | undefined,
): {
  readonly client: ClientEnd;
  readonly cut: () => void;
} {
  const client = new ClientEnd(wires);
  wires.after(wires.delayMs(), () => {
    const take = accept();
    if (client.readyState !== 0) return;
    if (take === undefined) {
      client.lose();
      return;
    }
    const server = new ServerEnd(wires);
    server.peer = client;
    client.peer = server;
    take(server);
    wires.after(wires.delayMs(), () => client.open());
  });
  const cut = (): void => {
    const { peer } = client;
    wires.after(wires.delayMs(), () => client.lose());
    wires.after(wires.delayMs(), () => peer?.close(1006));
  };
  return { client, cut };
}
