import type { BookBundleJudgement } from '@lawbook/exchange/judgeBookBundle';
import { judgeBookBundle } from '@lawbook/exchange/judgeBookBundle';
import type { BookTransition } from '@lawbook/exchange/transition';
import { startProgress } from './terminal/progress.ts';
import type { Terminal } from './terminal/terminal.ts';

/** Everything that was found out about the bundle of a book epoch. */
export interface BookVerification extends BookBundleJudgement {
  readonly file: string;
  readonly epoch: BookTransition;
}

/** Re-runs every law on the epoch of a book, offline. */
export function verifyBook(
  epoch: BookTransition,
  {
    file,
    epochHash,
    previous,
    terminal,
  }: {
    readonly file: string;
    readonly epochHash: string | undefined;
    readonly previous: BookTransition | undefined;
    readonly terminal: Terminal;
  },
): BookVerification {
  const progress = startProgress(terminal, `verifying ${file}`, epoch.events.length);
  let signatures = 0;
  const judgement = judgeBookBundle(epoch, {
    epochHash,
    previous,
    onSignature: () => {
      signatures += 1;
      progress.update(Math.min(signatures, epoch.events.length), 'signatures');
    },
  });
  progress.stop();
  return { file, epoch, ...judgement };
}

/** Epochs of books that were read, so that a later one can be compared with the one before. */
export class BookShelf {
  readonly #epochs = new Map<string, BookTransition>();

  put(epoch: BookTransition): void {
    this.#epochs.set(`${epoch.marketId}:${epoch.epochNumber}`, epoch);
  }

  /** The epoch of the same market before this one, if it was put here. */
  before({ marketId, epochNumber }: BookTransition): BookTransition | undefined {
    return this.#epochs.get(`${marketId}:${epochNumber - 1}`);
  }
}
