import { createInterface } from 'node:readline';
import { ChainFault } from '../chainFault.ts';
import type { Environment } from '../environment.ts';
import { systemEnvironment } from '../environment.ts';
import type { BlockReference } from '../tracker/chainTracker.ts';
import { findAnvil } from './anvilBinary.ts';
import { AnvilState } from './anvilState.ts';
import { callAnvil, failed, newestBlock } from './callAnvil.ts';
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
  /** It goes on from a state without its past; bytes of the state before and after. */
  | { readonly kind: 'shrunk'; readonly before: number; readonly after: number }
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
  /** Length of the state file, bytes; zero without one. */
  stateBytes(): Promise<number>;
  /**
   * Goes on without the blocks before `keepFrom`, their transactions and logs: the state is saved
   * without them and the chain is started again from it, at the same block, within a second. What
   * waits in the mempool is mined before; what arrives meanwhile finds nobody.
   * @throws ChainFault CHAIN_PROCESS_FAILED; the chain goes on with all that it had.
   */
  shrink(keepFrom: bigint): Promise<void>;
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
const RESTARTS_MAX = 5;
const HEALTHY_MS = 60_000;
const BACKOFF_MS = 100;
const BACKOFF_MAX_MS = 5_000;
/** Dumps that a block may spoil, one after another, before a save fails. */
const SAVE_TRIES_MAX = 5;
/** A snapshot may take at most this share of the time: 1 / 8. Blocks are final only after one. */
const SAVE_SHARE = 8;
/**
 * Blocks whose states are kept in memory; anvil would keep more of them in files of the user's home
 * that nobody removes. A chain that lives long keeps fewer; once shrunk, it starts with some.
 */
const STATES_KEPT = { short: 512, long: 64 } as const;
const STATES_AFTER_SHRINKING = 16;
/** Seconds between dumps that anvil makes by itself: never, since ours are the ones that count. */
const OWN_DUMPS_SECONDS = 1_000_000_000;
/** Blocks that the mempool is mined with before the chain is shrunk. */
const DRAIN_BLOCKS_MAX = 16;

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
  /** The child that is ended only to be started again from less, and who waits for that. */
  #shrinking: Shrinking | undefined;
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
    // Whoever kept it ended before the chain was started from less: that less is complete.
    await this.#state?.forgetWhole();
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

  async stateBytes(): Promise<number> {
    return (await this.#state?.bytes()) ?? 0;
  }

  async shrink(keepFrom: bigint): Promise<void> {
    while (this.#saving !== undefined) await this.#saving.catch(() => undefined);
    this.#saving = this.#shrink(keepFrom).finally(() => {
      this.#saving = undefined;
    });
    return this.#saving;
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
    parameters.push('--state-interval', `${OWN_DUMPS_SECONDS}`);
    const states = this.#state === undefined ? STATES_KEPT.short : STATES_KEPT.long;
    parameters.push('--prune-history', `${states}`);
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
      child = this.#shrinking?.child === child ? await this.#startFromLess() : undefined;
      if (child !== undefined) continue;
      if (clock.elapsedMs() - startedMs > HEALTHY_MS) inARow = 0;
      this.#phase = 'restarting';
      this.#child = undefined;
      this.#tell({ kind: 'died', exit, fromState: this.#state !== undefined });
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
  async #dump(withStates = false): Promise<Dump> {
    const block = await newestBlock(this.#port);
    const call = { method: 'anvil_dumpState', params: [withStates] };
    const dump = await callAnvil(this.#port, call);
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

  async #shrink(keepFrom: bigint): Promise<void> {
    const { mining } = this.#options;
    const child = this.#child;
    const state = this.#state;
    if (state === undefined || child === undefined) throw failed('There is no chain to shrink.');
    if (mining.kind === 'interval') await this.#mineEvery(0);
    try {
      const before = await state.bytes();
      if (mining.kind === 'interval') await this.#drain();
      const { block, dump } = await this.#dump(true);
      if (block === undefined) throw failed('A block came while the chain was to be shrunk.');
      const terms = { keepFrom: Number(keepFrom), states: STATES_AFTER_SHRINKING };
      await state.replaceByLess(dump, terms);
      if (this.#child !== child) throw failed('The chain ended while it was to be shrunk.');
      this.#saved = block;
      await this.#restartFromLess(child);
      this.#tell({ kind: 'shrunk', before, after: await state.bytes() });
    } finally {
      // A chain that was started again makes blocks by itself; one that was not goes on here.
      const isRunning = this.#child !== undefined && !this.#closing.signal.aborted;
      if (mining.kind === 'interval' && isRunning) await this.#mineEvery(mining.seconds);
    }
  }

  /** Mines what waits: a chain that is started again has forgotten it. */
  async #drain(): Promise<void> {
    for (let blocks = 0; blocks < DRAIN_BLOCKS_MAX; blocks += 1) {
      const status = await callAnvil(this.#port, { method: 'txpool_status' });
      if (Number((status as { readonly pending?: unknown } | undefined)?.pending ?? 0) === 0)
        return;
      await callAnvil(this.#port, { method: 'evm_mine' });
    }
  }

  async #restartFromLess(child: GuardedChild): Promise<void> {
    const { signal } = this.#closing;
    const waiting = new AbortController();
    const ended = new Promise<void>((resolve, reject) => {
      this.#shrinking = { child, resolve, reject };
      const options = { once: true, signal: waiting.signal };
      signal.addEventListener('abort', () => reject(signal.reason), options);
    });
    try {
      signal.throwIfAborted();
      await Promise.all([child.stop(), ended]);
    } finally {
      waiting.abort();
      this.#shrinking = undefined;
    }
  }

  /** The chain as it goes on without its past; undefined where only the whole state starts. */
  async #startFromLess(): Promise<GuardedChild | undefined> {
    this.#phase = 'restarting';
    this.#child = undefined;
    await this.#state?.keepWhole();
    try {
      const child = await this.#launch();
      await this.#state?.forgetWhole();
      this.#shrinking?.resolve();
      return child;
    } catch (fault) {
      await this.#state?.adoptWhole();
      this.#shrinking?.reject(fault);
      return undefined;
    }
  }

  async #mineEvery(seconds: number): Promise<void> {
    const call = { method: 'evm_setIntervalMining', params: [seconds] };
    await callAnvil(this.#port, call);
  }

  #tell(event: AnvilEvent): void {
    this.#options.onEvent?.(event);
  }
}

/** A chain on its way from all that it had to less. */
interface Shrinking {
  readonly child: GuardedChild;
  readonly resolve: () => void;
  readonly reject: (fault: unknown) => void;
}

/** What anvil answered, and the block that it was whole at. */
interface Dump {
  readonly block: BlockReference | undefined;
  readonly dump: string;
}
