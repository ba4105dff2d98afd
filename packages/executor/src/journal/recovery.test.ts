// Goal: damage to a journal is cut off only where it can be a torn write, and refused elsewhere.
// Method: every byte of a small journal is flipped and every length cut, one at a time.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import { CLOSE_MARK_NAME } from './closeMark.ts';
import {
  appendDurably,
  appendRange,
  DIRECTORY,
  diskWith,
  expectedTexts,
  faultOf,
  openOn,
  payloadOf,
  readAll,
  segmentPaths,
} from './fixtures/journals.ts';
import { FRAME_HEADER_BYTES, FRAME_PREFIX_BYTES, frameCrc, SALT_BYTES } from './frame.ts';
import { SEGMENT_HEADER_BYTES } from './segment.ts';
import { SimulatedDisk } from './simulatedDisk.ts';

/** Offsets at which the frames of a segment start, and its end. */
function frameOffsets(bytes: Buffer): number[] {
  const offsets: number[] = [];
  let offset = SEGMENT_HEADER_BYTES;
  while (offset < bytes.length) {
    offsets.push(offset);
    offset += bytes.readUInt32BE(offset) + FRAME_PREFIX_BYTES;
  }
  return [...offsets, offset];
}

function last<T>(array: readonly T[]): T {
  return array[array.length - 1] as T;
}

/** Makes the checksum of a frame fit its bytes again, as somebody who tampers would. */
function fitChecksum(bytes: Buffer, offset: number): void {
  const end = offset + FRAME_PREFIX_BYTES + bytes.readUInt32BE(offset);
  bytes.writeUInt32BE(frameCrc(bytes.subarray(offset, end)), offset + 4);
}

/** What opening a disk comes to: a fault code, or the records it kept and whether it cut. */
async function outcome(
  disk: SimulatedDisk,
): Promise<{ code: string } | { kept: number; cut: number }> {
  try {
    const { journal, recovery } = await openOn(disk);
    assert.deepEqual(await readAll(journal), expectedTexts(journal.sequence));
    await journal.close();
    return { kept: recovery.records, cut: recovery.torn?.bytes ?? 0 };
  } catch (cause) {
    const fault = await faultOf(Promise.reject(cause));
    return { code: fault?.code ?? '' };
  }
}

test('detects a flipped bit in any byte, and cuts only inside the last frame', async () => {
  const disk = await diskWith(4, 3, { segmentBytesMax: 110 });
  const paths = segmentPaths(disk);
  assert.equal(paths.length, 2);
  for (const path of paths) {
    const { length } = disk.bytesOf(path);
    const lastFrame = frameOffsets(disk.bytesOf(path)).at(-2) as number;
    for (let at = 0; at < length; at += 1) {
      const damaged = disk.copy();
      const bytes = damaged.bytesOf(path);
      bytes[at] = (bytes[at] as number) ^ (1 << (at % 8));
      const result = await outcome(damaged);
      const where = `${path} byte ${at}`;
      if (path === last(paths) && at >= lastFrame) {
        assert.deepEqual(result, { kept: 9, cut: length - lastFrame }, where);
      } else {
        assert.deepEqual(result, { code: 'JOURNAL_CORRUPT' }, where);
      }
    }
  }
});

test('does not take a flipped length of a middle frame for a torn tail', async () => {
  const disk = await diskWith(5, 2);
  const path = last(segmentPaths(disk));
  const [, second = 0] = frameOffsets(disk.bytesOf(path));
  for (let bit = 0; bit < 32; bit += 1) {
    const damaged = disk.copy();
    const bytes = damaged.bytesOf(path);
    bytes[second + (bit >> 3)] = (bytes[second + (bit >> 3)] as number) ^ (1 << (bit & 7));
    const fault = await faultOf(openOn(damaged));
    assert.equal(fault?.code, 'JOURNAL_CORRUPT', `bit ${bit}`);
    assert.equal(fault?.fields['offset'], second);
    assert.equal(fault?.fields['path'], path);
  }
});

test('refuses damage that a torn frame follows, because it had been acknowledged', async () => {
  const disk = await diskWith(3, 2);
  const path = last(segmentPaths(disk));
  const [, second = 0, third = 0] = frameOffsets(disk.bytesOf(path));
  const bytes = Buffer.from(disk.bytesOf(path).subarray(0, third + FRAME_HEADER_BYTES));
  bytes[second + 30] = (bytes[second + 30] as number) ^ 1;
  disk.plant(path, bytes);
  assert.equal((await faultOf(openOn(disk)))?.code, 'JOURNAL_CORRUPT');
});

test('keeps every whole frame of a journal cut at any byte, and reports the cut', async () => {
  const disk = await diskWith(4, 3);
  const path = last(segmentPaths(disk));
  const bytes = disk.bytesOf(path);
  const offsets = frameOffsets(bytes);
  for (let length = 0; length <= bytes.length; length += 1) {
    const cut = disk.copy();
    cut.plant(path, Buffer.from(bytes.subarray(0, length)));
    const result = await outcome(cut);
    if (length < SEGMENT_HEADER_BYTES) {
      assert.deepEqual(result, { code: 'JOURNAL_CORRUPT' }, `length ${length}`);
      continue;
    }
    const whole = offsets.filter((offset) => offset <= length);
    const expected = { kept: (whole.length - 1) * 3, cut: length - last(whole) };
    assert.deepEqual(result, expected, `length ${length}`);
  }
});

test('goes on after a cut, with the chain unbroken at the next start', async () => {
  const disk = await diskWith(4, 3);
  const path = last(segmentPaths(disk));
  const bytes = disk.bytesOf(path);
  disk.plant(path, Buffer.from(bytes.subarray(0, bytes.length - 5)));
  const { journal, recovery } = await openOn(disk);
  assert.equal(recovery.torn?.path, path);
  assert.equal(journal.sequence, 9);
  await appendRange(journal, 10, 20, 4);
  await journal.close();
  const again = await openOn(disk);
  assert.equal(again.recovery.torn, undefined);
  assert.deepEqual(await readAll(again.journal), expectedTexts(20));
  await again.journal.close();
});

test('cuts off zeros and noise that a lost write leaves behind the last frame', async () => {
  for (const fill of [0, 0xff, 0x41]) {
    const disk = await diskWith(2, 2);
    const path = last(segmentPaths(disk));
    disk.plant(path, Buffer.concat([disk.bytesOf(path), Buffer.alloc(5000, fill)]));
    const { journal, recovery } = await openOn(disk);
    assert.equal(recovery.torn?.bytes, 5000);
    await appendRange(journal, 5, 6);
    const again = await openOn(disk.copy());
    assert.equal(again.recovery.torn, undefined, 'nothing of the tail is left behind new frames');
    assert.deepEqual(await readAll(again.journal), expectedTexts(6));
    await journal.close();
  }
});

test('is not deceived by a payload that contains a whole frame of another journal', async () => {
  const foreign = await diskWith(1, 1);
  const frame = foreign.bytesOf(last(segmentPaths(foreign))).subarray(SEGMENT_HEADER_BYTES);
  const disk = new SimulatedDisk();
  const { journal } = await openOn(disk);
  await appendDurably(journal, payloadOf(1));
  await appendDurably(journal, Buffer.concat([frame, frame]));
  const left = disk.copy();
  await journal.close();
  const path = last(segmentPaths(left));
  const bytes = left.bytesOf(path);
  left.plant(path, Buffer.from(bytes.subarray(0, bytes.length - 1)));
  assert.ok('kept' in (await outcome(left)));
});

test('refuses a missing, duplicated, renamed or emptied segment', async () => {
  const whole = await diskWith(8, 2, { segmentBytesMax: 70 });
  const paths = segmentPaths(whole);
  assert.ok(paths.length >= 4);
  const damages: [string, (disk: SimulatedDisk) => void][] = [
    ['first missing', (disk) => disk.plant(paths[0] as string, undefined)],
    ['middle missing', (disk) => disk.plant(paths[1] as string, undefined)],
    [
      'copied over another',
      (disk) => disk.plant(paths[2] as string, Buffer.from(disk.bytesOf(paths[1] as string))),
    ],
    [
      'copied behind the end',
      (disk) => {
        const name = `journal-${String(17).padStart(20, '0')}.seg`;
        disk.plant(join(DIRECTORY, name), Buffer.from(disk.bytesOf(last(paths))));
      },
    ],
    [
      'copied beyond the end',
      (disk) => {
        const name = `journal-${String(99).padStart(20, '0')}.seg`;
        disk.plant(join(DIRECTORY, name), Buffer.from(disk.bytesOf(last(paths))));
      },
    ],
    [
      'earlier one cut',
      (disk) => {
        const bytes = disk.bytesOf(paths[1] as string);
        disk.plant(paths[1] as string, Buffer.from(bytes.subarray(0, bytes.length - 1)));
      },
    ],
    [
      'earlier one without its last frame',
      (disk) => {
        const bytes = disk.bytesOf(paths[1] as string);
        const end = frameOffsets(bytes).at(-2) as number;
        disk.plant(paths[1] as string, Buffer.from(bytes.subarray(0, end)));
      },
    ],
    ['emptied', (disk) => disk.plant(last(paths), Buffer.alloc(0))],
  ];
  for (const [name, damage] of damages) {
    const disk = whole.copy();
    damage(disk);
    const before = disk.paths();
    assert.deepEqual(await outcome(disk), { code: 'JOURNAL_CORRUPT' }, name);
    assert.deepEqual(disk.paths(), before, `${name}: nothing was changed`);
  }
});

test('refuses frames that were swapped or repeated', async () => {
  const disk = await diskWith(3, 2);
  const path = last(segmentPaths(disk));
  const bytes = disk.bytesOf(path);
  const [a = 0, b = 0, c = 0, end = 0] = frameOffsets(bytes);
  const part = (from: number, to: number): Buffer => bytes.subarray(from, to);
  const swapped = Buffer.concat([part(0, a), part(b, c), part(a, b), part(c, end)]);
  const repeated = Buffer.concat([part(0, end), part(c, end)]);
  for (const arranged of [swapped, repeated]) {
    const damaged = disk.copy();
    damaged.plant(path, arranged);
    assert.deepEqual(await outcome(damaged), { code: 'JOURNAL_CORRUPT' });
  }
});

test('refuses a record that was changed together with its checksum, even the last', async () => {
  const disk = await diskWith(3, 2);
  const path = last(segmentPaths(disk));
  for (const offset of frameOffsets(disk.bytesOf(path)).slice(0, -1)) {
    const damaged = disk.copy();
    const bytes = damaged.bytesOf(path);
    bytes[offset + FRAME_HEADER_BYTES + 5] = 0x7a;
    fitChecksum(bytes, offset);
    const fault = await faultOf(openOn(damaged));
    assert.match(fault?.message ?? '', /the hash chain does not match the records/);
    assert.equal(fault?.fields['offset'], offset);
  }
});

test('refuses records swapped inside a frame, with the checksum made to fit', async () => {
  const disk = new SimulatedDisk();
  const { journal } = await openOn(disk);
  await Promise.all(['aa', 'bb', 'cc'].map((text) => appendDurably(journal, Buffer.from(text))));
  const left = disk.copy();
  await journal.close();
  const bytes = left.bytesOf(last(segmentPaths(left)));
  const [frame = 0] = frameOffsets(bytes);
  const records = frame + FRAME_HEADER_BYTES;
  bytes.write('bb', records + 4);
  bytes.write('aa', records + 10);
  fitChecksum(bytes, frame);
  assert.match((await faultOf(openOn(left)))?.message ?? '', /the hash chain does not match/);
});

test('refuses a moved border between two records, with the checksum made to fit', async () => {
  const disk = new SimulatedDisk();
  const { journal } = await openOn(disk);
  const payloads = [Buffer.from([1, 0, 0, 0, 2, 9, 9]), Buffer.from([3])];
  await Promise.all(payloads.map((payload) => appendDurably(journal, payload)));
  const left = disk.copy();
  await journal.close();
  const bytes = left.bytesOf(last(segmentPaths(left)));
  const [frame = 0] = frameOffsets(bytes);
  const first = frame + FRAME_HEADER_BYTES;
  bytes.writeUInt32BE(1, first);
  bytes.writeUInt32BE(7, first + 5);
  fitChecksum(bytes, frame);
  assert.equal((await faultOf(openOn(left)))?.code, 'JOURNAL_CORRUPT');
});

test('refuses frames swapped between segments, whatever of them was made to fit', async () => {
  const disk = new SimulatedDisk();
  const { journal } = await openOn(disk, { segmentBytesMax: 24 });
  for (const text of ['one1', 'two2', 'six3', 'ten4', 'odd5']) {
    await appendDurably(journal, Buffer.concat([Buffer.from(text), Buffer.alloc(4)]));
  }
  const left = disk.copy();
  await journal.close();
  const paths = segmentPaths(left);
  assert.equal(paths.length, 3);
  for (const fits of ['nothing', 'salt', 'salt and sequence'] as const) {
    const damaged = left.copy();
    const [a, b] = paths.map((path) => damaged.bytesOf(path)) as [Buffer, Buffer];
    const [from = 0, to = 0] = frameOffsets(a);
    const body = from + FRAME_PREFIX_BYTES;
    const kept = fits === 'nothing' ? 0 : fits === 'salt' ? SALT_BYTES : SALT_BYTES + 8;
    const ofA = Buffer.from(a.subarray(from, to));
    const ofB = Buffer.from(b.subarray(from, to));
    a.copy(ofB, FRAME_PREFIX_BYTES, body, body + kept);
    b.copy(ofA, FRAME_PREFIX_BYTES, body, body + kept);
    a.set(ofB, from);
    b.set(ofA, from);
    fitChecksum(a, from);
    fitChecksum(b, from);
    assert.deepEqual(await outcome(damaged), { code: 'JOURNAL_CORRUPT' }, fits);
  }
});

test('refuses a journal of the format before this one', async () => {
  const disk = await diskWith(2, 2);
  const bytes = disk.bytesOf(last(segmentPaths(disk)));
  bytes.writeUInt32BE(1, 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(0, SEGMENT_HEADER_BYTES - 4)), SEGMENT_HEADER_BYTES - 4);
  assert.match((await faultOf(openOn(disk)))?.message ?? '', /format version 1, not 2/);
});

test('refuses a segment whose header was changed together with its checksum', async () => {
  const disk = await diskWith(6, 2, { segmentBytesMax: 70 });
  const bytes = disk.bytesOf(last(segmentPaths(disk)));
  bytes[60] = (bytes[60] as number) ^ 1;
  bytes.writeUInt32BE(crc32(bytes.subarray(0, SEGMENT_HEADER_BYTES - 4)), SEGMENT_HEADER_BYTES - 4);
  const fault = await faultOf(openOn(disk));
  assert.match(fault?.message ?? '', /header does not continue the hash chain/);
});

test('does not believe a frame that another segment left on the same blocks', async () => {
  const disk = await diskWith(3, 2);
  const path = last(segmentPaths(disk));
  const bytes = disk.bytesOf(path);
  const [, , third = 0, end = 0] = frameOffsets(bytes);
  bytes[third + FRAME_PREFIX_BYTES] = (bytes[third + FRAME_PREFIX_BYTES] as number) ^ 1;
  fitChecksum(bytes, third);
  assert.deepEqual(await outcome(disk), { kept: 4, cut: end - third });
});

test('refuses, after a clean close, a last frame or a last segment that went missing', async () => {
  const disk = new SimulatedDisk();
  const { journal } = await openOn(disk, { segmentBytesMax: 70 });
  await appendRange(journal, 1, 16, 2);
  await journal.close();
  const path = last(segmentPaths(disk));
  const withoutSegment = disk.copy();
  withoutSegment.plant(path, undefined);
  assert.deepEqual(await outcome(withoutSegment), { code: 'JOURNAL_CORRUPT' });
  const withoutAny = disk.copy();
  for (const each of segmentPaths(disk)) withoutAny.plant(each, undefined);
  assert.deepEqual(await outcome(withoutAny), { code: 'JOURNAL_CORRUPT' });
  const flipped = disk.copy();
  const bytes = flipped.bytesOf(path);
  bytes[bytes.length - 1] = (bytes[bytes.length - 1] as number) ^ 1;
  assert.deepEqual(await outcome(flipped), { code: 'JOURNAL_CORRUPT' });
});

test('reports a close mark that is damaged and does without it', async () => {
  const disk = new SimulatedDisk();
  const { journal } = await openOn(disk);
  await appendRange(journal, 1, 3);
  await journal.close();
  const mark = disk.bytesOf(join(DIRECTORY, CLOSE_MARK_NAME));
  mark[9] = (mark[9] as number) ^ 1;
  const again = await openOn(disk);
  assert.equal(again.recovery.closeMark, 'unreadable');
  assert.equal(again.journal.sequence, 3);
  await again.journal.close();
});

test('removes a segment whose creation was interrupted', async () => {
  const disk = await diskWith(2, 2);
  const name = `journal-${String(5).padStart(20, '0')}.seg.tmp`;
  disk.plant(join(DIRECTORY, name), Buffer.from('half a header'));
  const { journal, recovery } = await openOn(disk);
  assert.deepEqual(recovery.unfinishedRemoved, [name]);
  await journal.close();
});

test('refuses the journal of another venue', async () => {
  const fault = await faultOf(openOn(await diskWith(1, 1), { venueId: 'another' }));
  assert.equal(fault?.code, 'JOURNAL_VENUE_MISMATCH');
});

test('says at reading time that a file was damaged since the start', async () => {
  const disk = await diskWith(3, 2);
  const { journal } = await openOn(disk);
  const bytes = disk.bytesOf(last(segmentPaths(disk)));
  bytes[SEGMENT_HEADER_BYTES + 40] = (bytes[SEGMENT_HEADER_BYTES + 40] as number) ^ 1;
  assert.equal((await faultOf(readAll(journal)))?.code, 'JOURNAL_CORRUPT');
  await journal.close();
});

test('tells the operator what to do', async () => {
  const disk = await diskWith(3, 2);
  const bytes = disk.bytesOf(last(segmentPaths(disk)));
  bytes[SEGMENT_HEADER_BYTES] = 0xff;
  const fault = await faultOf(openOn(disk));
  assert.match(fault?.message ?? '', /is corrupt at byte \d+: .*Restore the journal directory/);
});
