import type { CLOSE_CODES } from '@lawbook/api/schema/messages';
import { InvariantViolation, unreachable } from '@lawbook/exchange/failures/invariant';
import type { WebSocket } from 'ws';
import type { GatewayCore } from '../../gatewayCore.ts';
import { parseBody } from '../../http/parseBody.ts';
import { KeptSocket } from '../../webSocket/keptSocket.ts';
import type { ActionDesk } from './actionDesk.ts';
import { tooMany } from './actionReplies.ts';
import type { ReadDesk } from './readDesk.ts';
import { LONG_READ_TOKENS } from './readDesk.ts';
import type { Follower, StreamBoard } from './streamBoard.ts';
import type { SocketRequest } from './subscriptions.ts';
import { invalidSubscription, readSocketRequest, streamKey } from './subscriptions.ts';

/** What a connection works with. */
export interface DialectConnectionParts {
  readonly core: GatewayCore;
  readonly board: StreamBoard;
  readonly readDesk: ReadDesk;
  readonly actionDesk: ActionDesk;
  readonly socket: WebSocket;
  readonly addressKey: string;
  readonly traceId: string;
  /** Called once with the reason when the connection is over. */
  readonly ended: (reason: string) => void;
}

/** Streams that one connection may follow, and posts that may wait for their answers. */
const STREAMS_MAX = 1_000;
const POSTS_MAX = 100;

/** One WebSocket of the dialect: its streams, its posts, its limits. */
export class DialectConnection implements Follower {
  readonly #parts: DialectConnectionParts;
  readonly #kept: KeptSocket;
  readonly #streams = new Set<string>();
  #posts = 0;

  constructor(parts: DialectConnectionParts) {
    this.#parts = parts;
    const { core, socket, traceId, ended } = parts;
    this.#kept = new KeptSocket({
      ...{ core, socket, traceId, ended },
      received: (bytes, binary) => this.#receive(bytes, binary),
      leave: () => this.#leaveAll(),
    });
  }

  /** Sends a frame, or drops a client that reads too slowly. */
  send(frame: string): void {
    this.#kept.send(frame);
  }

  follows(key: string): boolean {
    return this.#streams.has(key);
  }

  /** Pings a client that answered the last ping, and drops one that did not. */
  beat(): void {
    this.#kept.beat();
  }

  /** Closes with a reason; cuts a client that does not read it in time. */
  close(reason: keyof typeof CLOSE_CODES): void {
    this.#kept.close(reason);
  }

  #leaveAll(): void {
    for (const key of this.#streams) this.#parts.board.leave(key, this);
    this.#streams.clear();
  }

  #receive(bytes: Buffer, binary: boolean): void {
    const { core } = this.#parts;
    if (!this.#kept.takeMessage().allowed) {
      this.#fail('Too many messages.');
      this.close('rateExceeded');
      return;
    }
    const json = parseBody(bytes, core.options.bodyDepthMax);
    const text = binary || !json.ok ? 'not JSON' : bytes.toString();
    const request = readSocketRequest(json.ok && !binary ? json.value : undefined, text);
    if (typeof request === 'string') {
      this.#fail(request);
      return;
    }
    this.#serve(request).catch((cause: unknown) => this.#failed(request, cause));
  }

  async #serve(request: SocketRequest): Promise<void> {
    switch (request.method) {
      case 'ping':
        return this.#reply('pong', undefined);
      case 'subscribe':
        return await this.#subscribe(request);
      case 'unsubscribe': {
        const { subscription, echo } = request;
        const key = streamKey(subscription);
        if (!this.#streams.delete(key)) {
          return this.#fail(`Already unsubscribed: ${JSON.stringify(echo)}`);
        }
        this.#parts.board.leave(key, this);
        const { method } = request;
        return this.#reply('subscriptionResponse', { method, subscription: echo });
      }
      case 'post':
        return await this.#post(request);
      default:
        return unreachable(request);
    }
  }

  async #subscribe(request: Extract<SocketRequest, { subscription: unknown }>): Promise<void> {
    const { board } = this.#parts;
    const { method, subscription, echo } = request;
    const told = JSON.stringify(echo);
    const key = streamKey(subscription);
    if (this.#streams.has(key)) return this.#fail(`Already subscribed: ${told}`);
    if (!board.exists(subscription)) return this.#fail(invalidSubscription(told));
    if (this.#streams.size >= STREAMS_MAX) {
      return this.#fail(`Cannot subscribe to more than ${STREAMS_MAX} channels: ${told}`);
    }
    // Some begin with thousands of rows.
    const refused = subscription.type === 'userFills' ? this.#charge(LONG_READ_TOKENS) : undefined;
    if (refused !== undefined) return this.#fail(`${refused} ${told}`);
    this.#streams.add(key);
    this.#reply('subscriptionResponse', { method, subscription: echo });
    await board.follow(subscription, this);
  }

  async #post({ id, request }: Extract<SocketRequest, { method: 'post' }>): Promise<void> {
    const { addressKey, traceId, readDesk, actionDesk } = this.#parts;
    if (this.#posts >= POSTS_MAX) return this.#fail(`too many pending post requests id=${id}`);
    const refused = this.#charge(1);
    if (refused !== undefined) {
      return this.#reply('post', { id, response: { type: 'error', payload: refused } });
    }
    this.#posts += 1;
    try {
      const { type, payload } = request;
      if (type === 'info') {
        const read = await readDesk.answer(payload, this.#charge);
        const response =
          read.kind === 'told'
            ? { type, payload: { type: read.type, data: read.body } }
            : { type: 'error', payload: read.text };
        return this.#reply('post', { id, response });
      }
      const sender = { addressKey, traceId, quotas: [] };
      const acted = await actionDesk.answer(payload, sender);
      const response = { type: typeof acted === 'string' ? 'error' : type, payload: acted };
      return this.#reply('post', { id, response });
    } finally {
      this.#posts -= 1;
    }
  }

  readonly #charge = (tokens: number): string | undefined => {
    const { core, addressKey } = this.#parts;
    const quota = core.addressBuckets.take(addressKey, tokens, core.dependencies.clock());
    return quota.allowed ? undefined : tooMany(quota.limit);
  };

  #fail(text: string): void {
    this.#reply('error', text);
  }

  #reply(channel: string, told: unknown): void {
    this.send(JSON.stringify({ channel, data: told }));
  }

  #failed(request: SocketRequest, cause: unknown): void {
    const { log, stop } = this.#parts.core.dependencies;
    log.error({ err: cause, traceId: this.#parts.traceId }, 'a message failed');
    const payload = 'The venue failed to answer.';
    if (request.method === 'post') {
      this.#reply('post', { id: request.id, response: { type: 'error', payload } });
    } else this.#fail(payload);
    if (cause instanceof InvariantViolation) stop(cause);
  }
}
