import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { join } from 'node:path';
import { invariant } from '../packages/exchange/src/failures/invariant.ts';

/** One line on stdout. `ratio` is `value` by that of the peer, or by the goal that it names. */
export interface PageFigure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly ratio?: number;
  readonly peer?: string;
  readonly n: number;
}

/** A section of docs/reference/settlement-figures.md that one benchmark writes. */
export interface PageSection {
  /** Its mark in the page: `<!-- bench:settlement -->` up to `<!-- end -->`. */
  readonly mark: 'bench:proofs' | 'bench:settlement';
  /** Prose and tables above the rows. */
  readonly lines: readonly string[];
  readonly figures: readonly PageFigure[];
}

const PAGE = join(import.meta.dirname, '../docs/reference/settlement-figures.md');

/** Figures of one run: printed as they come, kept for the page. */
export class FigureList {
  readonly figures: PageFigure[] = [];
  readonly #loadBefore = loadOf();

  /** Prints a figure as one line of JSON; what is no whole number is rounded to four digits. */
  print(figure: PageFigure): void {
    const isWhole = Number.isInteger(figure.value);
    const shown = isWhole ? figure.value : Number(figure.value.toPrecision(4));
    const { ratio } = figure;
    const line =
      ratio === undefined
        ? { ...figure, value: shown }
        : { ...figure, value: shown, ratio: Number(ratio.toPrecision(3)) };
    this.figures.push(line);
    process.stdout.write(`${JSON.stringify(line)}\n`);
  }

  /** Under what load the figures were taken: other work on the machine makes times longer. */
  loadNote(): string {
    return (
      `Taken on ${availableParallelism()} cores; load average ${this.#loadBefore} at the start, ` +
      `${loadOf()} at the end, this run included.`
    );
  }
}

function loadOf(): string {
  return (loadavg()[0] ?? 0).toFixed(1);
}

/** Replaces one section of the page and leaves the others as they are. */
export function writeSection({ mark, lines, figures }: PageSection): void {
  const page = readFileSync(PAGE, 'utf8');
  const opening = `<!-- ${mark} -->`;
  const start = page.indexOf(opening);
  const end = page.indexOf('<!-- end -->', start);
  invariant(start >= 0 && end > start, `the page has a section ${mark}`);
  const body = [opening, '', ...lines, '', ...tableOf(figures), ''].join('\n');
  writeFileSync(PAGE, page.slice(0, start) + body + page.slice(end));
}

function tableOf(figures: readonly PageFigure[]): string[] {
  const rows = figures.map((figure) => {
    const { name, unit, ratio = '', peer = '', n } = figure;
    return `| \`${name}\` | ${figure.value} ${unit} | ${ratio} | ${peer} | ${n} |`;
  });
  return ['| Figure | Value | Ratio | By | n |', '|---|---|---|---|---|', ...rows];
}
