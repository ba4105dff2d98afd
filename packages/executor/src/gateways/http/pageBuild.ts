import { fork } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Fault } from '@lawbook/exchange/failures/fault';

/** A file of the page as it is served. */
export interface PageFile {
  readonly bytes: Buffer;
  /** The same compressed, where that is worth it. */
  readonly gzip: Buffer | undefined;
  readonly contentType: string;
}

/** Where the page stands. */
export type PageState =
  | { readonly kind: 'building' }
  | { readonly kind: 'built'; readonly files: ReadonlyMap<string, PageFile> }
  | { readonly kind: 'failed'; readonly reason: string };

/** A build takes some ten seconds on a busy machine; one that hangs is given up. */
const BUILD_MS_MAX = 180_000;

/**
 * The page of the venue, built from its sources by a child process the first time that somebody
 * asks for it, and held in memory, about a megabyte. A failed build is tried again when asked for.
 */
export class PageBuild {
  readonly #dataFolder: string;
  #state: PageState | undefined;
  #stop: () => void = () => {};
  #running: Promise<void> = Promise.resolve();

  constructor(dataFolder: string) {
    this.#dataFolder = dataFolder;
  }

  /** How far it is; begins when nothing was begun. */
  state(onFailure: (reason: string) => void): PageState {
    if (this.#state === undefined) {
      this.#state = { kind: 'building' };
      this.#running = this.#build(onFailure);
    }
    const state = this.#state;
    if (state.kind === 'failed') this.#state = undefined;
    return state;
  }

  /** Ends a build that still goes on. */
  async close(): Promise<void> {
    this.#stop();
    await this.#running;
  }

  async #build(onFailure: (reason: string) => void): Promise<void> {
    try {
      const folder = await this.#runBuild();
      this.#state = { kind: 'built', files: readFiles(folder) };
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      this.#state = { kind: 'failed', reason };
      onFailure(reason);
    }
  }

  #runBuild(): Promise<string> {
    const program = fileURLToPath(new URL('../../../../web/src/build/main.ts', import.meta.url));
    const child = fork(program, [this.#dataFolder], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      execArgv: [],
      timeout: BUILD_MS_MAX,
    });
    this.#stop = () => void child.kill('SIGKILL');
    const words: Buffer[] = [];
    child.stderr?.on('data', (chunk: Buffer) => words.push(chunk));
    return new Promise((resolve, reject) => {
      let folder: string | undefined;
      child.once('message', (message: { readonly folder: string }) => {
        folder = message.folder;
      });
      child.once('error', reject);
      child.once('close', (code, signal) => {
        if (folder !== undefined) resolve(folder);
        else reject(buildEnded(code ?? signal, Buffer.concat(words).toString('utf8')));
      });
    });
  }
}

/** The build ended without a page. */
function buildEnded(end: string | number | null, words: string): Fault {
  const sentence = `The build ended with ${end}. ${words.slice(-WORDS_MAX)}`.trim();
  return new Fault(sentence, { code: 'GATEWAY_PAGE_UNBUILT', fields: {} });
}

const WORDS_MAX = 2000;

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  json: 'application/json; charset=utf-8',
  svg: 'image/svg+xml',
  wasm: 'application/wasm',
};

/** Files by their path within the build. */
function readFiles(folder: string): ReadonlyMap<string, PageFile> {
  const files = new Map<string, PageFile>();
  const read = (path: string): Buffer => readFileSync(path);
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((e) => join(e.parentPath, e.name));
  for (const path of paths) {
    if (path.endsWith('.gz')) continue;
    const contentType = CONTENT_TYPES[path.split('.').at(-1) ?? ''] ?? 'application/octet-stream';
    const gzip = paths.includes(`${path}.gz`) ? read(`${path}.gz`) : undefined;
    const name = relative(folder, path).split(sep).join('/');
    files.set(name, { bytes: read(path), gzip, contentType });
  }
  return files;
}
