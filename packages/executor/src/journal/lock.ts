import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Disk } from './disk.ts';
import { errnoOf, JournalFault, journalUnavailable } from './journalFault.ts';
import { removeIfPresent } from './wholeFile.ts';

/** One incarnation of a process on this machine. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks from boot to its start, to tell a reused pid apart; 0 where unknown. */
  readonly startTicks: string;
  /** First eight hex digits of the boot id; 0 where unknown. */
  readonly bootId: string;
}

/** Which processes there are: the machine's own, or those of a simulated machine. */
export interface ProcessTable {
  own(): ProcessIdentity;
  /** Whether the process that wrote a lock still runs. Unknown counts as alive. */
  isAlive(holder: ProcessIdentity): boolean;
}

/** The right to write one journal. */
export interface JournalLock {
  /** Lock files of dead processes that were removed. */
  readonly staleRemoved: readonly string[];
  release(): Promise<void>;
}

/**
 * Takes the right to write a journal.
 *
 * Every process creates a lock file of its own name (O_EXCL), then looks for others. Because each
 * creates before it looks, of two that start together at least one sees the other: both may refuse,
 * never do both go on. The holder's identity is the file's name, so a lock is never half written,
 * and removing the lock of a dead process cannot hit a live one. Holds for processes that share a
 * pid namespace; a directory shared between hosts or containers is not protected.
 *
 * @throws JournalFault JOURNAL_LOCKED, JOURNAL_UNAVAILABLE.
 */
export async function acquireLock(
  disk: Disk,
  directory: string,
  processes: ProcessTable = machineProcesses,
): Promise<JournalLock> {
  const identity = processes.own();
  const own = lockName(identity);
  const path = join(directory, own);
  try {
    await (await disk.open(path, 'create')).close();
  } catch (cause) {
    if (errnoOf(cause) === 'EEXIST') throw lockedBy(directory, identity);
    throw journalUnavailable(path, 'create', cause);
  }
  try {
    const staleRemoved: string[] = [];
    for (const name of await disk.list(directory)) {
      const holder = parseLockName(name);
      if (holder === undefined || name === own) continue;
      if (processes.isAlive(holder)) throw lockedBy(directory, holder);
      await removeIfPresent(disk, join(directory, name));
      staleRemoved.push(name);
    }
    return { staleRemoved, release: () => removeIfPresent(disk, path) };
  } catch (cause) {
    await removeIfPresent(disk, path);
    throw journalUnavailable(directory, 'lock', cause);
  }
}

/** File name of the lock that a process holds. */
export function lockName({ pid, startTicks, bootId }: ProcessIdentity): string {
  return `journal-${pid}-${startTicks}-${bootId}.lock`;
}

/** This process. */
export function ownIdentity(): ProcessIdentity {
  return {
    pid: process.pid,
    startTicks: readStat(process.pid)?.startTicks ?? '0',
    bootId: readBootId(),
  };
}

/** Whether the process that wrote a lock still runs. Unknown counts as alive, which is safe. */
export function isProcessAlive(holder: ProcessIdentity): boolean {
  if (holder.bootId !== readBootId()) return false;
  const stat = readStat(holder.pid);
  if (stat !== undefined) {
    // A zombie writes nothing any more; its parent merely has not asked for its exit status.
    return stat.startTicks === holder.startTicks && stat.state !== 'Z' && stat.state !== 'X';
  }
  try {
    process.kill(holder.pid, 0);
    return true;
  } catch (cause) {
    return errnoOf(cause) !== 'ESRCH';
  }
}

/** The processes of this machine. */
export const machineProcesses: ProcessTable = { own: ownIdentity, isAlive: isProcessAlive };

function lockedBy(directory: string, holder: ProcessIdentity): JournalFault {
  return new JournalFault(
    'JOURNAL_LOCKED',
    `Process ${holder.pid} writes the journal in ${directory}. Stop it, or choose another ` +
      'directory. The lock of a process that died is taken over without help.',
    { fields: { path: directory, pid: holder.pid } },
  );
}

function parseLockName(name: string): ProcessIdentity | undefined {
  const parts = /^journal-(\d+)-(\d+)-([0-9a-f]+)\.lock$/.exec(name);
  if (parts === null) return undefined;
  const [, pid = '', startTicks = '', bootId = ''] = parts;
  return { pid: Number(pid), startTicks, bootId };
}

function readBootId(): string {
  return readSystemFile('/proc/sys/kernel/random/boot_id')?.slice(0, 8) ?? '0';
}

function readStat(pid: number): { state: string; startTicks: string } | undefined {
  const line = readSystemFile(`/proc/${pid}/stat`);
  // The command name stands in parentheses and may itself hold spaces and parentheses.
  const fields = line?.slice(line.lastIndexOf(')') + 2).split(' ');
  const state = fields?.[0];
  const startTicks = fields?.[19];
  return state === undefined || startTicks === undefined ? undefined : { state, startTicks };
}

function readSystemFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch (cause) {
    // Other systems have no /proc, and a process may end while we look.
    if (['ENOENT', 'ESRCH', 'ENOTDIR', 'EACCES'].includes(errnoOf(cause))) return undefined;
    throw cause;
  }
}
