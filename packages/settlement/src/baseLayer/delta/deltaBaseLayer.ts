import type { AccountId } from '@lawbook/exchange/ledger/account';
import type { VenueDomain } from '@lawbook/exchange/orders/typedData';
import { SettlementFault } from '../../settlementFault.ts';
import type {
  BaseLayer,
  BaseLayerHealth,
  SettledList,
  SettledProgress,
  Vault,
} from '../baseLayer.ts';
import type { BaseLayerEvent } from '../baseLayerEvent.ts';
import type { DomainAgreement } from '../domainAgreement.ts';
import { mayPass } from '../refusalRules.ts';
import type { SettleCheck, SettleOutcome, Submission } from '../submission.ts';
import type { DeltaMarket } from './allowances.ts';
import type { DeltaRecord, DeltaRecords } from './deltaRecords.ts';
import { DeltaRefusal } from './deltaRefusal.ts';
import { NATIVE_TOKEN } from './deltaWire.ts';
import type { SettlementPace, SettlementParts } from './listSettlement.ts';
import { ListSettlement, uncertainList } from './listSettlement.ts';
import type { MarketStart } from './recordBook.ts';
import { RecordBook } from './recordBook.ts';

/** What the adapter is opened for. */
export interface DeltaBaseLayerOptions {
  readonly domain: VenueDomain;
  readonly market: DeltaMarket;
  /**
   * The agreement as it was registered with a validator. The domain API does not tell it, so the
   * adapter repeats what it was given and checks nothing of it.
   */
  readonly agreement?: DomainAgreement;
  /** Zero and zero where nothing is said. */
  readonly start?: MarketStart;
  readonly pace?: Partial<SettlementPace>;
}

/** What the adapter stands on. */
export interface DeltaBaseLayerDependencies extends SettlementParts {
  readonly records: DeltaRecords;
}

/**
 * A base layer on a Delta domain. The adapter has to be the only one that acts on the domain.
 *
 * How a list settles: its allowances are applied to the domain, the domain cuts them into a state
 * diff list, proves it with the venue's law input, and hands list and proof to the validators. A
 * list is settled once the validators applied it, and for good: `included` and `final` are one.
 * There are no blocks: block numbers are zero.
 *
 * At most once: what is about to be sent is recorded first; the pool's next nonce tells whether it
 * was applied, and the domain's lists tell whether it was cut. Were all of that lost, a second
 * application would still fail, because every order's allowance is good for one nonce.
 *
 * What the domain API cannot do, and this adapter therefore does not: tell deposits and exits
 * (`events` throws SETTLEMENT_CONFIG_INVALID), force an exit (owners sign a migration of their
 * vault and hand it to a validator themselves), tell the agreement, carry withdrawals.
 */
export async function openDeltaBaseLayer(
  options: DeltaBaseLayerOptions,
  dependencies: DeltaBaseLayerDependencies,
): Promise<BaseLayer> {
  return new DeltaBaseLayer(options, dependencies, await dependencies.records.all());
}

const PACE: SettlementPace = { pollMsMin: 500, pollMsMax: 10_000, settleMs: 3_600_000 };
/** Settlements that may wait for the one in hand. */
const WAITING_MAX = 16;
const LIMITS = 'It has no blocks, no events and no forced exit; its agreement is as configured.';

class DeltaBaseLayer implements BaseLayer {
  readonly id = 'delta';
  readonly domain: VenueDomain;
  readonly shard: number;
  readonly marketId: number;
  readonly #options: DeltaBaseLayerOptions;
  readonly #parts: SettlementParts;
  readonly #book: RecordBook;
  readonly #closing = new AbortController();
  /** The settlement in hand and how many wait for it. */
  #turn: Promise<void> = Promise.resolve();
  #waiting = 0;
  #trouble: string | undefined;
  #wasAsked = false;

  constructor(
    options: DeltaBaseLayerOptions,
    { records: store, ...parts }: DeltaBaseLayerDependencies,
    records: readonly DeltaRecord[],
  ) {
    this.#options = options;
    this.#parts = parts;
    this.#book = new RecordBook(
      records,
      store,
      options.start ?? { epochNumber: 0, batchNumber: 0 },
    );
    this.domain = options.domain;
    this.shard = options.market.shard;
    this.marketId = options.market.marketId;
  }

  async agreement(): Promise<DomainAgreement | undefined> {
    this.#closing.signal.throwIfAborted();
    return this.#options.agreement;
  }

  async progress(): Promise<SettledProgress> {
    await this.#watched(() => this.#learnApplied());
    return this.#book.progress();
  }

  /** As the domain sees it, which is ahead of the validators by lists that are not settled yet. */
  async vault(owner: AccountId): Promise<Vault> {
    this.#closing.signal.throwIfAborted();
    const { keys, client } = this.#parts;
    const known = keys.ownerOf(owner);
    const balances = new Map<number, bigint>();
    if (known === undefined) return { owner, balances, exitDueBlock: undefined };
    const vault = await this.#watched(() => client.vault(known.ownerId, this.#closing.signal));
    for (const { assetId, token } of this.#options.market.columns) {
      const units = token === NATIVE_TOKEN ? vault?.native : vault?.fungibles.get(token);
      if (units !== undefined && units > 0n) balances.set(assetId, units);
    }
    return { owner, balances, exitDueBlock: undefined };
  }

  async settled(listNumber: bigint): Promise<SettledList | undefined> {
    await this.#watched(() => this.#learnApplied());
    const record = this.#book.recordOf(listNumber);
    if (record?.sdlHash === undefined || !record.isApplied) return undefined;
    const { listHash, epochNumber, sdlHash: transaction } = record;
    return { listNumber, listHash, epochNumber, certainty: 'final', transaction, blockNumber: 0n };
  }

  async check(submission: Submission): Promise<SettleCheck> {
    try {
      await this.#watched(async () => {
        await this.#learnApplied();
        if (this.#book.begun(submission) !== undefined) return;
        await this.#settlementOf(submission, this.#closing.signal).plan();
      });
      return { kind: 'passes', gas: undefined };
    } catch (error) {
      if (error instanceof DeltaRefusal) return { kind: 'refused', refusal: error.refusal };
      throw error;
    }
  }

  async settle(submission: Submission, signal: AbortSignal): Promise<SettleOutcome> {
    this.#closing.signal.throwIfAborted();
    if (this.#waiting >= WAITING_MAX) {
      const sentence = 'Too many lists wait to be settled: wait for the one in hand.';
      throw new SettlementFault('SETTLEMENT_UNAVAILABLE', sentence);
    }
    const before = this.#turn;
    const turn = Promise.withResolvers<void>();
    this.#turn = turn.promise;
    this.#waiting += 1;
    const ending = new AbortController();
    const leave = (): void => ending.abort(signal.reason ?? this.#closing.signal.reason);
    const signals = [signal, this.#closing.signal];
    for (const each of signals) each.addEventListener('abort', leave, { once: true });
    if (signals.some(({ aborted }) => aborted)) leave();
    try {
      await before;
      return await this.#watched(() => this.#settleInTurn(submission, ending.signal));
    } catch (error) {
      if (error instanceof DeltaRefusal) {
        const { refusal } = error;
        return { kind: 'refused', refusal, mayPass: mayPass(refusal.rule) };
      }
      if (!ending.signal.aborted) throw error;
      throw uncertainList(submission.list.number, 'was left while it was under way', error);
    } finally {
      for (const each of signals) each.removeEventListener('abort', leave);
      this.#waiting -= 1;
      turn.resolve();
    }
  }

  /** Rejects at the first question: silence would look like an owner who never deposits. */
  events(): AsyncIterable<BaseLayerEvent> {
    const sentence =
      'The domain API of Delta tells neither deposits nor exits: run without a bridge on this ' +
      'base layer, and let owners credit and leave their vaults through Delta itself.';
    const next = async (): Promise<never> => {
      this.#closing.signal.throwIfAborted();
      throw new SettlementFault('SETTLEMENT_CONFIG_INVALID', sentence);
    };
    return { [Symbol.asyncIterator]: () => ({ next }) };
  }

  health(): BaseLayerHealth {
    const { host } = this.#parts.client;
    if (this.#closing.signal.aborted) return unready('The base layer was closed.');
    if (this.#trouble !== undefined) return unready(this.#trouble);
    if (!this.#wasAsked) return unready(`The Delta domain at ${host} was not asked yet. ${LIMITS}`);
    const detail = `The Delta domain at ${host} answers. ${LIMITS}`;
    return { state: 'ready', detail, headBlock: undefined };
  }

  async close(): Promise<void> {
    this.#closing.abort(new SettlementFault('SETTLEMENT_CLOSED', 'The base layer was closed.'));
    await this.#turn;
  }

  async #settleInTurn(submission: Submission, signal: AbortSignal): Promise<SettleOutcome> {
    signal.throwIfAborted();
    await this.#learnApplied();
    return this.#settlementOf(submission, signal).run();
  }

  #settlementOf(submission: Submission, signal: AbortSignal): ListSettlement {
    const options = { market: this.#options.market, pace: { ...PACE, ...this.#options.pace } };
    return new ListSettlement(submission, options, { ...this.#parts, book: this.#book, signal });
  }

  /** Asks after lists that were cut and not seen applied yet: one at most, except after a crash. */
  async #learnApplied(): Promise<void> {
    for (const record of this.#book.all()) {
      if (record.isApplied || record.sdlHash === undefined) continue;
      const state = await this.#parts.client.sdl(record.sdlHash, this.#closing.signal);
      if (state?.kind !== 'BaseLayerApplied') return;
      // A settlement under way may have written meanwhile: never put an older version over it.
      const now = this.#book.recordOf(record.listNumber);
      if (now === record) await this.#book.put({ ...record, isApplied: true });
    }
  }

  /** Keeps what health tells in step with what the domain answers. */
  async #watched<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#closing.signal.throwIfAborted();
    try {
      const result = await work();
      this.#trouble = undefined;
      this.#wasAsked = true;
      return result;
    } catch (error) {
      if (error instanceof DeltaRefusal) this.#wasAsked = true;
      else if (error instanceof SettlementFault) this.#trouble = error.message;
      throw error;
    }
  }
}

function unready(detail: string): BaseLayerHealth {
  return { state: 'unready', detail, headBlock: undefined };
}
