import type { ListRecord, SettlementStore } from './settlementStore.ts';

/** A settlement store that is as durable as the process: for tests and simulation. */
export class MemorySettlementStore implements SettlementStore {
  readonly #records = new Map<bigint, ListRecord>();
  #last = 0n;

  async get(listNumber: bigint): Promise<ListRecord | undefined> {
    return this.#records.get(listNumber);
  }

  async put(record: ListRecord): Promise<void> {
    this.#records.set(record.listNumber, record);
    if (record.listNumber > this.#last) this.#last = record.listNumber;
  }

  async last(): Promise<bigint> {
    return this.#last;
  }
}
