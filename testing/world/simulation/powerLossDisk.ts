import { dirname } from 'node:path';
import { invariant } from '@lawbook/exchange/failures/invariant';
import type { Disk, DiskFile, DiskMode } from '../../../packages/executor/src/journal/disk.ts';
import { DiskError, writeFully } from '../../../packages/executor/src/journal/disk.ts';
import type { SimulatedClock } from '../../chains/double/simulatedClock.ts';
import type { SeededRandom } from '../seededRandom.ts';
import type { Life, Touch } from './life.ts';

/** How the disk behaves now; faults change it while it runs. */
export interface DiskTerms {
  /** Milliseconds of a call, the least and the most. */
  delayMs: readonly [number, number];
  /** Milliseconds of a sync, the least and the most. */
  syncMs: readonly [number, number];
  /** Share of the writes and syncs that fail with EIO. */
  failing: number;
  /** Share of the writes that take only a part of their bytes at once. */
  short: number;
  /** Bytes that the disk holds at most. */
  capacityBytes: number;
}

/** A disk on which nothing goes wrong. */
export const GOOD_DISK: DiskTerms = {
  delayMs: [0, 0],
  syncMs: [1, 3],
  failing: 0,
  short: 0,
  capacityBytes: Number.MAX_SAFE_INTEGER,
};

/** A change of a file's contents that no sync covers. */
type Unsynced =
  | { readonly kind: 'write'; readonly position: number; readonly bytes: Buffer }
  | { readonly kind: 'truncate'; readonly length: number };

interface StoredFile {
  /** What processes read. */
  bytes: Buffer;
  /** What a loss of power leaves for certain. */
  durable: Buffer;
  unsynced: Unsynced[];
}

/** A change of names that no sync of its directory covers. */
interface NameChange {
  readonly directory: string;
  readonly apply: (names: Map<string, StoredFile>) => void;
}

/** What a loss of power does with what was not synced. */
type Fate = 'lost' | 'kept' | 'prefix' | 'scattered';

/** A sector reaches the platter whole or not at all. */
const SECTOR_BYTES = 512;

/**
 * A disk with a cache that a loss of power empties: of every file's unsynced writes each sector
 * survives or not, in any order; of unsynced changes of names a prefix survives, as on a file
 * system that logs them. The death of a process alone loses nothing that was written.
 */
export class PowerLossDisk {
  readonly terms: DiskTerms = { ...GOOD_DISK };
  readonly #clock: SimulatedClock;
  readonly #random: SeededRandom;
  #names = new Map<string, StoredFile>();
  #durableNames = new Map<string, StoredFile>();
  #nameChanges: NameChange[] = [];
  /** Losses of power so far, and sectors that they left out. */
  powerLosses = 0;
  sectorsLost = 0;

  constructor(dependencies: { readonly clock: SimulatedClock; readonly random: SeededRandom }) {
    this.#clock = dependencies.clock;
    this.#random = dependencies.random;
  }

  /** The disk as one process reaches it. */
  seenBy(life: Life): Disk {
    const call = <T>(act: () => T, kind: Touch = 'read'): Promise<T> => this.#call(life, kind, act);
    return {
      open: (path, mode) => call(() => this.#open(life, path, mode)),
      list: (directory) => call(() => this.#list(directory)),
      rename: (from, to) => call(() => this.#rename(from, to), 'write'),
      remove: (path) => call(() => this.#remove(path), 'write'),
      makeDirectory: () => call(() => undefined, 'write'),
      syncDirectory: (path) => call(() => this.#syncDirectory(path), 'sync'),
    };
  }

  /** The disk as whoever stands beside the machine reads it: at once, and past every fault. */
  plainView(): Disk {
    const refuse = (): never => {
      throw new DiskError('EROFS', 'whoever looks on does not write');
    };
    const disk: Disk = {
      open: async (path) => {
        const stored = this.#names.get(path);
        if (stored === undefined) throw new DiskError('ENOENT', path);
        return readOnly(stored, refuse);
      },
      list: async (directory) => this.#list(directory),
      rename: async () => refuse(),
      remove: async () => refuse(),
      makeDirectory: async () => undefined,
      syncDirectory: async () => undefined,
    };
    return disk;
  }

  /** What the machine holds after a loss of power. */
  losePower(): void {
    this.powerLosses += 1;
    const kept = this.#random.integer(0, this.#nameChanges.length);
    const names = new Map(this.#durableNames);
    for (const { apply } of this.#nameChanges.slice(0, kept)) apply(names);
    const fate = FATES[this.#random.integer(0, FATES.length - 1)] as Fate;
    for (const file of new Set(names.values())) this.#settle(file, fate);
    this.#names = names;
    this.#durableNames = new Map(names);
    this.#nameChanges = [];
  }

  /** Bytes of all files. */
  usedBytes(): number {
    let used = 0;
    for (const { bytes } of this.#names.values()) used += bytes.length;
    return used;
  }

  /** A copy of every file, as whoever reads now would find it. */
  files(): ReadonlyMap<string, Buffer> {
    return new Map([...this.#names].map(([path, { bytes }]) => [path, Buffer.from(bytes)]));
  }

  /** Flips a bit of one of these files, as age does. @returns how many there were. */
  rot(isIt: (path: string) => boolean): number {
    const files = [...this.#names].filter(([path]) => isIt(path));
    const [, file] = files[this.#random.integer(0, Math.max(0, files.length - 1))] ?? [];
    if (file === undefined || file.bytes.length === 0) return 0;
    const place = this.#random.integer(0, file.bytes.length - 1);
    file.bytes[place] = (file.bytes[place] ?? 0) ^ (1 << this.#random.integer(0, 7));
    file.durable = Buffer.from(file.bytes);
    return files.length;
  }

  /** Removes files behind everybody's back, as an operator does. */
  discard(isIt: (path: string) => boolean): number {
    const paths = [...this.#names.keys()].filter(isIt);
    for (const path of paths) {
      this.#names.delete(path);
      this.#durableNames.delete(path);
    }
    return paths.length;
  }

  async #call<T>(life: Life, kind: Touch, act: () => T): Promise<T> {
    return await life.touch(kind, async () => {
      const [least, most] = kind === 'sync' ? this.terms.syncMs : this.terms.delayMs;
      if (most > 0) await this.#clock.sleep(this.#random.between(least, most));
      if (life.isDead) throw new DiskError('EIO', 'the process is gone');
      return act();
    });
  }

  #settle(file: StoredFile, fate: Fate): void {
    const { unsynced } = file;
    let survivors = unsynced;
    if (fate === 'lost') survivors = [];
    if (fate === 'prefix') survivors = unsynced.slice(0, this.#random.integer(0, unsynced.length));
    let bytes = file.durable;
    for (const change of survivors) {
      if (change.kind === 'truncate') {
        bytes = Buffer.from(bytes.subarray(0, change.length));
        continue;
      }
      for (const [position, sector] of sectorsOf(change)) {
        const isLost = fate === 'scattered' && this.#random.next() < 0.5;
        if (isLost) this.sectorsLost += 1;
        else bytes = overwritten(bytes, position, sector);
      }
    }
    file.bytes = bytes;
    file.durable = Buffer.from(bytes);
    file.unsynced = [];
  }

  #open(life: Life, path: string, mode: DiskMode): DiskFile {
    const present = this.#names.get(path);
    if (mode === 'create') {
      if (present !== undefined) throw new DiskError('EEXIST', path);
      const empty = Buffer.alloc(0);
      const created: StoredFile = { bytes: empty, durable: empty, unsynced: [] };
      this.#change(path, (names) => names.set(path, created));
      return this.#file(life, path, created);
    }
    if (present === undefined) throw new DiskError('ENOENT', path);
    return this.#file(life, path, present);
  }

  #list(directory: string): readonly string[] {
    return [...this.#names.keys()]
      .filter((path) => dirname(path) === directory)
      .map((path) => path.slice(directory.length + 1))
      .sort();
  }

  #rename(from: string, to: string): void {
    const file = this.#names.get(from);
    if (file === undefined) throw new DiskError('ENOENT', from);
    this.#change(to, (names) => {
      names.set(to, file);
      names.delete(from);
    });
  }

  #remove(path: string): void {
    if (!this.#names.has(path)) throw new DiskError('ENOENT', path);
    this.#change(path, (names) => names.delete(path));
  }

  #change(path: string, apply: NameChange['apply']): void {
    apply(this.#names);
    this.#nameChanges.push({ directory: dirname(path), apply });
  }

  #syncDirectory(path: string): void {
    this.#mayFail(path);
    const isInside = ({ directory }: NameChange): boolean => directory === path;
    for (const { apply } of this.#nameChanges.filter(isInside)) apply(this.#durableNames);
    this.#nameChanges = this.#nameChanges.filter((change) => !isInside(change));
  }

  #mayFail(path: string): void {
    if (this.terms.failing > 0 && this.#random.next() < this.terms.failing) {
      throw new DiskError('EIO', path);
    }
  }

  #file(life: Life, path: string, stored: StoredFile): DiskFile {
    const call = <T>(act: () => T, kind: Touch = 'read'): Promise<T> => this.#call(life, kind, act);
    const sync = (): void => {
      this.#mayFail(path);
      stored.durable = Buffer.from(stored.bytes);
      stored.unsynced = [];
    };
    const file: DiskFile = {
      read: (into, position) =>
        call(() => {
          const part = stored.bytes.subarray(position, position + into.length);
          into.set(part);
          return part.length;
        }),
      write: (bytes, position) => call(() => this.#write(stored, path, bytes, position), 'write'),
      writeDurably: async (bytes, position) => {
        await writeFully(file, bytes, position);
        await file.datasync();
      },
      datasync: () => call(sync, 'sync'),
      truncate: (length) =>
        call(() => {
          this.#mayFail(path);
          stored.bytes = Buffer.from(stored.bytes.subarray(0, length));
          stored.unsynced.push({ kind: 'truncate', length });
        }, 'write'),
      size: () => call(() => stored.bytes.length),
      close: () => call(() => undefined),
    };
    return file;
  }

  #write(stored: StoredFile, path: string, bytes: Uint8Array, position: number): number {
    this.#mayFail(path);
    invariant(position <= stored.bytes.length, 'the venue leaves no hole in a file');
    const growth = Math.max(0, position + bytes.length - stored.bytes.length);
    const excess = Math.max(0, growth - (this.terms.capacityBytes - this.usedBytes()));
    let count = bytes.length - Math.min(bytes.length, excess);
    if (count === 0 && bytes.length > 0) throw new DiskError('ENOSPC', path);
    if (this.terms.short > 0 && count > 1 && this.#random.next() < this.terms.short) {
      count = this.#random.integer(1, count);
    }
    const taken = Buffer.from(bytes.subarray(0, count));
    stored.bytes = overwritten(stored.bytes, position, taken);
    stored.unsynced.push({ kind: 'write', position, bytes: taken });
    return count;
  }
}

const FATES: readonly Fate[] = ['lost', 'kept', 'prefix', 'scattered'];

function readOnly({ bytes }: StoredFile, refuse: () => never): DiskFile {
  return {
    read: async (into, position) => {
      const part = bytes.subarray(position, position + into.length);
      into.set(part);
      return part.length;
    },
    write: async () => refuse(),
    writeDurably: async () => refuse(),
    datasync: async () => refuse(),
    truncate: async () => refuse(),
    size: async () => bytes.length,
    close: async () => undefined,
  };
}

/** The parts of a write by sector. */
function* sectorsOf({
  position,
  bytes,
}: Extract<Unsynced, { kind: 'write' }>): Generator<[number, Buffer]> {
  let start = 0;
  while (start < bytes.length) {
    const room = SECTOR_BYTES - ((position + start) % SECTOR_BYTES);
    yield [position + start, bytes.subarray(start, start + room)];
    start += room;
  }
}

/** A file with a part written over; what a write beyond the end leaves between is zero. */
function overwritten(bytes: Buffer, position: number, part: Buffer): Buffer {
  const grown = Buffer.alloc(Math.max(bytes.length, position + part.length));
  grown.set(bytes);
  grown.set(part, position);
  return grown;
}
