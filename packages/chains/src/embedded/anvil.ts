import { createInterface } from 'node:readline';
import { ChainFault } from '../chainFault.ts';
import type { Environment } from '../environment.ts';
import { systemEnvironment } from '../environment.ts';
import type { BlockReference } from '../tracker/chainTracker.ts';
import { findAnvil } from './anvilBinary.ts';
import { AnvilState } from './anvilState.ts';
import type { ChildExit, GuardedChild } from './guardedChild.ts';
import { spawnGuarded } from './guardedChild.ts';

/** How the chain makes blocks: at each transaction, every so often, or when it is told to. */
export type AnvilMining =
  | { readonly kind: 'automatic' }
  | { readonly kind: 'interval'; readonly seconds: number }
  | { readonly kind: 'manual' };

/** What happens to the chain's process, for logs and for people. */
export type AnvilEvent =
  | { readonly kind: 'ready'; readonly port: number; readonly restarts: number }
  /** It ended by itself; `fromState` tells whether a restart brings its blocks back. */
  | { readonly kind: 'died'; readonly exit: ChildExit; readonly fromState: boolean }
  | { readonly kind: 'restartFailed'; readonly fault: unknown }
  | { readonly kind: 'gaveUp'; readonly exit: ChildExit }
  | { readonly kind: 'saveFailed'; readonly fault: unknown }
  | { readonly kind: 'stopped'; readonly exit: ChildExit };

/** An embedded chain for development and tests. Times are milliseconds unless they say seconds. */
export interface AnvilOptions {
  readonly mining: AnvilMining;
  readonly chainId?: number;
  /** A free one by default; restarts keep it. */
  readonly port?: number;
  /** Blocks, accounts and code survive in this file; without it every start is a new chain. */
  readonly stateFile?: string;
  /** Between two snapshots of the state: what a crash of the chain itself may cost at most. */
  readonly saveEveryMs?: number;
  /** `finalized` stays two epochs behind the head, `safe` one. */
  readonly slotsInAnEpoch?: number;
  /** Seconds since 1970. */
  readonly genesisTimestamp?: number;
  /** More of anvil's own flags. */
  readonly flags?: readonly string[];
  readonly startTimeoutMs?: number;
  /** How long it may take to end before it is killed. */
  readonly graceMs?: number;
  /** Restarts in a row before giving up; a minute of life sets the count back. */
  readonly restartsMax?: number;
  readonly onEvent?: (event: AnvilEvent) => void;
}

/** A running chain. */
export interface EmbeddedAnvil {
  /** HTTP; the same address takes WebSocket connections at `webSocketUrl`. */
  readonly url: string;
  readonly webSocketUrl: string;
  readonly port: number;
  readonly chainId: number;
  phase(): 'running' | 'restarting' | 'failed' | 'stopped';
  /** Process of the guard around the chain; undefined while there is none. */
  pid(): number | undefined;
  /**
   * Writes the state file now: the chain as it is between two blocks, and no earlier than at the
   * call.
   * @throws ChainFault CHAIN_PROCESS_FAILED, also where blocks come faster than it can be written.
   */
  save(): Promise<void>;
  /** Newest block of the state file: what a crash cannot take. Undefined until the first save. */
  saved(): BlockReference | undefined;
  /** Ends the chain and keeps its state. Safe to call again. */
  close(): Promise<void>;
}

/**
 * Starts anvil as a child that cannot outlive this process, and keeps it running.
 *
 * The port is the one that the child itself says it listens on, so a stranger's server is never
 * taken for it. When the child dies it is started again on the same port from its last snapshot.
 *
 * @throws ChainFault CHAIN_PROCESS_FAILED when it cannot be started.
 * @throws ChainFault CHAIN_CONFIG_INVALID when it answers with another chain id.
 */
export async function startAnvil(
  options: AnvilOptions,
  environment: Environment = systemEnvironment(),
): Promise<EmbeddedAnvil> {
  const anvil = new KeptAnvil(options, environment);
  await anvil.start();
  return anvil;
}

const DEFAULT_CHAIN_ID = 31_337;
const START_TIMEOUT_MS = 20_000;
const GRACE_MS = 5_000;
const SAVE_EVERY_MS = 30_000;
const CALL_TIMEOUT_MS = 30_000;
const RESTARTS_MAX = 5;
const HEALTHY_MS = 60_000;
const BACKOFF_MS = 100;
const BACKOFF_MAX_MS = 5_000;
/** Dumps that a block may spoil, one after another, before a save fails. */
const SAVE_TRIES_MAX = 5;
/** A snapshot may take at most this share of the time: 1 / 20. */
const SAVE_SHARE = 20;

class KeptAnvil implements EmbeddedAnvil {
  readonly chainId: number;
  readonly #options: AnvilOptions;
  readonly #environment: Environment;
  readonly #state: AnvilState | undefined;
  readonly #graceMs: number;
  readonly #closing = new AbortController();
  #phase: 'running' | 'restarting' | 'failed' | 'stopped' = 'restarting';
  #child: GuardedChild | undefined;
  #port = 0;
  #restarts = 0;
  #loops: Promise<unknown> = Promise.resolve();
  #saving: Promise<void> | undefined;
  #saved: BlockReference | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: AnvilOptions, environment: Environment) {
    this.#options = options;
    this.#environment = environment;
    this.#graceMs = options.graceMs ?? GRACE_MS;
    this.chainId = options.chainId ?? DEFAULT_CHAIN_ID;
    this.#port = options.port ?? 0;
    const { stateFile } = options;
    this.#state =
      stateFile === undefined ? undefined : new AnvilState(stateFile, environment.clock);
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get webSocketUrl(): string {
    return `ws://127.0.0.1:${this.#port}`;
  }

  get port(): number {
    return this.#port;
  }

  phase(): 'running' | 'restarting' | 'failed' | 'stopped' {
    return this.#phase;
  }

  pid(): number | undefined {
    return this.#child?.pid;
  }

  async start(): Promise<void> {
    const child = await this.#launch();
    this.#loops = Promise.all([this.#keepRunning(child), this.#keepSaving()]);
  }

  async save(): Promise<void> {
    this.#saving ??= this.#writeState().finally(() => {
      this.#saving = undefined;
    });
    return this.#saving;
  }

  saved(): BlockReference | undefined {
    return this.#saved;
  }

  close(): Promise<void> {
    this.#closed ??= this.#end();
    return this.#closed;
  }

  async #end(): Promise<void> {
    this.#closing.abort(new ChainFault('CHAIN_CLOSED', 'The embedded chain is being closed.'));
    const exit = await this.#child?.stop();
    await this.#loops;
    this.#child = undefined;
    this.#phase = 'stopped';
    await this.#state?.adoptExitDump();
    await this.#state?.release();
    if (exit !== undefined) this.#tell({ kind: 'stopped', exit });
  }

  /** One try: ends with a chain that answers for itself, or with no child at all. */
  async #launch(): Promise<GuardedChild> {
    const { signal } = this.#closing;
    const timeoutMs = this.#options.startTimeoutMs ?? START_TIMEOUT_MS;
    await this.#state?.prepare(this.#graceMs + timeoutMs, signal);
    const child = spawnGuarded(findAnvil(), this.#parameters(), { graceMs: this.#graceMs });
    try {
      await this.#state?.claim(child.pid);
      const port = await this.#portOf(child, timeoutMs);
      await this.#check(port, timeoutMs);
      signal.throwIfAborted();
      this.#port = port;
    } catch (fault) {
      await child.stop();
      throw fault;
    }
    this.#child = child;
    this.#phase = 'running';
    this.#tell({ kind: 'ready', port: this.#port, restarts: this.#restarts });
    return child;
  }

  #parameters(): string[] {
    const { mining, slotsInAnEpoch, genesisTimestamp, flags } = this.#options;
    const parameters = ['--host', '127.0.0.1', '--port', String(this.#port)];
    parameters.push('--chain-id', String(this.chainId), '--color', 'never');
    if (mining.kind === 'interval') parameters.push('--block-time', String(mining.seconds));
    if (mining.kind === 'manual') parameters.push('--no-mining');
    if (slotsInAnEpoch !== undefined) parameters.push('--slots-in-an-epoch', `${slotsInAnEpoch}`);
    if (genesisTimestamp !== undefined) parameters.push('--timestamp', `${genesisTimestamp}`);
    if (this.#state?.exists() === true) parameters.push('--load-state', this.#state.file);
    if (this.#state !== undefined) parameters.push('--dump-state', this.#state.exitDump);
    return [...parameters, ...(flags ?? [])];
  }

  /** Anvil says where it listens once it does, on a pipe that only we read. */
  async #portOf(child: GuardedChild, timeoutMs: number): Promise<number> {
    const lines = createInterface(child.stdout);
    const waiting = new AbortController();
    const listening = new Promise<number>((resolve) => {
      lines.on('line', (line) => {
        const found = /^Listening on 127\.0\.0\.1:(\d+)/.exec(line)?.[1];
        if (found !== undefined) resolve(Number(found));
      });
    });
    const ended = child.exited.then(({ complaint }) => {
      throw failed(`anvil ended while it was starting: ${complaint.trim()}`);
    });
    const tooLate = this.#environment.clock
      .sleep(timeoutMs, AbortSignal.any([waiting.signal, this.#closing.signal]))
      .then(() => {
        throw failed(`anvil was not ready after ${timeoutMs} ms.`);
      });
    try {
      return await Promise.race([listening, ended, tooLate]);
    } finally {
      waiting.abort();
      await Promise.allSettled([tooLate]);
      ended.catch(() => undefined);
      lines.close();
      child.stdout.resume();
    }
  }

  async #check(port: number, timeoutMs: number): Promise<void> {
    const version = await callAnvil(port, { method: 'web3_clientVersion' }, timeoutMs);
    if (typeof version !== 'string' || !version.startsWith('anvil/')) {
      throw failed('What answered is not anvil.');
    }
    const chainId = await callAnvil(port, { method: 'eth_chainId' }, timeoutMs);
    if (typeof chainId !== 'string' || Number(chainId) !== this.chainId) {
      throw new ChainFault(
        'CHAIN_CONFIG_INVALID',
        `The saved chain has the id ${Number(chainId)} instead of ${this.chainId}: remove its ` +
          'file, or set its chain id.',
      );
    }
    // Otherwise it prints a line for every call, into a pipe that nobody looks at.
    await callAnvil(port, { method: 'anvil_setLoggingEnabled', params: [false] }, timeoutMs);
  }

  async #keepRunning(first: GuardedChild): Promise<void> {
    const { clock } = this.#environment;
    const restartsMax = this.#options.restartsMax ?? RESTARTS_MAX;
    let child: GuardedChild | undefined = first;
    let inARow = 0;
    while (child !== undefined) {
      const startedMs = clock.elapsedMs();
      const exit: ChildExit = await child.exited;
      if (this.#closing.signal.aborted) return;
      if (clock.elapsedMs() - startedMs > HEALTHY_MS) inARow = 0;
      this.#phase = 'restarting';
      this.#child = undefined;
      this.#tell({ kind: 'died', exit, fromState: this.#state !== undefined });
      child = undefined;
      while (child === undefined && inARow < restartsMax) {
        inARow += 1;
        child = await this.#relaunch(inARow);
        if (this.#closing.signal.aborted) return;
      }
      if (child === undefined) {
        this.#phase = 'failed';
        this.#tell({ kind: 'gaveUp', exit });
      }
    }
  }

  async #relaunch(inARow: number): Promise<GuardedChild | undefined> {
    const { clock, random } = this.#environment;
    const longest = Math.min(BACKOFF_MS * 2 ** (inARow - 1), BACKOFF_MAX_MS);
    try {
      await clock.sleep(longest * (0.5 + random.next() / 2), this.#closing.signal);
      this.#restarts += 1;
      return await this.#launch();
    } catch (fault) {
      if (!this.#closing.signal.aborted) this.#tell({ kind: 'restartFailed', fault });
      return undefined;
    }
  }

  async #keepSaving(): Promise<void> {
    if (this.#state === undefined) return;
    const { clock } = this.#environment;
    let waitMs = this.#options.saveEveryMs ?? SAVE_EVERY_MS;
    for (;;) {
      try {
        await clock.sleep(waitMs, this.#closing.signal);
      } catch (reason) {
        if (this.#closing.signal.aborted) return;
        throw reason;
      }
      const startedMs = clock.elapsedMs();
      // A chain that is down is restarted by the other loop; its state is as saved.
      if (this.#phase === 'running') {
        await this.save().catch((fault) => this.#tell({ kind: 'saveFailed', fault }));
      }
      const tookMs = clock.elapsedMs() - startedMs;
      waitMs = Math.max(this.#options.saveEveryMs ?? SAVE_EVERY_MS, tookMs * SAVE_SHARE);
    }
  }

  async #writeState(): Promise<void> {
    if (this.#state === undefined || this.#phase !== 'running') {
      throw failed('There is no running chain with a state file to save.');
    }
    const child = this.#child;
    for (let tries = 1; tries <= SAVE_TRIES_MAX; tries += 1) {
      const { block, dump } = tries === 1 ? await this.#dump() : await this.#dumpInAPause();
      if (block === undefined) continue;
      if (this.#child !== child) throw failed('The chain ended while its state was read.');
      await this.#state.replace(dump);
      this.#saved = block;
      return;
    }
    throw failed('Blocks come faster than the state can be written.');
  }

  /**
   * The state, and its newest block unless one came in between: accounts are read after blocks, so
   * that they would hold what a block did without the block itself.
   */
  async #dump(): Promise<Dump> {
    const block = await newestBlock(this.#port);
    const dump = await callAnvil(this.#port, { method: 'anvil_dumpState' }, CALL_TIMEOUT_MS);
    if (typeof dump !== 'string') throw failed('anvil_dumpState did not answer with a state.');
    const after = await newestBlock(this.#port);
    return { block: after.hash === block.hash ? block : undefined, dump };
  }

  /** Holds the mining at intervals up; a chain that crashes meanwhile starts with its interval. */
  async #dumpInAPause(): Promise<Dump> {
    const { mining } = this.#options;
    if (mining.kind !== 'interval') return await this.#dump();
    await this.#mineEvery(0);
    try {
      return await this.#dump();
    } finally {
      await this.#mineEvery(mining.seconds);
    }
  }

  async #mineEvery(seconds: number): Promise<void> {
    const call = { method: 'evm_setIntervalMining', params: [seconds] };
    await callAnvil(this.#port, call, CALL_TIMEOUT_MS);
  }

  #tell(event: AnvilEvent): void {
    this.#options.onEvent?.(event);
  }
}

/** What anvil answered, and the block that it was whole at. */
interface Dump {
  readonly block: BlockReference | undefined;
  readonly dump: string;
}

async function newestBlock(port: number): Promise<BlockReference> {
  const call = { method: 'eth_getBlockByNumber', params: ['latest', false] };
  const block = await callAnvil(port, call, CALL_TIMEOUT_MS);
  const { number, hash } = (block ?? {}) as { readonly number?: unknown; readonly hash?: unknown };
  if (typeof number !== 'string' || !isHash(hash)) throw failed('The chain shows no newest block.');
  return { number: BigInt(number), hash };
}

function isHash(word: unknown): word is BlockReference['hash'] {
  return typeof word === 'string' && /^0x[0-9a-f]{64}$/.test(word);
}

/** One call, once. @throws ChainFault CHAIN_PROCESS_FAILED for whatever goes wrong. */
async function callAnvil(
  port: number,
  call: { readonly method: string; readonly params?: readonly unknown[] },
  timeoutMs: number,
): Promise<unknown> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, params: [], ...call }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    const answer = (await response.json()) as { readonly result?: unknown };
    return answer.result;
  } catch (cause) {
    throw failed(`${call.method} got no answer from the embedded chain.`, cause);
  }
}

function failed(sentence: string, cause?: unknown): ChainFault {
  return new ChainFault('CHAIN_PROCESS_FAILED', sentence, cause === undefined ? {} : { cause });
}
