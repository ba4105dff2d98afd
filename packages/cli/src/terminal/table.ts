import { stripVTControlCharacters } from 'node:util';

/** A column: its head and on which side its cells stand. */
export interface Column {
  readonly head: string;
  readonly align?: 'left' | 'right';
}

/** Lines of a table, columns two spaces apart, numbers right-aligned where the column says so. */
export function tableLines(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): string[] {
  const heads = columns.map(({ head }) => head);
  const widths = columns.map((_, k) =>
    [heads, ...rows].reduce((most, row) => Math.max(most, shownWidth(row[k] ?? '')), 0),
  );
  const line = (cells: readonly string[]): string =>
    columns
      .map(({ align }, k) => pad(cells[k] ?? '', widths[k] ?? 0, align ?? 'left'))
      .join('  ')
      .trimEnd();
  return [line(heads), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)];
}

/** Columns that a text takes on screen; colour codes take none. */
export function shownWidth(text: string): number {
  return stripVTControlCharacters(text).length;
}

function pad(text: string, width: number, align: 'left' | 'right'): string {
  const space = ' '.repeat(Math.max(0, width - shownWidth(text)));
  return align === 'left' ? text + space : space + text;
}
