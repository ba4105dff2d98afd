import type { ByteReader } from '../../codec/byteReader.ts';
import { ByteWriter } from '../../codec/byteWriter.ts';
import type { Hash } from '../../codec/hash.ts';
import { hashFromBytes, taggedDigest, taggedHash } from '../../codec/hash.ts';
import { hexToBytes } from '../../codec/hex.ts';
import type { Price } from '../../numbers/price.ts';
import type { BatchFills } from './solution.ts';

/** How a batch ended. */
export type BatchOutcome =
  | { readonly kind: 'cleared' }
  | { readonly kind: 'halted'; readonly reason: string };

/**
 * Quality of a batch in integers. USD amounts are in millionths of a dollar at the oracle mids;
 * each is recomputed from the orders by the verifier.
 */
export interface BatchMeasures {
  readonly ordersFilled: number;
  readonly ordersPartial: number;
  readonly submittedUsdE6: bigint;
  readonly filledUsdE6: bigint;
  /** Upper bound on theta, times 10^12; below 10^12 the clearing price is unique. */
  readonly thetaE12: bigint;
  /** Largest distance of a price from the pool's quote, relative to the mid, times 10^12. */
  readonly residualE12: bigint;
  /** gamma/2 (w+v)' Sigma (w+v): what the final inventory costs the pool in risk. */
  readonly inventoryRiskUsdE6: bigint;
  /** 1/2 eta' (gamma Sigma) eta-tracking term: sum_i |P_i - mid_i| / mid_i, times 10^12. */
  readonly priceTrackingE12: bigint;
  /** Certainty-equivalent gain 1/2 gamma v' Sigma v, plus fees. */
  readonly poolGainUsdE6: bigint;
}

/** The public record of a batch, chained by hash to the one before. */
export interface BatchReport {
  readonly marketId: number;
  readonly batchNumber: number;
  readonly parentReportHash: Hash;
  readonly closedAtMs: number;
  readonly oracleHash: Hash;
  readonly parameterHash: Hash;
  readonly orderSetRoot: Hash;
  readonly orderCount: number;
  readonly commitSetRoot: Hash;
  readonly fillRoot: Hash;
  readonly diffRoot: Hash;
  readonly outcome: BatchOutcome;
  readonly prices: readonly Price[];
  readonly payFactors: readonly bigint[];
  readonly receiveFactors: readonly bigint[];
  readonly blocked: readonly number[];
  /** Pool inventory before and after, ledger units per market asset. */
  readonly poolBefore: readonly bigint[];
  readonly poolAfter: readonly bigint[];
  /** Trade z per asset, before fees leave the pool. */
  readonly poolTrade: readonly bigint[];
  readonly fees: readonly bigint[];
  readonly measures: BatchMeasures;
  readonly iterations: number;
  readonly stepNormE12: bigint;
}

/** Canonical bytes of a report. */
export function encodeReport(report: BatchReport): Uint8Array {
  const out = new ByteWriter(1024).u32(report.marketId).u64(BigInt(report.batchNumber));
  out.fixed(hexToBytes(report.parentReportHash), 32).timeMs(report.closedAtMs);
  for (const root of [
    report.oracleHash,
    report.parameterHash,
    report.orderSetRoot,
    report.commitSetRoot,
    report.fillRoot,
    report.diffRoot,
  ]) {
    out.fixed(hexToBytes(root), 32);
  }
  out.u32(report.orderCount);
  if (report.outcome.kind === 'cleared') out.u8(0);
  else out.u8(1).text(report.outcome.reason);
  out.u32(report.prices.length);
  for (const scaled of report.prices) out.u64(scaled);
  for (const factor of [...report.payFactors, ...report.receiveFactors]) out.u64(factor);
  out.u32(report.blocked.length);
  for (const row of report.blocked) out.u32(row);
  const { poolBefore, poolAfter, poolTrade, fees } = report;
  for (const units of [...poolBefore, ...poolAfter, ...poolTrade, ...fees]) out.i64(units);
  encodeMeasures(out, report.measures);
  return out.u32(report.iterations).i128(report.stepNormE12).finish();
}

/** @throws DecodeError on bytes that are not a canonical report. */
export function decodeReport(reader: ByteReader): BatchReport {
  const hash = (): Hash => hashFromBytes(reader.fixed(32));
  const marketId = reader.u32();
  const batchNumber = reader.natural();
  const parentReportHash = hash();
  const closedAtMs = reader.timeMs();
  const roots = {
    oracleHash: hash(),
    parameterHash: hash(),
    orderSetRoot: hash(),
    commitSetRoot: hash(),
    fillRoot: hash(),
    diffRoot: hash(),
  };
  const orderCount = reader.u32();
  const outcome: BatchOutcome = reader.flag()
    ? { kind: 'halted', reason: reader.text() }
    : { kind: 'cleared' };
  const prices = Array.from({ length: reader.count(8) }, () => reader.price());
  const perAsset = (read: () => bigint): bigint[] => prices.map(read);
  return {
    marketId,
    batchNumber,
    parentReportHash,
    closedAtMs,
    ...roots,
    orderCount,
    outcome,
    prices,
    payFactors: perAsset(() => reader.u64()),
    receiveFactors: perAsset(() => reader.u64()),
    blocked: Array.from({ length: reader.count(4) }, () => reader.u32()),
    poolBefore: perAsset(() => reader.i64()),
    poolAfter: perAsset(() => reader.i64()),
    poolTrade: perAsset(() => reader.i64()),
    fees: perAsset(() => reader.i64()),
    measures: decodeMeasures(reader),
    iterations: reader.u32(),
    stepNormE12: reader.i128(),
  };
}

/** The hash that the next report names as its parent. */
export function reportHash(report: BatchReport): Hash {
  return taggedHash('lawbook.batchReport.v1', encodeReport(report));
}

/** The commitment to a batch's fills, in order of admission. */
export function fillRoot(fills: BatchFills, count: number): Hash {
  return taggedHash(
    'lawbook.batchFills.v1',
    columnDigest(fills.paid, count),
    columnDigest(fills.received, count),
  );
}

function encodeMeasures(out: ByteWriter, measures: BatchMeasures): void {
  out.u32(measures.ordersFilled).u32(measures.ordersPartial);
  out.i128(measures.submittedUsdE6).i128(measures.filledUsdE6);
  out.i128(measures.thetaE12).i128(measures.residualE12);
  out.i128(measures.inventoryRiskUsdE6).i128(measures.priceTrackingE12);
  out.i128(measures.poolGainUsdE6);
}

function decodeMeasures(reader: ByteReader): BatchMeasures {
  return {
    ordersFilled: reader.u32(),
    ordersPartial: reader.u32(),
    submittedUsdE6: reader.i128(),
    filledUsdE6: reader.i128(),
    thetaE12: reader.i128(),
    residualE12: reader.i128(),
    inventoryRiskUsdE6: reader.i128(),
    priceTrackingE12: reader.i128(),
    poolGainUsdE6: reader.i128(),
  };
}

/** Digest of a column as big-endian u64s; a DataView avoids a writer call per element. */
function columnDigest(column: BigUint64Array, count: number): Uint8Array {
  const bytes = new Uint8Array(count * 8);
  const view = new DataView(bytes.buffer);
  for (let row = 0; row < count; row += 1) view.setBigUint64(row * 8, column[row] as bigint);
  return taggedDigest('lawbook.column.v1', bytes);
}
