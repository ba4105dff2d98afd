import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { invariant } from '@lawbook/exchange/failures/invariant';
import { freePort, ServerProcess } from './serverProcess.ts';

const PROGRAM = '/usr/bin/redis-server';
const STARTS_MAX = 20;
const PASSWORD = 'a-secret-word';

/** Why there is no Redis here, or undefined where there is. */
export function redisMissing(): string | undefined {
  return existsSync(PROGRAM) ? undefined : `no ${PROGRAM}: apt-get install redis-server enables it`;
}

/** A real Redis on a free port of the loopback interface, in a temporary folder. */
export class RedisServer {
  readonly port: number;
  readonly #folder: string;
  readonly #settings: readonly string[];
  #running: ServerProcess | undefined;

  private constructor(port: number, settings: readonly string[]) {
    this.port = port;
    this.#folder = mkdtempSync(join(tmpdir(), 'lawbook-redis-'));
    this.#settings = settings;
  }

  /** `settings` as on the command line; durable unless they say otherwise. */
  static async start(
    settings: readonly string[] = ['--appendonly', 'yes', '--appendfsync', 'always'],
  ): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), settings);
    await server.startAgain();
    return server;
  }

  get url(): string {
    return this.urlAt(this.port);
  }

  /** The URL by way of a proxy on another port. */
  urlAt(port: number): string {
    return `redis://:${PASSWORD}@127.0.0.1:${port}`;
  }

  /** Starts it on what it had stored. */
  async startAgain(): Promise<void> {
    const parameters = ['--port', String(this.port), '--bind', '127.0.0.1', '--save', ''];
    for (let tries = 0; tries < STARTS_MAX && this.#running === undefined; tries += 1) {
      this.#running = await ServerProcess.start({
        program: PROGRAM,
        parameters: [...parameters, '--requirepass', PASSWORD, ...this.#settings],
        folder: this.#folder,
        readyLine: /Ready to accept connections/,
        crashSignal: 'SIGKILL',
      });
    }
    invariant(this.#running !== undefined, 'Redis starts');
  }

  /** kill -9. */
  async crash(): Promise<void> {
    await this.#running?.crash();
    this.#running = undefined;
  }

  /** Suspends it, so that it is silent without closing a connection. */
  pause(): void {
    this.#running?.signal('SIGSTOP');
  }

  resume(): void {
    this.#running?.signal('SIGCONT');
  }

  /** Ends it and deletes what it had stored. */
  async stop(): Promise<void> {
    await this.crash();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
