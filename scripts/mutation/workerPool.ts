import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { join } from 'node:path';
import type { WorkerAnswer, WorkerTask } from './trialWorker.ts';

/** A worker that is started anew when it hangs, dies or remembers a mutant. */
export class MutationWorker {
  readonly #root: string;
  #child: ChildProcess | undefined;

  constructor(root: string) {
    this.#root = root;
  }

  /** Loads tests in a fresh child; `active` is in force from the first import on. */
  async load(files: {
    readonly sources: readonly string[];
    readonly tests: readonly string[];
    readonly active?: string;
  }): Promise<WorkerAnswer> {
    this.close();
    // The copy's own worker, so that a run is not changed by whoever edits these scripts.
    this.#child = fork(join(this.#root, 'scripts', 'mutation', 'trialWorker.ts'), {
      cwd: this.#root,
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    return await this.ask({ kind: 'load', root: this.#root, ...files }, LOAD_MS_MAX);
  }

  /** Asks, and answers `failed` where the child dies or is silent for too long. */
  ask(task: WorkerTask, silenceMs: number): Promise<WorkerAnswer> {
    const child = this.#child;
    return new Promise((resolve) => {
      if (child === undefined) {
        resolve({ kind: 'failed', message: 'no worker' });
        return;
      }
      const hear = (answer: WorkerAnswer): void => {
        if (answer.kind === 'began') late.refresh();
        else finish(answer);
      };
      const finish = (answer: WorkerAnswer): void => {
        clearTimeout(late);
        child.off('message', hear).off('exit', gone);
        resolve(answer);
      };
      const gone = (): void => finish({ kind: 'failed', message: 'the worker died' });
      const late = setTimeout(() => {
        child.kill('SIGKILL');
        finish({ kind: 'failed', message: `silent for ${silenceMs} ms` });
      }, silenceMs);
      child.on('message', hear).once('exit', gone);
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
