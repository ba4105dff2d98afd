import { spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { invariant } from '@lawbook/exchange/failures/invariant';
import { freePort, ServerProcess } from './serverProcess.ts';

const ROOT = '/usr/lib/postgresql';
const ENABLE = 'apt-get install postgresql enables it';
const STARTS_MAX = 20;

/** Why there is no PostgreSQL here, or undefined where there is. */
export function postgresMissing(): string | undefined {
  if (programs() === undefined) return `no ${ROOT}/*/bin/postgres: ${ENABLE}`;
  if (process.getuid?.() === 0 && serverUser() === undefined) {
    return `no user postgres to run the server as: ${ENABLE}`;
  }
  return undefined;
}

/** A real PostgreSQL on a free port of the loopback interface, in a temporary folder. */
export class PostgresServer {
  readonly port: number;
  readonly #folder: string;
  readonly #settings: readonly string[];
  #running: ServerProcess | undefined;

  private constructor(port: number, folder: string, settings: readonly string[]) {
    this.port = port;
    this.#folder = folder;
    this.#settings = settings;
  }

  /** `settings` such as `fsync=off`. The database sorts by the rules of English, not by bytes. */
  static async start(settings: readonly string[] = []): Promise<PostgresServer> {
    const folder = mkdtempSync(join(tmpdir(), 'lawbook-postgres-'));
    const user = serverUser();
    if (user !== undefined) chownSync(folder, user.uid, user.gid);
    const locale = ['--encoding=UTF8', '--locale=C.UTF-8'];
    const sorted = ['--locale-provider=icu', '--icu-locale=en'];
    const access = ['--username=lawbook', '--auth=trust', '--no-sync', '--no-instructions'];
    const parameters = ['-D', join(folder, 'cluster'), ...locale, ...sorted, ...access];
    const made = spawnSync(programPath('initdb'), parameters, { ...user, cwd: folder });
    invariant(made.status === 0, `initdb succeeds: ${made.stderr}`);
    const server = new PostgresServer(await freePort(), folder, settings);
    await server.startAgain();
    return server;
  }

  get url(): string {
    return this.urlAt(this.port);
  }

  /** The URL by way of a proxy on another port. */
  urlAt(port: number): string {
    return `postgres://lawbook:a-secret-word@127.0.0.1:${port}/postgres`;
  }

  /** Starts it on what it had stored. */
  async startAgain(): Promise<void> {
    const settings = [
      'listen_addresses=127.0.0.1',
      'unix_socket_directories=',
      'shared_buffers=16MB',
      ...this.#settings,
    ].flatMap((setting) => ['-c', setting]);
    for (let tries = 0; tries < STARTS_MAX && this.#running === undefined; tries += 1) {
      this.#running = await ServerProcess.start({
        program: programPath('postgres'),
        parameters: ['-D', join(this.#folder, 'cluster'), '-p', String(this.port), ...settings],
        user: serverUser(),
        folder: this.#folder,
        readyLine: /database system is ready to accept connections/,
        // The immediate shutdown: every part ends at once and nothing is written any more. Kill
        // would reach the first of its processes only.
        crashSignal: 'SIGQUIT',
      });
    }
    invariant(this.#running !== undefined, 'PostgreSQL starts');
  }

  /** Ends it without a checkpoint; the next start has to recover. */
  async crash(): Promise<void> {
    await this.#running?.crash();
    this.#running = undefined;
  }

  /** Suspends it with all its processes, so that it is silent without closing a connection. */
  pause(): void {
    for (const pid of this.#pids()) process.kill(pid, 'SIGSTOP');
  }

  resume(): void {
    for (const pid of this.#pids()) process.kill(pid, 'SIGCONT');
  }

  /** Ends it and deletes what it had stored. */
  async stop(): Promise<void> {
    await this.crash();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** The first process and those that it started for connections and chores. */
  #pids(): number[] {
    if (this.#running === undefined) return [];
    const { pid } = this.#running;
    const children = readdirSync('/proc').filter((name) => {
      return /^\d+$/.test(name) && parentOf(name) === pid;
    });
    return [pid, ...children.map(Number)];
  }
}

/** The second word behind the name in brackets, which may hold anything. */
function parentOf(pid: string): number | undefined {
  const path = `/proc/${pid}/stat`;
  if (!existsSync(path)) return undefined;
  const text = readFileSync(path, 'utf8');
  return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1]);
}

/** The folder of the newest version that is installed. */
function programs(): string | undefined {
  if (!existsSync(ROOT)) return undefined;
  const versions = readdirSync(ROOT).sort((a, b) => Number(b) - Number(a));
  return versions
    .map((version) => join(ROOT, version, 'bin'))
    .find((folder) => existsSync(join(folder, 'postgres')));
}

function programPath(name: string): string {
  const folder = programs();
  invariant(folder !== undefined, 'PostgreSQL is installed');
  return join(folder, name);
}

/** PostgreSQL refuses to run as root: then it runs as the user that its package made. */
function serverUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const line = readFileSync('/etc/passwd', 'utf8').match(/^postgres:[^:]*:(\d+):(\d+):/m);
  return line === null ? undefined : { uid: Number(line[1]), gid: Number(line[2]) };
}
