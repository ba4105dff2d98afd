// Goal: a list told twice, late or out of order ends the same. Method: random news, and a change.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { upsertAll } from './upsert.ts';

const options = { rank: (entry: number) => entry, most: 5 };

test('keeps the newest, each once, from new to old', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 12 })), (news) => {
      const expected = [...new Set(news)].sort((a, b) => b - a).slice(0, options.most);
      assert.deepEqual(upsertAll([], news, options), expected);
    }),
  );
});

test('replaces an entry by its newer self', () => {
  const rank = ({ place }: { readonly place: number }): number => place;
  const list = [{ place: 2, level: 'checked' }];
  const next = upsertAll(list, [{ place: 2, level: 'proven' }], { rank, most: 5 });
  assert.deepEqual(next, [{ place: 2, level: 'proven' }]);
});
