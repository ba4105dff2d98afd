/** One entry. Keys are printable ASCII without spaces, at most 1,000 characters. */
export interface StoreEntry {
  readonly key: string;
  /** Text, by convention JSON; at most 1 MiB. */
  readonly text: string;
}

/** One change of a commit; `text` undefined means delete. */
export interface StoreChange {
  readonly key: string;
  readonly text: string | undefined;
}

/** The right to write under one name, until somebody else takes it. */
export interface Lease {
  readonly name: string;
  readonly owner: string;
  /** Grows with every take-over of the name, for ever; a count under 2^53. */
  readonly fence: number;
}

/** Which entries of a listing. */
export interface ListOptions {
  /** Only keys after this one. */
  readonly after?: string;
  readonly limit?: number;
}

/**
 * A durable log and lease for lanes, shared by every process that uses the same signer.
 *
 * What a resolved call wrote survives kill -9. Every call rejects with CHAIN_STORE_UNAVAILABLE when
 * the store cannot be reached; the engine then broadcasts nothing.
 */
export interface ChainStore {
  get(key: string): Promise<string | undefined>;
  /** Entries whose key starts with `prefix`, in ascending byte order of their keys. */
  list(prefix: string, options?: ListOptions): Promise<readonly StoreEntry[]>;
  /**
   * Inserts all entries, or none when the key of the first one exists. Needs no lease.
   * @returns whether they were inserted.
   */
  insert(entries: readonly StoreEntry[]): Promise<boolean>;
  /**
   * Applies all changes, or none.
   * @throws ChainFault CHAIN_LANE_FENCED when the lease's name has a newer fence.
   */
  commit(lease: Lease, changes: readonly StoreChange[]): Promise<void>;
  /**
   * Takes the name if it is free or its lease ran out; a new fence each time, also for the owner
   * who had it before. The duration runs on the store's clock from some moment within this call, so a
   * holder that counts from before the call is on the safe side.
   * @returns undefined while somebody else holds it.
   */
  acquireLease(name: string, owner: string, durationMs: number): Promise<Lease | undefined>;
  /** Starts the duration anew. @returns false when somebody else took the name. */
  renewLease(lease: Lease, durationMs: number): Promise<boolean>;
  /** Lets others take the name at once. Does nothing when it is no longer held. */
  releaseLease(lease: Lease): Promise<void>;
  close(): Promise<void>;
}
