// Goal: a sequence beyond 2^53, which a number would round to another one, is none: in the header
// and the name of a segment, in a snapshot and in the mark of a clean close. What was found by
// fuzzing is held here. Method: files with the sequence replaced and their checksums made good.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import { CLOSE_MARK_NAME, readCloseMark, writeCloseMark } from './closeMark.ts';
import { DIRECTORY } from './fixtures/journals.ts';
import { encodeSegmentHeader, parseSegmentHeader, parseSegmentName } from './segment.ts';
import { SimulatedDisk } from './simulatedDisk.ts';
import { SnapshotStore, snapshotName } from './snapshots.ts';

const CHAIN = new Uint8Array(32).fill(5);
const LARGEST = BigInt(Number.MAX_SAFE_INTEGER);
const BEYOND = [LARGEST + 1n, LARGEST + 2n, (1n << 64n) - 1n];

/** The file with a sequence at a place and the checksum at another, over all that precedes it. */
function withSequence(
  bytes: Uint8Array,
  sequence: bigint,
  places: { readonly sequenceAt: number; readonly crcAt: number },
): Buffer {
  const changed = Buffer.from(bytes);
  changed.writeBigUInt64BE(sequence, places.sequenceAt);
  changed.writeUInt32BE(crc32(changed.subarray(0, places.crcAt)), places.crcAt);
  return changed;
}

test('a segment names its first sequence exactly, or is none', () => {
  const salt = new Uint8Array(8).fill(1);
  const header = encodeSegmentHeader({ firstSequence: 1, genesis: CHAIN, chain: CHAIN, salt });
  const places = { sequenceAt: 12, crcAt: header.length - 4 };
  const largest = parseSegmentHeader(withSequence(header, LARGEST, places));
  assert.ok(typeof largest !== 'string');
  assert.equal(largest.firstSequence, Number.MAX_SAFE_INTEGER);
  for (const sequence of BEYOND) {
    const refused = parseSegmentHeader(withSequence(header, sequence, places));
    assert.equal(typeof refused, 'string', String(sequence));
    assert.equal(parseSegmentName(`journal-${String(sequence).padStart(20, '0')}.seg`), undefined);
  }
});

test('a snapshot beyond 2^53 is passed over with a reason', async () => {
  const disk = new SimulatedDisk();
  const store = new SnapshotStore({ directory: DIRECTORY, disk });
  const path = await store.save({ sequence: 7, chain: CHAIN, state: Uint8Array.of(1, 2, 3) });
  const bytes = disk.bytesOf(path);
  // A journal that would take any sequence for one of its own.
  const journal = { sequence: 2 ** 60, chainAt: async () => CHAIN };
  for (const sequence of BEYOND.slice(0, 2)) {
    const other = new SimulatedDisk();
    const changed = withSequence(bytes, sequence, { sequenceAt: 12, crcAt: 92 });
    other.plant(`${DIRECTORY}/${snapshotName(Number(sequence))}`, changed);
    const loaded = await new SnapshotStore({ directory: DIRECTORY, disk: other }).loadLatest(
      journal,
    );
    assert.equal(loaded.snapshot, undefined);
  }
});

test('a mark of a close beyond 2^53 is unreadable', async () => {
  const disk = new SimulatedDisk();
  await writeCloseMark(disk, DIRECTORY, { sequence: 7, chain: CHAIN });
  const path = `${DIRECTORY}/${CLOSE_MARK_NAME}`;
  const bytes = disk.bytesOf(path);
  const places = { sequenceAt: 8, crcAt: bytes.length - 4 };
  disk.plant(path, withSequence(bytes, LARGEST, places));
  const largest = await readCloseMark(disk, DIRECTORY);
  assert.deepEqual(largest, { sequence: Number.MAX_SAFE_INTEGER, chain: CHAIN });
  for (const sequence of BEYOND) {
    disk.plant(path, withSequence(bytes, sequence, places));
    assert.equal(await readCloseMark(disk, DIRECTORY), 'unreadable');
  }
});
