import { at } from '@lawbook/exchange/failures/invariant';
import { HashChain } from '../../../packages/executor/src/journal/chain.ts';
import {
  appendRange,
  DIRECTORY,
  openOn,
  segmentPaths,
  VENUE,
} from '../../../packages/executor/src/journal/fixtures/journals.ts';
import { FrameBuilder } from '../../../packages/executor/src/journal/frame.ts';
import { SimulatedDisk } from '../../../packages/executor/src/journal/simulatedDisk.ts';

/** The salt of every example, where a venue draws its own. */
export const SALT: Uint8Array = Uint8Array.of(8, 7, 6, 5, 4, 3, 2, 1);

/** The path of the one segment of the examples. */
export const SEGMENT_PATH: string = `${DIRECTORY}/journal-00000000000000000001.seg`;

/** Segment files as kill -9 leaves them: none, one and several groups of records. */
export async function journalSegments(): Promise<Uint8Array[]> {
  return [await segmentOf(0), await segmentOf(1), await segmentOf(6)];
}

async function segmentOf(groups: number): Promise<Uint8Array> {
  const disk = new SimulatedDisk();
  const { journal } = await openOn(disk, { randomBytes: () => SALT });
  await appendRange(journal, 1, groups * 3, 3);
  const bytes = new Uint8Array(disk.bytesOf(at(segmentPaths(disk), 0)));
  await journal.close();
  return bytes;
}

/** Frames of one, some and many records, among them empty ones. */
export function journalFrames(): Uint8Array[] {
  return [[5], [0, 1, 300], Array.from({ length: 40 }, (_, k) => k)].map((lengths) => {
    const chain = new HashChain(new TextEncoder().encode(VENUE));
    const builder = new FrameBuilder(17, 64);
    for (const length of lengths) builder.add(new Uint8Array(length).fill(length), chain);
    builder.finish(chain);
    return new Uint8Array(builder.seal(SALT));
  });
}
