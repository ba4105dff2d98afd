import type { EpochBundle } from '@lawbook/exchange/bundle';

/** A sealed epoch as the next list of its shard. */
export interface SealedList {
  /** 1, 2, 3, ...: its place among the sealed epochs of the shard. */
  readonly listNumber: bigint;
  readonly bundle: EpochBundle;
  readonly sealedAtMs: number;
}

/** Where sealed epochs come from: the venue's index, or a folder of bundles. */
export interface EpochSource {
  /** Undefined while the epoch is not sealed yet. */
  list(listNumber: bigint): Promise<SealedList | undefined>;
  /** Resolves when another epoch was sealed since the last call; rejects with the signal. */
  changed(signal: AbortSignal): Promise<void>;
}
