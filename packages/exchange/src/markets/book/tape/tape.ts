import { invariant } from '../../../failures/invariant.ts';
import type { BookCommand } from '../bookCommand.ts';
import { COMMAND_STRIDE, encodeCommand } from '../bookCommand.ts';
import type { TapeHeader } from './tapeHeader.ts';
import { decodeTapeHeader, encodeTapeHeader, TAPE_HEADER_BYTES } from './tapeHeader.ts';
import type { ReadRecord } from './tapeRecord.ts';
import {
  readTapeRecord,
  TAPE_END,
  TAPE_RECORD_BYTES,
  writeTapeEnd,
  writeTapeRecord,
} from './tapeRecord.ts';
import { TapeError } from './tapeRules.ts';

/**
 * Writes an order tape piece by piece: `header` first, then records in order, then the end. The
 * format is described in docs/reference/tape-format.md.
 */
export class TapeWriter {
  /** The first bytes of the tape. */
  readonly header: Uint8Array;
  /** Commands so far. */
  count = 0;
  #checksum: number;

  constructor(header: TapeHeader) {
    this.header = encodeTapeHeader(header);
    this.#checksum = new DataView(this.header.buffer).getUint32(TAPE_HEADER_BYTES - 4);
  }

  /** Writes the encoded command at `o` as TAPE_RECORD_BYTES bytes at `offset`. */
  append(command: Float64Array, o: number, view: DataView, offset: number): void {
    const previous = this.#checksum;
    this.#checksum = writeTapeRecord(command, o, { view, offset, previous });
    this.count += 1;
  }

  /** Writes the end, as wide as any record, at `offset`. Nothing may follow it. */
  end(view: DataView, offset: number): void {
    writeTapeEnd(this.count, { view, offset, previous: this.#checksum });
  }
}

/** Reads an order tape piece by piece, and knows at each byte whether it can still be one. */
export class TapeReader {
  readonly header: TapeHeader;
  /** Commands so far. */
  count = 0;
  /** Whether the end has been read. */
  ended = false;
  /** Bytes of the tape that have been read. */
  offset: number = TAPE_HEADER_BYTES;
  readonly #record: ReadRecord;

  /** @param header the first TAPE_HEADER_BYTES bytes, or more. @throws TapeError */
  constructor(header: Uint8Array) {
    this.header = decodeTapeHeader(header);
    const view = new DataView(header.buffer, header.byteOffset);
    this.#record = { kind: 0, checksum: view.getUint32(TAPE_HEADER_BYTES - 4), count: 0 };
  }

  /**
   * Reads the next records into `commands`, COMMAND_STRIDE doubles each, from its start.
   *
   * @param bytes the next bytes of the tape: whole records, but at the tape's end.
   * @returns how many commands were read.
   * @throws TapeError naming the byte, counted from the start of the tape.
   */
  read(bytes: Uint8Array, commands: Float64Array): number {
    const whole = Math.floor(bytes.length / TAPE_RECORD_BYTES);
    invariant(whole * COMMAND_STRIDE <= commands.length, 'there is room for all records');
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const source = { bytes, view, base: this.offset };
    const record = this.#record;
    const first = this.count;
    for (let k = 0; k < whole; k += 1) {
      const offset = k * TAPE_RECORD_BYTES;
      if (this.ended) break;
      readTapeRecord(source, offset, { commands, o: k * COMMAND_STRIDE, record });
      if (record.kind === TAPE_END) this.#close(source.base + offset);
      else this.count += 1;
      this.offset += TAPE_RECORD_BYTES;
    }
    const left = source.base + bytes.length - this.offset;
    if (this.ended && left > 0) throw new TapeError('trailing', this.offset, `${left} bytes more`);
    if (left > 0) throw new TapeError('cutShort', this.offset, `${left} bytes of a record`);
    return this.count - first;
  }

  /** Says that there are no more bytes. @throws TapeError for a tape without its end. */
  finish(): void {
    if (this.ended) return;
    const found = `it stops after ${this.count} commands`;
    throw new TapeError('cutShort', this.offset, found);
  }

  #close(offset: number): void {
    const { count } = this.#record;
    if (count !== this.count) {
      throw new TapeError('endCount', offset + 8, `${count} stated, ${this.count} read`);
    }
    this.ended = true;
  }
}

/** A whole tape at once. `commands` holds COMMAND_STRIDE doubles each. */
export interface Tape {
  readonly header: TapeHeader;
  readonly commands: Float64Array;
  readonly count: number;
}

/** The bytes of a short tape; long ones are written piece by piece. */
export function encodeTape(header: TapeHeader, commands: readonly BookCommand[]): Uint8Array {
  const writer = new TapeWriter(header);
  const bytes = new Uint8Array(TAPE_HEADER_BYTES + (commands.length + 1) * TAPE_RECORD_BYTES);
  bytes.set(writer.header);
  const view = new DataView(bytes.buffer);
  const row = new Float64Array(COMMAND_STRIDE);
  let offset = TAPE_HEADER_BYTES;
  for (const command of commands) {
    encodeCommand(command, row, 0);
    writer.append(row, 0, view, offset);
    offset += TAPE_RECORD_BYTES;
  }
  writer.end(view, offset);
  return bytes;
}

/** Reads a whole tape. @throws TapeError on bytes that are none. */
export function decodeTape(bytes: Uint8Array): Tape {
  const reader = new TapeReader(bytes);
  const records = bytes.subarray(TAPE_HEADER_BYTES);
  const rows = Math.floor(records.length / TAPE_RECORD_BYTES);
  const commands = new Float64Array(rows * COMMAND_STRIDE);
  const count = reader.read(records, commands);
  reader.finish();
  return { header: reader.header, commands: commands.subarray(0, count * COMMAND_STRIDE), count };
}
