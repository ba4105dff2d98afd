// Goal: the canonical encoding reads back what was written, at any buffer size, and refuses the
// rest. Method: examples at the edges of each width, a property over random scripts of writes
// starting from a one-byte buffer, and hostile bytes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { InvariantViolation } from '../failures/invariant.ts';
import { ByteReader, DecodeError } from './byteReader.ts';
import { ByteWriter } from './byteWriter.ts';
import { bytesToHex } from './hex.ts';

const write = fc.oneof(
  fc.record({ kind: fc.constant('u8' as const), x: fc.integer({ min: 0, max: 0xff }) }),
  fc.record({ kind: fc.constant('u16' as const), x: fc.integer({ min: 0, max: 0xffff }) }),
  fc.record({ kind: fc.constant('u32' as const), x: fc.integer({ min: 0, max: 0xffffffff }) }),
  fc.record({ kind: fc.constant('u64' as const), x: fc.bigInt(0n, (1n << 64n) - 1n) }),
  fc.record({ kind: fc.constant('i64' as const), x: fc.bigInt(-(1n << 63n), (1n << 63n) - 1n) }),
  fc.record({ kind: fc.constant('i128' as const), x: fc.bigInt(-(1n << 127n), (1n << 127n) - 1n) }),
  fc.record({ kind: fc.constant('text' as const), x: fc.string({ unit: 'grapheme' }) }),
);

test('integers are big-endian and of fixed width', () => {
  const bytes = new ByteWriter().u8(1).u16(2).u32(3).u64(4n).i64(-1n).i128(-2n).finish();
  assert.equal(
    bytesToHex(bytes),
    '0x01' +
      '0002' +
      '00000003' +
      '0000000000000004' +
      'ffffffffffffffff' +
      'fffffffffffffffffffffffffffffffe',
  );
});

test('byte strings and text stand behind their length', () => {
  const bytes = new ByteWriter().bytes(Uint8Array.of(7, 8)).text('é').finish();
  assert.equal(bytesToHex(bytes), '0x000000020708' + '00000002c3a9');
});

test('what was written is read back, however often the buffer had to grow', () => {
  fc.assert(
    fc.property(fc.array(write, { maxLength: 60 }), (script) => {
      const writer = new ByteWriter(1);
      for (const step of script) {
        if (step.kind === 'text') writer.text(step.x);
        else if (step.kind === 'u8' || step.kind === 'u16' || step.kind === 'u32') {
          writer[step.kind](step.x);
        } else writer[step.kind](step.x);
      }
      const reader = new ByteReader(writer.finish());
      for (const step of script) assert.equal(reader[step.kind](), step.x);
      reader.end();
    }),
  );
});

test('a writer stops the program rather than truncate an integer', () => {
  assert.throws(() => new ByteWriter().u8(256), InvariantViolation);
  assert.throws(() => new ByteWriter().u64(1n << 64n), InvariantViolation);
  assert.throws(() => new ByteWriter().i64(1n << 63n), InvariantViolation);
  assert.throws(() => new ByteWriter().timeMs(-1), InvariantViolation);
  assert.throws(() => new ByteWriter().fixed(new Uint8Array(3), 4), InvariantViolation);
});

test('a reader refuses short bytes, trailing bytes, huge counts, odd flags and bad text', () => {
  assert.throws(() => new ByteReader(Uint8Array.of(1)).u16(), DecodeError);
  assert.throws(() => new ByteReader(Uint8Array.of(1)).end(), DecodeError);
  assert.throws(() => new ByteReader(Uint8Array.of(255, 255, 255, 255)).count(1), DecodeError);
  assert.throws(() => new ByteReader(Uint8Array.of(2)).flag(), DecodeError);
  const badText = new ByteWriter().bytes(Uint8Array.of(0xff)).finish();
  assert.throws(() => new ByteReader(badText).text(), DecodeError);
  const wide = new ByteWriter().u64((1n << 64n) - 1n).finish();
  assert.throws(() => new ByteReader(wide).amount(), DecodeError);
  assert.throws(() => new ByteReader(new Uint8Array(8)).price(), DecodeError);
});

test('every prefix of an encoding is refused when it is read in full', () => {
  const bytes = new ByteWriter().u32(5).text('abc').u64(9n).finish();
  for (let length = 0; length < bytes.length; length += 1) {
    assert.throws(() => {
      const reader = new ByteReader(bytes.subarray(0, length));
      reader.u32();
      reader.text();
      reader.u64();
    }, DecodeError);
  }
});

test('a nested reader names places in the whole', () => {
  const bytes = new ByteWriter().u16(7).bytes(Uint8Array.of(1, 9)).finish();
  const reader = new ByteReader(bytes);
  reader.u16();
  const inner = reader.nested();
  assert.equal(inner.offset, 6);
  assert.equal(inner.flag(), true);
  assert.throws(() => inner.flag(), { fields: { offset: 7 } });
  assert.throws(() => inner.u16(), { fields: { offset: 8 } });
  reader.end();
});
