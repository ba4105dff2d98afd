// Goal: what is written to the store is read back as it was. Method: generated records there and
// back, and texts that this engine never wrote.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ChainFault } from '../chainFault.ts';
import { fromDurable, toDurable } from './durableJson.ts';

test('records of texts, counts, amounts and lists survive the round trip', () => {
  const leaf = fc.oneof(fc.string(), fc.integer(), fc.bigInt(), fc.boolean(), fc.constant(null));
  const record = fc.dictionary(
    fc.string().filter((name) => name !== '$n' && name !== '__proto__'),
    fc.oneof(leaf, fc.array(leaf)),
  );
  fc.assert(
    fc.property(record, (written) => {
      assert.deepEqual(fromDurable('k', toDurable(written), []), { ...written });
    }),
  );
});

test('amounts beyond 2^53 keep every digit', () => {
  const wei = 123_456_789_012_345_678_901_234_567n;
  assert.deepEqual(fromDurable('k', toDurable({ wei, deep: [{ wei: -wei }] }), []), {
    wei,
    deep: [{ wei: -wei }],
  });
});

test('a text that is not JSON is a fault that names the record', () => {
  for (const text of ['', '{', '{"$n":"x"}', '\u0000garbage']) {
    assert.throws(
      () => fromDurable('life/1/a', text, []),
      (fault) =>
        fault instanceof ChainFault &&
        fault.code === 'CHAIN_STORE_CORRUPT' &&
        fault.fields['key'] === 'life/1/a',
      text,
    );
  }
});

test('JSON of another shape is a fault as well', () => {
  for (const text of ['5', 'null', '[]', '{}', '{"key":"a"}']) {
    assert.throws(
      () => fromDurable<{ key: string; state: string }>('life/1/a', text, ['key', 'state']),
      (fault) => fault instanceof ChainFault && fault.code === 'CHAIN_STORE_CORRUPT',
      text,
    );
  }
});
