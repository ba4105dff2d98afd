import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ProofFault } from '../proofFault.ts';
import type { Job, JobAnswers, JobOrder, JobReport, JobStage } from './job.ts';
import { residentBytes } from './residentBytes.ts';
import type { SessionOptions } from './session.ts';

/** How a job is run. */
export interface JobOptions {
  readonly session: SessionOptions;
  /** The job is killed when its processes together hold more than this; Linux only. */
  readonly memoryBytesMax: number;
  /** The job is killed when it takes longer. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly onStage?: ((stage: JobStage) => void) | undefined;
  /** Called with the id of the child process, once it exists. */
  readonly onStart?: ((pid: number) => void) | undefined;
}

/** An answer and what it cost. */
export interface JobOutcome<T> {
  readonly answer: T;
  readonly elapsedMs: number;
  /** Highest sum of resident memory over the job's processes; 0 where it cannot be read. */
  readonly peakBytes: number;
}

/**
 * Runs one job in a child process of its own, which ends with it: whatever the job leaks or breaks
 * goes with the child. Aborting kills it.
 *
 * @throws ProofFault PROOF_PROVER_FAILED when the child dies or exceeds its memory,
 *   PROOF_PROVER_TIMED_OUT, or the fault that the job itself reports; the signal's reason when it
 *   aborts.
 */
export async function runJob<K extends Job['kind']>(
  job: Extract<Job, { kind: K }>,
  options: JobOptions,
): Promise<JobOutcome<JobAnswers[K]>> {
  options.signal?.throwIfAborted();
  const startedAt = performance.now();
  const heapMb = Math.max(64, Math.floor(options.memoryBytesMax / 2 ** 20));
  const child = fork(fileURLToPath(new URL('./jobMain.ts', import.meta.url)), [], {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    execArgv: [`--max-old-space-size=${heapMb}`],
    // A group of its own: native code that the child started stays in it when the child dies
    // before the two have met, and would wait for it for ever.
    detached: true,
  });
  const watch = watchMemory(child, options.memoryBytesMax);
  try {
    const session = { ...options.session, memoryBytesMax: options.memoryBytesMax };
    const report = await converse(child, { job, session }, options);
    if (report.kind === 'fault') {
      throw new ProofFault(report.code, report.message, { fields: { job: job.kind } });
    }
    const elapsedMs = performance.now() - startedAt;
    const answer = report.answer as JobAnswers[K];
    return { answer, elapsedMs, peakBytes: watch.peakBytes() };
  } catch (cause) {
    if (!watch.isExceeded()) throw cause;
    throw new ProofFault('PROOF_PROVER_FAILED', 'The prover exceeded its memory limit.', {
      fields: { reason: 'memory', memoryBytesMax: options.memoryBytesMax },
      cause,
    });
  } finally {
    watch.stop();
    killGroup(child);
  }
}

/** Ends a child and whatever it started, also when the child itself is gone. */
function killGroup(child: ChildProcess): void {
  child.kill('SIGKILL');
  if (child.pid === undefined || process.platform === 'win32') return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch (cause) {
    // Nobody is left in the group; macOS says EPERM of one that only waits to be buried.
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== 'ESRCH' && code !== 'EPERM') throw cause;
  }
}

type LastReport = Exclude<JobReport, { kind: 'stage' }>;

/** Sends the order and waits for the last report, the child's end or the signal. */
function converse(child: ChildProcess, order: JobOrder, options: JobOptions): Promise<LastReport> {
  const { signal, timeoutMs, onStage, onStart } = options;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(timedOut(timeoutMs)), timeoutMs);
    const words: Buffer[] = [];
    const abort = (): void => reject(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
    child.stderr?.on('data', (chunk: Buffer) => {
      words.push(chunk);
      if (words.length > STDERR_CHUNKS_MAX) words.shift();
    });
    child.on('message', (message: unknown) => {
      const report = message as JobReport;
      if (report.kind === 'stage') onStage?.(report.stage);
      else resolve(report);
    });
    child.on('error', reject);
    child.on('close', (status, killedBy) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      const last = Buffer.concat(words).toString('utf8').slice(-500);
      reject(
        new ProofFault('PROOF_PROVER_FAILED', 'The prover ended without an answer.', {
          fields: { status: status ?? -1, killedBy: killedBy ?? 'none', last },
        }),
      );
    });
    child.send(order, (cause) => {
      if (cause !== null) reject(cause);
    });
    if (child.pid !== undefined) onStart?.(child.pid);
  });
}

const STDERR_CHUNKS_MAX = 16;

function timedOut(timeoutMs: number): ProofFault {
  return new ProofFault('PROOF_PROVER_TIMED_OUT', 'The prover took too long and was stopped.', {
    fields: { timeoutMs },
  });
}

/** A watch over the memory of a child and its own children. */
interface MemoryWatch {
  readonly peakBytes: () => number;
  readonly isExceeded: () => boolean;
  readonly stop: () => void;
}

const WATCH_INTERVAL_MS = 50;

function watchMemory(child: ChildProcess, bytesMax: number): MemoryWatch {
  let peak = 0;
  const timer = setInterval(() => {
    if (child.pid === undefined) return;
    const bytes = residentBytes(child.pid);
    if (bytes > peak) peak = bytes;
    if (bytes > bytesMax) killGroup(child);
  }, WATCH_INTERVAL_MS);
  return {
    peakBytes: () => peak,
    isExceeded: () => peak > bytesMax,
    stop: () => clearInterval(timer),
  };
}
