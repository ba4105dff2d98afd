import type { ChainStore } from '@lawbook/chains/stores/chainStore';
import type { Hash } from '@lawbook/exchange/codec/hash';
import { hashFromBytes } from '@lawbook/exchange/codec/hash';
import { parseHex } from '@lawbook/exchange/codec/hex';
import { SettlementFault } from '../../settlementFault.ts';
import type { ExactJson } from './exactJson.ts';
import { isList, parseExactJson, printExactJson } from './exactJson.ts';

/**
 * What the adapter remembers of a list. The domain names its lists by a hash that nobody else can
 * compute, so which of them is ours is known from here alone.
 */
export interface DeltaRecord {
  /** 1, 2, 3, ...: grows with every change of the record; a count. */
  readonly version: number;
  readonly listNumber: bigint;
  readonly listHash: Hash;
  /** How far the market is settled with this list. */
  readonly epochNumber: number;
  readonly batchNumber: number;
  readonly closedAtMs: number;
  /** Nonces of the pool that the list uses: where the next one stands tells what was applied. */
  readonly firstPoolNonce: bigint;
  readonly poolNonces: number;
  /** Lists of the domain before ours that are not ours either; in base58. */
  readonly strangers: readonly string[];
  readonly sdlHash: string | undefined;
  /** Digest of the law input that was handed over last. */
  readonly provedWith: Hash | undefined;
  /** The validators have applied it: for good. */
  readonly isApplied: boolean;
}

/** Durable memory of the adapter. `put` resolves once the record would survive a crash. */
export interface DeltaRecords {
  /** Every list in ascending order, each in its newest version. */
  all(): Promise<readonly DeltaRecord[]>;
  /** @throws SettlementFault SETTLEMENT_UNCERTAIN when somebody else wrote this version. */
  put(record: DeltaRecord): Promise<void>;
}

/**
 * Records in a store of the chain engine, which exists for memory, files, Redis and Postgres. Each
 * version is an entry of its own that is inserted once, so that two adapters on one store cannot
 * both go on with the same list.
 */
export function storedDeltaRecords(
  store: Pick<ChainStore, 'list' | 'insert' | 'get'>,
  prefix: string,
): DeltaRecords {
  return {
    all: async () => {
      const newest = new Map<bigint, DeltaRecord>();
      let after: string | undefined;
      for (;;) {
        const options = { limit: PAGE, ...(after === undefined ? {} : { after }) };
        const entries = await store.list(`${prefix}/`, options);
        for (const { key, text } of entries) {
          const record = readRecord(text, key);
          newest.set(record.listNumber, record);
          after = key;
        }
        if (entries.length < PAGE) return [...newest.values()];
      }
    },
    put: async (record) => {
      const key = keyOf(prefix, record);
      const text = printRecord(record);
      if (await store.insert([{ key, text }])) return;
      if ((await store.get(key)) === text) return;
      const sentence = 'Another adapter works on the same list: only one may settle a shard.';
      const fields = { listNumber: record.listNumber.toString(), version: record.version };
      throw new SettlementFault('SETTLEMENT_UNCERTAIN', sentence, { fields });
    },
  };
}

const PAGE = 500;

/** Padded, so that keys ascend with list number and version. */
function keyOf(prefix: string, { listNumber, version }: DeltaRecord): string {
  return `${prefix}/${listNumber.toString().padStart(20, '0')}/${String(version).padStart(6, '0')}`;
}

function printRecord(record: DeltaRecord): string {
  const { sdlHash = null, provedWith = null, ...rest } = record;
  return printExactJson({ ...rest, sdlHash, provedWith });
}

function readRecord(text: string, key: string): DeltaRecord {
  const json = parseExactJson(text) ?? null;
  const broken = (field: string): SettlementFault => {
    const sentence = 'A record of settled lists is damaged: restore the store from a backup.';
    return new SettlementFault('SETTLEMENT_CONFIG_INVALID', sentence, { fields: { key, field } });
  };
  if (typeof json !== 'object' || json === null || isList(json)) throw broken('record');
  const fields: { readonly [name: string]: ExactJson | undefined } = json;
  const whole = (name: string): bigint => {
    const read = fields[name];
    if (typeof read !== 'bigint') throw broken(name);
    return read;
  };
  const text32 = (name: string): string | undefined => {
    const read = fields[name] ?? null;
    if (read !== null && typeof read !== 'string') throw broken(name);
    return read ?? undefined;
  };
  const { strangers = null, isApplied } = fields;
  if (typeof strangers !== 'object' || strangers === null || !isList(strangers)) {
    throw broken('strangers');
  }
  return {
    version: Number(whole('version')),
    listNumber: whole('listNumber'),
    listHash: hashIn(text32('listHash') ?? '', () => broken('listHash')),
    epochNumber: Number(whole('epochNumber')),
    batchNumber: Number(whole('batchNumber')),
    closedAtMs: Number(whole('closedAtMs')),
    firstPoolNonce: whole('firstPoolNonce'),
    poolNonces: Number(whole('poolNonces')),
    strangers: strangers.map(String),
    sdlHash: text32('sdlHash'),
    provedWith: optionalHash(text32('provedWith'), () => broken('provedWith')),
    isApplied: isApplied === true,
  };
}

function optionalHash(text: string | undefined, broken: () => Error): Hash | undefined {
  return text === undefined ? undefined : hashIn(text, broken);
}

function hashIn(text: string, broken: () => Error): Hash {
  const bytes = parseHex(text);
  if (bytes?.length !== 32) throw broken();
  return hashFromBytes(bytes);
}
