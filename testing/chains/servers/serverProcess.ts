import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { invariant } from '@lawbook/exchange/failures/invariant';

const START_MS_MAX = 30_000;

/** How a server is started, and how it says that it is ready. */
export interface ServerCommand {
  readonly program: string;
  readonly parameters: readonly string[];
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
  readonly folder: string;
  readonly readyLine: RegExp;
  /** Ends the server at once, with all its parts; also sent when this process ends. */
  readonly crashSignal: NodeJS.Signals;
}

/** A server in a child process. */
export class ServerProcess {
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #exit: Promise<unknown>;
  readonly #crash: () => void;

  private constructor(child: ChildProcess, exit: Promise<unknown>, crash: () => void) {
    invariant(child.pid !== undefined, 'a started server has a process id');
    this.pid = child.pid;
    this.#child = child;
    this.#exit = exit;
    this.#crash = crash;
  }

  /** Starts it and waits until it is ready. @returns undefined when it ended instead. */
  static async start(command: ServerCommand): Promise<ServerProcess | undefined> {
    const { program, parameters, user = {}, folder, readyLine, crashSignal } = command;
    const stdio = ['ignore', 'pipe', 'pipe'] as const;
    const child = spawn(program, parameters, { ...user, cwd: folder, stdio: [...stdio] });
    const crash = (): void => {
      child.kill(crashSignal);
    };
    process.once('exit', crash);
    const exit = once(child, 'exit').finally(() => process.off('exit', crash));
    const isReady = await Promise.race([ready(child, readyLine), exit.then(() => false)]);
    return isReady ? new ServerProcess(child, exit, crash) : undefined;
  }

  /** Asks it to stop and waits until it has. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    this.#child.kill(signal);
    await this.#exit;
  }

  /** Ends it as a power cut would, and waits until it is gone. */
  async crash(): Promise<void> {
    this.#crash();
    await this.#exit;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
}

async function ready(child: ChildProcess, line: RegExp): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  let output = '';
  const read = (chunk: Buffer): void => {
    // Once it is ready, what it prints is of no interest and not kept.
    if (output.length > 100_000) return;
    output += chunk.toString();
    if (line.test(output)) resolve(true);
  };
  child.stdout?.on('data', read);
  child.stderr?.on('data', read);
  child.once('error', reject);
  const late = setTimeout(() => {
    reject(new Error(`the server is not ready: ${output.slice(-2_000)}`));
  }, START_MS_MAX);
  return promise.finally(() => clearTimeout(late));
}

/** A port of the loopback interface that nobody used a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
