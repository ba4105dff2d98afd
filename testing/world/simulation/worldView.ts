import type { Auditor } from '../auditor/auditor.ts';
import type { FollowedInput, JournalFollower } from '../auditor/journalFollower.ts';
import type { Trader } from '../workload/trader.ts';
import type { CrashingStore } from './crashingStore.ts';
import type { EvmBase } from './evmBase.ts';
import type { MemoryBase } from './memoryBase.ts';
import type { PowerLossDisk } from './powerLossDisk.ts';
import type { TraderFeed } from './traderFeed.ts';
import type { LiveVenue, VenueHost } from './venueHost.ts';

/** What checkers may look at, after every step. They look and change nothing. */
export interface WorldView {
  readonly seed: number;
  /** Id of the step that was just played. */
  readonly step: number;
  /** Simulated milliseconds since the beginning, on a steady clock. */
  readonly nowMs: number;
  /** The venue while it listens; undefined while it is dead or on its way up. */
  readonly live: LiveVenue | undefined;
  readonly host: VenueHost;
  /** What clients asked and were told. */
  readonly auditor: Auditor;
  /** An exchange that replays the durable journal beside the venue, always up to date. */
  readonly follower: JournalFollower;
  /** What became durable since the last step. */
  readonly news: readonly FollowedInput[];
  readonly disk: PowerLossDisk;
  readonly store: CrashingStore;
  readonly base: MemoryBase | EvmBase;
  /** Whether epochs of this world settle. */
  readonly settles: boolean;
  readonly traders: readonly Trader[];
  readonly feeds: readonly TraderFeed[];
  /** Broken invariants and other failures that nobody may meet. */
  readonly bugs: readonly string[];
  /**
   * All faults have ended, and the world was given the time to come to rest: now things must not
   * only be consistent but complete. True only at the end.
   */
  readonly isAtRest: boolean;
}

/** Holds one promise of the venue against what happened. One instance lives as long as a world. */
export interface Checker {
  /** The promise in one word: as the file is called. */
  readonly name: string;
  /** Checks at every step unless given; always at the end. */
  readonly everySteps?: number;
  /** @returns the first flaw in a sentence; undefined where the promise holds. */
  check(view: WorldView): Promise<string | undefined> | string | undefined;
}
