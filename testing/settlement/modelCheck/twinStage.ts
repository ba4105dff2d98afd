/** Acts that are done in memory and on the contracts' bytecode, one after the other. */
import assert from 'node:assert/strict';
import type { AccountId } from '../../../packages/exchange/src/ledger/account.ts';
import type { ActContext } from '../../../packages/settlement/src/baseLayer/memory/act.ts';
import { RefusedAct } from '../../../packages/settlement/src/baseLayer/memory/refusedAct.ts';
import type { MemoryVenue } from '../memoryVenue.ts';
import { openMemoryVenue } from '../memoryVenue.ts';
import type { ContractCall } from './contractTwin.ts';
import { ContractTwin } from './contractTwin.ts';

/** One act on both sides. */
export interface TwinAct {
  readonly sender: AccountId;
  readonly call: ContractCall;
  readonly run: (context: ActContext) => unknown;
}

/** A memory venue and the contracts in the same state. */
export class TwinStage {
  static #deployed: Promise<ContractTwin> | undefined;
  readonly venue: MemoryVenue;
  readonly twin: ContractTwin;

  private constructor(venue: MemoryVenue, twin: ContractTwin) {
    this.venue = venue;
    this.twin = twin;
  }

  /** A fresh stage; the contracts are deployed once and taken back to their beginning. */
  static async open(): Promise<TwinStage> {
    const venue = openMemoryVenue();
    TwinStage.#deployed ??= ContractTwin.open(venue);
    const twin = await TwinStage.#deployed;
    await twin.rewind();
    return new TwinStage(venue, twin);
  }

  /** Does an act in the next block of both. @returns what both come to; they must agree. */
  async act(act: TwinAct): Promise<string> {
    const block = this.venue.chain.head() + 1n;
    const expected = await this.twin.act(act.sender, block, act.call);
    const actual = actInMemory(this.venue, act);
    assert.equal(actual, expected, `${act.call.functionName} in block ${block}`);
    return actual;
  }

  /** Lets empty blocks pass until the next one has this number. */
  mineTo(next: bigint): void {
    this.venue.chain.mine(Number(next - 1n - this.venue.chain.head()));
  }
}

/** What an act comes to in memory, in the words of the contract. */
export function actInMemory({ chain }: MemoryVenue, { sender, run }: TwinAct): string {
  try {
    chain.perform(sender, run);
    return 'done';
  } catch (error) {
    assert.ok(error instanceof RefusedAct, String(error));
    return `${error.refusal.rule}(${error.refusal.details.join(', ')})`.toLowerCase();
  }
}
