import { decodeBundle } from '@lawbook/exchange/bundle';
import type { EpochSource, SealedList } from '@lawbook/settlement/settler/epochSource';
import type { SealedEpoch } from '../venueTypes.ts';

/** The records that sealed epochs are read from: those of the venue's index. */
export interface EpochArchive {
  epoch(marketId: number, epochNumber: number): Promise<SealedEpoch | undefined>;
  bundle(marketId: number, epochNumber: number): Promise<Uint8Array | undefined>;
}

/**
 * The sealed epochs of one market as the lists of its shard. A shard has one market, so a list has
 * the number of its epoch.
 */
export class VenueEpochSource implements EpochSource {
  readonly #marketId: number;
  readonly #archive: EpochArchive;
  /** Resolved by an announcement until somebody who waits has heard of it. */
  #news = Promise.withResolvers<void>();

  constructor(marketId: number, archive: EpochArchive) {
    this.#marketId = marketId;
    this.#archive = archive;
  }

  async list(listNumber: bigint): Promise<SealedList | undefined> {
    const epochNumber = Number(listNumber);
    const sealed = await this.#archive.epoch(this.#marketId, epochNumber);
    const bytes = await this.#archive.bundle(this.#marketId, epochNumber);
    if (sealed === undefined || bytes === undefined) return undefined;
    return { listNumber, bundle: decodeBundle(bytes), sealedAtMs: sealed.epoch.sealedAtMs };
  }

  /** Tells whoever waits that an epoch was sealed and can be read. */
  announce(): void {
    this.#news.resolve();
  }

  /** For one who waits. What was announced while it was away, or looking, resolves it at once. */
  async changed(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const stop = (): void => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    try {
      await Promise.race([this.#news.promise, aborted]);
      this.#news = Promise.withResolvers<void>();
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }
}
