import type { Checker } from '../simulation/worldView.ts';

/** Longer than any wait that the gateways announce, on a disk as slow as faults make it. */
const ANSWER_MS_MAX = 60_000;

/** Every request that reaches a venue is answered within a bound, unless the venue dies first. */
export function waitsAreBounded(): Checker {
  let first = 0;
  let life = 0;
  return {
    name: 'waitsAreBounded',
    check: ({ auditor, live, nowMs }) => {
      const { arrivals } = auditor;
      const last = arrivals.at(-1)?.life ?? 0;
      if (live === undefined || last !== life) {
        // What a dead venue was asked is answered by nobody.
        while (first < arrivals.length && (arrivals[first]?.life ?? 0) < last) first += 1;
        life = last;
        if (live === undefined) return undefined;
      }
      for (let k = first; k < arrivals.length; k += 1) {
        const arrival = arrivals[k];
        if (arrival === undefined || arrival.repliedAtMs !== undefined) {
          if (k === first) first += 1;
          continue;
        }
        const waitedMs = nowMs - arrival.atMs;
        if (waitedMs > ANSWER_MS_MAX && arrival.atMs > live.sinceMs) {
          return `${arrival.wishId} waits for an answer since ${waitedMs} ms`;
        }
      }
      return undefined;
    },
  };
}
