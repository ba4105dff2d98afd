import type { BlockReference } from './chainTracker.ts';
import type { HeaderRing } from './headerRing.ts';

/**
 * When the tracker leaves its head for a block that is not higher.
 *
 * A higher block is followed at once: the chain is the longest one that an endpoint told of. A
 * block at our height or below proves nothing by itself, because a replica that lags says the same
 * as a chain that was taken back. So it raises a doubt, and a doubt that lasts leads to a hearing,
 * where every endpoint tells its head. One that still stands on our head ends it. Otherwise:
 *
 * | All endpoints that answer stand              | quorum or more of them      | fewer            |
 * |----------------------------------------------|-----------------------------|------------------|
 * | `elsewhere`: a hash that contradicts ours    | 2 polls                     | 10 polls and two |
 * |                                              |                             | block intervals  |
 * | `behind`: on a block that we already passed  | 5 polls and two block inter-| never            |
 * |                                              | vals without any movement   |                  |
 *
 * Contradiction is evidence, so it may decide without a quorum in the end: an endpoint that is left
 * alone must not hold the tracker on a dead branch. Absence is not, so it needs the quorum and
 * stillness: a replica that lags moves on as the chain does, and once a chain that was taken back
 * grows again, its new hashes contradict ours. At equal height the head that was seen first stays
 * until then, as with every client.
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
   * Records what a poll saw instead of our head.
   * @returns whether the doubt is old enough for a hearing.
   */
  raise(seen: BlockReference, sighting: DoubtfulSighting, pace: DoubtPace): boolean {
    this.#polls += 1;
    this.#isFresh = this.#polls === 1 && sighting === 'elsewhere';
    if (this.#polls === 1) this.#sinceMs = pace.elapsedMs;
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
    return this.#isStill(pace);
  }

  /** Decides after a hearing. A doubt that stays open is heard again later. */
  judge<Block extends BlockReference>(
    hearing: Hearing<Block>,
    pace: DoubtPace & { readonly quorum: number },
  ): Block | undefined {
    if (hearing.own > 0) {
      this.clear();
      return undefined;
    }
    const { elsewhere, behind } = hearing;
    if (elsewhere.length > 0) {
      const isOld =
        this.#polls >= LONELY_POLLS && pace.elapsedMs - this.#sinceMs >= 2 * pace.blockIntervalMs;
      return elsewhere.length >= pace.quorum || isOld ? highestOf(elsewhere) : undefined;
    }
    const stillAt = highestOf(behind);
    const isStill = stillAt?.hash === this.#highest?.hash && this.#isStill(pace);
    if (isStill && behind.length >= pace.quorum) return stillAt;
    this.#stillPolls = 0;
    return undefined;
  }

  #isStill(pace: DoubtPace): boolean {
    const stillMs = pace.elapsedMs - this.#stillSinceMs;
    return this.#stillPolls >= STILL_POLLS && stillMs >= 2 * pace.blockIntervalMs;
  }
}

/** How a block that an endpoint calls its head relates to ours. */
export type Sighting = 'ahead' | 'own' | DoubtfulSighting;

/** Sightings that speak against our head, strongly or weakly. */
export type DoubtfulSighting = 'elsewhere' | 'behind';

/** What time it is, and how fast the chain goes; both in milliseconds. */
export interface DoubtPace {
  readonly elapsedMs: number;
  readonly blockIntervalMs: number;
}

/** Heads that endpoints told when all were asked; none of them higher than ours. */
export interface Hearing<Block extends BlockReference> {
  /** Endpoints that stand on our head. */
  readonly own: number;
  readonly elsewhere: readonly Block[];
  readonly behind: readonly Block[];
}

/** Relates a block to the head of the ring. What lies below the ring contradicts nothing. */
export function sightingOf(seen: BlockReference, ring: HeaderRing): Sighting {
  const head = ring.head();
  if (head === undefined || seen.number > head.number) return 'ahead';
  if (seen.hash === head.hash) return 'own';
  const base = ring.base();
  if (base !== undefined && seen.number < base.number) return 'behind';
  return ring.isCanonical(seen) === true ? 'behind' : 'elsewhere';
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
