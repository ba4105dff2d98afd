import type { Clock } from '@lawbook/chains/environment';
import type { OracleClock } from './oracleAdapter.ts';

/** The clock of a venue as its oracle sees it: to the oracle, a wait cut short is no failure. */
export function oracleClock(clock: Clock): OracleClock {
  return {
    nowMs: () => clock.nowMs(),
    wait: async (ms, signal) => {
      try {
        await clock.sleep(ms, signal);
      } catch (cause) {
        if (!signal.aborted) throw cause;
      }
    },
  };
}
