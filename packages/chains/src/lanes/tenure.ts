import type { Address, Hash } from 'viem';
import type { FeeQuote } from '../fees/feePolicy.ts';
import { readFeeQuote } from '../fees/feeQuotes.ts';
import type { IntentLife } from '../intents/intent.ts';
import { isEnd } from '../intents/intent.ts';
import type { Lease } from '../stores/chainStore.ts';
import type { BlockReference, ChainBlock } from '../tracker/chainTracker.ts';
import type { Alert, AlertKind } from './alert.ts';
import type { Taker } from './findTaker.ts';
import type { LaneDependencies, LaneOptions } from './lane.ts';
import type { LaneLog, LaneRecord, LaneStep, StoredIntent } from './laneLog.ts';
import type { LaneMemory } from './laneMemory.ts';
import type { LaneTally } from './laneTally.ts';

/** Who took a chain nonce, as far as that was found, and at which head it was looked for. */
export interface SoughtTaker {
  readonly taker: Taker | undefined;
  readonly soughtAt: bigint;
}

/** What a tenure is made of. */
export interface TenureParts {
  readonly lane: string;
  readonly lease: Lease;
  /** Elapsed milliseconds at which the lease runs out, counted from before it was asked for. */
  readonly leaseUntil: number;
  readonly memory: LaneMemory;
  readonly log: LaneLog;
  readonly options: LaneOptions;
  readonly stands: LaneDependencies;
  readonly tally: LaneTally;
  readonly onLife: (life: IntentLife) => void;
}

/** An intent that ended in a block of this height. */
export interface EndedIn {
  readonly key: string;
  readonly number: bigint;
}

/**
 * One process owning one lane: from the lease until the lease or the store is lost.
 *
 * Everything the owner does goes through here: a commit first, then the memory, then the world.
 */
export class Tenure {
  readonly lane: string;
  readonly lease: Lease;
  readonly memory: LaneMemory;
  readonly log: LaneLog;
  readonly options: LaneOptions;
  readonly stands: LaneDependencies;
  readonly tally: LaneTally;
  leaseUntil: number;
  /** The last block that was acted on; undefined until the first beat looked everything up. */
  cursor: BlockReference | undefined;
  /** The head of this beat. */
  head: ChainBlock | undefined;
  /** The account's transaction count after `cursor`. */
  minedCount = 0;
  /**
   * Chain nonces from here on are ours to use; below it foreign transactions may be waiting.
   * Undefined until endpoints told how many transactions wait under this key.
   */
  floor: number | undefined;
  /** Own hashes seen in adopted blocks, whose receipts have not been read yet. */
  readonly awaited: Map<Hash, BlockReference> = new Map();
  /** Who was found to have taken a chain nonce of ours, by chain nonce. */
  readonly takers: Map<number, SoughtTaker> = new Map();
  /** Intents that ended, by their block, to notice when such a block is dropped. Bounded. */
  readonly endedIn: Map<Hash, EndedIn> = new Map();
  /** Whether the tracker lost the way from the cursor, so that such blocks are in doubt. */
  isAdrift = false;
  /** Ended lives that others depend on. Bounded. */
  readonly endedLives: Map<string, IntentLife> = new Map();
  /** Heads at which intents were found unable to start. */
  readonly deferredAt: Map<string, Hash> = new Map();
  /** The head at which a hole in the chain nonces was first seen unfilled. */
  holeSeenAt: bigint | undefined;
  /** Elapsed milliseconds at which the store was last asked for intents of other processes. */
  listedAt = 0;
  /** Alerts that were raised, by intent; forgotten with it. */
  readonly #raised: Map<string, Set<string>> = new Map();
  readonly #onLife: (life: IntentLife) => void;
  #quote: FeeQuote | undefined;
  #balance: { readonly at: Hash | undefined; readonly wei: bigint } | undefined;

  constructor(parts: TenureParts) {
    this.lane = parts.lane;
    this.lease = parts.lease;
    this.leaseUntil = parts.leaseUntil;
    this.memory = parts.memory;
    this.log = parts.log;
    this.options = parts.options;
    this.stands = parts.stands;
    this.tally = parts.tally;
    this.#onLife = parts.onLife;
  }

  get address(): Address {
    return this.options.signer.address;
  }

  nowMs(): number {
    return this.stands.environment.clock.nowMs();
  }

  elapsedMs(): number {
    return this.stands.environment.clock.elapsedMs();
  }

  /**
   * Whether the lease is surely ours for a while. Asked before every broadcast: the store fences
   * our writes, but no node would.
   */
  mayBroadcast(): boolean {
    return this.elapsedMs() < this.leaseUntil - this.options.settings.leaseMs / 5;
  }

  /** Writes a step, and only then believes it. @throws what `LaneLog.commit` throws. */
  async commit(step: LaneStep): Promise<void> {
    await this.log.commit(this.lease, step);
    for (const spend of step.spends ?? []) {
      this.memory.spends.delete(spend.key);
      this.memory.spends.set(spend.key, spend);
    }
    for (const key of step.forgetSpends ?? []) this.memory.spends.delete(key);
    if (step.record !== undefined) this.memory.record = step.record;
    for (const stored of step.lives ?? []) this.#believe(stored);
  }

  /** Prices of this head; read once a head. */
  async quote(): Promise<FeeQuote> {
    const { pool } = this.stands;
    const atLeastBlock = this.head?.number ?? 0n;
    if (this.#quote !== undefined && this.#quote.blockNumber >= atLeastBlock) return this.#quote;
    this.#quote = await readFeeQuote(pool, this.options.feePolicy, { atLeastBlock });
    return this.#quote;
  }

  /** Wei after the block of this head; read once a head. */
  async balance(): Promise<bigint> {
    const { number = 0n, hash } = this.head ?? {};
    if (this.#balance === undefined || this.#balance.at !== hash) {
      const wei = await this.stands.funds.balance(this.address, number);
      this.#balance = { at: hash, wei };
    }
    return this.#balance.wei;
  }

  /** Tells people once per tenure, kind, intent and chain nonce. */
  alert(
    kind: AlertKind,
    told: {
      readonly severity: Alert['severity'];
      readonly sentence: string;
      readonly key?: string;
      readonly fields?: Readonly<Record<string, string>>;
    },
  ): void {
    const { severity, sentence, key, fields = {} } = told;
    const raised = this.#raised.get(key ?? '') ?? new Set();
    // An intent may lose one chain nonce after another, and people want to know of each.
    const matter = `${kind} ${fields['chainNonce'] ?? ''}`;
    if (raised.has(matter)) return;
    this.#raised.set(key ?? '', raised.add(matter));
    this.tally.tell(this.options.onAlert, {
      kind,
      severity,
      lane: this.lane,
      key,
      sentence,
      fields,
    });
  }

  /** Stops the lane for an operator. */
  async halt(sentence: string): Promise<void> {
    const record: LaneRecord = { ...this.memory.record, halted: sentence };
    await this.commit({ record });
    this.alert('laneHalted', { severity: 'critical', sentence });
  }

  #believe(stored: StoredIntent): void {
    const { life } = stored;
    this.memory.install(stored);
    if (life.state !== 'created') this.deferredAt.delete(life.key);
    if (isEnd(life.state)) {
      this.tally.end(life);
      this.#raised.delete(life.key);
      remember(this.endedLives, life.key, life);
      if (life.inclusion !== undefined) {
        const { number, hash } = life.inclusion.block;
        remember(this.endedIn, hash, { key: life.key, number });
      }
    }
    this.#onLife(life);
  }
}

/** Entries kept of what has ended. */
const REMEMBERED_MAX = 2_000;

function remember<Key, Kept>(kept: Map<Key, Kept>, key: Key, entry: Kept): void {
  kept.delete(key);
  kept.set(key, entry);
  const oldest = kept.keys().next();
  if (kept.size > REMEMBERED_MAX && oldest.done !== true) kept.delete(oldest.value);
}
