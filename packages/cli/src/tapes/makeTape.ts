import { closeSync, openSync, writeSync } from 'node:fs';
import type { FlowChoice } from '@lawbook/analytics/flows/bookFlow';
import {
  BookFlow,
  FLOW_BASE_EACH,
  FLOW_MARKET,
  FLOW_QUOTE_EACH,
} from '@lawbook/analytics/flows/bookFlow';
import { COMMAND_STRIDE } from '@lawbook/exchange/markets/book/bookCommand';
import { TapeWriter } from '@lawbook/exchange/markets/book/tape/tape';
import { TAPE_RECORD_BYTES } from '@lawbook/exchange/markets/book/tape/tapeRecord';
import { FileFault } from '../terminal/cliFault.ts';

/** What was written. */
export interface MadeTape {
  readonly commands: number;
  readonly setupCount: number;
  readonly bytes: number;
}

const CHUNK_RECORDS = 4_096;

/**
 * Writes a flow as a tape, piece by piece. Until its last record is written it is no tape, so one
 * that was interrupted is never mistaken for a short one.
 *
 * @throws FileFault when the file exists, but for `force`, or cannot be written.
 */
export async function makeTape(
  choice: FlowChoice,
  { file, force }: { readonly file: string; readonly force: boolean },
  onProgress: (commands: number) => void,
): Promise<MadeTape> {
  const flow = new BookFlow(choice);
  const { setupCount } = flow;
  const writer = new TapeWriter({
    parameters: FLOW_MARKET,
    baseEach: FLOW_BASE_EACH,
    quoteEach: FLOW_QUOTE_EACH,
    setupCount,
    label: `${choice.scenario} seed ${choice.seed}`,
  });
  const total = setupCount + choice.timed;
  const row = new Float64Array(COMMAND_STRIDE);
  const chunk = new Uint8Array(CHUNK_RECORDS * TAPE_RECORD_BYTES);
  const view = new DataView(chunk.buffer);
  const descriptor = open(file, force);
  try {
    let bytes = write(file, descriptor, writer.header);
    while (writer.count < total) {
      const count = Math.min(CHUNK_RECORDS, total - writer.count);
      for (let k = 0; k < count; k += 1) {
        flow.next(row, 0);
        writer.append(row, 0, view, k * TAPE_RECORD_BYTES);
      }
      bytes += write(file, descriptor, chunk.subarray(0, count * TAPE_RECORD_BYTES));
      onProgress(writer.count);
      await new Promise((resume) => setImmediate(resume));
    }
    writer.end(view, 0);
    bytes += write(file, descriptor, chunk.subarray(0, TAPE_RECORD_BYTES));
    return { commands: total, setupCount, bytes };
  } finally {
    closeSync(descriptor);
  }
}

function open(file: string, force: boolean): number {
  try {
    return openSync(file, force ? 'w' : 'wx');
  } catch (cause) {
    const exists = (cause as NodeJS.ErrnoException).code === 'EEXIST';
    const why = exists ? 'exists: name another file or use --force' : 'cannot be written';
    throw new FileFault(`${file} ${why}`, file, cause);
  }
}

/** Writes all of the bytes. @returns how many. */
function write(file: string, descriptor: number, bytes: Uint8Array): number {
  try {
    let written = 0;
    while (written < bytes.length) written += writeSync(descriptor, bytes, written);
    return written;
  } catch (cause) {
    throw new FileFault(`${file} cannot be written`, file, cause);
  }
}
