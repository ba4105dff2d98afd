import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { join } from 'node:path';
import type { WorkerAnswer, WorkerTask } from './mutationWorker.ts';

/** A worker that is started anew when it hangs, dies or remembers a mutant. */
export class MutationWorker {
  readonly #root: string;
  #child: ChildProcess | undefined;

  constructor(root: string) {
    this.#root = root;
  }

  /** Loads tests in a fresh child; `active` is in force from the first import on. */
  async load(tests: readonly string[], active?: string): Promise<WorkerAnswer> {
    this.close();
    this.#child = fork(join(import.meta.dirname, 'mutationWorker.ts'), {
      cwd: this.#root,
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    const task = { kind: 'load' as const, root: this.#root, tests };
    return await this.ask(active === undefined ? task : { ...task, active }, LOAD_MS_MAX);
  }

  /** Asks, and answers `failed` where the child dies or does not answer in time. */
  ask(task: WorkerTask, timeoutMs: number): Promise<WorkerAnswer> {
    const child = this.#child;
    return new Promise((resolve) => {
      if (child === undefined) {
        resolve({ kind: 'failed', message: 'no worker' });
        return;
      }
      const finish = (answer: WorkerAnswer): void => {
        clearTimeout(late);
        child.off('message', finish).off('exit', gone);
        resolve(answer);
      };
      const gone = (): void => finish({ kind: 'failed', message: 'the worker died' });
      const late = setTimeout(() => {
        child.kill('SIGKILL');
        finish({ kind: 'failed', message: `no answer in ${timeoutMs} ms` });
      }, timeoutMs);
      child.on('message', finish).once('exit', gone);
      child.send(task);
    });
  }

  close(): void {
    this.#child?.removeAllListeners();
    this.#child?.kill('SIGKILL');
    this.#child = undefined;
  }
}

const LOAD_MS_MAX = 120_000;
