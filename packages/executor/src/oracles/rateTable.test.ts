// Goal: recorded rates are read exactly, and a damaged file is named by line and column.
// Method: small tables as text, then the published monthly table where it is at hand.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { price } from '@lawbook/exchange/numbers/price';
import { OracleFault } from './oracleFault.ts';
import { parseRateTable } from './rateTable.ts';

const TABLE =
  'month,EUR,JPY\n1999-01-01,1.1591515,0.0088269044\n1999-02-01,1.1203227,0.0085713012\n';

test('rows keep date and every digit, columns are chosen by symbol', () => {
  const rows = parseRateTable(TABLE, ['JPY', 'EUR']);
  assert.deepEqual(
    rows.map(({ date, mids }) => [date, mids.get('JPY'), mids.get('EUR')]),
    [
      ['1999-01-01', price(8_826_904_400n), price(1_159_151_500_000n)],
      ['1999-02-01', price(8_571_301_200n), price(1_120_322_700_000n)],
    ],
  );
});

test('a byte order mark, Windows lines, no last newline and unread gaps are accepted', () => {
  const table = '\ufeffday,EUR,XXX\r\n2020-01-01T10:00:00Z,1.1,\r\n2020-01-01T10:00:01Z,1.2,n/a';
  assert.equal(parseRateTable(table, ['EUR']).length, 2);
});

test('every fault of a file names its line and column', () => {
  const faults: [string, number, string][] = [
    ['month,EUR\n1999-01-01,1\n', 1, 'JPY'],
    ['month,JPY,JPY\n1999-01-01,1,2\n', 1, 'JPY'],
    ['month,JPY\n', 1, 'every'],
    ['month,JPY\n1999-01-01,1\n1999-02-01,\n', 3, 'JPY'],
    ['month,JPY\n1999-01-01,-1\n', 2, 'JPY'],
    ['month,JPY\n1999-01-01,1,2\n', 2, 'every'],
    ['month,JPY\n01/02/1999,1\n', 2, 'month'],
    ['month,JPY\n1999-02-01,1\n1999-02-01,1\n', 3, 'month'],
  ];
  for (const [table, line, column] of faults) {
    assert.throws(
      () => parseRateTable(table, ['JPY']),
      (cause: OracleFault) => {
        assert.ok(cause instanceof OracleFault);
        assert.equal(cause.code, 'ORACLE_FILE_INVALID');
        assert.deepEqual(cause.fields, { line, column });
        return true;
      },
      table,
    );
  }
});

const PUBLISHED = resolve(
  import.meta.dirname,
  '../../../../../shared/data/fx-monthly-usd-per-unit.csv',
);
const absent = existsSync(PUBLISHED)
  ? false
  : 'recorded monthly rates are absent; put fx-monthly-usd-per-unit.csv in ../shared/data';

test('the published monthly rates are read in full', { skip: absent }, () => {
  const text = readFileSync(PUBLISHED, 'utf8');
  const symbols = (text.split('\n')[0] ?? '').trim().split(',').slice(1);
  const rows = parseRateTable(text, symbols);
  assert.equal(symbols.length, 14);
  assert.equal(rows.length, text.trimEnd().split('\n').length - 1);
  assert.equal(rows[0]?.date, '1999-01-01');
  assert.equal(rows[0]?.mids.get('EUR'), price(1_159_151_500_000n));
  assert.ok(rows.every(({ mids }) => mids.size === 14));
});
