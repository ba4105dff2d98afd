import { dirname } from 'node:path';
import { invariant } from '@lawbook/exchange/failures/invariant';
import type { Disk, DiskFile, DiskMode } from './disk.ts';
import { DiskError, writeFully } from './disk.ts';

/** A call about to reach the simulated disk. */
export interface DiskCall {
  readonly operation: keyof Disk | keyof DiskFile;
  readonly path: string;
  /** Bytes of a write; 0 otherwise. */
  readonly bytes: number;
}

/** What a fault does to a call: fail with an errno, or take only some bytes of a write. */
export type InjectedFault = { readonly errno: string } | { readonly takeBytes: number };

/** Decides the fault of each call; undefined lets it pass. */
export type FaultPlan = (call: DiskCall) => InjectedFault | undefined;

/** Chooses, for a crash, which bytes beyond the last sync reached the platter. */
export interface CrashPlan {
  /** How many of `unsynced` bytes of a file survive. */
  readonly keepBytes: (unsynced: number, path: string) => number;
}

interface StoredFile {
  bytes: Buffer;
  /** The contents that a loss of power leaves. */
  durable: Buffer;
}

/**
 * A disk in memory that fails as told and forgets what was not synced: for tests and simulations,
 * never for a venue. Directory entries survive a crash only after `syncDirectory`.
 */
export class SimulatedDisk implements Disk {
  #files = new Map<string, StoredFile>();
  #durableFiles = new Map<string, StoredFile>();
  /** Asked before every call; replace it to inject faults. */
  plan: FaultPlan = () => undefined;
  /** Bytes that the disk holds at most; a write beyond it is cut short, then ENOSPC. */
  capacityBytes: number = Number.MAX_SAFE_INTEGER;
  /** Syncs of file contents so far. */
  syncCount = 0;
  /** While set, every datasync waits for it; lets a test hold a group on its way to the disk. */
  gate: Promise<void> | undefined;

  async open(path: string, mode: DiskMode): Promise<DiskFile> {
    this.#fault('open', path);
    const present = this.#files.get(path);
    if (mode === 'create') {
      if (present !== undefined) throw new DiskError('EEXIST', path);
      const created = { bytes: Buffer.alloc(0), durable: Buffer.alloc(0) };
      this.#files.set(path, created);
      return this.#file(path, created);
    }
    if (present === undefined) throw new DiskError('ENOENT', path);
    return this.#file(path, present);
  }

  async list(directory: string): Promise<readonly string[]> {
    this.#fault('list', directory);
    const names: string[] = [];
    for (const path of this.#files.keys()) {
      if (dirname(path) === directory) names.push(path.slice(directory.length + 1));
    }
    return names.sort();
  }

  async rename(from: string, to: string): Promise<void> {
    this.#fault('rename', from);
    const file = this.#files.get(from);
    if (file === undefined) throw new DiskError('ENOENT', from);
    this.#files.set(to, file);
    this.#files.delete(from);
  }

  async remove(path: string): Promise<void> {
    this.#fault('remove', path);
    if (!this.#files.delete(path)) throw new DiskError('ENOENT', path);
  }

  async makeDirectory(path: string): Promise<void> {
    this.#fault('makeDirectory', path);
  }

  async syncDirectory(path: string): Promise<void> {
    this.#fault('syncDirectory', path);
    const inside = (name: string): boolean => dirname(name) === path;
    for (const name of [...this.#durableFiles.keys()].filter(inside)) {
      this.#durableFiles.delete(name);
    }
    for (const [name, file] of this.#files) if (inside(name)) this.#durableFiles.set(name, file);
  }

  /** The disk as a loss of power leaves it, with no fault planned and every lock gone. */
  crash({ keepBytes }: CrashPlan): SimulatedDisk {
    const after = new SimulatedDisk();
    for (const [path, file] of this.#durableFiles) {
      if (path.endsWith('.lock')) continue;
      const unsynced = Math.max(0, file.bytes.length - file.durable.length);
      const kept = keepBytes(unsynced, path);
      const tail = file.bytes.subarray(file.durable.length, file.durable.length + kept);
      const bytes = Buffer.concat([file.durable, tail]);
      after.#put(path, bytes);
    }
    return after;
  }

  /** A copy with every file durable and every lock gone: the disk after kill -9. */
  copy(): SimulatedDisk {
    const twin = new SimulatedDisk();
    for (const [path, file] of this.#files) {
      if (!path.endsWith('.lock')) twin.#put(path, Buffer.from(file.bytes));
    }
    return twin;
  }

  paths(): readonly string[] {
    return [...this.#files.keys()].sort();
  }

  /** The bytes of a file; a test may write to them to damage it. */
  bytesOf(path: string): Buffer {
    const file = this.#files.get(path);
    invariant(file !== undefined, `${path} is on the simulated disk`);
    return file.bytes;
  }

  /** Replaces a file behind everybody's back, or removes it. */
  plant(path: string, bytes: Buffer | undefined): void {
    this.#files.delete(path);
    this.#durableFiles.delete(path);
    if (bytes !== undefined) this.#put(path, bytes);
  }

  #put(path: string, bytes: Buffer): void {
    const file = { bytes, durable: Buffer.from(bytes) };
    this.#files.set(path, file);
    this.#durableFiles.set(path, file);
  }

  #fault(operation: DiskCall['operation'], path: string, bytes = 0): number {
    const fault = this.plan({ operation, path, bytes });
    if (fault === undefined) return bytes;
    if ('errno' in fault) throw new DiskError(fault.errno, path);
    return Math.min(bytes, fault.takeBytes);
  }

  #freeBytes(): number {
    let used = 0;
    for (const file of this.#files.values()) used += file.bytes.length;
    return Math.max(0, this.capacityBytes - used);
  }

  #file(path: string, stored: StoredFile): DiskFile {
    const file: DiskFile = {
      read: async (into, position) => {
        this.#fault('read', path);
        const part = stored.bytes.subarray(position, position + into.length);
        into.set(part);
        return part.length;
      },
      write: async (bytes, position) => {
        let count = this.#fault('write', path, bytes.length);
        const growth = Math.max(0, position + count - stored.bytes.length);
        const excess = growth - Math.min(growth, this.#freeBytes());
        if (excess >= count && count > 0) throw new DiskError('ENOSPC', path);
        count -= excess;
        const grown = Buffer.alloc(Math.max(stored.bytes.length, position + count));
        grown.set(stored.bytes);
        grown.set(bytes.subarray(0, count), position);
        stored.bytes = grown;
        return count;
      },
      writeDurably: async (bytes, position) => {
        await writeFully(file, bytes, position);
        await file.datasync();
      },
      datasync: async () => {
        await this.gate;
        this.#fault('datasync', path);
        this.syncCount += 1;
        stored.durable = Buffer.from(stored.bytes);
      },
      truncate: async (length) => {
        this.#fault('truncate', path);
        stored.bytes = Buffer.from(stored.bytes.subarray(0, length));
      },
      size: async () => stored.bytes.length,
      close: async () => {
        this.#fault('close', path);
      },
    };
    return file;
  }
}
