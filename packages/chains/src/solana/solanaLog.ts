import { fromDurable, toDurable } from '../intents/durableJson.ts';
import { isEnd } from '../intents/intent.ts';
import type { ChainStore, Lease, StoreChange } from '../stores/chainStore.ts';
import type { SolanaIntentRequest, SolanaLife } from './solanaIntent.ts';
import { newSolanaLife } from './solanaLife.ts';

/** An intent as it was asked for. */
export interface StoredSolanaRequest {
  readonly request: SolanaIntentRequest;
  readonly createdAtMs: number;
}

/** An intent with everything durable about it. */
export interface StoredSolanaIntent extends StoredSolanaRequest {
  readonly life: SolanaLife;
}

/** What one step of the owner writes, all or nothing. */
export interface SolanaStep {
  readonly lives?: readonly StoredSolanaIntent[];
  /** The lane's count of signed attempts. */
  readonly signings?: number;
  /** Keys whose wish to be cancelled was acted on. */
  readonly cancelsDone?: readonly string[];
}

/**
 * Where the records of a lane lie in the store, `<lane>` being `<cluster>/<address>`:
 *
 * - `solana/<lane>/intent/<key>`: the request, written once by whoever submits.
 * - `solana/<lane>/open/<time>.<key>`: a marker, as long as the intent has not ended.
 * - `solana/<lane>/life/<key>`: the life, written by the owner under its fence.
 * - `solana/<lane>/cancel/<key>`: somebody wants it taken back, until the owner acted.
 * - `solana/<lane>/signings`: how many attempts were signed so far.
 *
 * The lease has the name `solana/<lane>`.
 */
export class SolanaLog {
  readonly leaseName: string;
  readonly #store: ChainStore;

  constructor(lane: string, store: ChainStore) {
    this.leaseName = `solana/${lane}`;
    this.#store = store;
  }

  /** @returns the stored request: the given one when it was new, else the one stored before. */
  async insert(asked: StoredSolanaRequest): Promise<StoredSolanaRequest> {
    const { key } = asked.request;
    const entry = { key: this.#key('intent', key), text: toDurable(asked) };
    const marker = { key: this.#openKey(asked), text: '' };
    if (await this.#store.insert([entry, marker])) return asked;
    return (await this.request(key)) ?? asked;
  }

  async request(key: string): Promise<StoredSolanaRequest | undefined> {
    const text = await this.#store.get(this.#key('intent', key));
    return text === undefined
      ? undefined
      : fromDurable(this.#key('intent', key), text, ['request', 'createdAtMs']);
  }

  /** The life as it was last written; a new one when the owner has not acted on it yet. */
  async life({ request, createdAtMs }: StoredSolanaRequest): Promise<SolanaLife> {
    const lifeKey = this.#key('life', request.key);
    const text = await this.#store.get(lifeKey);
    if (text === undefined) return newSolanaLife(request.key, createdAtMs);
    return fromDurable(lifeKey, text, ['key', 'state', 'attempts']);
  }

  /** Keys of the intents that have not ended, oldest first. */
  async openKeys(): Promise<readonly string[]> {
    const prefix = this.#key('open', '');
    const entries = await this.#store.list(prefix);
    return entries.map(({ key }) => key.slice(key.indexOf('.', prefix.length) + 1));
  }

  async signings(): Promise<number> {
    const text = await this.#store.get(`${this.leaseName}/signings`);
    return text === undefined ? 0 : fromDurable<number>(`${this.leaseName}/signings`, text, []);
  }

  async wishToCancel(key: string): Promise<void> {
    await this.#store.insert([{ key: this.#key('cancel', key), text: '' }]);
  }

  /** Keys of the intents that somebody wants taken back. */
  async cancels(): Promise<readonly string[]> {
    const prefix = this.#key('cancel', '');
    return (await this.#store.list(prefix)).map(({ key }) => key.slice(prefix.length));
  }

  /** @throws ChainFault CHAIN_LANE_FENCED, CHAIN_STORE_UNAVAILABLE. */
  async commit(lease: Lease, step: SolanaStep): Promise<void> {
    const changes: StoreChange[] = [];
    for (const stored of step.lives ?? []) {
      changes.push({ key: this.#key('life', stored.life.key), text: toDurable(stored.life) });
      if (isEnd(stored.life.state)) changes.push({ key: this.#openKey(stored), text: undefined });
    }
    for (const key of step.cancelsDone ?? []) {
      changes.push({ key: this.#key('cancel', key), text: undefined });
    }
    if (step.signings !== undefined) {
      changes.push({ key: `${this.leaseName}/signings`, text: toDurable(step.signings) });
    }
    if (changes.length > 0) await this.#store.commit(lease, changes);
  }

  #key(family: string, name: string): string {
    return `${this.leaseName}/${family}/${name}`;
  }

  #openKey({ request, createdAtMs }: StoredSolanaRequest): string {
    return this.#key('open', `${String(createdAtMs).padStart(16, '0')}.${request.key}`);
  }
}
