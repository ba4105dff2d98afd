import { createClient, ErrorReply } from '@redis/client';
import { ChainFault } from '../chainFault.ts';
import { closedFault, reasonOf, unavailableFault } from './storeFaults.ts';

/** Which server, how patiently, and whether it may forget. */
export interface RedisConnectionOptions {
  readonly url: string;
  /** For each command; a third each to connect, to look at the settings, and to be answered. */
  readonly timeoutMs: number;
  readonly allowVolatile: boolean;
}

type Client = ReturnType<typeof createClient>;

/**
 * One connection that is made when a command needs it, and given up as soon as one goes unanswered:
 * the commands behind it would wait just as long.
 */
export class RedisConnection {
  /** Host and port, which is all of the URL that may be shown. */
  readonly host: string;
  readonly #options: RedisConnectionOptions;
  #client: Promise<Client> | undefined;
  #isClosed = false;

  /** @throws ChainFault CHAIN_CONFIG_INVALID. */
  constructor(options: RedisConnectionOptions) {
    this.host = hostOf(options.url);
    this.#options = options;
  }

  /**
   * @returns the answer: text, a number, null, or an array of these.
   * @throws ChainFault CHAIN_STORE_UNAVAILABLE, CHAIN_CONFIG_INVALID, CHAIN_CLOSED.
   */
  async send(command: readonly string[]): Promise<unknown> {
    if (this.#isClosed) throw closedFault();
    this.#client ??= this.#connect();
    const connecting = this.#client;
    try {
      const client = await connecting;
      return await this.#inTime(client.sendCommand([...command]));
    } catch (cause) {
      if (!isRefusal(cause)) {
        if (this.#client === connecting) this.#client = undefined;
        await discard(connecting);
      }
      throw this.#fault(cause);
    }
  }

  /** Waits for commands that are under way, which end within their time. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const connecting = this.#client;
    if (connecting === undefined) return;
    await this.#inTime(connecting.then((client) => client.close())).catch(() => undefined);
    await discard(connecting);
  }

  async #connect(): Promise<Client> {
    const { url, timeoutMs } = this.#options;
    const client: Client = createClient({
      url,
      disableOfflineQueue: true,
      maintNotifications: 'disabled',
      // A new connection is made by the next command, not in the background.
      socket: { connectTimeout: stepOf(timeoutMs), reconnectStrategy: false },
    });
    // What broke is told by the command that fails; an event without a listener ends the process.
    client.on('error', () => undefined);
    try {
      await this.#inTime(client.connect());
      await this.#inTime(this.#checkDurability(client));
      return client;
    } catch (cause) {
      await discard(Promise.resolve(client));
      throw cause;
    }
  }

  async #checkDurability(client: Client): Promise<void> {
    if (this.#options.allowVolatile) return;
    const ask = async (name: string): Promise<string> => {
      const answer = await client.configGet(name).catch((cause: unknown) => {
        throw this.#volatileFault(`does not show its settings (${reasonOf(cause)})`);
      });
      return answer[name] ?? '';
    };
    const appendOnly = await ask('appendonly');
    const fsync = await ask('appendfsync');
    const eviction = await ask('maxmemory-policy');
    if (appendOnly !== 'yes') throw this.#volatileFault(`has appendonly ${appendOnly}, not yes`);
    if (fsync !== 'always') throw this.#volatileFault(`has appendfsync ${fsync}, not always`);
    if (eviction !== 'noeviction' && (await ask('maxmemory')) !== '0') {
      throw this.#volatileFault(`has maxmemory-policy ${eviction}, not noeviction`);
    }
  }

  #volatileFault(what: string): ChainFault {
    return new ChainFault(
      'CHAIN_CONFIG_INVALID',
      `Redis at ${this.host} ${what}, so it may lose acknowledged writes. Change that, or accept ` +
        'the risk of paying twice with allowVolatile.',
      { fields: { store: 'redis', host: this.host } },
    );
  }

  async #inTime<T>(answer: Promise<T>): Promise<T> {
    const stepMs = stepOf(this.#options.timeoutMs);
    const { promise, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      const fields = { store: 'redis', host: this.host, reason: 'timeout' };
      const advice = 'Check that the server runs and can be reached.';
      reject(unavailableFault(`Redis at ${this.host} was silent too long.`, { advice, fields }));
    }, stepMs);
    try {
      return await Promise.race([answer, promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** The driver's own error is not kept as the cause: it may hold the connection's secrets. */
  #fault(cause: unknown): ChainFault {
    if (cause instanceof ChainFault) return cause;
    return unavailableFault(`Redis at ${this.host} failed: ${reasonOf(cause)}.`, {
      advice: 'Check that the server runs, can be reached and may be written to.',
      fields: { store: 'redis', host: this.host, reason: reasonOf(cause).split(' ')[0] ?? '' },
    });
  }
}

function stepOf(timeoutMs: number): number {
  return Math.ceil(timeoutMs / 3);
}

/** Whether the server answered that it will not; a replica is left, to look for the master anew. */
function isRefusal(cause: unknown): boolean {
  return cause instanceof ErrorReply && !cause.message.startsWith('READONLY');
}

/** Ends a connection at once; what waits for an answer on it fails. */
async function discard(connecting: Promise<Client>): Promise<void> {
  const client = await connecting.catch(() => undefined);
  if (client?.isOpen === true) client.destroy();
}

function hostOf(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed !== undefined && ['redis:', 'rediss:'].includes(parsed.protocol)) return parsed.host;
  throw new ChainFault(
    'CHAIN_CONFIG_INVALID',
    'The URL of the Redis store cannot be read. Write redis://user:password@host:port, with ' +
      'special characters in the password percent-encoded.',
  );
}
