import { setTimeout as delay } from 'node:timers/promises';
import type { OracleClock } from './oracleAdapter.ts';

/** The clock of the machine. */
export const systemClock: OracleClock = {
  nowMs: () => Date.now(),
  wait: async (ms, signal) => {
    try {
      await delay(ms, undefined, { signal });
    } catch (cause) {
      if (!signal.aborted) throw cause;
    }
  },
};
