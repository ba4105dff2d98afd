import { readdirSync, readFileSync } from 'node:fs';

/**
 * Resident memory of a process and all its descendants, bytes; 0 where there is no `/proc` or the
 * process is gone.
 */
export function residentBytes(pid: number): number {
  const status = readText(`/proc/${pid}/status`);
  const own = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  const below = childrenOf(pid).reduce((sum, child) => sum + residentBytes(child), 0);
  return Number(own ?? 0) * 1024 + below;
}

/** Processes that a process has started and that still run; none where there is no `/proc`. */
export function childrenOf(pid: number): number[] {
  return readTasks(pid).flatMap((task) =>
    readText(`/proc/${pid}/task/${task}/children`).split(' ').filter(Boolean).map(Number),
  );
}

function readTasks(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

/** A process may end between two reads. */
function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}
