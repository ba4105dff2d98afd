import type { Hash } from '../../../codec/hash.ts';
import { taggedHash } from '../../../codec/hash.ts';
import { BOOK_REJECTIONS } from '../bookRejections.ts';
import type { BookReport, ReportRing } from '../bookReport.ts';
import { REASON, REPORT, REPORT_BYTES } from '../bookReport.ts';
import { MARKET_STATE, SIDE } from '../bookTerms.ts';

/** Begins every report digest; the number goes up when the canonical bytes change. */
export const REPORT_DIGEST_TAG = 'lawbook.tapeReports.v1';

/**
 * Writes the canonical 32 bytes of the report at a place of the ring, big-endian: kind, reason,
 * side and a zero; leaves, price and lots as 32-bit integers; order id and contra as binary64. Of a
 * refusal the second byte is its number; its limit stands as binary64 in place of price and lots,
 * what was sent in that of contra. docs/reference/tape-format.md has them as a table.
 */
export function writeRingReport(
  reports: ReportRing,
  place: number,
  into: DataView,
  o: number,
): void {
  const { integers, doubles } = reports;
  const [i, d] = [place * 8, place * 4];
  const head = integers[i] as number;
  into.setUint8(o, head & 255);
  into.setUint8(o + 1, (head >> 8) & 255);
  into.setUint8(o + 2, (head >> 16) & 255);
  into.setUint8(o + 3, 0);
  into.setInt32(o + 4, integers[i + 1] as number);
  if ((head & 255) === REPORT.rejected) into.setFloat64(o + 8, doubles[d + 1] as number);
  else {
    into.setInt32(o + 8, integers[i + 2] as number);
    into.setInt32(o + 12, integers[i + 3] as number);
  }
  into.setFloat64(o + 16, doubles[d + 2] as number);
  into.setFloat64(o + 24, doubles[d + 3] as number);
}

/** The digest of reports that are at hand as objects, such as those of an epoch's events. */
export function reportDigest(reports: readonly BookReport[]): Hash {
  const bytes = new Uint8Array(reports.length * REPORT_BYTES);
  const view = new DataView(bytes.buffer);
  for (const [k, report] of reports.entries()) writeReport(report, view, k * REPORT_BYTES);
  return taggedHash(REPORT_DIGEST_TAG, bytes);
}

function writeReport(report: BookReport, into: DataView, o: number): void {
  into.setUint8(o, REPORT[report.kind]);
  if (report.kind === 'rejected') {
    into.setUint8(o + 1, BOOK_REJECTIONS[report.code].number);
    into.setFloat64(o + 8, report.limit);
    into.setFloat64(o + 16, report.orderId);
    into.setFloat64(o + 24, report.actual);
    return;
  }
  into.setUint8(o + 1, REASON[report.reason]);
  if (report.kind === 'marketState') {
    into.setUint32(o + 4, MARKET_STATE[report.state]);
    return;
  }
  into.setUint8(o + 2, SIDE[report.side]);
  into.setUint32(o + 4, report.leavesLots);
  into.setUint32(o + 8, report.priceTicks);
  into.setUint32(o + 12, report.lots);
  into.setFloat64(o + 16, report.orderId);
  into.setFloat64(o + 24, report.contra);
}
