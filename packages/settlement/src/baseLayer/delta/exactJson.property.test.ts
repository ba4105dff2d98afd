// Goal: JSON passes through with every whole number unchanged. Method: random documents with
// bigints of any size, printed and read back; the seed is printed with a failure.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ExactJson } from './exactJson.ts';
import { parseExactJson, printExactJson } from './exactJson.ts';

const { tree } = fc.letrec<{ tree: ExactJson }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    fc.bigInt(-(2n ** 70n), 2n ** 70n),
    fc.string({ unit: 'binary' }),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('tree'), { maxLength: 4 }),
    fc.dictionary(fc.string(), tie('tree'), { maxKeys: 4, noNullPrototype: true }),
  ),
}));

test('what is printed is read back unchanged', () => {
  fc.assert(
    fc.property(tree, (document) => {
      assert.deepEqual(parseExactJson(printExactJson(document)), document);
    }),
  );
});

test('text that is no JSON is undefined, and fractions are no whole numbers', () => {
  for (const text of ['', '{', '01', '1n', 'undefined']) {
    assert.equal(parseExactJson(text), undefined, text);
  }
  assert.equal(typeof parseExactJson('1.0'), 'number');
  assert.equal(typeof parseExactJson('1e2'), 'number');
  assert.equal(parseExactJson('-12'), -12n);
});
