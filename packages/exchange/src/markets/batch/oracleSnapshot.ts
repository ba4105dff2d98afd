import { ByteReader } from '../../codec/byteReader.ts';
import { ByteWriter } from '../../codec/byteWriter.ts';
import type { Hash } from '../../codec/hash.ts';
import { taggedHash } from '../../codec/hash.ts';
import type { Price } from '../../numbers/price.ts';

/** Mid prices at one moment, one per market asset; the numeraire's is PRICE_SCALE. */
export interface OracleSnapshot {
  readonly mids: readonly Price[];
  /** When the oldest quote in the snapshot was observed, milliseconds since 1970. */
  readonly observedAtMs: number;
  /** Name of the adapter and its sources. */
  readonly source: string;
}

/** Canonical bytes of a snapshot. */
export function encodeOracle(oracle: OracleSnapshot): Uint8Array {
  const out = new ByteWriter().u32(oracle.mids.length);
  for (const mid of oracle.mids) out.u64(mid);
  return out.timeMs(oracle.observedAtMs).text(oracle.source).finish();
}

/** @throws DecodeError on bytes that are not a canonical snapshot. */
export function decodeOracle(bytes: Uint8Array): OracleSnapshot {
  const reader = new ByteReader(bytes);
  const mids: Price[] = [];
  for (let left = reader.count(8); left > 0; left -= 1) mids.push(reader.price());
  const snapshot = { mids, observedAtMs: reader.timeMs(), source: reader.text() };
  reader.end();
  return snapshot;
}

/** The oracle hash of reports and proofs. */
export function oracleHash(oracle: OracleSnapshot): Hash {
  return taggedHash('lawbook.oracleSnapshot.v1', encodeOracle(oracle));
}
