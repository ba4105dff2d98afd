/** What tests reached of one file. */
export interface Coverage {
  readonly path: string;
  readonly lines: number;
  readonly linesReached: number;
  readonly branches: number;
  readonly branchesReached: number;
  /** Line numbers from one. */
  readonly missedLines: readonly number[];
  readonly missedBranches: readonly number[];
}

/** Reads a report in the format of lcov, as Node's test runner writes it. */
export function readLcov(report: string): Coverage[] {
  return report.split('end_of_record').flatMap((record) => {
    const path = /^SF:(.+)$/m.exec(record)?.[1];
    if (path === undefined) return [];
    const lines = counted(record, /^DA:(\d+),(\d+)/gm);
    const branches = counted(record, /^BRDA:(\d+),\d+,\d+,(\d+|-)$/gm);
    return [
      {
        path,
        lines: lines.length,
        linesReached: lines.filter(({ isReached }) => isReached).length,
        branches: branches.length,
        branchesReached: branches.filter(({ isReached }) => isReached).length,
        missedLines: missed(lines),
        missedBranches: missed(branches),
      },
    ];
  });
}

interface Place {
  readonly line: number;
  readonly isReached: boolean;
}

function counted(record: string, pattern: RegExp): Place[] {
  return [...record.matchAll(pattern)].map(([, line, hits]) => {
    return { line: Number(line), isReached: hits !== '0' && hits !== '-' };
  });
}

function missed(places: readonly Place[]): number[] {
  return places.filter(({ isReached }) => !isReached).map(({ line }) => line);
}

/** Files added up. */
export function sumOf(files: readonly Coverage[]): Omit<Coverage, 'path' | `missed${string}`> {
  const zero = { lines: 0, linesReached: 0, branches: 0, branchesReached: 0 };
  return files.reduce(
    (sum, file) => ({
      lines: sum.lines + file.lines,
      linesReached: sum.linesReached + file.linesReached,
      branches: sum.branches + file.branches,
      branchesReached: sum.branchesReached + file.branchesReached,
    }),
    zero,
  );
}

/** Shares in percent; all of nothing is reached. */
export function percentOf(sum: ReturnType<typeof sumOf>): { lines: number; branches: number } {
  const share = (part: number, all: number): number => (all === 0 ? 100 : (100 * part) / all);
  return {
    lines: share(sum.linesReached, sum.lines),
    branches: share(sum.branchesReached, sum.branches),
  };
}
