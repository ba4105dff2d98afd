import type { Environment } from '../environment.ts';
import type { EndpointAddress } from './endpointAddress.ts';
import { endpointAddress } from './endpointAddress.ts';
import { resultOf, rpcErrorOf } from './rpcAnswer.ts';
import type { RpcCall, Transport, TransportFailure, TryOptions } from './transport.ts';
import { RpcError, TransportError } from './transport.ts';
import type { OpenSocket, Socket } from './webSocket.ts';
import { openWebSocket } from './webSocket.ts';

/** What may be subscribed to. */
export type SubscriptionTopic =
  | { readonly kind: 'newHeads' }
  | { readonly kind: 'newPendingTransactions' }
  | {
      readonly kind: 'logs';
      readonly address?: string | readonly string[];
      readonly topics?: readonly (string | readonly string[] | null)[];
    };

/** What a subscription tells. It accelerates; what counts is what polling finds. */
export type SubscriptionMessage =
  | { readonly kind: 'message'; readonly result: unknown }
  /** It runs, for the first time or again: whatever came in between was missed. */
  | { readonly kind: 'started' }
  /** The endpoint refuses it; tried again with the next connection. */
  | { readonly kind: 'refused'; readonly error: unknown };

/** A subscription outlives connections until it is closed. */
export interface Subscription {
  close(): void;
}

/** Requests and subscriptions over one socket. */
export interface WebSocketTransport extends Transport {
  subscribe(
    topic: SubscriptionTopic,
    onMessage: (message: SubscriptionMessage) => void,
  ): Subscription;
  stats(): WebSocketStats;
  close(): Promise<void>;
}

/** What a socket has seen. Counts stay under 2^53. */
export interface WebSocketStats {
  readonly state: 'idle' | 'connecting' | 'open' | 'closed';
  readonly connections: number;
  readonly requests: number;
  readonly subscriptions: number;
}

/** How a WebSocket endpoint is reached. */
export interface WebSocketTransportOptions {
  readonly url: string;
  readonly name?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly settings?: Partial<WebSocketSettings>;
}

/** Pace and bounds of a socket. */
export interface WebSocketSettings {
  /** Silence after which the endpoint is asked for a sign of life. */
  readonly heartbeatMs: number;
  /** The sign has to come within this time, or the connection counts as lost. */
  readonly heartbeatTimeoutMs: number;
  readonly connectTimeoutMs: number;
  /** First pause before a new connection, doubled up to the longest, with full jitter. */
  readonly backoffMs: number;
  readonly backoffMsMax: number;
  readonly messageBytesMax: number;
  /** Requests without an answer, at most. */
  readonly pendingMax: number;
  /** The question that asks for a sign of life. */
  readonly heartbeat: RpcCall;
}

/** The defaults. */
export const DEFAULT_WEB_SOCKET_SETTINGS: WebSocketSettings = {
  heartbeatMs: 15_000,
  heartbeatTimeoutMs: 5_000,
  connectTimeoutMs: 10_000,
  backoffMs: 250,
  backoffMsMax: 15_000,
  messageBytesMax: 64 * 1024 * 1024,
  pendingMax: 1_000,
  heartbeat: { method: 'eth_chainId', params: [] },
};

/**
 * JSON-RPC over a WebSocket that is opened when it is first needed, and opened again while anything
 * is subscribed or asked. A lost connection fails its requests with `reset` and hands its
 * subscriptions to the next one.
 *
 * @throws ChainFault CHAIN_CONFIG_INVALID for a URL that is none.
 */
export function webSocketTransport(
  options: WebSocketTransportOptions,
  dependencies: { readonly environment: Environment; readonly openSocket?: OpenSocket },
): WebSocketTransport {
  return new SocketTransport(options, dependencies);
}

class SocketTransport implements WebSocketTransport {
  readonly name: string;
  readonly #address: EndpointAddress;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #settings: WebSocketSettings;
  readonly #environment: Environment;
  readonly #openSocket: OpenSocket;
  readonly #closing: AbortController = new AbortController();
  readonly #pending: Map<number, Pending> = new Map();
  /** Requests that wait for the socket to open. */
  readonly #unsent: Map<number, string> = new Map();
  readonly #subscribers: Set<Subscriber> = new Set();
  readonly #byServerId: Map<unknown, Subscriber> = new Map();
  #socket: Socket | undefined;
  #isOpen = false;
  #loop: Promise<void> | undefined;
  #lastId = 0;
  #connections = 0;
  #failures = 0;
  #heardAtMs = 0;

  constructor(
    options: WebSocketTransportOptions,
    dependencies: { readonly environment: Environment; readonly openSocket?: OpenSocket },
  ) {
    this.#address = endpointAddress(options.url, ['ws', 'wss']);
    this.name = options.name ?? this.#address.host;
    this.#headers = { ...this.#address.headers, ...options.headers };
    this.#settings = { ...DEFAULT_WEB_SOCKET_SETTINGS, ...options.settings };
    this.#environment = dependencies.environment;
    this.#openSocket = dependencies.openSocket ?? openWebSocket;
  }

  async request(call: RpcCall, { timeoutMs, signal }: TryOptions): Promise<unknown> {
    if (this.#closing.signal.aborted) throw this.#failed('refused', 'was closed');
    if (signal?.aborted === true) throw this.#failed('aborted', 'was not asked');
    if (this.#pending.size >= this.#settings.pendingMax) {
      throw this.#failed('refused', 'has too many requests without an answer');
    }
    const ending = new AbortController();
    const id = this.#nextId();
    try {
      return await new Promise((resolve, reject) => {
        const leave = (): void => reject(this.#failed('aborted', 'was left by the caller'));
        signal?.addEventListener('abort', leave, { once: true, signal: ending.signal });
        const expire = (): void => reject(this.#failed('timeout', `took over ${timeoutMs} ms`));
        this.#environment.clock.sleep(timeoutMs, ending.signal).then(expire, () => undefined);
        this.#pending.set(id, {
          onAnswer: (answer) => {
            try {
              resolve(resultOf(answer, { endpoint: this.name, method: call.method, id }));
            } catch (error) {
              reject(error);
            }
          },
          onLost: (wasSent) => {
            const [failure, sentence] = wasSent ? LOST : UNREACHABLE;
            reject(this.#failed(failure, sentence));
          },
        });
        this.#send(id, call);
      });
    } finally {
      this.#pending.delete(id);
      this.#unsent.delete(id);
      ending.abort(ENDED);
    }
  }

  subscribe(
    topic: SubscriptionTopic,
    onMessage: (message: SubscriptionMessage) => void,
  ): Subscription {
    const subscriber: Subscriber = { topic, onMessage, serverId: undefined };
    this.#subscribers.add(subscriber);
    if (this.#isOpen) this.#register(subscriber);
    this.#run();
    return {
      close: () => {
        if (!this.#subscribers.delete(subscriber)) return;
        const { serverId } = subscriber;
        if (serverId === undefined) return;
        this.#byServerId.delete(serverId);
        if (this.#isOpen) this.#write({ method: 'eth_unsubscribe', params: [serverId] }, undefined);
      },
    };
  }

  stats(): WebSocketStats {
    const live = this.#isOpen ? 'open' : this.#loop === undefined ? 'idle' : 'connecting';
    return {
      state: this.#closing.signal.aborted ? 'closed' : live,
      connections: this.#connections,
      requests: this.#pending.size,
      subscriptions: this.#subscribers.size,
    };
  }

  async close(): Promise<void> {
    this.#closing.abort(ENDED);
    this.#subscribers.clear();
    this.#socket?.terminate();
    this.#lose();
    // The loop ends by itself: its sleeps end with the signal, its socket is terminated.
    await this.#loop;
  }

  #send(id: number, { method, params }: RpcCall): void {
    const text = JSON.stringify({ jsonrpc: '2.0', id, method, params });
    if (this.#isOpen) this.#socket?.send(text);
    else this.#unsent.set(id, text);
    this.#run();
  }

  /** Sends a call of the transport's own; its answer goes to `onAnswer`. */
  #write({ method, params }: RpcCall, onAnswer: ((answer: object) => void) | undefined): void {
    const id = this.#nextId();
    const forget = (): void => {
      this.#pending.delete(id);
    };
    this.#pending.set(id, {
      onAnswer: (answer) => {
        forget();
        onAnswer?.(answer);
      },
      onLost: forget,
    });
    this.#socket?.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
  }

  #nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  /** Keeps the one loop that connects running while anybody needs a connection. */
  #run(): void {
    if (this.#loop !== undefined || this.#closing.signal.aborted) return;
    this.#loop = this.#connectWhileNeeded().finally(() => {
      this.#loop = undefined;
      if (this.#isNeeded()) this.#run();
    });
  }

  #isNeeded(): boolean {
    if (this.#closing.signal.aborted) return false;
    return this.#subscribers.size > 0 || this.#unsent.size > 0;
  }

  async #connectWhileNeeded(): Promise<void> {
    const { backoffMs, backoffMsMax } = this.#settings;
    const { clock, random } = this.#environment;
    while (this.#isNeeded()) {
      if (this.#failures > 0) {
        const mostMs = Math.min(backoffMs * 2 ** (this.#failures - 1), backoffMsMax);
        // Full jitter: clients that were cut off together do not come back together.
        const pauseMs = mostMs * random.next();
        await clock.sleep(pauseMs, this.#closing.signal).catch(() => undefined);
      }
      if (!this.#isNeeded()) return;
      await this.#connectOnce();
      this.#failures += 1;
    }
  }

  /** Opens a socket and stays until it is lost. */
  async #connectOnce(): Promise<void> {
    const { clock } = this.#environment;
    const { connectTimeoutMs, messageBytesMax: bytesMax } = this.#settings;
    const { url } = this.#address;
    const opened = new AbortController();
    const lost = new AbortController();
    const work: Promise<void>[] = [];
    await new Promise<void>((resolve) => {
      const onClose = (): void => {
        opened.abort(ENDED);
        lost.abort(ENDED);
        this.#lose();
        resolve();
      };
      const onOpen = (): void => {
        opened.abort(ENDED);
        this.#onOpen();
        work.push(this.#beat(socket, lost.signal));
      };
      const onMessage = (text: string): void => this.#onMessage(text);
      const target = { url, headers: this.#headers, bytesMax };
      const socket = this.#openSocket(target, { onOpen, onMessage, onClose });
      if (!lost.signal.aborted) this.#socket = socket;
      const giveUp = (): void => socket.terminate();
      work.push(clock.sleep(connectTimeoutMs, opened.signal).then(giveUp, () => undefined));
    });
    await Promise.all(work);
  }

  #onOpen(): void {
    this.#connections += 1;
    this.#isOpen = true;
    this.#heardAtMs = this.#environment.clock.elapsedMs();
    for (const text of this.#unsent.values()) this.#socket?.send(text);
    this.#unsent.clear();
    for (const subscriber of this.#subscribers) this.#register(subscriber);
  }

  /** Everything that hung on the connection: requests fail, subscriptions wait for the next. */
  #lose(): void {
    this.#socket = undefined;
    this.#isOpen = false;
    this.#byServerId.clear();
    for (const subscriber of this.#subscribers) subscriber.serverId = undefined;
    for (const [id, pending] of [...this.#pending]) pending.onLost(!this.#unsent.has(id));
    this.#unsent.clear();
    this.#pending.clear();
  }

  #onMessage(text: string): void {
    this.#heardAtMs = this.#environment.clock.elapsedMs();
    // One answer proves the endpoint; a connection alone may be a proxy's.
    this.#failures = 0;
    const answer = parsed(text);
    if (typeof answer !== 'object' || answer === null) {
      this.#socket?.terminate();
      return;
    }
    if ('id' in answer && typeof answer.id === 'number') {
      this.#pending.get(answer.id)?.onAnswer(answer);
      return;
    }
    if (!('params' in answer)) return;
    const { params } = answer;
    if (typeof params !== 'object' || params === null || !('subscription' in params)) return;
    const subscriber = this.#byServerId.get(params.subscription);
    const result = 'result' in params ? params.result : undefined;
    subscriber?.onMessage({ kind: 'message', result });
  }

  #register(subscriber: Subscriber): void {
    this.#write({ method: 'eth_subscribe', params: paramsOf(subscriber.topic) }, (answer) => {
      const error = 'error' in answer ? rpcErrorOf(answer.error) : undefined;
      if (error !== undefined) {
        subscriber.onMessage({ kind: 'refused', error: new RpcError('eth_subscribe', error) });
        return;
      }
      const serverId = 'result' in answer ? answer.result : undefined;
      if (!this.#subscribers.has(subscriber)) {
        this.#write({ method: 'eth_unsubscribe', params: [serverId] }, undefined);
        return;
      }
      subscriber.serverId = serverId;
      this.#byServerId.set(serverId, subscriber);
      subscriber.onMessage({ kind: 'started' });
    });
  }

  /** Asks for a sign of life after each silence, until this connection is lost. */
  async #beat(socket: Socket, lost: AbortSignal): Promise<void> {
    const { heartbeatMs, heartbeatTimeoutMs, heartbeat } = this.#settings;
    const { clock } = this.#environment;
    while (!lost.aborted) {
      await clock.sleep(heartbeatMs, lost).catch(() => undefined);
      if (lost.aborted) return;
      if (clock.elapsedMs() - this.#heardAtMs < heartbeatMs) continue;
      const askedAtMs = clock.elapsedMs();
      this.#write(heartbeat, undefined);
      await clock.sleep(heartbeatTimeoutMs, lost).catch(() => undefined);
      if (!lost.aborted && this.#heardAtMs < askedAtMs) socket.terminate();
    }
  }

  #failed(failure: TransportFailure, sentence: string): TransportError {
    const fields = { endpoint: this.name };
    return new TransportError(failure, `${this.name} ${sentence}`, { fields });
  }
}

const ENDED = 'no longer needed';
const LOST = ['reset', 'lost the connection'] as const;
const UNREACHABLE = ['refused', 'cannot be reached'] as const;

interface Pending {
  readonly onAnswer: (answer: object) => void;
  readonly onLost: (wasSent: boolean) => void;
}

interface Subscriber {
  readonly topic: SubscriptionTopic;
  readonly onMessage: (message: SubscriptionMessage) => void;
  /** The endpoint's name for it on the present connection. */
  serverId: unknown;
}

function paramsOf(topic: SubscriptionTopic): readonly unknown[] {
  if (topic.kind !== 'logs') return [topic.kind];
  const { kind, ...filter } = topic;
  return [kind, filter];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
