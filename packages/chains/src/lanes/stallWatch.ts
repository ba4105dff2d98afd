import type { Clock } from '../environment.ts';

/** Beats that achieve nothing for so long are told to people. */
const STALLED_MS = 60_000;

/**
 * Tells people once when nothing can be done for long. It works without a tenure, because a store
 * that is away from the start lets none begin.
 */
export class StallWatch {
  readonly #clock: Clock;
  readonly #tell: (sentence: string) => void;
  #sinceMs: number | undefined;
  #isTold = false;

  constructor(clock: Clock, tell: (sentence: string) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  /** Hears after each beat why nothing could be done; undefined when something could. */
  note(why: string | undefined): void {
    if (why === undefined) {
      this.#sinceMs = undefined;
      this.#isTold = false;
      return;
    }
    const now = this.#clock.elapsedMs();
    this.#sinceMs ??= now;
    if (this.#isTold || now - this.#sinceMs < STALLED_MS) return;
    this.#isTold = true;
    this.#tell(`Nothing could be done for ${STALLED_MS / 1000} seconds. ${why}`);
  }
}
