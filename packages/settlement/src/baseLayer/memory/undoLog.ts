import { at, invariant } from '@lawbook/exchange/failures/invariant';

/**
 * How to take changes back, newest first. An act that is refused is taken back to where it began,
 * and a reorganisation to where a block began, so nothing has to be copied for either.
 */
export class UndoLog {
  #steps: (() => void)[] = [];
  #forgotten = 0;

  /** Remembers how to take back the change that is about to be made. */
  record(undo: () => void): void {
    this.#steps.push(undo);
  }

  /** Names the present moment. */
  mark(): number {
    return this.#forgotten + this.#steps.length;
  }

  /** Takes back everything since a mark. */
  rewind(mark: number): void {
    invariant(mark >= this.#forgotten, 'what is taken back is still remembered');
    while (this.mark() > mark) {
      const last = at(this.#steps, this.#steps.length - 1);
      this.#steps.pop();
      last();
    }
  }

  /** Forgets how to take back what came before a mark. */
  forget(mark: number): void {
    const count = mark - this.#forgotten;
    if (count <= 0) return;
    this.#steps.splice(0, count);
    this.#forgotten = mark;
  }
}

/** A map whose changes can be taken back. Entries must be treated as immutable. */
export class UndoMap<Key, Entry> {
  readonly #log: UndoLog;
  readonly #map = new Map<Key, Entry>();

  constructor(log: UndoLog) {
    this.#log = log;
  }

  get(key: Key): Entry | undefined {
    return this.#map.get(key);
  }

  set(key: Key, entry: Entry): void {
    const before = this.#map.get(key);
    this.#log.record(() => {
      if (before === undefined) this.#map.delete(key);
      else this.#map.set(key, before);
    });
    this.#map.set(key, entry);
  }

  delete(key: Key): void {
    const before = this.#map.get(key);
    if (before === undefined) return;
    this.#log.record(() => this.#map.set(key, before));
    this.#map.delete(key);
  }

  entries(): IterableIterator<[Key, Entry]> {
    return this.#map.entries();
  }
}

/** A single thing that changes, and can be taken back. */
export class UndoCell<Entry> {
  readonly #log: UndoLog;
  #present: Entry;

  constructor(log: UndoLog, first: Entry) {
    this.#log = log;
    this.#present = first;
  }

  get(): Entry {
    return this.#present;
  }

  set(entry: Entry): void {
    const before = this.#present;
    this.#log.record(() => {
      this.#present = before;
    });
    this.#present = entry;
  }
}
