import { join } from 'node:path';
import type { Disk, DiskFile } from './disk.ts';
import { journalUnavailable } from './journalFault.ts';
import type { SegmentHeader } from './segment.ts';
import { encodeSegmentHeader, SEGMENT_HEADER_BYTES, segmentName } from './segment.ts';
import { createNamed } from './wholeFile.ts';

/** A segment open for appending; `offset` is where its next frame goes. */
export interface OpenSegment {
  readonly file: DiskFile;
  readonly path: string;
  readonly offset: number;
}

/**
 * Creates a segment durably: it stands under its name, with its header, or not at all.
 *
 * @throws JournalFault JOURNAL_UNAVAILABLE.
 */
export async function createSegment(
  disk: Disk,
  directory: string,
  header: SegmentHeader,
): Promise<OpenSegment> {
  const name = segmentName(header.firstSequence);
  const path = join(directory, name);
  try {
    const file = await createNamed(disk, { directory, name, bytes: encodeSegmentHeader(header) });
    return { file, path, offset: SEGMENT_HEADER_BYTES };
  } catch (cause) {
    throw journalUnavailable(path, 'create', cause);
  }
}
