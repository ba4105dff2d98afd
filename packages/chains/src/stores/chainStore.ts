/** One entry. Keys are printable ASCII without spaces, at most 1,000 characters. */
export interface StoreEntry {
  readonly key: string;
  /** Well-formed text without U+0000, by convention JSON; at most 1 MiB in UTF-8. */
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
 * the store cannot be reached; the engine then broadcasts nothing. It rejects with
 * CHAIN_STORE_CORRUPT when the store has lost writes or holds something foreign, and with
 * CHAIN_CLOSED after `close`.
 *
 * A write that rejects with CHAIN_STORE_UNAVAILABLE may have been applied, because its answer may
 * have been lost on the way. How to go on:
 * - `commit`: call it again with the same changes. They are puts and deletes, so applying them
 *   twice equals once, and a first try that is still under way cannot be applied after a later
 *   commit.
 * - `insert`: call it again; when it answers false, `get` the first key and compare the text. If it
 *   is the text that was sent, the insertion was one's own. Two callers that could send the same
 *   text have to put something of their own into it.
 * - `acquireLease`: call it again with the same owner.
 */
export interface ChainStore {
  get(key: string): Promise<string | undefined>;
  /**
   * Entries whose key starts with `prefix`, in ascending byte order of their keys, all of one
   * moment.
   */
  list(prefix: string, options?: ListOptions): Promise<readonly StoreEntry[]>;
  /**
   * Inserts all entries, or none when the key of the first one exists. Needs no lease. The others
   * replace what is stored under their keys.
   * @returns whether they were inserted.
   */
  insert(entries: readonly StoreEntry[]): Promise<boolean>;
  /**
   * Applies all changes, or none. Commits of one store object under one lease apply in call order.
   * @throws ChainFault CHAIN_LANE_FENCED when the lease's name has a newer fence.
   */
  commit(lease: Lease, changes: readonly StoreChange[]): Promise<void>;
  /**
   * Takes the name if it is free, its lease ran out, or the same owner has it; a new fence each
   * time. Owners are told apart by their text alone, so each process needs one of its own. The
   * duration runs on the store's clock from some moment within this call, so a holder that counts
   * from before the call is on the safe side. If the store's clock was put back since, the lease
   * runs anew for its whole duration, counted from the first attempt to take it.
   * @returns undefined while somebody else holds it.
   */
  acquireLease(name: string, owner: string, durationMs: number): Promise<Lease | undefined>;
  /** Starts the duration anew. @returns false when the lease was released or taken over. */
  renewLease(lease: Lease, durationMs: number): Promise<boolean>;
  /**
   * Lets others take the name at once, and fences the lease off: its later commits reject with
   * CHAIN_LANE_FENCED. Does nothing when it is no longer held.
   */
  releaseLease(lease: Lease): Promise<void>;
  /** Ends this object's use of the store; what is stored and who holds what stays as it is. */
  close(): Promise<void>;
}
