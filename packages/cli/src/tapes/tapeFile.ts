import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { InvariantViolation } from '@lawbook/exchange/failures/invariant';
import { COMMAND_STRIDE } from '@lawbook/exchange/markets/book/bookCommand';
import { TapeReader } from '@lawbook/exchange/markets/book/tape/tape';
import type { TapeHeader } from '@lawbook/exchange/markets/book/tape/tapeHeader';
import { TAPE_HEADER_BYTES } from '@lawbook/exchange/markets/book/tape/tapeHeader';
import { TAPE_RECORD_BYTES } from '@lawbook/exchange/markets/book/tape/tapeRecord';
import { TapeError } from '@lawbook/exchange/markets/book/tape/tapeRules';
import { CommandFault, FileFault } from '../terminal/cliFault.ts';

/** Some commands of a tape, COMMAND_STRIDE doubles each; the buffer is written over by the next. */
export interface TapeChunk {
  readonly commands: Float64Array;
  readonly count: number;
}

/** Records read at once. */
const CHUNK_RECORDS = 4_096;

/** An order tape in a file, read piece by piece: however long it is, it takes little memory. */
export class TapeFile {
  readonly header: TapeHeader;
  /** Commands that the file's size has room for; what it holds is known at its end. */
  readonly countBySize: number;
  readonly bytes: number;
  readonly #file: string;
  readonly #descriptor: number;
  readonly #reader: TapeReader;

  /** Opens a tape and reads its header. @throws FileFault, CommandFault as `chunks`. */
  constructor(file: string) {
    this.#file = file;
    this.#descriptor = this.#attempt(() => openSync(file, 'r'));
    try {
      this.bytes = this.#attempt(() => fstatSync(this.#descriptor).size);
      const header = new Uint8Array(TAPE_HEADER_BYTES);
      const length = this.#fill(header);
      this.#reader = this.#attempt(() => new TapeReader(header.subarray(0, length)));
    } catch (cause) {
      this.close();
      throw cause;
    }
    this.header = this.#reader.header;
    const records = Math.floor((this.bytes - TAPE_HEADER_BYTES) / TAPE_RECORD_BYTES);
    this.countBySize = Math.max(0, records - 1);
  }

  /**
   * The commands in order, until the end of the tape.
   * @throws CommandFault CLI_FILE with the byte and the rule where the file is no tape; FileFault.
   */
  *chunks(): Generator<TapeChunk, void, undefined> {
    const bytes = new Uint8Array(CHUNK_RECORDS * TAPE_RECORD_BYTES);
    const commands = new Float64Array(CHUNK_RECORDS * COMMAND_STRIDE);
    for (;;) {
      const length = this.#fill(bytes);
      const count = this.#attempt(() => this.#reader.read(bytes.subarray(0, length), commands));
      if (count > 0) yield { commands, count };
      if (length === bytes.length) continue;
      this.#attempt(() => this.#reader.finish());
      return;
    }
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  /** Reads until the buffer is full or the file ends. */
  #fill(bytes: Uint8Array): number {
    let length = 0;
    for (;;) {
      const read = this.#attempt(() => readSync(this.#descriptor, bytes, { offset: length }));
      length += read;
      if (read === 0 || length === bytes.length) return length;
    }
  }

  #attempt<T>(step: () => T): T {
    try {
      return step();
    } catch (cause) {
      if (cause instanceof InvariantViolation) throw cause;
      const path = this.#file;
      if (!(cause instanceof TapeError)) throw new FileFault(`${path} cannot be read`, path, cause);
      const { rule, offset, message } = cause;
      throw new CommandFault('CLI_FILE', `${path} is no tape: ${message}`, { path, rule, offset });
    }
  }
}
