// Goal: the incremental tree has the root of the whole tree, and a path proves its leaf only.
// Method: random updates against a tree built from nothing by the obvious recursion.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { at } from '../failures/invariant.ts';
import { AccountTree, verifyPath } from './accountTree.ts';

function sha(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** The root by recursion: split at the height, missing leaves are empty subtrees. */
function naiveRoot(leaves: readonly Uint8Array[], from: number, height: number): Buffer {
  if (height === 0) {
    const leaf = leaves[from];
    return leaf === undefined ? sha(Uint8Array.of(0)) : sha(Uint8Array.of(0), leaf);
  }
  const half = 2 ** (height - 1);
  return sha(
    Uint8Array.of(1),
    naiveRoot(leaves, from, height - 1),
    naiveRoot(leaves, from + half, height - 1),
  );
}

const leaf = fc.uint8Array({ minLength: 1, maxLength: 8 });

test('updates along touched paths give the root of the whole tree, and paths verify', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(leaf, { maxLength: 6 }), { maxLength: 6 }),
      leaf,
      (rounds, other) => {
        const tree = new AccountTree();
        const leaves: Uint8Array[] = [];
        rounds.forEach((added, round) => {
          const changed = added.map((bytes, k) => ({ number: leaves.length + k, bytes }));
          leaves.push(...added);
          if (round % 2 === 1 && leaves.length > 0) {
            leaves[0] = other;
            changed.push({ number: 0, bytes: other });
          }
          tree.update(changed);
          let height = 0;
          while (2 ** height < leaves.length) height += 1;
          assert.equal(tree.root(), `0x${naiveRoot(leaves, 0, height).toString('hex')}`);
        });
        leaves.forEach((bytes, number) => {
          const proof = { bytes, number, path: tree.path(number), root: tree.root() };
          assert.ok(verifyPath(proof));
          assert.ok(!verifyPath({ ...proof, bytes: Uint8Array.of(...bytes, 1) }));
          if (leaves.length > 1) {
            assert.ok(!verifyPath({ ...proof, number: number + 2 ** proof.path.length }));
          }
        });
      },
    ),
  );
});

test('a node cannot pose as a leaf', () => {
  const tree = new AccountTree();
  tree.update([0, 1, 2, 3].map((number) => ({ number, bytes: Uint8Array.of(number) })));
  const [below] = [tree.path(0)];
  const left = sha(Uint8Array.of(0), Uint8Array.of(0));
  const forged = Uint8Array.from([...left, ...at(below, 0)]);
  assert.ok(!verifyPath({ bytes: forged, number: 0, path: below.slice(1), root: tree.root() }));
});
