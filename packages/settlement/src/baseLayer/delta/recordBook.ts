import { ZERO_HASH } from '@lawbook/exchange/codec/hash';
import type { SettledProgress } from '../baseLayer.ts';
import type { Submission } from '../submission.ts';
import type { DeltaRecord, DeltaRecords } from './deltaRecords.ts';
import { deltaRefusal } from './deltaRefusal.ts';

/** How far a market was before its first list on Delta. */
export interface MarketStart {
  readonly epochNumber: number;
  readonly batchNumber: number;
}

/** The records of a shard in memory, each change stored before it counts. */
export class RecordBook {
  readonly #records: DeltaRecord[];
  readonly #store: DeltaRecords;
  readonly #start: MarketStart;

  constructor(records: readonly DeltaRecord[], store: DeltaRecords, start: MarketStart) {
    this.#records = [...records];
    this.#store = store;
    this.#start = start;
  }

  /** Every list that was begun, ascending. */
  all(): readonly DeltaRecord[] {
    return this.#records;
  }

  recordOf(listNumber: bigint): DeltaRecord | undefined {
    return this.#records.find((record) => record.listNumber === listNumber);
  }

  /** How far the market is settled, by the newest list that is applied. */
  progress(): SettledProgress {
    const last = this.#records.findLast(({ isApplied }) => isApplied);
    if (last === undefined) {
      return { listNumber: 0n, listHash: ZERO_HASH, ...this.#start, closedAtMs: 0 };
    }
    const { listNumber, listHash, epochNumber, batchNumber, closedAtMs } = last;
    return { listNumber, listHash, epochNumber, batchNumber, closedAtMs };
  }

  /**
   * The record of a list that was begun before, undefined for the next one.
   * @throws DeltaRefusal for a list that is neither.
   */
  begun({ list, listHash }: Submission): DeltaRecord | undefined {
    const record = this.recordOf(list.number);
    if (record?.listHash === listHash) return record;
    if (record?.isApplied === false) throw deltaRefusal('ListDiffers', [record.listHash, listHash]);
    const last = this.progress();
    const next = last.listNumber + 1n;
    if (list.number !== next) throw deltaRefusal('ListNumberIsNotNext', [next, list.number]);
    if (list.previousListHash !== last.listHash) {
      throw deltaRefusal('ListIsNotChained', [last.listHash, list.previousListHash]);
    }
    const epochNumber = BigInt(last.epochNumber) + 1n;
    if (list.epochNumber !== epochNumber) {
      throw deltaRefusal('EpochIsNotNext', [epochNumber, list.epochNumber]);
    }
    return undefined;
  }

  /** Stores a record under its next version. @throws SettlementFault SETTLEMENT_UNCERTAIN */
  async put(record: Omit<DeltaRecord, 'version'>): Promise<DeltaRecord> {
    const index = this.#records.findIndex(({ listNumber }) => listNumber === record.listNumber);
    const version = (this.#records[index]?.version ?? 0) + 1;
    const next = { ...record, version };
    await this.#store.put(next);
    if (index < 0) this.#records.push(next);
    else this.#records[index] = next;
    return next;
  }
}
