// Goal: reverts are told in words, and words of contracts can do nothing but be read.
// Method: encodings by viem, hostile text by hand, random bytes and strings by fast-check.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Hex } from 'viem';
import { encodeErrorResult, parseAbi, toHex } from 'viem';
import { plainText, revertReason } from './revertReason.ts';

const seed = Date.now() & 0x7fffffff;
console.log(`revertReason seed ${seed}`);

const ABI = parseAbi([
  'error NotEnough(uint256 asked, address who, string note)',
  'error Many((uint256 amount, bytes32 id)[] parts)',
]);
const SOLIDITY = parseAbi(['error Error(string)', 'error Panic(uint256)']);

function errorOf(text: string): Hex {
  return encodeErrorResult({ abi: SOLIDITY, errorName: 'Error', args: [text] });
}

test('reads Error(string)', () => {
  assert.equal(revertReason(errorOf('too late')), 'reverted: "too late"');
  assert.equal(revertReason(errorOf('')), 'reverted without a reason');
});

test('names every panic of Solidity', () => {
  const panic = (code: bigint): string =>
    revertReason(encodeErrorResult({ abi: SOLIDITY, errorName: 'Panic', args: [code] }));
  assert.equal(panic(0x11n), 'panicked: arithmetic overflow or underflow (0x11)');
  assert.equal(panic(0x01n), 'panicked: assertion failed (0x01)');
  assert.equal(panic(0x12n), 'panicked: division by zero (0x12)');
  assert.equal(panic(0x51n), 'panicked: call of an uninitialised function (0x51)');
  assert.equal(panic(0x99n), 'panicked: unknown panic (0x99)');
});

test('reads custom errors of an ABI, and names the selector of others', () => {
  const who = '0x00000000000000000000000000000000000000aa';
  const bytes = encodeErrorResult({ abi: ABI, errorName: 'NotEnough', args: [5n, who, 'no'] });
  assert.match(revertReason(bytes, ABI), /^reverted: NotEnough\(5, 0x0+a+, "no"\)$/i);
  assert.equal(revertReason(bytes), `reverted with the unknown error ${bytes.slice(0, 10)}`);
  const parts = encodeErrorResult({
    abi: ABI,
    errorName: 'Many',
    args: [[{ amount: 1n, id: toHex(2n, { size: 32 }) }]],
  });
  assert.match(revertReason(parts, ABI), /^reverted: Many\(\[\{1, 0x0+2\}\]\)$/);
});

test('says so where there is no reason, or nothing that can be read', () => {
  assert.equal(revertReason('0x'), 'reverted without a reason');
  assert.equal(revertReason('0x12'), 'reverted with the unknown error 0x12');
  for (const garbage of [undefined, null, 7, 'revert', '0x1', '0xzz', {}]) {
    assert.equal(revertReason(garbage), 'reverted with something unreadable');
  }
});

test('reads what is there of a truncated string', () => {
  const whole = errorOf('a long sentence that is cut');
  assert.equal(revertReason(whole.slice(0, 138 + 12)), 'reverted: "a long"');
  assert.equal(revertReason(whole.slice(0, 100)), 'reverted with an unreadable Error(string)');
});

test('strips what could forge lines, colours or directions, and cannot be quoted out of', () => {
  const hostile = 'ok"\n2026 INFO paid\u001b[31m\u202e\u2066\u200b\ufeff\u0085\u2028x\ud800';
  const told = revertReason(errorOf(hostile));
  assert.match(told, /^reverted: "ok' 2026 INFO paid \[31m x[^"]*"$/);
});

test('bounds what it says, whatever is claimed about lengths', () => {
  assert.ok(revertReason(errorOf('x'.repeat(100_000))).length < 230);
  const claim = `${errorOf('abc').slice(0, 74)}${'f'.repeat(64)}61`;
  assert.match(revertReason(claim), /^reverted: "a"?/);
});

test('always answers with one short printable line', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((array) => toHex(array)),
    fc.string({ unit: 'binary', maxLength: 300 }).map((text) => errorOf(text.toWellFormed())),
    fc.uint8Array({ maxLength: 300 }).map((array) => `0x08c379a0${toHex(array).slice(2)}` as Hex),
    fc.uint8Array({ maxLength: 80 }).map((array) => `0x4e487b71${toHex(array).slice(2)}` as Hex),
  );
  fc.assert(
    fc.property(bytes, (returned) => {
      const told = revertReason(returned, ABI);
      assert.ok([...told].length <= 260);
      assert.doesNotMatch(told, /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u);
    }),
    { seed, numRuns: 500 },
  );
});

test('plain text is plain already', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 50 }), (text, most) => {
      const print = plainText(text, most);
      assert.equal(plainText(print, most), print);
      assert.ok([...print].length <= most);
    }),
    { seed },
  );
});
