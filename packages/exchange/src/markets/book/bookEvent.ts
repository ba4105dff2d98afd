import type { ByteReader } from '../../codec/byteReader.ts';
import { DecodeError } from '../../codec/byteReader.ts';
import { ByteWriter } from '../../codec/byteWriter.ts';
import type { Hash } from '../../codec/hash.ts';
import { taggedHash } from '../../codec/hash.ts';
import { hexToBytes } from '../../codec/hex.ts';
import { at, invariant } from '../../failures/invariant.ts';
import type { BookInput } from './bookInputs.ts';
import { BOOK_INPUT_KINDS, decodeBookInput, encodeBookInput } from './bookInputs.ts';
import type { BookReport, OrderReport, ReportKind, ReportReason } from './bookReport.ts';
import { REASON, REPORT } from './bookReport.ts';
import type { MarketState } from './bookTerms.ts';

/**
 * One accepted input of a book with everything that the book reported: the evidence of an epoch.
 * Refused inputs change nothing and leave no event.
 */
export interface BookEvent {
  /** 1, 2, 3, ... over the life of the market; far below 2^53. */
  readonly eventNumber: number;
  /** Sequence number of the input. */
  readonly sequence: number;
  /** The sequencer's clock, milliseconds since 1970. */
  readonly timeMs: number;
  readonly input: BookInput;
  /** What the owner had available of the asset that its order holds, ledger units; else zero. */
  readonly available: bigint;
  readonly reports: readonly BookReport[];
}

/** No event takes fewer bytes. */
export const BOOK_EVENT_BYTES_MIN = 42;

const REPORT_KINDS: readonly ReportKind[] = Object.keys(REPORT) as ReportKind[];
const REASONS: readonly ReportReason[] = Object.keys(REASON) as ReportReason[];
const STATES: readonly MarketState[] = ['open', 'postOnly', 'cancelOnly', 'halted'];
const REPORT_BYTES_MIN = 3;

/** Appends the canonical bytes of an event. */
export function encodeBookEvent(out: ByteWriter, event: BookEvent): void {
  out.u64(BigInt(event.eventNumber)).u64(BigInt(event.sequence)).timeMs(event.timeMs);
  const kind = BOOK_INPUT_KINDS.indexOf(event.input.kind);
  invariant(kind >= 0, 'every input of a book has a number');
  encodeBookInput(out.u8(kind), event.input);
  out.u64(event.available).u32(event.reports.length);
  for (const report of event.reports) encodeReport(out, report);
}

/** @throws DecodeError on bytes that are not a canonical event. */
export function decodeBookEvent(reader: ByteReader): BookEvent {
  const eventNumber = reader.natural();
  const sequence = reader.natural();
  const timeMs = reader.timeMs();
  const { offset } = reader;
  const kind = BOOK_INPUT_KINDS[reader.u8()];
  if (kind === undefined) throw new DecodeError('an unknown input of a book', offset);
  const input = decodeBookInput(reader, kind);
  const available = reader.amount();
  const count = reader.count(REPORT_BYTES_MIN);
  const reports = Array.from({ length: count }, () => decodeReport(reader));
  return { eventNumber, sequence, timeMs, input, available, reports };
}

/** The running hash of a log of events: the one before, then the event. */
export function chainBookEvent(before: Hash, event: BookEvent): Hash {
  const out = new ByteWriter(256 + event.reports.length * 33);
  encodeBookEvent(out.fixed(hexToBytes(before), 32), event);
  return taggedHash('lawbook.bookEvent.v1', out.finish());
}

function encodeReport(out: ByteWriter, report: BookReport): void {
  invariant(report.kind !== 'rejected', 'a refused command leaves no event');
  out.u8(REPORT[report.kind]).u8(REASON[report.reason]);
  if (report.kind === 'marketState') {
    out.u8(STATES.indexOf(report.state));
    return;
  }
  out
    .u8(report.side === 'buy' ? 0 : 1)
    .u64(BigInt(report.orderId))
    .u64(BigInt(report.contra));
  out.u32(report.priceTicks).u32(report.lots).u32(report.leavesLots);
}

function decodeReport(reader: ByteReader): BookReport {
  const { offset } = reader;
  const kind = REPORT_KINDS[reader.u8() - 1];
  if (kind === undefined || kind === 'rejected') {
    throw new DecodeError('a report of an unknown kind', offset);
  }
  const code = reader.u8();
  if (code >= REASONS.length) throw new DecodeError('an unknown reason', offset + 1);
  const reason = at(REASONS, code);
  if (kind === 'marketState') {
    const state = STATES[reader.u8()];
    if (state === undefined) throw new DecodeError('an unknown market state', offset + 2);
    return { kind, reason, state };
  }
  const side: OrderReport['side'] = reader.flag() ? 'sell' : 'buy';
  return {
    kind,
    reason,
    side,
    orderId: reader.natural(),
    contra: reader.natural(),
    priceTicks: reader.u32(),
    lots: reader.u32(),
    leavesLots: reader.u32(),
  };
}
