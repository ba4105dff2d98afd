/** Time and chance of a client, so that tests decide both. */
export interface Timers {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls back once after a time; the returned function prevents it. */
  after(delayMs: number, callback: () => void): () => void;
  /** A number in [0, 1). */
  random(): number;
}

/** The machine's own. */
export const systemTimers: Timers = {
  now: () => Date.now(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
  random: () => Math.random(),
};
