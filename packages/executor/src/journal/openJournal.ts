import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { genesisChain } from './chain.ts';
import { readCloseMark } from './closeMark.ts';
import type { Disk } from './disk.ts';
import { nodeDisk } from './disk.ts';
import { SALT_BYTES } from './frame.ts';
import type { JournalLimits, SyncedGroup } from './journal.ts';
import { Journal } from './journal.ts';
import { JournalFault, journalUnavailable } from './journalFault.ts';
import type { ProcessTable } from './lock.ts';
import { acquireLock } from './lock.ts';
import type { JournalProgress, ScannedJournal, TornTail } from './scan.ts';
import { scanJournal } from './scan.ts';
import { isUnfinishedSegment, segmentName } from './segment.ts';
import { createSegment } from './segmentFile.ts';

/** How to open a journal; every limit has a default that suits a venue. */
export interface JournalOptions extends Partial<JournalLimits> {
  /** Created when missing. */
  readonly directory: string;
  /** Seeds the hash chain, so the journals of two venues can never be exchanged. */
  readonly venueId: string;
  readonly disk?: Disk;
  /** The machine's own processes unless given. */
  readonly processes?: ProcessTable;
  /** Draws the salts of segments; the machine's own randomness unless given. */
  readonly randomBytes?: (count: number) => Uint8Array;
  /** Milliseconds on a steady clock, for what `onGroup` is told. */
  readonly stopwatch?: () => number;
  /** Called once for each group that became durable. It must not throw. */
  readonly onGroup?: (group: SyncedGroup) => void;
  /** Called while stored frames are checked. */
  readonly onProgress?: (progress: JournalProgress) => void;
}

/** What opening found and did; worth a line in the log whenever `torn` is there. */
export interface JournalRecovery {
  /** Segment files and records found. */
  readonly segments: number;
  readonly records: number;
  /** The tail that was cut off: a group that was never acknowledged. */
  readonly torn?: TornTail;
  /** Unfinished segment files that were removed. */
  readonly unfinishedRemoved: readonly string[];
  /** Locks of dead processes that were taken over. */
  readonly staleLocksRemoved: readonly string[];
  /** Whether a clean close attested an earlier end, which the journal then reaches. */
  readonly closeMark: 'absent' | 'reached' | 'unreadable';
}

/** An open journal and how it was found. */
export interface OpenedJournal {
  readonly journal: Journal;
  readonly recovery: JournalRecovery;
}

/**
 * Locks, checks and opens a journal; creates it when the directory is empty.
 *
 * Every stored byte is checked first. Only a torn tail, an incomplete or damaged last frame with no
 * trace of a later one, is cut off and reported; anything else refuses and changes nothing.
 *
 * @throws JournalFault JOURNAL_LOCKED, JOURNAL_CORRUPT, JOURNAL_VENUE_MISMATCH,
 * JOURNAL_UNAVAILABLE.
 */
export async function openJournal(options: JournalOptions): Promise<OpenedJournal> {
  const { directory, disk = nodeDisk } = options;
  try {
    await disk.makeDirectory(directory);
    const lock = await acquireLock(disk, directory, options.processes);
    try {
      const { journal, ...found } = await recover(options, disk, lock.release);
      return { journal, recovery: { ...found, staleLocksRemoved: lock.staleRemoved } };
    } catch (cause) {
      await lock.release();
      throw cause;
    }
  } catch (cause) {
    throw journalUnavailable(directory, 'open', cause);
  }
}

/** Defaults of `JournalLimits`. */
export const JOURNAL_LIMITS: JournalLimits = {
  segmentBytesMax: 64 * 1024 * 1024,
  groupRecordsMax: 8192,
  groupBytesMax: 8 * 1024 * 1024,
  pendingRecordsMax: 65_536,
  pendingBytesMax: 64 * 1024 * 1024,
  recordBytesMax: 1024 * 1024,
};

type Recovered = Omit<JournalRecovery, 'staleLocksRemoved'> & { readonly journal: Journal };

async function recover(
  options: JournalOptions,
  disk: Disk,
  release: () => Promise<void>,
): Promise<Recovered> {
  const { directory, venueId } = options;
  const mark = await readCloseMark(disk, directory);
  const scanned = await scanJournal({
    disk,
    directory,
    venueId,
    mark: mark === 'unreadable' ? undefined : mark,
    onProgress: options.onProgress,
  });
  const unfinished = (await disk.list(directory)).filter(isUnfinishedSegment);
  for (const name of unfinished) await disk.remove(join(directory, name));
  const genesis = genesisChain(venueId);
  const salts = options.randomBytes ?? randomBytes;
  const tail = await openTail({ disk, directory, genesis, scanned, salts });
  const journal = new Journal({
    disk,
    directory,
    genesis,
    limits: { ...JOURNAL_LIMITS, ...limitsOf(options) },
    segments: scanned.segments.length === 0 ? [1] : scanned.segments,
    sequence: scanned.sequence,
    chain: scanned.chain,
    tail,
    salts,
    stopwatch: options.stopwatch ?? (() => performance.now()),
    release,
    onGroup: options.onGroup,
  });
  return {
    journal,
    segments: scanned.segments.length,
    records: scanned.sequence,
    unfinishedRemoved: unfinished,
    closeMark: mark === undefined ? 'absent' : mark === 'unreadable' ? 'unreadable' : 'reached',
    ...(scanned.torn === undefined ? {} : { torn: scanned.torn }),
  };
}

interface TailOptions {
  readonly disk: Disk;
  readonly directory: string;
  readonly genesis: Uint8Array;
  readonly scanned: ScannedJournal;
  readonly salts: (count: number) => Uint8Array;
}

/** Opens the last segment for appending, without its torn tail, or creates the first. */
async function openTail(options: TailOptions): Promise<JournalTail> {
  const { disk, directory, genesis, scanned, salts } = options;
  const last = scanned.segments.at(-1);
  if (last === undefined || scanned.tail === undefined) {
    const salt = salts(SALT_BYTES);
    const header = { firstSequence: 1, genesis, chain: genesis, salt };
    return { ...(await createSegment(disk, directory, header)), salt };
  }
  const path = join(directory, segmentName(last));
  const file = await disk.open(path, 'write').catch((cause: unknown) => {
    throw journalUnavailable(path, 'open', cause);
  });
  try {
    if (scanned.torn !== undefined) await file.truncate(scanned.tail.offset);
    // A process that died may have left whole frames, or a new segment's name, that no sync covers.
    await file.datasync();
    await disk.syncDirectory(directory);
    return { file, path, ...scanned.tail };
  } catch (cause) {
    await file.close();
    throw journalUnavailable(path, 'truncate', cause);
  }
}

type JournalTail = ConstructorParameters<typeof Journal>[0]['tail'];

function limitsOf(options: JournalOptions): Partial<JournalLimits> {
  const limits: Record<string, number> = {};
  for (const name of Object.keys(JOURNAL_LIMITS) as (keyof JournalLimits)[]) {
    const limit = options[name];
    if (limit === undefined) continue;
    if (!Number.isSafeInteger(limit) || limit < 1) {
      throw new JournalFault('JOURNAL_UNAVAILABLE', `${name} is a positive whole number.`, {
        fields: { [name]: limit },
      });
    }
    limits[name] = limit;
  }
  return limits;
}
