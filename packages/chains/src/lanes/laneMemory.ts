import type { Hash } from 'viem';
import type { Reservation } from '../gates/fundsGate.ts';
import { isEnd } from '../intents/intent.ts';
import { liveAttempts } from '../intents/lifeSteps.ts';
import type { LaneRecord, StoredIntent, StoredSpend } from './laneLog.ts';

/** What a tenure knows about the pace of one intent; lost with it, and rebuilt by waiting anew. */
export interface Pace {
  /** Elapsed milliseconds at the latest broadcast of any attempt. */
  offeredAt: number;
  /** Broadcasts without an endpoint that took it, since the last that did. */
  vain: number;
  /** Elapsed milliseconds since when it is the first that the chain could take. */
  headOfLineSince: number | undefined;
  /** The head when it was last broadcast: a chain that stands still is no reason to pay more. */
  offeredAtHead: bigint;
  /** An endpoint wants a higher fee. */
  outbid: boolean;
}

/**
 * The open intents of a lane as the store has them, indexed by chain nonce and by hash.
 *
 * A replica of the store: a life is installed only after its commit resolved. When a commit fails,
 * nobody knows what the store holds, and the memory is thrown away and loaded again.
 */
export class LaneMemory {
  /** Open intents by key, in the order of their turns: oldest first, but for `requeue`. */
  readonly intents: Map<string, StoredIntent> = new Map();
  readonly paces: Map<string, Pace> = new Map();
  readonly spends: Map<string, StoredSpend> = new Map();
  /** Wei that each slot takes at worst, by key; forgotten with the slot. */
  readonly reservations: Map<string, Reservation> = new Map();
  record: LaneRecord;
  /** Chain nonces in use, each by the key of its intent. */
  readonly #slots: Map<number, string> = new Map();
  readonly #keysByHash: Map<Hash, string> = new Map();
  readonly #slotOf: Map<string, number> = new Map();

  constructor(record: LaneRecord) {
    this.record = record;
  }

  install(stored: StoredIntent): void {
    const { life } = stored;
    const { key } = life;
    const before = this.#slotOf.get(key);
    const live = liveAttempts(life);
    const chainNonce = isEnd(life.state) ? undefined : live[0]?.chainNonce;
    if (before !== undefined && before !== chainNonce) this.#slots.delete(before);
    if (chainNonce === undefined) this.#slotOf.delete(key);
    else {
      this.#slots.set(chainNonce, key);
      this.#slotOf.set(key, chainNonce);
    }
    for (const { hash } of life.attempts) {
      if (isEnd(life.state)) this.#keysByHash.delete(hash);
      else this.#keysByHash.set(hash, key);
    }
    if (isEnd(life.state)) {
      this.intents.delete(key);
      this.paces.delete(key);
    } else this.intents.set(key, stored);
    if (chainNonce === undefined) this.reservations.delete(key);
  }

  /** Sends an intent to the end of the queue: it had its turn, and others wait for theirs. */
  requeue(key: string): void {
    const stored = this.intents.get(key);
    if (stored === undefined) return;
    this.intents.delete(key);
    this.intents.set(key, stored);
  }

  /** The open intent that one of our hashes belongs to. */
  byHash(hash: Hash): StoredIntent | undefined {
    const key = this.#keysByHash.get(hash);
    return key === undefined ? undefined : this.intents.get(key);
  }

  at(chainNonce: number): StoredIntent | undefined {
    const key = this.#slots.get(chainNonce);
    return key === undefined ? undefined : this.intents.get(key);
  }

  /** Chain nonces in use, ascending. */
  slots(): readonly number[] {
    return [...this.#slots.keys()].sort((a, b) => a - b);
  }

  slotOf(key: string): number | undefined {
    return this.#slotOf.get(key);
  }

  /** Intents whose bytes are out and not in a block. */
  inFlight(): readonly StoredIntent[] {
    return this.slots().flatMap((chainNonce) => {
      const stored = this.at(chainNonce);
      return stored === undefined || stored.life.state === 'included' ? [] : [stored];
    });
  }

  /** The pace of an intent that has bytes out; a fresh one after a restart. */
  pace(key: string): Pace {
    const known = this.paces.get(key);
    if (known !== undefined) return known;
    const fresh: Pace = {
      offeredAt: Number.NEGATIVE_INFINITY,
      vain: 0,
      headOfLineSince: undefined,
      offeredAtHead: -1n,
      outbid: false,
    };
    this.paces.set(key, fresh);
    return fresh;
  }
}
