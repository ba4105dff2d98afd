import { CLOSE_CODES } from '@lawbook/api/schema/messages';
import type { WebSocket } from 'ws';
import type { GatewayCore } from '../gatewayCore.ts';
import { TokenBuckets } from '../tokenBuckets.ts';

/** What a socket is kept with, and whom it tells. */
export interface KeptSocketParts {
  readonly core: GatewayCore;
  readonly socket: WebSocket;
  readonly traceId: string;
  readonly received: (bytes: Buffer, binary: boolean) => void;
  /** Called when nothing may reach the client any more; may be called again. */
  readonly leave: () => void;
  /** Called once with the reason when the connection is over. */
  readonly ended: (reason: string) => void;
}

/** The life of one socket, whatever is spoken over it: beats, bounds, the reason of its end. */
export class KeptSocket {
  readonly #parts: KeptSocketParts;
  readonly #messages: TokenBuckets;
  #alive = true;
  #closing: string | undefined;

  constructor(parts: KeptSocketParts) {
    this.#parts = parts;
    const { socket, core, traceId } = parts;
    this.#messages = new TokenBuckets(core.options.webSocket.messages, 1);
    socket.on('message', (bytes, binary) => {
      if (this.#closing === undefined) parts.received(bytes as Buffer, binary);
    });
    socket.on('pong', () => {
      this.#alive = true;
    });
    socket.on('close', (code) => {
      this.#closing ??= closeReason(code);
      parts.leave();
      parts.ended(this.#closing);
    });
    socket.on('error', (cause) => {
      core.dependencies.log.debug({ err: cause, traceId }, 'socket failed');
    });
  }

  /** Whether frames still reach the client. */
  get isOpen(): boolean {
    const { socket } = this.#parts;
    return this.#closing === undefined && socket.readyState === socket.OPEN;
  }

  /** Bytes that wait for the client to read. */
  get bufferedBytes(): number {
    return this.#parts.socket.bufferedAmount;
  }

  /** Asks for room for one message of the client. */
  takeMessage(): ReturnType<TokenBuckets['take']> {
    return this.#messages.take('', 1, this.#parts.core.dependencies.clock());
  }

  /** Sends a frame, or drops a client that reads too slowly. */
  send(frame: string): void {
    if (!this.isOpen) return;
    if (this.bufferedBytes > this.#parts.core.options.webSocket.dropBytes) {
      this.close('slowConsumer');
      return;
    }
    this.#parts.socket.send(frame);
  }

  /** Pings a client that answered the last ping, and drops one that did not. */
  beat(): void {
    if (!this.#alive) {
      this.close('heartbeatMissed');
      return;
    }
    this.#alive = false;
    this.#parts.socket.ping();
  }

  /** Closes with a reason; cuts a client that does not read it in time. */
  close(reason: keyof typeof CLOSE_CODES): void {
    const { socket, core, leave } = this.#parts;
    if (this.#closing !== undefined) return;
    this.#closing = reason;
    leave();
    socket.close(CLOSE_CODES[reason], reason);
    const cut = setTimeout(() => socket.terminate(), core.options.webSocket.closeGraceMs);
    socket.once('close', () => clearTimeout(cut));
  }
}

/** Words for the codes with which clients and the protocol end a connection. */
function closeReason(code: number): string {
  if (code === 1009) return 'frameTooLarge';
  if (code === 1002 || code === 1003 || code === 1007) return 'protocol';
  return 'client';
}
