import { DecodeError } from '@lawbook/exchange/codec/byteReader';
import { ZERO_HASH } from '@lawbook/exchange/codec/hash';
import type { ListRecord } from '@lawbook/settlement/settler/settlementStore';
import { BookProjection } from '../../../packages/executor/src/books/bookProjection.ts';
import {
  decodeDeposit,
  decodeWithdrawalRecord,
  encodeDeposit,
  encodeWithdrawalRecord,
} from '../../../packages/executor/src/readModel/crossings.ts';
import { Projection } from '../../../packages/executor/src/readModel/projection.ts';
import {
  decodeBatchRecord,
  decodeOrderRecord,
  decodeSealedEpoch,
  encodeBatchRecord,
  encodeOrderRecord,
  encodeSealedEpoch,
} from '../../../packages/executor/src/readModel/records.ts';
import {
  decodeSnapshotBody,
  encodeSnapshotBody,
} from '../../../packages/executor/src/readModel/snapshotBody.ts';
import {
  decodePlace,
  encodePlace,
} from '../../../packages/executor/src/settlement/bridgePlaces.ts';
import {
  decodeListRecord,
  encodeListRecord,
} from '../../../packages/executor/src/settlement/listRecords.ts';
import { gather, gatherRows } from '../examples/playedVenues.ts';
import type { Examined, FuzzTarget } from '../fuzzTarget.ts';
import { codecTarget, refused } from '../fuzzTarget.ts';

/** First bytes of the keys in the index; see `VenueIndex`. */
const ROWS = { order: 1, batch: 3, epoch: 4, withdrawal: 6, deposit: 8 } as const;

/** Rows of the index, records of the settler and bodies of snapshots. */
export const RECORD_TARGETS: readonly FuzzTarget[] = [
  codecTarget({
    name: 'order-record',
    examples: () => gatherRows(ROWS.order).filter(({ length }) => length > 100),
    decode: decodeOrderRecord,
    encode: encodeOrderRecord,
  }),
  codecTarget({
    name: 'batch-record',
    examples: () => gatherRows(ROWS.batch),
    decode: decodeBatchRecord,
    encode: encodeBatchRecord,
  }),
  codecTarget({
    name: 'sealed-epoch',
    examples: () => gatherRows(ROWS.epoch),
    decode: decodeSealedEpoch,
    encode: encodeSealedEpoch,
  }),
  codecTarget({
    name: 'withdrawal-record',
    examples: () => gatherRows(ROWS.withdrawal),
    decode: decodeWithdrawalRecord,
    encode: encodeWithdrawalRecord,
  }),
  codecTarget({
    name: 'deposit-record',
    examples: () => gatherRows(ROWS.deposit),
    decode: decodeDeposit,
    encode: encodeDeposit,
  }),
  codecTarget({
    name: 'bridge-place',
    examples: () => [
      encodePlace({ cursor: { blockNumber: 2n ** 40n, logIndex: 7 }, deposits: 108, exits: 3 }),
    ],
    decode: decodePlace,
    encode: encodePlace,
  }),
  codecTarget({
    name: 'list-record',
    examples: () => LIST_RECORDS.map(encodeListRecord),
    decode: decodeListRecord,
    encode: encodeListRecord,
  }),
  {
    name: 'snapshot-body',
    form: 'bytes',
    examples: () => gather(({ snapshots }) => snapshots),
    examine: examineSnapshotBody,
  },
];

function examineSnapshotBody(bytes: Uint8Array): Examined {
  let body: ReturnType<typeof decodeSnapshotBody>;
  try {
    body = decodeSnapshotBody(bytes);
  } catch (cause) {
    if (cause instanceof DecodeError) return refused(cause.message);
    throw cause;
  }
  const books = new BookProjection(body.state.books, body.state.domain);
  const projection = new Projection(body.state.markets, () => [], books);
  body.restore(projection);
  const again = encodeSnapshotBody(body.state, projection);
  // Bodies and states of older versions are written anew in the present form, which is longer.
  const isOlder = again.length > bytes.length || bytes[7] === 1;
  return isOlder ? { kind: 'decoded' } : { kind: 'decoded', again };
}

const SEALED: ListRecord = {
  listNumber: 3n,
  marketId: 1,
  epochNumber: 3,
  listHash: ZERO_HASH,
  previousListHash: ZERO_HASH,
  stage: 'sealed',
  sealedAtMs: 1_700_000_000_000,
  provenAtMs: undefined,
  settledAtMs: undefined,
  finalizedAtMs: undefined,
  attachment: undefined,
  provedBy: undefined,
  transaction: undefined,
  blockNumber: undefined,
  gasUsed: undefined,
  failures: 2,
  lastFailure: 'kein Prüfer',
};

const LIST_RECORDS: readonly ListRecord[] = [
  SEALED,
  {
    ...SEALED,
    stage: 'settled',
    provenAtMs: 1_700_000_000_100,
    settledAtMs: 1_700_000_000_200,
    attachment: Uint8Array.of(1, 2, 3),
    provedBy: { circuit: 'epochOf16', backend: 'bb' },
    transaction: `0x${'ab'.repeat(32)}`,
    blockNumber: 77n,
    gasUsed: 1_234_567n,
    failures: 0,
    lastFailure: undefined,
  },
];
