import type { Journal } from '../journal/journal.ts';
import type { SnapshotStore } from '../journal/snapshots.ts';
import type { Venue } from '../venue.ts';
import type { VenueIndex } from './venueIndex.ts';

/** What a snapshot is taken of, and where it goes. */
export interface SnapshotterDependencies {
  readonly venue: Venue;
  readonly journal: Journal;
  readonly index: VenueIndex;
  readonly snapshots: SnapshotStore;
  /** Inputs between two snapshots. */
  readonly everyInputs: number;
}

/** A snapshot gives up when its own input does not reach the disk in this time. */
const DISK_WAIT_MS = 30_000;

/**
 * Takes snapshots: the state is copied in one turn of the event loop, and written once its last
 * input is durable and the index is flushed up to it, so that a start can trust both.
 */
export class Snapshotter {
  readonly #deps: SnapshotterDependencies;
  #sequence: number;
  #saving: Promise<void> | undefined;

  constructor(lastSequence: number, dependencies: SnapshotterDependencies) {
    this.#sequence = lastSequence;
    this.#deps = dependencies;
  }

  /** Saves when enough inputs have passed since the last time, and no save is under way. */
  async saveWhenDue(): Promise<void> {
    const { venue, everyInputs } = this.#deps;
    if (this.#saving !== undefined) return;
    if (venue.state.sequence - this.#sequence >= everyInputs) await this.save();
  }

  /**
   * Saves now, after any save under way. @throws JournalFault SNAPSHOT_UNAVAILABLE, StorageFault.
   */
  async save(): Promise<void> {
    await this.#saving?.catch(() => undefined);
    this.#saving = this.#saveOnce().finally(() => {
      this.#saving = undefined;
    });
    return this.#saving;
  }

  async #saveOnce(): Promise<void> {
    const { venue, journal, index, snapshots } = this.#deps;
    const { sequence } = venue.state;
    if (sequence === this.#sequence || journal.health().state === 'failed') return;
    const state = venue.snapshotBody();
    const { signal } = new AbortController();
    if (!(await venue.waitFor(sequence, DISK_WAIT_MS, signal))) return;
    // Inputs without rows of their own leave the cursor behind; a start compares it with the
    // snapshot.
    await index.write(sequence, []);
    await index.flush();
    await snapshots.save({ sequence, chain: await journal.chainAt(sequence), state });
    this.#sequence = sequence;
  }
}
