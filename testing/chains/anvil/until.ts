import { setTimeout as pause } from 'node:timers/promises';

/** How long a condition may take to come true before the test fails; far above what is usual. */
const TIMEOUT_MS = 20_000;

/**
 * Waits for a condition of the real world (a process, a socket, a chain), looking every few
 * milliseconds. A condition that throws counts as not there yet.
 *
 * @throws Error naming `what` when it has not come true in time.
 */
export async function until<T>(
  what: string,
  condition: () => T | Promise<T>,
  options: { readonly timeoutMs?: number; readonly everyMs?: number } = {},
): Promise<NonNullable<Exclude<T, false>>> {
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  const giveUpAt = performance.now() + timeoutMs;
  let last: unknown;
  while (performance.now() < giveUpAt) {
    try {
      const met = await condition();
      if (met !== undefined && met !== null && met !== false) {
        return met as NonNullable<Exclude<T, false>>;
      }
      last = undefined;
    } catch (error) {
      last = error;
    }
    await pause(options.everyMs ?? 10);
  }
  throw new Error(`waited ${timeoutMs} ms in vain: ${what}`, { cause: last });
}
