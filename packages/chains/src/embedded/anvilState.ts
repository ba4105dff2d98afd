import { execFile } from 'node:child_process';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { gunzip } from 'node:zlib';
import { ChainFault } from '../chainFault.ts';
import type { Clock } from '../environment.ts';
import type { ShrinkTerms } from './shrinkState.ts';

/**
 * The state of an embedded chain on disk.
 *
 * anvil overwrites its dump in place, so a kill at the wrong moment would leave half a file and no
 * chain. `file` is therefore only ever replaced by renaming a complete one: snapshots that were
 * asked for over RPC, and the dump that anvil writes when it is asked to end, which is taken over
 * once it is known to be whole.
 */
export class AnvilState {
  readonly file: string;
  /** Where anvil dumps when it ends. */
  readonly exitDump: string;
  /** The dump of a chain that was ended to be started from less. */
  readonly #whole: string;
  readonly #owner: string;
  readonly #clock: Clock;

  constructor(file: string, clock: Clock) {
    this.file = resolve(file);
    this.exitDump = `${this.file}.exit`;
    this.#whole = `${this.file}.whole`;
    this.#owner = `${this.file}.owner`;
    this.#clock = clock;
  }

  /**
   * Waits until no other chain uses the file, as one does that is still writing its last dump after
   * its parent was killed, and takes over what it left.
   * @throws ChainFault CHAIN_PROCESS_FAILED when the file stays in use for `waitMs`.
   */
  async prepare(waitMs: number, signal: AbortSignal): Promise<void> {
    await mkdir(dirname(this.file), { recursive: true });
    const startedMs = this.#clock.elapsedMs();
    while (await this.#isInUse()) {
      if (this.#clock.elapsedMs() - startedMs > waitMs) {
        throw new ChainFault(
          'CHAIN_PROCESS_FAILED',
          `The chain state ${this.file} is used by another running chain: stop that one, or ` +
            'choose another file.',
        );
      }
      await this.#clock.sleep(50, signal);
    }
    await this.adoptExitDump();
  }

  /** Length of the state on disk, bytes; zero without one. */
  async bytes(): Promise<number> {
    return this.exists() ? (await stat(this.file)).size : 0;
  }

  /** Whether there is a state to start from. */
  exists(): boolean {
    return existsSync(this.file);
  }

  /** Notes which process uses the file. */
  async claim(pid: number): Promise<void> {
    await writeFile(this.#owner, `${pid}\n`);
  }

  async release(): Promise<void> {
    await rm(this.#owner, { force: true });
  }

  /** Makes the dump of a chain that ended the state, or drops it when it is not whole. */
  async adoptExitDump(): Promise<void> {
    if (!existsSync(this.exitDump)) return;
    if (await isWholeJson(this.exitDump)) await rename(this.exitDump, this.file);
    else await rm(this.exitDump, { force: true });
  }

  /** Puts the dump of a chain that was ended on purpose aside: the state is newer than it. */
  async keepWhole(): Promise<void> {
    if (existsSync(this.exitDump)) await rename(this.exitDump, this.#whole);
  }

  /** Goes back to the dump that was put aside, where it is complete. */
  async adoptWhole(): Promise<void> {
    if (!existsSync(this.#whole)) return;
    if (await isWholeJson(this.#whole)) await rename(this.#whole, this.file);
    else await this.forgetWhole();
  }

  async forgetWhole(): Promise<void> {
    await rm(this.#whole, { force: true });
  }

  /** Replaces the state by what `anvil_dumpState` answered: hex of gzipped JSON. */
  async replace(dump: string): Promise<void> {
    await this.#write(await unzip(Buffer.from(dump.slice(2), 'hex')));
  }

  /** The same without the past, made on a thread of its own: the venue goes on meanwhile. */
  async replaceByLess(dump: string, terms: ShrinkTerms): Promise<void> {
    await this.#write(await shrinkAside(dump, terms));
  }

  async #write(bytes: Uint8Array | string): Promise<void> {
    const fresh = `${this.file}.new`;
    const freshFile = await open(fresh, 'w');
    try {
      await freshFile.writeFile(bytes);
      await freshFile.sync();
    } finally {
      await freshFile.close();
    }
    await rename(fresh, this.file);
  }

  async #isInUse(): Promise<boolean> {
    if (!existsSync(this.#owner)) return false;
    const pid = Number.parseInt(await readFile(this.#owner, 'utf8'), 10);
    // Numbers of processes are used again: only one that was given our file counts.
    return Number.isSafeInteger(pid) && (await commandLine(pid)).includes(this.file);
  }
}

function shrinkAside(dump: string, terms: ShrinkTerms): Promise<string> {
  const worker = new Worker(new URL('./shrinkStateWorker.ts', import.meta.url), {
    workerData: { dump, terms },
  });
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', () => {
      // After a message this changes nothing.
      reject(new ChainFault('CHAIN_PROCESS_FAILED', 'The state was not made smaller.'));
    });
  });
}

const unzip = promisify(gunzip);
const run = promisify(execFile);

/** How a running process was started; empty when there is none. */
async function commandLine(pid: number): Promise<string> {
  try {
    if (existsSync('/proc/self/cmdline')) return await readFile(`/proc/${pid}/cmdline`, 'utf8');
    return (await run('ps', ['-o', 'command=', '-p', String(pid)])).stdout;
  } catch {
    return '';
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING = new Set([0x5b, 0x7b]);
const CLOSING = new Set([0x5d, 0x7d]);

/** Whether a file holds one object from its first brace to the last, without parsing it whole. */
export async function isWholeJson(path: string): Promise<boolean> {
  let depth = 0;
  let isText = false;
  let isEscaped = false;
  let isClosed = false;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    for (const byte of chunk as Buffer) {
      if (isText) {
        if (isEscaped) isEscaped = false;
        else if (byte === BACKSLASH) isEscaped = true;
        else if (byte === QUOTE) isText = false;
      } else if (byte === QUOTE) isText = true;
      else if (OPENING.has(byte)) depth += 1;
      else if (CLOSING.has(byte)) {
        depth -= 1;
        isClosed = depth === 0;
      }
    }
  }
  return isClosed && depth === 0 && !isText;
}
