// Goal: a level is found under its rank, and the next rank with a level is the next one, wherever
// in 2^30 ranks levels lie.
// Method: random insertions and removals against a sorted list, with ranks that share digits, lie
// at both ends and at the carries of every digit; then a trie emptied and filled again elsewhere.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { lowest, NO_RANK, RankTrie } from './rankTrie.ts';

/** Ranks near powers of 32, near both ends, and anywhere. */
const rank = fc.oneof(
  fc.nat(70),
  fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: -2, max: 34 })).map(([digits, by]) => {
    return 32 ** digits + by;
  }),
  fc.nat(70).map((below) => NO_RANK - 1 - below),
  fc.nat(NO_RANK - 1),
);

function assertSame(trie: RankTrie, levels: ReadonlyMap<number, number>, asked: number[]): void {
  const ranks = [...levels.keys()].sort((a, b) => a - b);
  assert.equal(trie.count, ranks.length);
  for (const one of asked) {
    assert.equal(trie.get(one), levels.get(one) ?? 0, `level of ${one}`);
    for (const from of [one - 1, one, one + 1]) {
      if (from < 0) continue;
      const next = ranks.find((there) => there >= from) ?? NO_RANK;
      assert.equal(trie.atOrAbove(from), next, `next from ${from}`);
    }
  }
}

test('finds levels and the next rank after every insertion and removal', () => {
  fc.assert(
    fc.property(fc.array(rank, { minLength: 1, maxLength: 60 }), (steps) => {
      const trie = new RankTrie();
      const levels = new Map<number, number>();
      for (const [k, one] of steps.entries()) {
        if (levels.has(one)) {
          trie.remove(one);
          levels.delete(one);
        } else {
          trie.insert(one, k + 1);
          levels.set(one, k + 1);
        }
        assertSame(trie, levels, [...steps.slice(Math.max(0, k - 5), k + 3), 0, NO_RANK - 1]);
      }
      assertSame(trie, levels, steps);
    }),
    { numRuns: 150 },
  );
});

test('takes the room of removed levels again, for ranks far from them', () => {
  const trie = new RankTrie();
  for (let round = 0; round < 6; round += 1) {
    const levels = new Map<number, number>();
    for (let k = 0; k < 120; k += 1) levels.set(k * 8_947_848 + round * 33, k + 1);
    for (const [one, level] of levels) trie.insert(one, level);
    assertSame(trie, levels, [...levels.keys()]);
    for (const one of levels.keys()) trie.remove(one);
    assertSame(trie, new Map(), [...levels.keys()]);
  }
});

test('nothing lies at or above the end of all ranks', () => {
  const trie = new RankTrie();
  trie.insert(NO_RANK - 1, 5);
  assert.equal(trie.atOrAbove(NO_RANK), NO_RANK);
  assert.equal(trie.atOrAbove(2 ** 31), NO_RANK);
  assert.equal(trie.atOrAbove(0), NO_RANK - 1);
});

test('stops rather than hold two levels under one rank, or remove one that is not there', () => {
  const trie = new RankTrie();
  trie.insert(77, 1);
  assert.throws(() => trie.insert(77, 2), /one level/);
  assert.throws(() => trie.remove(78), /is there/);
  assert.throws(() => trie.remove(77 + 32 ** 4), /is there/);
  assert.equal(trie.get(77), 1);
});

test('the lowest bit of a word is found in each of its 32 places', () => {
  for (let place = 0; place < 32; place += 1) {
    assert.equal(lowest(1 << place), place);
    assert.equal(lowest(-1 << place), place);
  }
});
