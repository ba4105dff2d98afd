import { join } from 'node:path';
import { at } from '@lawbook/exchange/failures/invariant';
import { HashChain } from './chain.ts';
import type { Disk } from './disk.ts';
import type { Frame } from './frame.ts';
import { journalCorrupt } from './journalFault.ts';
import { segmentName } from './segment.ts';
import type { SegmentStep } from './segmentReader.ts';
import { continueChain, SegmentReader } from './segmentReader.ts';

/** Which frames to read. Everything up to `to` must be durable. */
export interface FrameRange {
  readonly disk: Disk;
  readonly directory: string;
  /** First sequences of the segments; may grow while reading goes on. */
  readonly segments: readonly number[];
  /** First and last sequence wanted. */
  readonly from: number;
  readonly to: number;
}

/** A checked frame and where it stands. */
export interface FrameInJournal {
  readonly frame: Frame;
  /** The chain before its first record, at the frame that holds the last sequence wanted. */
  readonly chainBefore?: HashChain;
  /** Number of its segment, from 1. */
  readonly segment: number;
}

/**
 * Checked frames that hold records of a range, in order. Reading stops at the frame that holds the
 * last one, so bytes that are being written behind it are never looked at.
 *
 * @throws JournalFault JOURNAL_CORRUPT, JOURNAL_UNAVAILABLE.
 */
export async function* readFrames(range: FrameRange): AsyncGenerator<FrameInJournal> {
  const { segments, from, to } = range;
  const start = segments.findLastIndex((firstSequence) => firstSequence <= from);
  if (start < 0 || from > to) return;
  for (let index = start; index < segments.length; index += 1) {
    if (at(segments, index) > to) return;
    yield* readSegment(range, index);
  }
}

async function* readSegment(range: FrameRange, index: number): AsyncGenerator<FrameInJournal> {
  const { segments, from, to } = range;
  const path = join(range.directory, segmentName(at(segments, index)));
  const reader = await SegmentReader.open(range.disk, path);
  try {
    const chain = new HashChain(reader.header.chain);
    for (let due = at(segments, index); due <= to; ) {
      const step = await reader.next();
      const isLast = step.kind === 'frame' && due + step.frame.payloads.length > to;
      const chainBefore = isLast ? { chainBefore: chain.copy() } : {};
      if (step.kind === 'end' && segments[index + 1] === due) return;
      const reason = contradiction(step, due, chain);
      if (reason !== undefined || step.kind !== 'frame') {
        throw journalCorrupt({ path, offset: step.offset, reason: reason ?? 'no frame' });
      }
      due += step.frame.payloads.length;
      if (due > from) yield { frame: step.frame, segment: index + 1, ...chainBefore };
    }
  } finally {
    await reader.close();
  }
}

function contradiction(step: SegmentStep, due: number, chain: HashChain): string | undefined {
  if (step.kind === 'frame') return continueChain(step.frame, due, chain);
  return step.kind === 'bad' ? step.reason : 'durable records are missing at the end';
}
