import type { TapeEngine, TapeOutcome } from '@lawbook/exchange/markets/book/tape/tapeRun';
import { TapeRun } from '@lawbook/exchange/markets/book/tape/tapeRun';
import type { TapeFile } from './tapeFile.ts';

/** What came of a tape, and how long the engine took. */
export interface TimedOutcome extends TapeOutcome {
  /** Commands that were timed: those after the ones that lay the book out. */
  readonly timed: number;
  /** Time inside the engine, seconds: reading the file and hashing reports is not counted. */
  readonly engineSeconds: number;
  /** The same of this thread's processor time, which other work on the machine does not take. */
  readonly processorSeconds: number;
}

/** Commands between two looks at the clock and at the reports. */
const BATCH = 256;

/**
 * Drives an engine with a tape. Calls back with the commands so far, a few hundred times a second
 * at most, and lets an interrupt through then.
 */
export async function runTape(
  tape: TapeFile,
  engine: TapeEngine,
  onProgress: (commands: number) => void,
): Promise<TimedOutcome> {
  const { setupCount } = tape.header;
  const run = new TapeRun(tape.header, engine);
  let applied = 0;
  let engineMs = 0;
  let processorSeconds = 0;
  for (const { commands, count } of tape.chunks()) {
    let from = 0;
    while (from < count) {
      const isSetup = applied < setupCount;
      const most = isSetup ? Math.min(BATCH, setupCount - applied) : BATCH;
      const to = Math.min(count, from + most);
      const busyBefore = busySeconds();
      const started = performance.now();
      run.apply(commands, from, to);
      if (!isSetup) {
        engineMs += performance.now() - started;
        processorSeconds += busySeconds() - busyBefore;
      }
      run.takeReports();
      applied += to - from;
      from = to;
    }
    onProgress(applied);
    await new Promise((resume) => setImmediate(resume));
  }
  const timed = Math.max(0, applied - setupCount);
  return { ...run.outcome(), timed, engineSeconds: engineMs / 1000, processorSeconds };
}

function busySeconds(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1e6;
}
