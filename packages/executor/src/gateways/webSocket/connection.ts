import type { CLOSE_CODES, ClientMessage, ServerMessage } from '@lawbook/api/schema/messages';
import { clientMessage, WEBSOCKET_PATH } from '@lawbook/api/schema/messages';
import { InvariantViolation, unreachable } from '@lawbook/exchange/failures/invariant';
import type { Rejection } from '@lawbook/exchange/failures/rejection';
import { refuse } from '@lawbook/exchange/failures/rejection';
import type { WebSocket } from 'ws';
import type { BookIntake } from '../bookIntake.ts';
import type { Caller } from '../callers.ts';
import { ANONYMOUS } from '../callers.ts';
import type { Asker, GatewayCore } from '../gatewayCore.ts';
import { parseBody } from '../http/parseBody.ts';
import type { OrderIntake } from '../orderIntake.ts';
import { isoTime } from '../present/moments.ts';
import { schemaRefusal } from '../schemaRefusal.ts';
import type { Channel } from './channel.ts';
import type { ChannelBoard } from './channelBoard.ts';
import { KeptSocket } from './keptSocket.ts';

/** What a connection works with. */
export interface ConnectionParts {
  readonly core: GatewayCore;
  readonly intake: OrderIntake;
  readonly bookIntake: BookIntake;
  readonly board: ChannelBoard;
  readonly socket: WebSocket;
  readonly addressKey: string;
  readonly traceId: string;
  /** Called once with the reason when the connection is over. */
  readonly ended: (reason: string) => void;
}

const NO_BODY = new Uint8Array();

/** One WebSocket: its caller, its subscriptions, its limits. */
export class Connection {
  readonly #parts: ConnectionParts;
  readonly #kept: KeptSocket;
  readonly #channels = new Map<string, Channel>();
  #caller: Caller = ANONYMOUS;
  #warned = false;

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
    const { core, socket, traceId, ended } = parts;
    this.#kept = new KeptSocket({
      ...{ core, socket, traceId, ended },
      received: (bytes, binary) => this.#receive(bytes, binary),
      leave: () => this.#leaveAll(),
    });
  }

  /** Bytes that wait for the client to read. */
  get bufferedBytes(): number {
    return this.#kept.bufferedBytes;
  }

  /**
   * Sends a frame of a channel; warns a client that reads slowly, drops one that reads too slowly.
   */
  send(frame: string): void {
    const { warnBytes } = this.#parts.core.options.webSocket;
    const { bufferedBytes } = this;
    if (bufferedBytes > warnBytes && !this.#warned) {
      this.#warned = true;
      this.#warn('slowConsumer');
    }
    if (bufferedBytes * 2 < warnBytes) this.#warned = false;
    this.#kept.send(frame);
  }

  /** Pings a client that answered the last ping, and drops one that did not. */
  beat(): void {
    this.#kept.beat();
  }

  /** Tells the client that the venue closes. */
  warnClosing(): void {
    this.#warn('closing');
  }

  /** Closes with a reason; cuts a client that does not read it in time. */
  close(reason: keyof typeof CLOSE_CODES): void {
    this.#kept.close(reason);
  }

  #warn(reason: 'slowConsumer' | 'closing'): void {
    const limitBytes = this.#parts.core.options.webSocket.dropBytes;
    this.#reply({ op: 'warning', reason, bufferedBytes: this.bufferedBytes, limitBytes });
  }

  #leaveAll(): void {
    for (const channel of this.#channels.values()) channel.readers.delete(this);
    this.#channels.clear();
  }

  #receive(bytes: Buffer, binary: boolean): void {
    const { core, addressKey } = this.#parts;
    const quota = this.#kept.takeMessage();
    if (!quota.allowed) {
      const { limit } = quota;
      this.#reject(undefined, refuse('rateLimited', { field: 'messages', limit }).rejection);
      this.close('rateExceeded');
      return;
    }
    const json = binary
      ? refuse('unsupportedMediaType', { field: 'frame', actual: 'binary' })
      : parseBody(bytes, core.options.bodyDepthMax);
    if (!json.ok) {
      this.#reject(undefined, json.rejection);
      return;
    }
    const parsed = clientMessage.safeParse(json.value);
    if (!parsed.success) {
      const { rejection } = schemaRefusal(parsed.error, json.value, 'message');
      this.#reject(idOf(json.value), rejection);
      return;
    }
    const message = parsed.data;
    const asker: Asker = { caller: this.#caller, addressKey, traceId: this.#traceId, quotas: [] };
    this.#serve(message, asker).catch((cause: unknown) => this.#failed(message.id, cause));
  }

  get #traceId(): string {
    return this.#parts.traceId;
  }

  async #serve(message: ClientMessage, asker: Asker): Promise<void> {
    const { core, intake } = this.#parts;
    const { id } = message;
    switch (message.op) {
      case 'subscribe':
        return await this.#subscribe(message);
      case 'unsubscribe':
        return this.#unsubscribe(message);
      case 'authenticate':
        return this.#authenticate(message);
      case 'submit': {
        if (this.#isLimited(id, 'orders', message.orders.length)) return;
        return this.#reply({
          op: 'answers',
          id,
          answers: await intake.submit(message.orders, asker),
        });
      }
      case 'cancel': {
        const canceled = await intake.cancel(message.orderId, message.signature, asker);
        if (!canceled.ok) return this.#reject(id, canceled.rejection);
        return this.#reply({ op: 'canceled', id, cancel: canceled.value });
      }
      case 'book': {
        if (this.#isLimited(id, 'actions', message.actions.length)) return;
        const answers = await this.#parts.bookIntake.submit(message.actions, asker);
        return this.#reply({ op: 'bookAnswers', id, answers });
      }
      case 'ping':
        return this.#reply({ op: 'pong', id, time: isoTime(core.dependencies.clock()) });
      default:
        return unreachable(message);
    }
  }

  /** Whether the address may not bring so many orders now; it is told. */
  #isLimited(id: string, field: string, count: number): boolean {
    const { core, addressKey } = this.#parts;
    const quota = core.addressBuckets.take(addressKey, count, core.dependencies.clock());
    if (quota.allowed) return false;
    const limit = { field, limit: quota.limit, actual: count };
    this.#reject(id, refuse('rateLimited', limit).rejection);
    return true;
  }

  async #subscribe(message: Extract<ClientMessage, { op: 'subscribe' }>): Promise<void> {
    const { core, board } = this.#parts;
    const { id, from, feed } = message;
    const limit = core.options.webSocket.channelsPerConnectionMax;
    if (this.#channels.size >= limit && !this.#channels.has(message.channel.toLowerCase())) {
      const actual = this.#channels.size + 1;
      return this.#reject(id, refuse('rateLimited', { field: 'channel', limit, actual }).rejection);
    }
    const opened = board.open(message.channel);
    if (!opened.ok) return this.#reject(id, opened.rejection);
    const channel = opened.value;
    const missed = from !== undefined && feed === channel.feed ? channel.since(from) : undefined;
    const { name } = channel;
    const head = { op: 'subscribed', id, channel: name, feed: channel.feed } as const;
    if (from !== undefined && missed !== undefined) {
      this.#follow(channel);
      const sequence = from - 1;
      this.#reply({ ...head, sequence, checksum: channel.checksumAfter(sequence), resumed: true });
      for (const { frame } of missed) this.send(frame);
      return;
    }
    if (from !== undefined) {
      core.dependencies.metrics.feedResyncs.inc({ kind: name.split(':')[0] ?? '' });
    }
    const cost = board.snapshotCost(channel);
    if (cost > 1 && this.#isLimited(id, 'channel', cost)) return;
    // A reader from here on: an empty channel with readers is not evicted while we wait.
    const { sequence, checksum, events } = await board.snapshot(channel);
    if (!this.#kept.isOpen) return;
    this.#follow(channel);
    this.#reply({ ...head, sequence, checksum, resumed: false, snapshot: events });
    // What the channel published between the snapshot and this turn of the loop.
    for (const { frame } of channel.since(sequence + 1) ?? []) this.send(frame);
  }

  #follow(channel: Channel): void {
    this.#channels.set(channel.name, channel);
    channel.readers.add(this);
  }

  #unsubscribe({ id, channel }: Extract<ClientMessage, { op: 'unsubscribe' }>): void {
    const name = channel.toLowerCase();
    this.#channels.get(name)?.readers.delete(this);
    this.#channels.delete(name);
    this.#reply({ op: 'unsubscribed', id, channel: name });
  }

  #authenticate(message: Extract<ClientMessage, { op: 'authenticate' }>): void {
    const { id, sessionId, timestampMs, mac } = message;
    const { venue, options, sessions, dependencies } = this.#parts.core;
    const verified = sessions.verify(
      { sessionId, timestampMs, mac },
      { method: 'GET', path: WEBSOCKET_PATH, body: NO_BODY },
      {
        grants: venue.state.grants,
        nowMs: dependencies.clock(),
        skewMs: options.sessionSkewMs,
      },
    );
    if (!verified.ok) {
      this.#reject(id, verified.rejection);
      return;
    }
    this.#caller = { kind: 'session', grant: verified.value };
    this.#reply({ op: 'authenticated', id, owner: verified.value.grant.owner });
  }

  #reject(id: string | undefined, rejection: Rejection): void {
    this.#reply({ op: 'rejected', ...(id !== undefined && { id }), rejection });
  }

  #reply(message: ServerMessage): void {
    this.#kept.send(JSON.stringify(message));
  }

  #failed(id: string, cause: unknown): void {
    const { log, stop } = this.#parts.core.dependencies;
    log.error({ err: cause, traceId: this.#traceId }, 'a message failed');
    this.#reject(id, refuse('internalFault', { field: 'message' }).rejection);
    if (cause instanceof InvariantViolation) stop(cause);
  }
}

/** The id of a message that is otherwise broken, so that its sender can tell which it was. */
function idOf(message: unknown): string | undefined {
  const { id } = (message ?? {}) as { readonly id?: unknown };
  return typeof id === 'string' && id.length >= 1 && id.length <= 64 ? id : undefined;
}
