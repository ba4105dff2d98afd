import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { join } from 'node:path';
import type { IntentRequest } from '@lawbook/chains/intents/intent';
import type { Alert } from '@lawbook/chains/lanes/alert';
import type { EngineCommand, EngineNews } from './engineProcess.ts';
import { until } from './until.ts';

/** An engine in a process of its own, which can be killed, suspended and continued for real. */
export class ChildEngine {
  readonly news: EngineNews[] = [];
  /** The signal that ended it, or null for an end of its own; pending while it lives. */
  readonly ended: Promise<NodeJS.Signals | null>;
  readonly #child: ChildProcess;
  #isAlive = true;

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.on('message', (news: EngineNews) => this.news.push(news));
    this.ended = new Promise((resolve) => {
      child.once('exit', (_code, signal) => {
        this.#isAlive = false;
        resolve(signal);
      });
    });
  }

  /** Starts the process; the engine is opening when this returns. */
  static start(command: Omit<Extract<EngineCommand, { kind: 'open' }>, 'kind'>): ChildEngine {
    const child = fork(join(import.meta.dirname, 'engineProcess.ts'), {
      serialization: 'advanced',
      execArgv: [],
    });
    const engine = new ChildEngine(child);
    engine.#tell({ kind: 'open', ...command });
    return engine;
  }

  submit(requests: readonly IntentRequest[]): void {
    this.#tell({ kind: 'submit', requests });
  }

  signal(signal: NodeJS.Signals): void {
    if (this.#isAlive) this.#child.kill(signal);
  }

  isOwner(): boolean {
    const last = this.news.findLast((news) => news.kind === 'owner');
    return last?.kind === 'owner' && last.isOwner;
  }

  alerts(): readonly Alert[] {
    return this.news.flatMap((news) => (news.kind === 'alert' ? [news.alert] : []));
  }

  /** Waits for some news. */
  async hears(kind: EngineNews['kind'], count = 1): Promise<void> {
    await until(`a process tells ${count} x ${kind}`, () => {
      return this.news.filter((news) => news.kind === kind).length >= count;
    });
  }

  /** Ends it in order, or by force when it is suspended or dead. */
  async close(): Promise<void> {
    if (!this.#isAlive) return;
    this.#tell({ kind: 'close' });
    const timer = setTimeout(() => this.signal('SIGKILL'), 5_000);
    await this.ended;
    clearTimeout(timer);
  }

  #tell(command: EngineCommand): void {
    if (this.#isAlive) this.#child.send(command);
  }
}
