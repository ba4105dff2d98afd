// Goal: hex reads and writes bytes, and nothing but hex is read. Method: a property against Node's
// own encoder, and text that is nearly hex.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bytesToHex, parseHex } from './hex.ts';

test('bytes survive the way to hex and back, in either letter case', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      const text = bytesToHex(bytes);
      assert.equal(text, `0x${Buffer.from(bytes).toString('hex')}`);
      assert.deepEqual(parseHex(text), bytes);
      assert.deepEqual(parseHex(`0x${text.slice(2).toUpperCase()}`), bytes);
    }),
  );
});

test('text that is not plain hex is not read', () => {
  for (const text of [
    '',
    '0',
    '0X00',
    '00',
    '0x0',
    '0x0g',
    '0x g',
    '0x-1',
    '0x\u0130\u0131',
    '0xé0',
  ]) {
    assert.equal(parseHex(text), undefined, text);
  }
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 12 }), (text) => {
      const isHex = /^0x(?:[0-9a-fA-F]{2})*$/.test(text);
      assert.equal(parseHex(text) !== undefined, isHex);
      assert.equal(parseHex(`0x${text}`) !== undefined, /^(?:[0-9a-fA-F]{2})*$/.test(text));
    }),
  );
});
