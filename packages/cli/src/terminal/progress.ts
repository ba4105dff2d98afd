import cliProgress from 'cli-progress';
import type { Terminal } from './terminal.ts';

/** Progress of long work. Silent unless a person watches standard error. */
export interface Progress {
  /** Sets how much is done, and says on what the work is now. */
  readonly update: (done: number, label?: string) => void;
  readonly stop: () => void;
}

/** Starts a bar on standard error; `total` in any unit. */
export function startProgress(terminal: Terminal, title: string, total: number): Progress {
  if (!terminal.notesOnScreen || total === 0) {
    return { update: () => undefined, stop: () => undefined };
  }
  const bar = new cliProgress.SingleBar({
    format: `${title} [{bar}] {percentage} % | {value}/{total} {label}`,
    stream: process.stderr,
    hideCursor: true,
    clearOnComplete: true,
    fps: 20,
  });
  bar.start(total, 0, { label: '' });
  return {
    update: (done, label) => bar.update(done, label === undefined ? {} : { label }),
    stop: () => bar.stop(),
  };
}
