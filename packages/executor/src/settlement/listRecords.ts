import { ByteReader, DecodeError } from '@lawbook/exchange/codec/byteReader';
import { ByteWriter } from '@lawbook/exchange/codec/byteWriter';
import { hashFromBytes } from '@lawbook/exchange/codec/hash';
import { hexToBytes } from '@lawbook/exchange/codec/hex';
import type {
  ListRecord,
  ListStage,
  SettlementStore,
} from '@lawbook/settlement/settler/settlementStore';
import type { KeyValueStore } from '../storage/keyValueStore.ts';

/** First byte of the keys; the bytes before it belong to the venue's index. */
const LIST_INDEX = 0x20;
const STAGES: readonly ListStage[] = ['sealed', 'proven', 'settled', 'finalized', 'refused'];

/**
 * The settler's memory, in the store of the venue's indexes.
 *
 * Unlike those it does not follow from the journal alone: with the store goes the memory of proofs
 * that were made. They are made again as far as the chain does not hold their lists yet.
 */
export class ListRecords implements SettlementStore {
  readonly #store: KeyValueStore;

  constructor(store: KeyValueStore) {
    this.#store = store;
  }

  async get(listNumber: bigint): Promise<ListRecord | undefined> {
    const stored = await this.#store.get(keyOf(listNumber));
    return stored === undefined ? undefined : decodeListRecord(stored);
  }

  put(record: ListRecord): Promise<void> {
    return this.#store.put(keyOf(record.listNumber), encodeListRecord(record));
  }

  async last(): Promise<bigint> {
    const newest = { prefix: Uint8Array.of(LIST_INDEX), reverse: true, limit: 1 };
    for await (const { record } of this.#store.range(newest)) {
      return decodeListRecord(record).listNumber;
    }
    return 0n;
  }
}

function keyOf(listNumber: bigint): Uint8Array {
  return new ByteWriter(9).u8(LIST_INDEX).u64(listNumber).finish();
}

/** Bytes of a record in the store. */
export function encodeListRecord(record: ListRecord): Uint8Array {
  const out = new ByteWriter(512 + (record.attachment?.length ?? 0));
  out.u64(record.listNumber).u32(record.marketId).u64(BigInt(record.epochNumber));
  out.fixed(hexToBytes(record.listHash), 32).fixed(hexToBytes(record.previousListHash), 32);
  out.u8(STAGES.indexOf(record.stage)).timeMs(record.sealedAtMs);
  for (const momentMs of [record.provenAtMs, record.settledAtMs, record.finalizedAtMs]) {
    out.timeMs(momentMs ?? 0);
  }
  out.bytes(record.attachment ?? new Uint8Array(0));
  out.text(record.provedBy?.circuit ?? '').text(record.provedBy?.backend ?? '');
  out.text(record.transaction ?? '').text(record.lastFailure ?? '');
  out.text(String(record.blockNumber ?? '')).text(String(record.gasUsed ?? ''));
  return out.u32(record.failures).finish();
}

/** @throws DecodeError on bytes that are not a record. */
export function decodeListRecord(bytes: Uint8Array): ListRecord {
  const reader = new ByteReader(bytes);
  const listNumber = reader.u64();
  const marketId = reader.u32();
  const epochNumber = reader.natural();
  const listHash = hashFromBytes(reader.fixed(32));
  const previousListHash = hashFromBytes(reader.fixed(32));
  const stage = STAGES[reader.u8()];
  if (stage === undefined) throw new DecodeError('an unknown stage', reader.offset);
  const sealedAtMs = reader.timeMs();
  const [provenAtMs, settledAtMs, finalizedAtMs] = [
    momentOf(reader),
    momentOf(reader),
    momentOf(reader),
  ];
  const attachment = reader.bytes();
  const [circuit, backend] = [reader.text(), reader.text()];
  const [transaction, lastFailure] = [reader.text(), reader.text()];
  if (circuit === '' && backend !== '') throw new DecodeError('a backend alone', reader.offset);
  const [blockNumber, gasUsed] = [bigintOf(reader), bigintOf(reader)];
  const failures = reader.u32();
  reader.end();
  return {
    listNumber,
    marketId,
    epochNumber,
    listHash,
    previousListHash,
    stage,
    sealedAtMs,
    provenAtMs,
    settledAtMs,
    finalizedAtMs,
    attachment: attachment.length === 0 ? undefined : attachment,
    provedBy: circuit === '' ? undefined : { circuit, backend },
    transaction: transaction === '' ? undefined : transaction,
    blockNumber,
    gasUsed,
    failures,
    lastFailure: lastFailure === '' ? undefined : lastFailure,
  };
}

/** A moment, with zero for one that is still to come. */
function momentOf(reader: ByteReader): number | undefined {
  const momentMs = reader.timeMs();
  return momentMs === 0 ? undefined : momentMs;
}

function bigintOf(reader: ByteReader): bigint | undefined {
  const { offset } = reader;
  const text = reader.text();
  if (text === '') return undefined;
  if (!WHOLE.test(text)) throw new DecodeError('a number in no plain digits', offset);
  return BigInt(text);
}

const WHOLE = /^(0|[1-9]\d{0,77})$/;
