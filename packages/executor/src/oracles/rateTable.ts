import type { Price } from '@lawbook/exchange/numbers/price';
import { parsePriceDecimal } from './decimalPrice.ts';
import { OracleFault } from './oracleFault.ts';

/** One recorded moment. */
export interface RateRow {
  /** ISO date or time, as recorded. */
  readonly date: string;
  readonly mids: ReadonlyMap<string, Price>;
}

const DATE = /^\d{4}-\d{2}-\d{2}(T[\d:.]+Z)?$/;

/**
 * Reads a table of recorded rates: a header of a date column and one column per symbol, then rows
 * of an ISO date and USD per unit, dates rising. Plain comma-separated decimals without quotes,
 * read exactly to 1e-12. Columns that `symbols` does not name are not read.
 *
 * @throws OracleFault ORACLE_FILE_INVALID naming the line and column at fault.
 */
export function parseRateTable(text: string, symbols: readonly string[]): RateRow[] {
  const [header = '', ...lines] = text
    .replace(/^\ufeff/, '')
    .trimEnd()
    .split(/\r?\n/);
  const names = header.split(',');
  const columns = symbols.map((symbol) => {
    const column = names.indexOf(symbol, 1);
    if (column === -1) throw invalid('the header has no such column', 1, symbol);
    if (names.includes(symbol, column + 1)) throw invalid('the header repeats it', 1, symbol);
    return { symbol, column };
  });
  const rows = lines.map((line, index) => {
    const cells = line.split(',');
    const place = index + 2;
    if (cells.length !== names.length) throw invalid(`${cells.length} cells`, place, 'every');
    const date = cells[0] ?? '';
    if (!DATE.test(date)) throw invalid('not an ISO date', place, names[0] ?? '');
    const mids = new Map<string, Price>();
    for (const { symbol, column } of columns) {
      const mid = parsePriceDecimal(cells[column] ?? '');
      if (mid === undefined) throw invalid('not a positive decimal', place, symbol);
      mids.set(symbol, mid);
    }
    return { date, mids };
  });
  if (rows.length === 0) throw invalid('no rows', 1, 'every');
  const late = rows.findIndex(
    ({ date }, index) => index > 0 && date <= (rows[index - 1]?.date ?? ''),
  );
  if (late !== -1) throw invalid('dates do not rise', late + 2, names[0] ?? '');
  return rows;
}

function invalid(reason: string, line: number, column: string): OracleFault {
  const message = `Recorded rates, line ${line}, column ${column}: ${reason}. Correct the file.`;
  return new OracleFault('ORACLE_FILE_INVALID', message, { line, column });
}
