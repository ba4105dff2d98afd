import type { ByteReader } from '../../codec/byteReader.ts';
import { DecodeError } from '../../codec/byteReader.ts';
import type { ByteWriter } from '../../codec/byteWriter.ts';
import { hashFromBytes } from '../../codec/hash.ts';
import { bytesToHex, hexToBytes } from '../../codec/hex.ts';
import { accountId } from '../../ledger/account.ts';
import { AUTHORISATION_BYTES } from '../../orders/batchOrder.ts';
import type { Commitment } from '../../orders/commitment.ts';
import { SALT_BYTES } from '../../orders/commitment.ts';
import { decodeAuthorisedGrant, encodeAuthorisedGrant } from '../../orders/orderCodec.ts';
import type { OrderNonceWindow } from '../../orders/orderNonces.ts';
import { decodeWindow, encodeWindow } from '../../orders/orderNonces.ts';
import type { AuthorisedGrant } from '../../orders/signedTypes.ts';
import type { OpenBatch, RowCancellation } from './batchMarket.ts';
import type { OrderTable } from './orderTable.ts';
import { decodeOrderTable, encodeOrderTable } from './orderTable.ts';

/** What a batch collected: the part that a snapshot and a bundle have in common. */
export interface CollectedBatch {
  readonly table: OrderTable;
  readonly nonceWindows: readonly OrderNonceWindow[];
  readonly cancellations: readonly RowCancellation[];
  readonly commitments: readonly Commitment[];
  readonly grants: readonly AuthorisedGrant[];
}

/** What an open batch has collected so far. */
export function collectedOf(batch: OpenBatch): CollectedBatch {
  const { table, nonceWindows, cancellations, commitments, grants } = batch;
  return { table, nonceWindows, cancellations, commitments, grants: [...grants.values()] };
}

/** Appends the canonical bytes of what a batch collected, the marks of void rows included. */
export function encodeCollected(out: ByteWriter, batch: CollectedBatch): void {
  out.bytes(encodeOrderTable(batch.table));
  const marks = rowsMarked(batch.table);
  out.u32(marks.length);
  for (const row of marks) out.u32(row);
  out.u32(batch.nonceWindows.length);
  for (const window of batch.nonceWindows) encodeWindow(out, window);
  out.u32(batch.cancellations.length);
  for (const { row, authorisation } of batch.cancellations) {
    out.u32(row).fixed(authorisation, AUTHORISATION_BYTES);
  }
  out.u32(batch.commitments.length);
  for (const commitment of batch.commitments) encodeCommitment(out, commitment);
  out.u32(batch.grants.length);
  for (const grant of batch.grants) encodeAuthorisedGrant(out, grant);
}

/** @throws DecodeError on bytes that are not canonical. */
export function decodeCollected(reader: ByteReader): CollectedBatch {
  const length = reader.u32();
  const start = reader.offset;
  const table = decodeOrderTable(reader);
  if (reader.offset - start !== length) throw new DecodeError('a table of another length', start);
  let last = -1;
  for (let left = reader.count(4); left > 0; left -= 1) {
    const row = reader.u32();
    if (row <= last || row >= table.count) {
      throw new DecodeError('a mark on no row, or out of order', reader.offset);
    }
    table.cancel(row);
    last = row;
  }
  const nonceWindows = list(reader, 40, () => decodeWindow(reader));
  const cancellations = list(reader, 69, () => {
    return { row: reader.u32(), authorisation: reader.fixed(AUTHORISATION_BYTES) };
  });
  const commitments = list(reader, 118, () => decodeCommitment(reader));
  const grants = list(reader, 154, () => decodeAuthorisedGrant(reader));
  return { table, nonceWindows, cancellations, commitments, grants };
}

/** Reads a counted list whose elements take at least `bytesEachMin` bytes. */
export function list<T>(reader: ByteReader, bytesEachMin: number, read: () => T): T[] {
  return Array.from({ length: reader.count(bytesEachMin) }, read);
}

function rowsMarked(table: OrderTable): number[] {
  const rows: number[] = [];
  for (let row = 0; row < table.count; row += 1) if (table.canceled[row] === 1) rows.push(row);
  return rows;
}

function encodeCommitment(out: ByteWriter, entry: Commitment): void {
  out.fixed(hexToBytes(entry.owner), 20).fixed(hexToBytes(entry.commitment), 32);
  out.fixed(entry.authorisation, AUTHORISATION_BYTES);
  if (entry.reveal === undefined) out.u8(0);
  else out.u8(1).u32(entry.reveal.row).fixed(entry.reveal.salt, SALT_BYTES);
}

function decodeCommitment(reader: ByteReader): Commitment {
  const hidden = {
    owner: accountId(bytesToHex(reader.fixed(20))),
    commitment: hashFromBytes(reader.fixed(32)),
    authorisation: reader.fixed(AUTHORISATION_BYTES),
  };
  if (!reader.flag()) return hidden;
  return { ...hidden, reveal: { row: reader.u32(), salt: reader.fixed(SALT_BYTES) } };
}
