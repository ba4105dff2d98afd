import pLimit from 'p-limit';
import type { Spend } from '../gates/policyGate.ts';
import { fromDurable, toDurable } from '../intents/durableJson.ts';
import type { IntentLife, IntentRequest } from '../intents/intent.ts';
import { isEnd } from '../intents/intent.ts';
import { newLife } from '../intents/lifeSteps.ts';
import type { ChainStore, Lease, StoreChange } from '../stores/chainStore.ts';

/** A store over the network takes thousands of intents one by one longer than a lease lasts. */
const READS_AT_ONCE = 32;

/** An intent as it was asked for. */
export interface StoredRequest {
  readonly request: IntentRequest;
  readonly createdAtMs: number;
}

/** An intent with everything durable about it. */
export interface StoredIntent extends StoredRequest {
  readonly life: IntentLife;
}

/** Something that any process may ask of the lane's owner. */
export type Wish =
  | { readonly kind: 'cancel'; readonly key: string }
  | {
      readonly kind: 'approve';
      readonly key: string;
      readonly requestHash: string;
      readonly by: string;
    }
  | { readonly kind: 'resume' };

/** A wish with the key under which it is stored until it was acted on. */
export interface StoredWish {
  readonly storedUnder: string;
  readonly wish: Wish;
}

/** What is durable about the lane itself. */
export interface LaneRecord {
  /** Chain nonces below it were consumed by transactions that are final. */
  readonly finalCount: number;
  /** The highest block in which one of them stands. */
  readonly finalBlock: bigint;
  /** Why the lane stands still until an operator resumes it. */
  readonly halted: string | undefined;
}

/** A spend with the key of its intent. */
export interface StoredSpend {
  readonly key: string;
  readonly spends: readonly Spend[];
}

/** What one step of the owner writes, all or nothing. */
export interface LaneStep {
  readonly lives?: readonly StoredIntent[];
  readonly spends?: readonly StoredSpend[];
  readonly forgetSpends?: readonly string[];
  readonly wishesDone?: readonly string[];
  readonly record?: LaneRecord;
}

const REQUEST: readonly (keyof StoredRequest)[] = ['request', 'createdAtMs'];
const LIFE: readonly (keyof IntentLife)[] = ['key', 'state', 'attempts', 'history'];
const WISH: readonly (keyof Wish)[] = ['kind'];
const SPEND: readonly (keyof StoredSpend)[] = ['key', 'spends'];
const RECORD: readonly (keyof LaneRecord)[] = ['finalCount', 'finalBlock'];

/**
 * Where the records of a lane lie in the store:
 *
 * - `intent/<lane>/<key>`: the request, written once by whoever submits.
 * - `open/<lane>/<time>.<key>`: a marker, as long as the intent has not ended.
 * - `life/<lane>/<key>`: the life, written by the owner under its fence.
 * - `wish/<lane>/<kind>.<key>`: what somebody asks of the owner, until it acted.
 * - `spend/<lane>/<key>`: what an intent takes from budgets.
 * - `lane/<lane>`: the lane record.
 */
export class LaneLog {
  readonly lane: string;
  readonly #store: ChainStore;

  constructor(lane: string, store: ChainStore) {
    this.lane = lane;
    this.#store = store;
  }

  /** @returns the stored request: the given one when it was new, else the one stored before. */
  async insert(stored: StoredRequest): Promise<StoredRequest> {
    const { key } = stored.request;
    const intentKey = this.#key('intent', key);
    const text = toDurable(stored);
    const isNew = await this.#store.insert([
      { key: intentKey, text },
      { key: this.#openKey(stored), text: '' },
    ]);
    if (isNew) return stored;
    return (await this.request(key)) ?? stored;
  }

  /** These intents, in the order of their keys; without those that were never stored. */
  async intents(keys: readonly string[]): Promise<readonly StoredIntent[]> {
    const found = await pLimit(READS_AT_ONCE).map(keys, async (key) => {
      const stored = await this.request(key);
      return stored === undefined ? [] : [{ ...stored, life: await this.life(stored) }];
    });
    return found.flat();
  }

  async request(key: string): Promise<StoredRequest | undefined> {
    const intentKey = this.#key('intent', key);
    const text = await this.#store.get(intentKey);
    return text === undefined ? undefined : fromDurable(intentKey, text, REQUEST);
  }

  /** The life as it was last written; a new one when the owner has not acted on it yet. */
  async life({ request, createdAtMs }: StoredRequest): Promise<IntentLife> {
    const lifeKey = this.#key('life', request.key);
    const text = await this.#store.get(lifeKey);
    if (text === undefined) return newLife(request.key, createdAtMs);
    return fromDurable(lifeKey, text, LIFE);
  }

  /** Keys of the intents that have not ended, oldest first. */
  async openKeys(): Promise<readonly string[]> {
    const prefix = this.#key('open', '');
    const entries = await this.#store.list(prefix);
    return entries.map(({ key }) => key.slice(key.indexOf('.', prefix.length) + 1));
  }

  async wishes(): Promise<readonly StoredWish[]> {
    const entries = await this.#store.list(this.#key('wish', ''));
    return entries.map(({ key, text }) => ({
      storedUnder: key,
      wish: fromDurable(key, text, WISH),
    }));
  }

  async wish(wish: Wish): Promise<void> {
    const name = wish.kind === 'resume' ? 'resume' : `${wish.kind}.${wish.key}`;
    await this.#store.insert([{ key: this.#key('wish', name), text: toDurable(wish) }]);
  }

  /** Oldest first. */
  async spends(): Promise<readonly StoredSpend[]> {
    const entries = await this.#store.list(this.#key('spend', ''));
    const stored = entries.map(({ key, text }) => fromDurable<StoredSpend>(key, text, SPEND));
    return stored.sort((a, b) => timeOf(a) - timeOf(b));
  }

  async record(): Promise<LaneRecord> {
    const key = `lane/${this.lane}`;
    const text = await this.#store.get(key);
    if (text === undefined) return { finalCount: 0, finalBlock: 0n, halted: undefined };
    return fromDurable(key, text, RECORD);
  }

  /** @throws ChainFault CHAIN_LANE_FENCED, CHAIN_STORE_UNAVAILABLE. */
  async commit(lease: Lease, step: LaneStep): Promise<void> {
    const changes: StoreChange[] = [];
    for (const stored of step.lives ?? []) {
      changes.push({ key: this.#key('life', stored.life.key), text: toDurable(stored.life) });
      if (isEnd(stored.life.state)) changes.push({ key: this.#openKey(stored), text: undefined });
    }
    for (const spend of step.spends ?? []) {
      changes.push({ key: this.#key('spend', spend.key), text: toDurable(spend) });
    }
    for (const key of step.forgetSpends ?? []) {
      changes.push({ key: this.#key('spend', key), text: undefined });
    }
    for (const key of step.wishesDone ?? []) changes.push({ key, text: undefined });
    if (step.record !== undefined) {
      changes.push({ key: `lane/${this.lane}`, text: toDurable(step.record) });
    }
    if (changes.length > 0) await this.#store.commit(lease, changes);
  }

  #key(family: string, name: string): string {
    return `${family}/${this.lane}/${name}`;
  }

  #openKey({ request, createdAtMs }: StoredRequest): string {
    return this.#key('open', `${String(createdAtMs).padStart(16, '0')}.${request.key}`);
  }
}

/** When something was spent last, milliseconds since 1970. */
export function timeOf({ spends }: StoredSpend): number {
  return Math.max(0, ...spends.map(({ atMs }) => atMs));
}
