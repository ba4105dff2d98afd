import { setTimeout as pause } from 'node:timers/promises';

/** Lets real time pass, as people do between two orders; nothing is waited for with it. */
export async function pauseUntil(momentMs: number): Promise<void> {
  await pause(Math.max(0, momentMs - performance.now()));
}
