import type { RandomWalkParameters } from './randomWalk.ts';
import { RandomWalk } from './randomWalk.ts';
import type { OracleReader, Reading } from './reader.ts';
import { trustedReading } from './reader.ts';

/** Invented mids for demonstrations: the starting mids first, then one step per reading. */
export class RandomWalkReader implements OracleReader {
  readonly name = 'randomWalk';
  readonly source: string;
  readonly intervalMs: number;
  readonly #walk: RandomWalk;
  #started = false;

  constructor(parameters: RandomWalkParameters) {
    this.#walk = new RandomWalk(parameters);
    this.intervalMs = parameters.stepMs;
    this.source = `randomWalk seed ${parameters.seed} (invented)`;
  }

  async read(nowMs: number): Promise<Reading> {
    if (this.#started) this.#walk.advance();
    this.#started = true;
    const note = `invented mids, step ${this.#walk.step}`;
    return trustedReading(this.#walk.mids(), nowMs, { name: 'randomWalk', ok: true, note });
  }
}
