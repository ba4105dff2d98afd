import type { VenueService } from '../venueService.ts';

/** Mids that the oracle sent, and when we received them. */
export interface ReceivedMids {
  readonly mids: readonly bigint[];
  readonly receivedAtMs: number;
}

/** Remembers the latest mids of each market. */
export class MidsBoard {
  readonly #latest = new Map<number, ReceivedMids>();

  /** Starts listening to a venue. @returns what ends it. */
  listen(venue: VenueService, clock: () => number): () => void {
    return venue.subscribe((event) => {
      if (event.kind !== 'oracle') return;
      this.#latest.set(event.marketId, { mids: event.mids, receivedAtMs: clock() });
    });
  }

  /** The latest mids, or undefined before the first. */
  latest(marketId: number): ReceivedMids | undefined {
    return this.#latest.get(marketId);
  }
}
