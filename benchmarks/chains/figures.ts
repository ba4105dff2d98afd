import { at } from '../../packages/exchange/src/failures/invariant.ts';

/** One line on stdout. Further members say more about the same figure. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** `value` divided by the peer's figure; null where the peer's is 0 and ours is not. */
  readonly ratio: number | null;
  readonly peer: string;
  readonly n: number;
  readonly [more: string]: unknown;
}

/** What a job is given: how long it may be, where its figures go, and what ends its processes. */
export interface Bench {
  readonly quick: boolean;
  /** Only figures whose names begin so. */
  readonly only: string;
  print(figure: Figure): void;
  /** A line for people. */
  say(line: string): void;
  readonly closers: Closers;
}

/** A part of the run that can be chosen by the beginning of its figures' names. */
export interface Job {
  readonly name: string;
  run(bench: Bench): Promise<void>;
}

/** Whether a job has figures that were asked for. */
export function isWanted(name: string, only: string): boolean {
  return name.startsWith(only) || only.startsWith(`${name}/`);
}

/** What is open, and is closed in the opposite order whichever way the run ends. */
export class Closers {
  readonly #open = new Set<() => Promise<unknown> | unknown>();

  /** @returns closes it now, once. */
  add(close: () => Promise<unknown> | unknown): () => Promise<void> {
    this.#open.add(close);
    return async () => {
      if (this.#open.delete(close)) await close();
    };
  }

  async closeAll(): Promise<void> {
    for (const close of [...this.#open].reverse()) {
      this.#open.delete(close);
      await Promise.resolve(close()).catch((error: unknown) => {
        process.stderr.write(`while closing: ${String(error)}\n`);
      });
    }
  }
}

/** The sample below which this share of the samples lies. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return at(sorted, Math.min(sorted.length - 1, Math.floor(share * sorted.length)));
}

/** Own figure by the peer's, as JSON can carry it. */
export function ratioOf(own: number, peer: number): number | null {
  if (peer === 0) return own === 0 ? 1 : null;
  return Number((own / peer).toPrecision(3));
}

/** A table of text with aligned columns. */
export function tableOf(rows: readonly (readonly string[])[]): string {
  const widths = at(rows, 0).map((_, column) => {
    return Math.max(...rows.map((row) => (row[column] ?? '').length));
  });
  const lineOf = (row: readonly string[]): string =>
    row.map((cell, column) => cell.padEnd(at(widths, column))).join('  ');
  return rows.map((row) => lineOf(row).trimEnd()).join('\n');
}
