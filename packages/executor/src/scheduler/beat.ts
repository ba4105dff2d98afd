import type { Clock } from '@lawbook/chains/environment';
import type { BatchScheduler } from './batchScheduler.ts';

/**
 * Lets batches close when they are due, until the signal aborts.
 *
 * @returns what resolves when no beat is under way any more; rejects with a broken invariant.
 */
export async function beat(
  scheduler: Pick<BatchScheduler, 'tick'>,
  clock: Pick<Clock, 'sleep'>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const dueMs = scheduler.tick();
    await clock.sleep(Math.min(dueMs, BEAT_MS_MAX), signal).catch((cause: unknown) => {
      if (!signal.aborted) throw cause;
    });
  }
}

const BEAT_MS_MAX = 100;
