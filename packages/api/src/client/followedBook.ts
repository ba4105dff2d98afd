import type { ChannelEvent } from '../schema/messages.ts';
import type { RejectionView } from '../schema/rejectionView.ts';
import type { Ladder } from './bookLadder.ts';
import { BookLadder } from './bookLadder.ts';
import type { Feed } from './feed.ts';

/**
 * Why a ladder had to begin anew: the stream skipped a sequence, an event or the ladder did not
 * have its checksum, or the connection was away for longer than the venue can catch up.
 */
export type ResyncReason = 'sequence' | 'checksum' | 'ladder' | 'gap';

/** What a follower of a book is told. */
export interface BookFollower {
  /** The ladder after a whole input: never crossed. */
  readonly onLadder: (ladder: Ladder) => void;
  /** The ladder is not known any more; a whole one comes next. */
  readonly onResync?: (reason: ResyncReason) => void;
  /** The venue does not have the book. */
  readonly onRefused?: (rejection: RejectionView) => void;
}

/**
 * Follows the ladder of a book over a feed until stopped. Sequences and checksums of the stream and
 * of the ladder are verified; after a short absence it goes on where it was, and where that is not
 * possible it says so and begins anew.
 */
export class FollowedBook {
  readonly #feed: Pick<Feed, 'follow' | 'resynchronise'>;
  readonly #channel: string;
  readonly #follower: BookFollower;
  readonly #rebuilt: BookLadder = new BookLadder();
  #ladder: Ladder | undefined;
  #isBroken = false;
  #resyncs = 0;
  readonly #stop: () => void;

  constructor(
    feed: Pick<Feed, 'follow' | 'resynchronise'>,
    marketId: string,
    follower: BookFollower,
  ) {
    this.#feed = feed;
    this.#channel = `book:${marketId}`;
    this.#follower = follower;
    const { onRefused } = follower;
    this.#stop = feed.follow(this.#channel, {
      onSnapshot: (events) => this.#snapshot(events),
      onEvent: (event) => this.#take(event),
      onBreak: (reason) => this.#broken(reason),
      ...(onRefused !== undefined && { onRefused }),
    });
  }

  /** The ladder; undefined before the first one and while a new one is on its way. */
  get ladder(): Ladder | undefined {
    return this.#ladder;
  }

  /** How often the ladder had to begin anew. */
  get resyncs(): number {
    return this.#resyncs;
  }

  /** Follows no longer. */
  stop(): void {
    this.#stop();
  }

  #snapshot(events: readonly ChannelEvent[]): void {
    if (this.#ladder !== undefined && !this.#isBroken) this.#broken('gap');
    this.#isBroken = false;
    for (const event of events) this.#take(event);
  }

  #take(event: ChannelEvent): void {
    if (event.kind !== 'book' || this.#isBroken) return;
    if (!this.#rebuilt.take(event)) {
      this.#broken('ladder');
      this.#feed.resynchronise(this.#channel);
      return;
    }
    this.#ladder = this.#rebuilt.now;
    if (this.#ladder !== undefined) this.#follower.onLadder(this.#ladder);
  }

  #broken(reason: ResyncReason): void {
    this.#isBroken = true;
    this.#ladder = undefined;
    this.#resyncs += 1;
    this.#follower.onResync?.(reason);
  }
}
