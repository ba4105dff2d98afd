import type { BlockReference } from './chainTracker.ts';
import type { HeaderRing } from './headerRing.ts';

/**
 * When the tracker leaves its head for a block that does not grow out of its ring.
 *
 * A higher block whose parents lead down into the ring is followed at once: the chain is the
 * longest one that an endpoint told of. Anything else is one endpoint's word: a replica that lags
 * says the same as a chain that was taken back, and one that was routed to another network the same
 * as a chain that went on while we slept. So it raises a doubt, and a doubt that lasts leads to a
 * hearing, where every endpoint tells its head. A head that grows out of the ring after all wins;
 * one that still stands on our head ends the doubt, except against a quorum that is marked *.
 *
 * | All endpoints that answer stand              | quorum or more of them      | fewer            |
 * |----------------------------------------------|-----------------------------|------------------|
 * | `astray`: higher, and not out of our ring    | at once *                   | 10 polls and two |
 * |                                              |                             | intervals; not   |
 * |                                              |                             | if a quorum is   |
 * |                                              |                             | elsewhere        |
 * | `elsewhere`: a hash that contradicts ours    | 2 polls                     | 10 polls and two |
 * |                                              |                             | block intervals  |
 * | `behind`: on a block that we already passed  | 5 polls and two block inter-| never            |
 * |                                              | vals without any movement   |                  |
 * | `below`: under all that the ring holds       | 5 polls and two block inter-| never            |
 * |                                              | vals, moving or not; * 10   |                  |
 *
 * Contradiction is evidence, so it may decide without a quorum in the end: an endpoint that is left
 * alone must not hold the tracker on a dead branch. Absence is not, so it needs the quorum, and
 * stillness: a replica that lags moves on as the chain does, and once a chain that was taken back
 * grows again, its new hashes contradict ours. Below the ring nothing can contradict, so there a
 * quorum decides although it moves: else a head that was told too high would hold for ever. Of the
 * blocks of a quorum the one is taken that all of it has reached. At equal height the head that was
 * seen first stays, as with every client.
 */
export class HeadDoubt {
  #polls = 0;
  #sinceMs = 0;
  #stillPolls = 0;
  #stillSinceMs = 0;
  #highest: BlockReference | undefined;
  #isFresh = false;

  /** Whether the next look should come sooner: right after a first contradiction. */
  isFresh(): boolean {
    return this.#isFresh;
  }

  /** An endpoint stands on our head or above it. */
  clear(): void {
    this.#polls = 0;
    this.#stillPolls = 0;
    this.#highest = undefined;
    this.#isFresh = false;
  }

  /**
   * Records what a poll saw instead of our head; undefined for an answer that was no block.
   * @returns whether the doubt is old enough for a hearing.
   */
  raise(seen: BlockReference | undefined, sighting: DoubtfulSighting, pace: DoubtPace): boolean {
    this.#polls += 1;
    this.#isFresh = this.#polls === 1 && sighting === 'elsewhere';
    if (this.#polls === 1) this.#sinceMs = pace.elapsedMs;
    if (seen === undefined || sighting === 'astray') return true;
    const highest = this.#highest;
    const moved =
      highest === undefined ||
      seen.number > highest.number ||
      (seen.number === highest.number && seen.hash !== highest.hash);
    if (moved) {
      this.#highest = seen;
      this.#stillPolls = 0;
      this.#stillSinceMs = pace.elapsedMs;
    }
    this.#stillPolls += 1;
    if (sighting === 'elsewhere') return this.#polls >= CONTRADICTION_POLLS;
    return sighting === 'below' ? this.#isOld(STILL_POLLS, pace) : this.#isStill(pace);
  }

  /** Decides after a hearing. A doubt that stays open is heard again later. */
  judge<Block extends BlockReference>(
    hearing: Hearing<Block>,
    pace: DoubtPace & { readonly quorum: number },
  ): Block | undefined {
    const { own, astray, elsewhere, behind, below } = hearing;
    const { quorum } = pace;
    if (astray.length >= quorum) return reachedByAll(astray, quorum);
    if (below.length >= quorum && own < quorum) {
      const polls = own > 0 ? LONELY_POLLS : STILL_POLLS;
      return this.#isOld(polls, pace) ? reachedByAll(below, quorum) : undefined;
    }
    if (own > 0) {
      this.clear();
      return undefined;
    }
    const isOld = this.#isOld(LONELY_POLLS, pace);
    if (elsewhere.length > 0) {
      if (elsewhere.length >= quorum) return reachedByAll(elsewhere, quorum);
      return isOld ? highestOf(elsewhere) : undefined;
    }
    if (astray.length > 0 && behind.length + below.length < quorum) {
      return isOld ? highestOf(astray) : undefined;
    }
    const stillAt = highestOf(behind);
    const isStill = stillAt?.hash === this.#highest?.hash && this.#isStill(pace);
    if (isStill && behind.length >= quorum) return stillAt;
    this.#stillPolls = 0;
    return undefined;
  }

  #isOld(polls: number, pace: DoubtPace): boolean {
    return this.#polls >= polls && pace.elapsedMs - this.#sinceMs >= 2 * pace.blockIntervalMs;
  }

  #isStill(pace: DoubtPace): boolean {
    const stillMs = pace.elapsedMs - this.#stillSinceMs;
    return this.#stillPolls >= STILL_POLLS && stillMs >= 2 * pace.blockIntervalMs;
  }
}

/** How a block that an endpoint calls its head relates to ours. */
export type Sighting = 'ahead' | 'own' | DoubtfulSighting;

/** Sightings that speak against our head, strongly or weakly. */
export type DoubtfulSighting = 'astray' | 'elsewhere' | 'behind' | 'below';

/** What time it is, and how fast the chain goes; both in milliseconds. */
export interface DoubtPace {
  readonly elapsedMs: number;
  readonly blockIntervalMs: number;
}

/** Heads that endpoints told when all were asked; none of them grows out of the ring. */
export interface Hearing<Block extends BlockReference>
  extends Readonly<Record<DoubtfulSighting, readonly Block[]>> {
  /** Endpoints that stand on our head. */
  readonly own: number;
}

/**
 * Relates a block to the head of the ring. What lies below the ring contradicts nothing; whether
 * what is higher is `ahead` or `astray` shows once its parents were read.
 */
export function sightingOf(seen: BlockReference, ring: HeaderRing): Exclude<Sighting, 'astray'> {
  const head = ring.head();
  if (head === undefined || seen.number > head.number) return 'ahead';
  if (seen.hash === head.hash) return 'own';
  const base = ring.base();
  if (base !== undefined && seen.number < base.number) return 'below';
  return ring.isCanonical(seen) === true ? 'behind' : 'elsewhere';
}

/** The highest block that so many endpoints have reached or passed. */
export function reachedByAll<Block extends BlockReference>(
  blocks: readonly Block[],
  quorum: number,
): Block | undefined {
  const highestFirst = [...blocks].sort((a, b) => Number(b.number - a.number));
  return highestFirst[quorum - 1];
}

/**
 * The usual time between two blocks at the head, in milliseconds: the median of the last few, so
 * that one jump of a development chain's clock does not count; at most half a minute.
 */
export function blockIntervalMs(ring: HeaderRing): number {
  const intervals: number[] = [];
  let block = ring.head();
  while (block !== undefined && intervals.length < INTERVALS) {
    const parent = ring.blockOf(block.parentHash);
    if (parent !== undefined) intervals.push(Number(block.timestamp - parent.timestamp));
    block = parent;
  }
  intervals.sort((a, b) => a - b);
  const median = intervals[intervals.length >> 1] ?? 0;
  return Math.min(median * 1_000, INTERVAL_MS_MAX);
}

const CONTRADICTION_POLLS = 2;
const LONELY_POLLS = 10;
const STILL_POLLS = 5;
const INTERVALS = 8;
const INTERVAL_MS_MAX = 30_000;

function highestOf<Block extends BlockReference>(blocks: readonly Block[]): Block | undefined {
  let highest: Block | undefined;
  for (const block of blocks) {
    if (highest === undefined || block.number > highest.number) highest = block;
  }
  return highest;
}
