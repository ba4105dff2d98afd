import { ByteWriter } from '@lawbook/exchange/codec/byteWriter';
import type { Hash } from '@lawbook/exchange/codec/hash';
import { taggedHash } from '@lawbook/exchange/codec/hash';
import { hexToBytes } from '@lawbook/exchange/codec/hex';
import { Fault } from '@lawbook/exchange/failures/fault';
import { refuse } from '@lawbook/exchange/failures/rejection';
import type { Result } from '@lawbook/exchange/failures/result';
import { accepted } from '@lawbook/exchange/failures/result';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import type { BookInput } from '@lawbook/exchange/markets/book/bookInputs';
import { AUTHORISATION_BYTES } from '@lawbook/exchange/orders/batchOrder';
import type { BookOrder, ClientOrderId } from '@lawbook/exchange/orders/bookOrder';
import { CLIENT_ORDER_ID_BYTES, clientOrderId } from '@lawbook/exchange/orders/bookOrder';
import type { BookIndex } from './bookIndex.ts';
import type { BookOrderRecord, TwapRecord } from './bookRecords.ts';

/** What an owner asks for. Ticks and lots are whole numbers below 2^32. */
export type TwapTerms = Pick<
  TwapRecord,
  | 'owner'
  | 'marketId'
  | 'clientOrderId'
  | 'side'
  | 'sizeLots'
  | 'worstTicks'
  | 'slices'
  | 'intervalMs'
>;

/** A slice that the venue took, now or before. */
interface PlacedSlice {
  readonly orderId: number;
}

/** What the desk works with. */
export interface TwapDependencies {
  readonly index: Pick<BookIndex, 'twap' | 'twaps' | 'activeTwaps' | 'putTwap'>;
  readonly submit: (input: BookInput) => Promise<Result<PlacedSlice>>;
  readonly order: (marketId: number, orderId: number) => Promise<BookOrderRecord | undefined>;
  /** The highest nonce that an owner has used in a market. */
  readonly highestNonce: (marketId: number, owner: AccountId) => bigint;
}

/** Sliced orders of one owner that may run at once, and of all owners. */
export const TWAPS_PER_OWNER_MAX = 32;
export const TWAPS_MAX = 10_000;

/** How long the wish of a slice may take to be sequenced. */
const SLICE_TTL_MS = 60_000;
/** A nonce that the owner used first is replaced this often before the slice waits for a beat. */
const NONCE_TRIES = 8;

/**
 * Takes parent orders to books in slices: immediate-or-cancel orders at the parent's worst price,
 * in the name of the session that placed it.
 *
 * A slice's id follows from its parent and its number, and it is written down before it is sent. So
 * after a stop at any point the same slice is sent again, and the venue answers it as at first.
 * Parents stand in the index only: where that is deleted they are forgotten, and no slice follows.
 */
export class TwapDesk {
  readonly #deps: TwapDependencies;
  readonly #active = new Map<Hash, TwapRecord>();
  readonly #working = new Map<Hash, Promise<void>>();
  #loading: Promise<void> | undefined;
  #isLoaded = false;
  #isClosed = false;

  constructor(dependencies: TwapDependencies) {
    this.#deps = dependencies;
  }

  /**
   * Takes a parent order; its first slice is due at once. The same one again is answered as it
   * stands. Rejections: clientOrderIdUsed with the field that differs, rateLimited.
   */
  async place(terms: TwapTerms, grantId: Hash, nowMs: number): Promise<Result<TwapRecord>> {
    await this.#load();
    const twapId = twapIdOf(terms);
    const known = this.#active.get(twapId) ?? (await this.#deps.index.twap(twapId));
    if (known !== undefined) return sameAgain(terms, known);
    const own = [...this.#active.values()].filter(({ owner }) => owner === terms.owner).length;
    if (own >= TWAPS_PER_OWNER_MAX || this.#active.size >= TWAPS_MAX) {
      const limit = own >= TWAPS_PER_OWNER_MAX ? TWAPS_PER_OWNER_MAX : TWAPS_MAX;
      return refuse('rateLimited', { field: 'twaps', limit, actual: limit + 1 });
    }
    const record: TwapRecord = {
      ...{ ...terms, twapId, grantId, startMs: nowMs, next: 0, filledLots: 0 },
      ...{ filledNotional: 0n, orderIds: [], state: 'active', reason: '', placing: undefined },
    };
    await this.#keep(record);
    return accepted(record);
  }

  /** Places no further slice. Rejections: notFound for one that is not of the owner. */
  async cancel(owner: AccountId, twapId: Hash): Promise<Result<TwapRecord>> {
    await this.#load();
    // The slice that is on its way is counted first.
    await this.#working.get(twapId);
    const record = this.#active.get(twapId) ?? (await this.#deps.index.twap(twapId));
    if (record === undefined || record.owner !== owner) {
      return refuse('notFound', { field: 'twapId', actual: twapId });
    }
    if (record.state !== 'active') return accepted(record);
    return accepted(await this.#keep({ ...record, state: 'canceled' }));
  }

  /** Sliced orders of an owner, new to old. */
  async list(owner: AccountId, limit: number): Promise<TwapRecord[]> {
    await this.#load();
    const stored = await this.#deps.index.twaps(owner, limit);
    return stored.map((record) => this.#active.get(record.twapId) ?? record);
  }

  /** Sends the slices that are due; `nowMs` is the time that the next input would have. */
  tick(nowMs: number): void {
    if (!this.#isLoaded) {
      // Where the store is away the next beat tries again.
      this.#load().catch(() => undefined);
      return;
    }
    if (this.#isClosed) return;
    for (const record of this.#active.values()) {
      const { twapId, next, startMs, intervalMs } = record;
      if (this.#working.has(twapId) || nowMs < startMs + next * intervalMs) continue;
      const work = this.#slice(record, nowMs)
        .catch((cause: unknown) => {
          // The disk is away: the slice is written down, or was not begun, and is due again.
          if (!(cause instanceof Fault)) throw cause;
        })
        .finally(() => this.#working.delete(twapId));
      this.#working.set(twapId, work);
    }
  }

  /** Sends nothing more; resolves once nothing is on its way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#working.values());
  }

  async #slice(record: TwapRecord, nowMs: number): Promise<void> {
    const begun = record.placing === undefined ? await this.#begin(record, nowMs) : record;
    const terms = begun.placing;
    if (terms === undefined) return;
    const result = await this.#submit(begun, terms);
    if (!result.ok) {
      const { code } = result.rejection;
      if (code === 'notAdmitting') return;
      const isOver = AUTHORITY_LOST.has(code);
      const over = { ...begun, placing: undefined, next: begun.next + 1, reason: code };
      await this.#keep(isOver ? { ...over, state: 'failed' } : ended(over));
      return;
    }
    const { orderId } = result.value;
    const order = await this.#deps.order(begun.marketId, orderId);
    await this.#keep(
      ended({
        ...begun,
        placing: undefined,
        reason: '',
        next: begun.next + 1,
        filledLots: begun.filledLots + (order?.filledLots ?? 0),
        filledNotional: begun.filledNotional + (order?.filledNotional ?? 0n),
        orderIds: [...begun.orderIds, orderId],
      }),
    );
  }

  /** Writes down the slice whose time it is; those before it were missed and are made up for. */
  async #begin(record: TwapRecord, nowMs: number): Promise<TwapRecord> {
    const { startMs, intervalMs, slices, sizeLots, filledLots } = record;
    const number = Math.floor((nowMs - startMs) / intervalMs);
    if (number > slices) {
      return await this.#keep({ ...record, state: 'failed', reason: MISSED, next: slices });
    }
    const next = Math.max(record.next, Math.min(number, slices - 1));
    const left = slices - next;
    const lots = Math.ceil((sizeLots - filledLots) / left);
    const highest = this.#deps.highestNonce(record.marketId, record.owner);
    const orderNonce = highest < BigInt(nowMs) ? BigInt(nowMs) : highest + 1n;
    const placing = sliceOf(record, next, { nowMs, lots, orderNonce });
    return await this.#keep({ ...record, next, placing });
  }

  async #submit(record: TwapRecord, first: BookOrder): Promise<Result<PlacedSlice>> {
    const authorisation = new Uint8Array(AUTHORISATION_BYTES);
    authorisation.set(hexToBytes(record.grantId), 0);
    for (let tries = 0; ; tries += 1) {
      // Another nonce makes no other order: its id is what it goes by.
      const terms = { ...first, orderNonce: first.orderNonce + BigInt(tries) };
      const entry = { terms, authorisation };
      const result = await this.#deps.submit({ kind: 'submitBookOrder', entry });
      if (result.ok || tries === NONCE_TRIES) return result;
      if (result.rejection.code !== 'orderNonceReplayed') return result;
    }
  }

  async #keep(record: TwapRecord): Promise<TwapRecord> {
    await this.#deps.index.putTwap(record);
    if (record.state === 'active') this.#active.set(record.twapId, record);
    else this.#active.delete(record.twapId);
    return record;
  }

  #load(): Promise<void> {
    this.#loading ??= this.#deps.index.activeTwaps(TWAPS_MAX).then(
      (records) => {
        for (const record of records) this.#active.set(record.twapId, record);
        this.#isLoaded = true;
      },
      (cause: unknown) => {
        this.#loading = undefined;
        throw cause;
      },
    );
    return this.#loading;
  }
}

const MISSED = 'the venue was away until its time was over';

/** Refusals after which no slice can be placed any more. */
const AUTHORITY_LOST: ReadonlySet<string> = new Set([
  'sessionExpired',
  'forbidden',
  'signatureInvalid',
  'ownerIsExiting',
]);

/** The id of a parent: it follows from its key, so that the same request names the same order. */
function twapIdOf({ owner, marketId, clientOrderId: own }: TwapTerms): Hash {
  const out = new ByteWriter(40).fixed(hexToBytes(owner), 20).u32(marketId);
  const bytes = out.fixed(hexToBytes(own), CLIENT_ORDER_ID_BYTES).finish();
  return shortened(taggedHash('lawbook.twap.v1', bytes)) as string as Hash;
}

function sliceOf(
  record: TwapRecord,
  number: number,
  slice: { readonly nowMs: number; readonly lots: number; readonly orderNonce: bigint },
): BookOrder {
  const { nowMs, lots, orderNonce } = slice;
  const { owner, marketId, side, worstTicks: priceTicks, twapId } = record;
  const bytes = new ByteWriter(24).fixed(hexToBytes(twapId), 16).u32(number).finish();
  return {
    ...{ owner, marketId, side, priceTicks, sizeLots: lots, type: 'limit', timeInForce: 'ioc' },
    clientOrderId: shortened(taggedHash('lawbook.twapSlice.v1', bytes)),
    ...{ postOnly: false, selfTradePolicy: 'cancelResting', displayLots: 0, trigger: 'none' },
    ...{ triggerSource: 'lastTrade', triggerTicks: 0, ocoWith: 0, goodUntilMs: 0 },
    orderNonce,
    expiresAtMs: nowMs + SLICE_TTL_MS,
  };
}

function shortened(hash: Hash): ClientOrderId {
  return clientOrderId(hash.slice(0, 2 + CLIENT_ORDER_ID_BYTES * 2));
}

/** A parent after a slice: done when all traded or no slice is left. */
function ended(record: TwapRecord): TwapRecord {
  const isDone = record.filledLots >= record.sizeLots || record.next >= record.slices;
  return isDone ? { ...record, state: 'done' } : record;
}

function sameAgain(terms: TwapTerms, known: TwapRecord): Result<TwapRecord> {
  const differs = (Object.keys(terms) as (keyof TwapTerms)[]).find((field) => {
    return terms[field] !== known[field];
  });
  if (differs === undefined) return accepted(known);
  const limit = `${known[differs]} as before`;
  return refuse('clientOrderIdUsed', { field: differs, limit, actual: terms[differs] });
}
