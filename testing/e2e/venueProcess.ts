import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { invariant } from '@lawbook/exchange/failures/invariant';

const RUN = fileURLToPath(new URL('./runVenue.ts', import.meta.url));
const START_MS_MAX = 30_000;

/** What a started venue says of itself. */
export interface StartLine {
  readonly url: string;
  readonly fromSnapshot: number;
  readonly replayed: number;
  readonly stateRoot: string;
}

/** A venue in a child process, which a test may kill. */
export class VenueProcess {
  readonly line: StartLine;
  readonly #child: ChildProcess;
  readonly #exit: Promise<unknown>;
  readonly #errors: () => string;

  private constructor(child: ChildProcess, errors: () => string, line: StartLine) {
    this.#child = child;
    this.#exit = child.exitCode === null ? once(child, 'exit') : Promise.resolve();
    this.#errors = errors;
    this.line = line;
  }

  get url(): string {
    return this.line.url;
  }

  /** Number of the process. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Starts a venue on a data directory and waits until it listens. */
  static async start(flags: Readonly<Record<string, unknown>>): Promise<VenueProcess> {
    const child = spawn(process.execPath, [RUN, JSON.stringify(flags)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const exit = once(child, 'exit');
    let errors = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      errors += chunk.toString();
    });
    const signal = AbortSignal.timeout(START_MS_MAX);
    const line = await Promise.race([firstLine(child, signal), exit.then(() => undefined)]);
    invariant(line !== undefined, `the venue starts: ${errors.slice(0, 2000)}`);
    return new VenueProcess(child, () => errors, JSON.parse(line) as StartLine);
  }

  /** Ends it at once, as a power cut would. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exit;
  }

  /** Asks it to stop, and waits until it has done so cleanly. */
  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.#exit;
    const { exitCode, signalCode } = this.#child;
    const end = `${signalCode ?? exitCode}: ${this.#errors().slice(0, 2000)}`;
    invariant(exitCode === 0, `a venue that is asked to stop exits with 0, not ${end}`);
  }
}

async function firstLine(child: ChildProcess, signal: AbortSignal): Promise<string | undefined> {
  let text = '';
  const { stdout } = child;
  if (stdout === null) return undefined;
  for (;;) {
    const [chunk] = (await once(stdout, 'data', { signal })) as [Buffer];
    text += chunk.toString();
    const end = text.indexOf('\n');
    if (end >= 0) return text.slice(0, end);
  }
}
