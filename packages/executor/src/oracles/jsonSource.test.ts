// Goal: answers of all shapes that rate services use are read exactly, and nothing else is.
// Method: answers as text, including ones that a float or a prototype would spoil.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { price } from '@lawbook/exchange/numbers/price';
import type { JsonSource } from './jsonSource.ts';
import { readAnswer } from './jsonSource.ts';
import { OracleFault } from './oracleFault.ts';

const MAP: JsonSource = { name: 'a', url: '', quotes: 'usdPerUnit', mapPath: '/rates' };
const NOW_MS = Date.UTC(2026, 0, 2);

const read = (source: JsonSource, text: string, symbols: readonly string[] = ['EUR', 'JPY']) =>
  readAnswer(source, text, { symbols, nowMs: NOW_MS });

const refused = (source: JsonSource, text: string): void =>
  assert.throws(
    () => read(source, text),
    (cause: OracleFault) => cause instanceof OracleFault && cause.code === 'ORACLE_SOURCE_INVALID',
    text,
  );

test('numbers keep every digit of their text, strings are read alike', () => {
  const { mids } = read(MAP, '{"rates":{"EUR":1.100000000001,"JPY":"6.667e-3","XXX":{}}}');
  assert.equal(mids.get('EUR'), price(1_100_000_000_001n));
  assert.equal(mids.get('JPY'), price(6_667_000_000n));
  const exact = read(MAP, '{"rates":{"EUR":1234567.123456789012}}').mids.get('EUR');
  assert.equal(exact, price(1_234_567_123_456_789_012n));
});

test('paths name each symbol, with the escapes of JSON Pointer', () => {
  const paths = { EUR: '/a~1b/0/bid~0', JPY: '/x' };
  const source: JsonSource = { name: 'a', url: '', quotes: 'usdPerUnit', paths };
  const { mids } = read(source, '{"a/b":[{"bid~":"1.5"}]}');
  assert.deepEqual([...mids], [['EUR', price(1_500_000_000_000n)]]);
});

test('a map may be the whole answer, and may quote units per dollar', () => {
  const source: JsonSource = { name: 'a', url: '', quotes: 'unitsPerUsd', mapPath: '' };
  assert.equal(read(source, '{"JPY":150}').mids.get('JPY'), price(6_666_666_666n));
});

test('the time of the quote is that of the source, never later than now', () => {
  const source: JsonSource = { ...MAP, timePath: '/at' };
  const at = (text: string): number => read(source, `{"rates":{},"at":${text}}`).observedAtMs;
  assert.equal(at('"2026-01-01T00:00:00Z"'), Date.UTC(2026, 0, 1));
  assert.equal(at('1767225600000'), Date.UTC(2026, 0, 1));
  assert.equal(at('"2027-01-01T00:00:00Z"'), NOW_MS);
  assert.equal(read(MAP, '{"rates":{}}').observedAtMs, NOW_MS);
  for (const text of ['"soon"', 'null', '{}', '12']) refused(source, `{"rates":{},"at":${text}}`);
});

test('what is not JSON or not a positive price is refused', () => {
  const prices = ['0', '-1', '"1,5"', 'true', 'null', '{}', '[]', '1e-20', '1e40', '""'];
  for (const text of ['', '<html>', '{"rates":{"EUR":1.1}']) refused(MAP, text);
  for (const text of prices) refused(MAP, `{"rates":{"EUR":${text}}}`);
});

test('inherited properties are not part of an answer', () => {
  const source: JsonSource = { ...MAP, mapPath: '/constructor' };
  assert.equal(read(source, '{"rates":{}}', ['NAME']).mids.size, 0);
  assert.equal(read(MAP, '[]').mids.size, 0);
  assert.equal(read(MAP, '{"rates":{"__proto__":{"EUR":1}}}').mids.size, 0);
});
