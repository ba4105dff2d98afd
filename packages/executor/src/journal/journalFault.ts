import type { FaultFields } from '@lawbook/exchange/failures/fault';
import { Fault } from '@lawbook/exchange/failures/fault';

/**
 * Every fault the journal and its snapshots throw, with what it means.
 * The key is the stable code; `retryable` says whether the same call may succeed later by itself.
 */
export const JOURNAL_FAULTS = {
  JOURNAL_CORRUPT: {
    retryable: false,
    meaning: 'Stored bytes contradict their checksum, hash chain or order. Nothing was changed.',
  },
  JOURNAL_UNAVAILABLE: {
    retryable: false,
    meaning: 'A write, a sync or an open failed. The journal stays failed until a restart.',
  },
  JOURNAL_BUSY: {
    retryable: true,
    meaning: 'The queue of records that wait for the disk is full.',
  },
  JOURNAL_CLOSED: {
    retryable: false,
    meaning: 'The journal was closed.',
  },
  JOURNAL_LOCKED: {
    retryable: false,
    meaning: 'Another live process writes this journal.',
  },
  JOURNAL_VENUE_MISMATCH: {
    retryable: false,
    meaning: 'The directory holds the journal of another venue.',
  },
  JOURNAL_RECORD_TOO_LARGE: {
    retryable: false,
    meaning: 'One record exceeds the configured size.',
  },
  SNAPSHOT_UNAVAILABLE: {
    retryable: true,
    meaning: 'A snapshot could not be written. The journal alone still rebuilds the state.',
  },
} as const;

/** Stable code of a journal fault. */
export type JournalFaultCode = keyof typeof JOURNAL_FAULTS;

/** What a journal fault knows beyond its code and sentence. */
export interface JournalFaultDetail {
  readonly fields?: FaultFields;
  readonly cause?: unknown;
}

/** A failure of the disk under the journal, or of the bytes on it. */
export class JournalFault extends Fault {
  override readonly name = 'JournalFault';

  constructor(code: JournalFaultCode, message: string, detail: JournalFaultDetail = {}) {
    super(message, {
      code,
      retryable: JOURNAL_FAULTS[code].retryable,
      ...(detail.fields === undefined ? {} : { fields: detail.fields }),
      ...(detail.cause === undefined ? {} : { cause: detail.cause }),
    });
  }
}

/** Where stored bytes went wrong and why they cannot be believed. */
export interface Corruption {
  readonly path: string;
  /** Byte offset in the file. */
  readonly offset: number;
  readonly reason: string;
}

/** The refusal to start on stored bytes that cannot be believed. */
export function journalCorrupt({ path, offset, reason }: Corruption): JournalFault {
  return new JournalFault(
    'JOURNAL_CORRUPT',
    `Journal ${path} is corrupt at byte ${offset}: ${reason}. Nothing was changed. Restore the ` +
      'journal directory from a replica or a backup; do not delete or edit files, because ' +
      'records that were acknowledged may lie behind the damage.',
    { fields: { path, offset, reason } },
  );
}

/**
 * Turns an error of the disk into the fault that callers see; a journal fault passes unchanged.
 *
 * `path` is what was being read or written, `action` what was attempted.
 */
export function journalUnavailable(path: string, action: string, cause: unknown): JournalFault {
  if (cause instanceof JournalFault) return cause;
  const errno = errnoOf(cause);
  return new JournalFault(
    'JOURNAL_UNAVAILABLE',
    `The journal failed to ${action} ${path} (${errno}). ${ADVICE[errno] ?? ADVICE_OTHERWISE}`,
    { fields: { errno, path, action }, cause },
  );
}

/** The system's name for an error, such as ENOSPC; UNKNOWN when it has none. */
export function errnoOf(cause: unknown): string {
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') {
    return cause.code;
  }
  return 'UNKNOWN';
}

const ADVICE: Readonly<Record<string, string>> = {
  ENOSPC: 'Free space on that disk, then restart.',
  EDQUOT: 'Raise the quota of that disk, then restart.',
  EROFS: 'Mount that disk writable, then restart.',
  EACCES: 'Give the process permission to write there, then restart.',
  EPERM: 'Give the process permission to write there, then restart.',
  ENOTDIR: 'Name a directory, then restart.',
};

const ADVICE_OTHERWISE = 'Check the disk and the kernel log, then restart.';
