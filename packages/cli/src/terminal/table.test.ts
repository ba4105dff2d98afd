// Goal: columns line up whatever their cells carry. Method: a table with colours and numbers.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tableLines } from './table.ts';

test('aligns by what is seen, not by colour codes', () => {
  const heads = [{ head: 'asset' }, { head: 'total', align: 'right' }] as const;
  const green = '\u001b[32mEUR\u001b[39m';
  assert.deepEqual(
    tableLines(heads, [
      [green, '1.5'],
      ['USD', '1000'],
    ]),
    ['asset  total', '-----  -----', `${green}      1.5`, 'USD     1000'],
  );
});
