import type { Result } from '@lawbook/exchange/failures/result';
import { accepted } from '@lawbook/exchange/failures/result';
import type { BookAction, BookActionAnswer } from '../schema/bookActions.ts';
import type { ChannelEvent, ClientMessage, ServerMessage } from '../schema/messages.ts';
import { serverMessage, WEBSOCKET_PATH } from '../schema/messages.ts';
import type { CancelReply, OrderAnswer, SignedOrder } from '../schema/orderViews.ts';
import { ClientFault } from './clientFault.ts';
import type { ChannelFollower } from './followedChannel.ts';
import { FollowedChannel } from './followedChannel.ts';
import type { SessionSigner } from './signers.ts';
import type { Timers } from './timers.ts';
import { systemTimers } from './timers.ts';
import type { CallOptions } from './transport.ts';

/** The part of the browser's WebSocket that a feed uses. */
export type SocketFactory = (url: string) => WebSocket;

/** Where a feed stands. */
export type FeedState = 'connecting' | 'open' | 'waiting' | 'closed';

/** How a feed is made. */
export interface FeedOptions {
  /** Base address of the venue: http, https, ws or wss. */
  readonly baseUrl: string;
  /** Authenticates each connection, for orders without signatures. */
  readonly session?: SessionSigner;
  readonly onState?: (state: FeedState) => void;
  /** Told when the venue says that we read too slowly, or that it closes. */
  readonly onWarning?: (warning: Extract<ServerMessage, { op: 'warning' }>) => void;
  readonly openSocket?: SocketFactory;
  readonly timers?: Timers;
  readonly backoff?: { readonly firstMs: number; readonly mostMs: number };
  /** A connection that says nothing for this long is asked, and cut when it stays silent. */
  readonly silenceMs?: number;
  readonly timeoutMs?: number;
}

interface PendingRequest {
  readonly message: ClientMessage;
  /** Whether it may be sent again on another connection. */
  readonly repeatable: boolean;
  readonly settle: (answer: ServerMessage | ClientFault) => void;
}

const BACKOFF = { firstMs: 250, mostMs: 10_000 };
const SILENCE_MS = 20_000;
const TIMEOUT_MS = 10_000;
/** Requests that may wait for their answers. */
const PENDING_MAX = 4096;
const NO_BODY = new Uint8Array();

/**
 * A connection that outlives its sockets: it reconnects with growing, jittered pauses, resumes each
 * channel where it stopped, verifies sequences and checksums, and submits orders.
 */
export class Feed {
  readonly #options: FeedOptions;
  readonly #timers: Timers;
  readonly #channels = new Map<string, FollowedChannel>();
  readonly #pending = new Map<string, PendingRequest>();
  #socket: WebSocket | undefined;
  #ready = false;
  #closed = false;
  #attempt = 0;
  #ids = 0;
  #cancelTimer: () => void = () => {};
  #pinged = false;

  constructor(options: FeedOptions) {
    this.#options = options;
    this.#timers = options.timers ?? systemTimers;
    this.#connect();
  }

  /** Follows a channel until the returned function is called. */
  follow(channel: string, follower: ChannelFollower): () => void {
    const name = channel.toLowerCase();
    const followed = this.#channels.get(name) ?? new FollowedChannel(name);
    this.#channels.set(name, followed);
    followed.add(follower);
    if (this.#ready) this.#subscribe(followed);
    return () => {
      if (followed.remove(follower) > 0 || this.#channels.get(name) !== followed) return;
      this.#channels.delete(name);
      if (this.#ready) this.#send({ op: 'unsubscribe', id: this.#nextId(), channel: name });
    };
  }

  /** Submits orders; on a lost connection they are submitted again on the next. */
  async submit(
    orders: readonly SignedOrder[],
    options?: CallOptions,
  ): Promise<Result<readonly OrderAnswer[]>> {
    const message = { op: 'submit', id: this.#nextId(), orders } as const;
    const answer = await this.#request(message, true, options);
    if (answer.op === 'answers') return accepted(answer.answers);
    return refusedBy(answer);
  }

  /** Withdraws an order. @throws ClientFault FEED_CLOSED when the connection was lost meanwhile. */
  async cancel(
    orderId: string,
    signature?: string,
    options?: CallOptions,
  ): Promise<Result<CancelReply>> {
    const id = this.#nextId();
    const message = { op: 'cancel', id, orderId, ...(signature !== undefined && { signature }) };
    const answer = await this.#request(message as ClientMessage, false, options);
    return answer.op === 'canceled' ? accepted(answer.cancel) : refusedBy(answer);
  }

  /**
   * Sends signed actions on books, answered each on its own, in order. With `repeatable` they are
   * sent again on the next connection, which orders and cancels bear.
   * @throws ClientFault FEED_CLOSED when the connection was lost and they may not be repeated.
   */
  async bookActions(
    actions: readonly BookAction[],
    options: CallOptions & { readonly repeatable?: boolean } = {},
  ): Promise<Result<readonly BookActionAnswer[]>> {
    const message = { op: 'book', id: this.#nextId(), actions } as const;
    const answer = await this.#request(message, options.repeatable ?? false, options);
    return answer.op === 'bookAnswers' ? accepted(answer.answers) : refusedBy(answer);
  }

  /** Asks for a channel's snapshot anew, for a follower that finds that it does not add up. */
  resynchronise(channel: string): void {
    const followed = this.#channels.get(channel.toLowerCase());
    if (followed === undefined) return;
    followed.restart();
    if (this.#ready) this.#subscribe(followed);
  }

  /** Ends the feed for good. */
  close(): void {
    this.#closed = true;
    this.#cancelTimer();
    this.#socket?.close(1000, 'done');
    this.#drop();
    for (const [id, { settle }] of this.#pending) {
      this.#pending.delete(id);
      settle(new ClientFault('FEED_CLOSED'));
    }
    this.#options.onState?.('closed');
  }

  #connect(): void {
    this.#options.onState?.('connecting');
    const base = this.#options.baseUrl.replace(/^http/, 'ws').replace(/\/+$/, '');
    const url = base + WEBSOCKET_PATH;
    const open = this.#options.openSocket ?? ((address) => new WebSocket(address));
    const socket = open(url);
    this.#socket = socket;
    socket.addEventListener('open', () => void this.#opened(socket));
    socket.addEventListener('message', (event: MessageEvent) => {
      if (socket === this.#socket) this.#receive(String(event.data));
    });
    const lost = (): void => this.#lost(socket);
    socket.addEventListener('close', lost);
    socket.addEventListener('error', lost);
    this.#watchSilence(socket);
  }

  async #opened(socket: WebSocket): Promise<void> {
    const { session } = this.#options;
    if (session !== undefined) {
      const request = { method: 'GET', path: WEBSOCKET_PATH, body: NO_BODY };
      const proof = await session.authorise(request, this.#timers.now());
      if (socket !== this.#socket) return;
      const { sessionId } = session;
      this.#send({ op: 'authenticate', id: this.#nextId(), sessionId, ...proof });
    }
    this.#ready = true;
    for (const channel of this.#channels.values()) this.#subscribe(channel);
    for (const { message } of this.#pending.values()) this.#send(message);
    this.#options.onState?.('open');
  }

  #lost(socket: WebSocket): void {
    if (socket !== this.#socket || this.#closed) return;
    this.#drop();
    for (const [id, { repeatable, settle }] of this.#pending) {
      if (repeatable) continue;
      this.#pending.delete(id);
      settle(new ClientFault('FEED_CLOSED'));
    }
    this.#options.onState?.('waiting');
    const { firstMs, mostMs } = this.#options.backoff ?? BACKOFF;
    const pauseMs = Math.min(mostMs, firstMs * 2 ** Math.min(this.#attempt, 16));
    this.#attempt += 1;
    // Full jitter keeps many clients from returning at once.
    const delayMs = Math.ceil(pauseMs * (0.5 + this.#timers.random() / 2));
    this.#cancelTimer = this.#timers.after(delayMs, () => this.#connect());
  }

  #drop(): void {
    this.#ready = false;
    this.#socket = undefined;
    this.#cancelTimer();
  }

  /** Asks a silent connection once, and gives it up when it stays silent. */
  #watchSilence(socket: WebSocket): void {
    this.#cancelTimer();
    const silenceMs = this.#options.silenceMs ?? SILENCE_MS;
    this.#cancelTimer = this.#timers.after(silenceMs, () => {
      if (socket !== this.#socket) return;
      if (this.#pinged || !this.#ready) {
        this.#lost(socket);
        socket.close(4000, 'silent');
        return;
      }
      this.#pinged = true;
      this.#send({ op: 'ping', id: this.#nextId() });
      this.#watchSilence(socket);
    });
  }

  #receive(text: string): void {
    const socket = this.#socket;
    if (socket === undefined) return;
    this.#pinged = false;
    this.#attempt = 0;
    this.#watchSilence(socket);
    const parsed = serverMessage.safeParse(parseText(text));
    // A message that a newer venue sends and this client does not know is left unread.
    if (!parsed.success) return;
    this.#take(parsed.data, text);
  }

  #take(message: ServerMessage, text: string): void {
    switch (message.op) {
      case 'event': {
        const channel = this.#channels.get(message.channel);
        if (channel?.event(message, text) === false) this.#subscribe(channel);
        return;
      }
      case 'subscribed':
        this.#channels.get(message.channel)?.subscribed(message);
        return;
      case 'warning':
        this.#options.onWarning?.(message);
        return;
      case 'answers':
      case 'bookAnswers':
      case 'canceled':
      case 'rejected': {
        const { id } = message;
        const pending = id === undefined ? undefined : this.#pending.get(id);
        if (id !== undefined) this.#pending.delete(id);
        pending?.settle(message);
        if (pending === undefined && message.op === 'rejected') this.#refused(message);
        return;
      }
      default:
    }
  }

  #refused({ id, rejection }: Extract<ServerMessage, { op: 'rejected' }>): void {
    for (const channel of this.#channels.values()) {
      if (channel.requestId === id) channel.refused(rejection);
    }
  }

  #subscribe(channel: FollowedChannel): void {
    const id = this.#nextId();
    this.#send({ op: 'subscribe', id, channel: channel.name, ...channel.resumption(id) });
  }

  #request(
    message: ClientMessage,
    repeatable: boolean,
    options: CallOptions = {},
  ): Promise<ServerMessage> {
    if (this.#closed || this.#pending.size >= PENDING_MAX || options.signal?.aborted === true) {
      const code = options.signal?.aborted === true ? 'REQUEST_ABORTED' : 'FEED_CLOSED';
      return Promise.reject(new ClientFault(code, { pending: this.#pending.size }));
    }
    return new Promise((resolve, reject) => {
      const settle = (answer: ServerMessage | ClientFault): void => {
        cancelTimer();
        options.signal?.removeEventListener('abort', abort);
        this.#pending.delete(message.id);
        if (answer instanceof ClientFault) reject(answer);
        else resolve(answer);
      };
      const abort = (): void => settle(new ClientFault('REQUEST_ABORTED'));
      const timeoutMs = options.timeoutMs ?? this.#options.timeoutMs ?? TIMEOUT_MS;
      const cancelTimer = this.#timers.after(timeoutMs, () => {
        settle(new ClientFault('REQUEST_TIMED_OUT', { op: message.op }));
      });
      options.signal?.addEventListener('abort', abort, { once: true });
      this.#pending.set(message.id, { message, repeatable, settle });
      if (this.#ready) this.#send(message);
    });
  }

  #send(message: ClientMessage): void {
    if (this.#socket?.readyState === 1) this.#socket.send(JSON.stringify(message));
  }

  #nextId(): string {
    this.#ids += 1;
    return String(this.#ids);
  }
}

/** What followers of channels are told. */
export type { ChannelFollower } from './followedChannel.ts';
export type { ChannelEvent };

function parseText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    if (cause instanceof SyntaxError) return undefined;
    throw cause;
  }
}

function refusedBy(answer: ServerMessage): Result<never> {
  if (answer.op !== 'rejected') throw new ClientFault('ANSWER_MALFORMED', { op: answer.op });
  const { limit, actual, ...rest } = answer.rejection;
  return {
    ok: false,
    rejection: {
      ...rest,
      ...(limit !== undefined && { limit }),
      ...(actual !== undefined && { actual }),
    },
  };
}
