import type { Clock } from '@lawbook/chains/environment';
import type { ExchangeState } from '@lawbook/exchange/application/exchangeState';
import { decodeBundle, encodeBundle } from '@lawbook/exchange/bundle';
import type { Hash } from '@lawbook/exchange/codec/hash';
import { invariant } from '@lawbook/exchange/failures/invariant';
import type { Refused } from '@lawbook/exchange/failures/rejection';
import { refuse } from '@lawbook/exchange/failures/rejection';
import type { Result } from '@lawbook/exchange/failures/result';
import { accepted } from '@lawbook/exchange/failures/result';
import type { Input } from '@lawbook/exchange/inputs';
import type { LawVerdict } from '@lawbook/exchange/laws/judge';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import type { BatchParameters } from '@lawbook/exchange/markets/batch/parameters';
import type { AuthorisedOrder, BatchOrder } from '@lawbook/exchange/orders/batchOrder';
import type { RecoverSigner } from '@lawbook/exchange/orders/signature';
import { Signing } from '@lawbook/exchange/orders/signedTypes';
import type { StateMachine } from '@lawbook/exchange/stateMachine';
import { SETTLEMENT_ATTACHMENT } from '@lawbook/proofs/statements/epoch/settlementAttachment';
import { BookDesk } from './books/bookDesk.ts';
import { previewOrder } from './preview.ts';
import type { DepositRecord, WithdrawalRecord } from './readModel/crossings.ts';
import type { Projection } from './readModel/projection.ts';
import { findOpenOrder } from './readModel/projection.ts';
import { encodeSnapshotBody } from './readModel/snapshotBody.ts';
import type { VenueIndex } from './readModel/venueIndex.ts';
import type { OracleBoard } from './scheduler/oracleBoard.ts';
import type { Sequenced, Sequencer } from './sequencer/sequencer.ts';
import type { Page, VenueService } from './venueService.ts';
import type {
  AgreementState,
  BatchRecord,
  ComponentHealth,
  EpochJourney,
  Executed,
  OrderRecord,
  SealedEpoch,
  SettledVault,
  SettlementStatus,
  SubmitResult,
  TradePreview,
  VenueEvent,
} from './venueTypes.ts';

/** The parts of a venue, built by wiring. */
export interface VenueParts {
  readonly machine: StateMachine;
  readonly sequencer: Sequencer;
  readonly projection: Projection;
  readonly index: VenueIndex;
  readonly oracles: OracleBoard;
  readonly recover: RecoverSigner;
  readonly health: () => readonly ComponentHealth[];
  /** Ends waits that last too long. */
  readonly clock: Pick<Clock, 'sleep'>;
  /** Proofs and base layer; undefined where epochs are only checked. */
  readonly settlement: VenueSettlement | undefined;
  /** Called with faults that nobody waits for, such as a failing index. */
  readonly onFault: (fault: unknown) => void;
}

/** What a venue asks of whatever proves and settles its epochs. */
export interface VenueSettlement {
  status(): SettlementStatus;
  /** Why orders are refused now. */
  pausedBecause(): string | undefined;
  /** Orders with a minimum fill that a batch may hold so that it can be proved. */
  readonly minimumFillsMax: number;
  agreement(): Promise<AgreementState>;
  settledVault(owner: AccountId): Promise<SettledVault>;
  unsettleable(parameters: BatchParameters, mids: readonly bigint[]): string | undefined;
  prepareParameters(parameters: BatchParameters): Promise<void>;
  journey(marketId: number, epochNumber: number): Promise<EpochJourney | undefined>;
}

interface Waiter {
  readonly sequence: number;
  readonly resolve: (reached: boolean) => void;
}

/** The running venue: what gateways talk to. All inputs pass through `record`. */
export class Venue implements VenueService {
  readonly signing: Signing;
  readonly recover: RecoverSigner;
  readonly books: BookDesk;
  readonly #parts: VenueParts;
  readonly #listeners = new Set<(event: VenueEvent) => void>();
  readonly #waiters = new Set<Waiter>();
  /** Orders whose batch has cleared but whose records are not stored yet. */
  readonly #ended = new Map<Hash, OrderRecord>();
  #following: Promise<void> = Promise.resolve();
  /** Sequence of the last input that was followed up. */
  #followed: number;
  #admitting = true;

  constructor(parts: VenueParts) {
    this.#parts = parts;
    this.recover = parts.recover;
    this.signing = new Signing(parts.machine.state.domain);
    this.#followed = parts.machine.state.sequence;
    const { projection, index, machine } = parts;
    invariant(projection.books !== undefined, 'the projection of a venue follows its books');
    this.books = new BookDesk({
      state: machine.state,
      projection: projection.books,
      index: index.books,
      execute: (input) => this.#execute(input),
      waitFor: (sequence) => {
        return this.waitFor(sequence, REPEAT_WAIT_MS, new AbortController().signal);
      },
    });
  }

  get state(): ExchangeState {
    return this.#parts.machine.state;
  }

  cursors(): { readonly executed: number; readonly durable: number } {
    return { executed: this.state.sequence, durable: this.#parts.sequencer.durableSequence };
  }

  health(): readonly ComponentHealth[] {
    return this.#parts.health();
  }

  settlement(): SettlementStatus {
    return this.#parts.settlement?.status() ?? SETTLES_NOWHERE;
  }

  unsettleable(parameters: BatchParameters, mids: readonly bigint[]): string | undefined {
    return this.#parts.settlement?.unsettleable(parameters, mids);
  }

  async prepareParameters(parameters: BatchParameters): Promise<void> {
    await this.#parts.settlement?.prepareParameters(parameters);
  }

  agreement(): Promise<AgreementState> {
    const none: AgreementState = { phase: 'notConfigured', agreement: undefined };
    return this.#parts.settlement?.agreement() ?? Promise.resolve(none);
  }

  settledVault(owner: AccountId): Promise<SettledVault> {
    const none: SettledVault = { kind: 'notConfigured' };
    return this.#parts.settlement?.settledVault(owner) ?? Promise.resolve(none);
  }

  async journey(marketId: number, epochNumber: number): Promise<EpochJourney | undefined> {
    return this.#parts.settlement?.journey(marketId, epochNumber);
  }

  /** The body of a snapshot of this moment. */
  snapshotBody(): Uint8Array {
    return encodeSnapshotBody(this.state, this.#parts.projection);
  }

  /** Refuses every input from now on: the first step of a shutdown. */
  stopAdmitting(): void {
    this.#admitting = false;
  }

  waitFor(sequence: number, timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    if (this.#followed >= sequence) return Promise.resolve(true);
    if (signal.aborted) return Promise.resolve(false);
    const over = new AbortController();
    return new Promise((resolve) => {
      const finish = (reached: boolean): void => {
        over.abort();
        signal.removeEventListener('abort', abort);
        this.#waiters.delete(waiter);
        resolve(reached);
      };
      const abort = (): void => finish(false);
      const waiter: Waiter = { sequence, resolve: finish };
      signal.addEventListener('abort', abort, { once: true });
      this.#waiters.add(waiter);
      this.#parts.clock.sleep(timeoutMs, over.signal).then(abort, () => undefined);
    });
  }

  submitOrder(entry: AuthorisedOrder): Promise<SubmitResult> {
    return this.#place({ kind: 'submitOrder', entry });
  }

  revealOrder(entry: AuthorisedOrder, salt: Uint8Array): Promise<SubmitResult> {
    return this.#place({ kind: 'revealOrder', entry, salt });
  }

  async #place(
    input: Extract<Input, { kind: 'submitOrder' | 'revealOrder' }>,
  ): Promise<SubmitResult> {
    const { entry } = input;
    const paused = this.#parts.settlement?.pausedBecause();
    if (paused !== undefined)
      return refuse('notAdmitting', { field: 'settlement', actual: paused });
    const result = this.#refuseMinimumFill(entry.order) ?? this.#execute(input);
    if (result.ok) {
      const { executed, durable } = result.value;
      await durable;
      const { applied, sequence } = executed;
      const batchNumber = applied.kind === 'orderAdmitted' ? applied.batchNumber : 0;
      return accepted({ orderId: entry.orderId, sequence, batchNumber, repeated: false });
    }
    if (!OUTLIVED.has(result.rejection.code)) return result;
    // The same order again is not a replay: it gets the answer it had.
    const known = await this.order(entry.orderId);
    if (known === undefined) return result;
    const { orderId, sequence, batchNumber } = known;
    if (!(await this.waitFor(sequence, REPEAT_WAIT_MS, new AbortController().signal)))
      return result;
    return accepted({ orderId, sequence, batchNumber, repeated: true });
  }

  async execute(input: Input): Promise<Result<Executed>> {
    const result = this.#execute(input);
    if (!result.ok) return result;
    await result.value.durable;
    return accepted(result.value.executed);
  }

  preview(order: BatchOrder): Result<TradePreview> {
    return previewOrder(this.state, this.#parts.oracles, order);
  }

  order(orderId: Hash): Promise<OrderRecord | undefined> {
    const open = findOpenOrder(this.state.markets, orderId);
    if (open === undefined) {
      const ended = this.#ended.get(orderId);
      return ended === undefined ? this.#parts.index.order(orderId) : Promise.resolve(ended);
    }
    return Promise.resolve(this.#parts.projection.openOrder(open.market, open.row));
  }

  async orders(owner: AccountId, page: Page & { readonly open: boolean }): Promise<OrderRecord[]> {
    const before = page.before ?? Number.MAX_SAFE_INTEGER;
    const open = this.#openOrders(owner).filter(({ sequence }) => sequence < before);
    const here = open.reverse().slice(0, page.limit);
    if (page.open || here.length === page.limit) return here;
    const fresh = [...this.#ended.values()].filter((record) => {
      return record.order.owner === owner && record.sequence < before;
    });
    const stored = await this.#parts.index.orders(owner, { before, limit: page.limit });
    // While a batch is being stored its orders are in both places, or in the first one only.
    const bySequence = new Map([...fresh, ...stored].map((record) => [record.sequence, record]));
    const ended = [...bySequence.values()].sort((a, b) => b.sequence - a.sequence);
    return [...here, ...ended].slice(0, page.limit);
  }

  withdrawal(withdrawalId: Hash): Promise<WithdrawalRecord | undefined> {
    return this.#parts.index.withdrawal(withdrawalId);
  }

  withdrawals(owner: AccountId, page: Page): Promise<WithdrawalRecord[]> {
    return this.#parts.index.withdrawals(owner, page);
  }

  deposits(account: AccountId, page: Page): Promise<DepositRecord[]> {
    return this.#parts.index.deposits(account, page);
  }

  batch(marketId: number, batchNumber: number): Promise<BatchRecord | undefined> {
    return this.#parts.index.batch(marketId, batchNumber);
  }

  batches(marketId: number, page: Page): Promise<BatchRecord[]> {
    return this.#parts.index.batches(marketId, page);
  }

  async epoch(marketId: number, epochNumber: number): Promise<SealedEpoch | undefined> {
    const sealed = await this.#parts.index.epoch(marketId, epochNumber);
    return sealed === undefined ? undefined : await this.#withJourney(sealed);
  }

  async epochs(marketId: number, page: Page): Promise<SealedEpoch[]> {
    const sealed = await this.#parts.index.epochs(marketId, page);
    return await Promise.all(sealed.map((each) => this.#withJourney(each)));
  }

  async bundle(marketId: number, epochNumber: number): Promise<Uint8Array | undefined> {
    const stored = await this.#parts.index.bundle(marketId, epochNumber);
    const attachment = (await this.journey(marketId, epochNumber))?.record?.attachment;
    if (stored === undefined || attachment === undefined) return stored;
    const attachments = [{ name: SETTLEMENT_ATTACHMENT, bytes: attachment }];
    return encodeBundle({ ...decodeBundle(stored), attachments });
  }

  subscribe(listener: (event: VenueEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Follows up an input: once it is durable its records are stored, and then it is told to feeds
   * and to whoever waits for it. One input after the other: feeds hear them in order, and whoever
   * has heard of a batch can read it.
   */
  record(sequenced: Sequenced, verdicts?: readonly LawVerdict[]): void {
    const { executed, durable } = sequenced;
    const { changes, events, book } = this.#parts.projection.project(executed, verdicts);
    const news = book && this.books.note(executed, book);
    const ended = events.flatMap((event) => {
      return event.kind === 'order' && event.record.endedBy !== undefined ? [event.record] : [];
    });
    for (const record of ended) this.#ended.set(record.orderId, record);
    const { sequence } = executed;
    // Asked for as soon as it is durable: what one group of the journal did is stored by one write.
    const stored = durable.then(() => {
      return changes.length > 0 ? this.#parts.index.write(sequence, changes) : undefined;
    });
    stored.catch(() => undefined);
    this.#following = this.#following
      .then(async () => {
        await stored;
        for (const { orderId } of ended) this.#ended.delete(orderId);
        if (news !== undefined) this.books.stored(news);
        this.#followed = sequence;
        for (const waiter of this.#waiters) if (waiter.sequence <= sequence) waiter.resolve(true);
        for (const event of events) this.tell(event);
        if (news !== undefined) this.tell({ kind: 'book', news });
        if (book?.sealed !== undefined) this.tell({ kind: 'bookEpoch', epoch: book.sealed });
      })
      .catch(this.#parts.onFault);
  }

  /** Tells an event that no input stands behind, such as new mids. */
  tell(event: VenueEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  /** Rejection: batchFull, where the batch has as many orders with a minimum as can be proved. */
  #refuseMinimumFill({ marketId, minFillPpm }: BatchOrder): Refused | undefined {
    const limit = this.#parts.settlement?.minimumFillsMax;
    const table = this.state.markets.get(marketId)?.batch.table;
    if (limit === undefined || table === undefined || minFillPpm <= 0) return undefined;
    let count = 0;
    for (let row = 0; row < table.count; row += 1) {
      if (table.canceled[row] === 0 && (table.minFillPpm[row] as number) > 0) count += 1;
    }
    if (count < limit) return undefined;
    return refuse('batchFull', { field: 'minFillPpm', limit, actual: count + 1 });
  }

  #execute(input: Input): Result<Sequenced> {
    if (!this.#admitting) return refuse('notAdmitting', { field: 'venue', actual: 'stopping' });
    if (this.#parts.index.failure !== undefined) {
      // Orders would be durable, but nobody could read what became of them.
      return refuse('notAdmitting', { field: 'storage', actual: 'STORAGE_UNAVAILABLE' });
    }
    const result = this.#parts.sequencer.execute(input);
    if (result.ok) this.record(result.value);
    return result;
  }

  /** A sealed epoch with what became of it since. */
  async #withJourney(sealed: SealedEpoch): Promise<SealedEpoch> {
    const journey = await this.journey(sealed.epoch.marketId, sealed.epoch.epochNumber);
    if (journey === undefined) return sealed;
    const { level, prove, settle } = journey;
    return { ...sealed, level, prove, settle };
  }

  #openOrders(owner: AccountId): OrderRecord[] {
    const records: OrderRecord[] = [];
    for (const market of this.state.markets.values()) {
      const { table } = market.batch;
      const number = table.owners.indexOf(owner);
      if (number < 0) continue;
      for (let row = 0; row < table.count; row += 1) {
        if (table.ownerIndex[row] !== number) continue;
        records.push(this.#parts.projection.openOrder(market, row));
      }
    }
    return records;
  }
}

const SETTLES_NOWHERE: SettlementStatus = {
  phase: 'notConfigured',
  detail: 'This venue has no base layer: epochs are checked, not proven, and settle nowhere.',
  pausedBecause: undefined,
  lag: undefined,
  exposure: undefined,
  layer: undefined,
};

/**
 * Refusals that an order may earn after it was accepted, because the venue went on: its nonce is
 * used, its time is over, its session ended, the batch filled up with orders of its kind, mids and
 * rules have moved, or its market has turned to commitments. Others are not reached, since the
 * nonce is used.
 */
const OUTLIVED: ReadonlySet<string> = new Set([
  'orderNonceReplayed',
  'orderNonceTooOld',
  'orderExpired',
  'sessionExpired',
  'batchFull',
  'amountOutOfRange',
  'limitOutOfRange',
  'phaseMismatch',
]);

/** A repeated order waits this long for its first submission to reach the disk. */
const REPEAT_WAIT_MS = 5_000;
