import { ByteWriter } from '../../codec/byteWriter.ts';
import type { Hash } from '../../codec/hash.ts';
import { taggedHash } from '../../codec/hash.ts';
import { hexToBytes } from '../../codec/hex.ts';
import type { StateDiffList } from '../../diffs/stateDiff.ts';
import type { AuthorisedGrant } from '../../orders/signedTypes.ts';
import type { BookImage } from './bookImage.ts';
import type { BookMarketParameters } from './bookMarketParameters.ts';

/** A sealed range of book events, without the events themselves. */
export interface BookEpochRecord {
  readonly parameters: BookMarketParameters;
  readonly marketId: number;
  readonly epochNumber: number;
  readonly parentEpochHash: Hash;
  /** Number of the first event, and how many there are. */
  readonly firstEvent: number;
  readonly eventCount: number;
  readonly sealedAtMs: number;
  /** The book before the first event. */
  readonly opening: BookImage;
  readonly openingRoot: Hash;
  /** Running hash of the events, from thirty-two zero bytes. */
  readonly logRoot: Hash;
  /** Root of the book after the last event. */
  readonly closingRoot: Hash;
  /** Session grants that a reader may need to check an authorisation. */
  readonly grants: readonly AuthorisedGrant[];
  /** One diff per vault: what trades and fees moved. */
  readonly diffs: StateDiffList;
  readonly diffRoot: Hash;
  readonly epochHash: Hash;
}

/** What the hash of a book epoch is taken of. */
export interface BookEpochClaim {
  readonly marketId: number;
  readonly epochNumber: number;
  readonly parentEpochHash: Hash;
  readonly parameterHash: Hash;
  readonly firstEvent: number;
  readonly eventCount: number;
  readonly openingRoot: Hash;
  readonly logRoot: Hash;
  readonly closingRoot: Hash;
  readonly diffRoot: Hash;
}

/** Hash that chains a book epoch to the one before it. Its tag is not that of a batch epoch. */
export function chainBookEpoch(claim: BookEpochClaim): Hash {
  const out = new ByteWriter(256)
    .fixed(hexToBytes(claim.parentEpochHash), 32)
    .u32(claim.marketId)
    .u64(BigInt(claim.epochNumber))
    .fixed(hexToBytes(claim.parameterHash), 32)
    .u64(BigInt(claim.firstEvent))
    .u64(BigInt(claim.eventCount));
  for (const root of [claim.openingRoot, claim.logRoot, claim.closingRoot, claim.diffRoot]) {
    out.fixed(hexToBytes(root), 32);
  }
  return taggedHash('lawbook.bookEpoch.v1', out.finish());
}
