// Goal: the hash of Node and the portable one are the same function. Method: the published vectors
// of FIPS 180-4, and random bytes in random pieces through both.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import * as node from './sha256.node.ts';
import * as portable from './sha256.ts';

const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const ABC = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';

for (const [name, { sha256, createSha256 }] of Object.entries({ node, portable })) {
  test(`the ${name} hash gives the published digests and copies without ending`, () => {
    const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
    const abc = new TextEncoder().encode('abc');
    assert.equal(hex(sha256(new Uint8Array(0))), EMPTY);
    assert.equal(hex(sha256(abc)), ABC);
    const running = createSha256().update(abc.subarray(0, 1));
    const copy = running.copy();
    assert.equal(hex(running.update(abc.subarray(1)).digest()), ABC);
    assert.equal(hex(copy.update(abc.subarray(1)).digest()), ABC);
    assert.equal(sha256(abc).constructor, Uint8Array);
  });
}

test('both give the same digest of any bytes, at once and in pieces', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 8 }), (pieces) => {
      const whole = Uint8Array.from(pieces.flatMap((piece) => [...piece]));
      const expected = portable.sha256(whole);
      assert.deepEqual(node.sha256(whole), expected);
      for (const { createSha256 } of [node, portable]) {
        const running = createSha256();
        for (const piece of pieces) running.update(piece);
        assert.deepEqual(running.digest(), expected);
      }
    }),
  );
});
