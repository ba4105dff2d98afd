import { ZERO_HASH } from '@lawbook/exchange/codec/hash';
import { invariant } from '@lawbook/exchange/failures/invariant';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import type { VenueDomain } from '@lawbook/exchange/orders/typedData';
import { SettlementFault } from '../../settlementFault.ts';
import type {
  BaseLayer,
  BaseLayerHealth,
  Certainty,
  SettledList,
  SettledProgress,
  Vault,
} from '../baseLayer.ts';
import type { BaseLayerEvent, EventCursor } from '../baseLayerEvent.ts';
import type { DomainAgreement } from '../domainAgreement.ts';
import { mayPass, refusalOf } from '../refusalRules.ts';
import type { SettleCheck, SettleOutcome, SettleRefusal, Submission } from '../submission.ts';
import type { ActContext } from './act.ts';
import type { MemoryChain, PlacedNews } from './memoryChain.ts';
import type { LawQuestion } from './settleList.ts';

/** For whom a memory base layer speaks. */
export interface MemoryBaseLayerOptions {
  readonly shard: number;
  readonly marketId: number;
  readonly operator: AccountId;
  /** Asks a real verifier before a list is sent; left away, the contracts' own answer counts. */
  readonly verifyLaws?: (question: LawQuestion) => Promise<boolean>;
}

/** A settled list with its place in the chain. */
interface SettledNews {
  readonly blockNumber: bigint;
  readonly news: Extract<PlacedNews['news'], { kind: 'settled' }>;
}

type LawAnswer = (question: LawQuestion) => boolean;

/** A base layer in this process: one operator's view of a memory chain. It never is away. */
export class MemoryBaseLayer implements BaseLayer {
  readonly id = 'memory';
  readonly domain: VenueDomain;
  readonly shard: number;
  readonly marketId: number;
  readonly chain: MemoryChain;
  readonly #operator: AccountId;
  readonly #verifyLaws: MemoryBaseLayerOptions['verifyLaws'];
  readonly #closing = new AbortController();

  constructor(chain: MemoryChain, options: MemoryBaseLayerOptions) {
    this.chain = chain;
    this.domain = chain.contracts.domain;
    this.shard = options.shard;
    this.marketId = options.marketId;
    this.#operator = options.operator;
    this.#verifyLaws = options.verifyLaws;
  }

  async agreement(): Promise<DomainAgreement | undefined> {
    this.#onlyOpen();
    const { registry } = this.chain.contracts;
    const head = this.chain.head();
    const known = registry.shardAgreements(this.shard, head);
    if (known === undefined) return undefined;
    const entry = registry.agreement(known.agreementId);
    invariant(entry !== undefined, 'an agreement that a shard names is registered');
    const next = known.next === undefined ? undefined : registry.agreement(known.next);
    return {
      agreementId: known.agreementId,
      shard: this.shard,
      ...entry,
      baseEpoch: registry.baseEpoch(head),
      baseEpochBlocks: registry.terms.baseEpochBlocks,
      exitBlocks: registry.terms.exitBlocks,
      next:
        known.next === undefined || next === undefined
          ? undefined
          : { agreementId: known.next, activeFrom: next.activeFrom },
    };
  }

  async progress(certainty: Certainty): Promise<SettledProgress> {
    this.#onlyOpen();
    const limit = certainty === 'final' ? this.chain.finalBlock() : this.chain.head();
    const lists = this.#settledLists().filter(({ blockNumber }) => blockNumber <= limit);
    const last = lists.at(-1);
    const ofMarket = lists.findLast(({ news }) => news.marketId === this.marketId);
    return {
      listNumber: last?.news.chain.number ?? 0n,
      listHash: last?.news.chain.listHash ?? ZERO_HASH,
      epochNumber: Number(ofMarket?.news.progress.epochNumber ?? 0n),
      batchNumber: Number(ofMarket?.news.progress.batchNumber ?? 0n),
      closedAtMs: Number(ofMarket?.news.progress.closedAtMs ?? 0n),
    };
  }

  async vault(owner: AccountId): Promise<Vault> {
    this.#onlyOpen();
    const { registry, vaults } = this.chain.contracts;
    const key = { shard: this.shard, owner };
    const balances = new Map<number, bigint>();
    registry.assets(this.shard).forEach((_, assetId) => {
      const units = vaults.balanceOf(key, assetId);
      if (units > 0n) balances.set(assetId, units);
    });
    return { owner, balances, exitDueBlock: vaults.exitDueBlock(key) };
  }

  async settled(listNumber: bigint): Promise<SettledList | undefined> {
    this.#onlyOpen();
    return this.#settled(listNumber);
  }

  async check(submission: Submission): Promise<SettleCheck> {
    this.#onlyOpen();
    const { refusal } = await this.#judge(submission);
    return refusal === undefined
      ? { kind: 'passes', gas: undefined }
      : { kind: 'refused', refusal };
  }

  async settle(submission: Submission, signal: AbortSignal): Promise<SettleOutcome> {
    this.#onlyOpen();
    const { list, listHash } = submission;
    const actId = `settle ${this.shard} ${list.number} ${listHash}`;
    const done = this.#settled(list.number);
    if (done?.listHash === listHash) return settledOutcome(done);
    if (!this.chain.isWaiting(actId)) {
      const { refusal, lawsHold } = await this.#judge(submission);
      if (refusal !== undefined) return refusedOutcome(refusal);
      const run = (context: ActContext): void => {
        this.chain.contracts.settle(context, submission, lawsHold);
      };
      this.chain.send({ actId, sender: this.#operator, run });
    }
    return this.#outcome(submission, { actId, signal });
  }

  async *events(
    after: EventCursor | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<BaseLayerEvent, void, undefined> {
    const over = AbortSignal.any([signal, this.#closing.signal]);
    const news = this.chain.news();
    let next = news.findIndex(({ cursor }) => after === undefined || isAfter(cursor, after));
    if (next < 0) next = news.length;
    for (;;) {
      const placed = news[next];
      // What is not final may be replaced by other news in the same place.
      if (placed === undefined || placed.cursor.blockNumber > this.chain.finalBlock()) {
        await this.chain.changed(over);
        continue;
      }
      next += 1;
      const event = eventOf(placed, this.shard);
      if (event !== undefined) yield event;
    }
  }

  health(): BaseLayerHealth {
    const headBlock = this.chain.head();
    if (this.#closing.signal.aborted) return { state: 'unready', detail: 'Closed.', headBlock };
    return { state: 'ready', detail: 'In this process: nothing is kept on a chain.', headBlock };
  }

  async close(): Promise<void> {
    this.#closing.abort(closed());
  }

  /** Waits until the act lies in a block. */
  async #outcome(
    submission: Submission,
    { actId, signal }: { readonly actId: string; readonly signal: AbortSignal },
  ): Promise<SettleOutcome> {
    const over = AbortSignal.any([signal, this.#closing.signal]);
    for (;;) {
      const done = this.#settled(submission.list.number);
      if (done?.listHash === submission.listHash) return settledOutcome(done);
      const refusal = this.chain.outcome(actId)?.refusal;
      if (refusal !== undefined) return refusedOutcome(refusal);
      try {
        await this.chain.changed(over);
      } catch (cause) {
        throw new SettlementFault(
          'SETTLEMENT_UNCERTAIN',
          'The list waits for a block; ask again with the same list.',
          { fields: { listNumber: String(submission.list.number) }, cause },
        );
      }
    }
  }

  /** What the next block would say, with the verifier's answer to keep for the block itself. */
  async #judge(submission: Submission): Promise<{
    readonly refusal: SettleRefusal | undefined;
    readonly lawsHold: LawAnswer | undefined;
  }> {
    const { contracts } = this.chain;
    const verifyLaws = this.#verifyLaws;
    let asked: LawQuestion | undefined;
    const collect: LawAnswer = (question) => {
      asked = question;
      return true;
    };
    const refusal = this.chain.attempt(this.#operator, (context) => {
      contracts.settle(context, submission, verifyLaws === undefined ? undefined : collect);
    });
    if (verifyLaws === undefined || asked === undefined) return { refusal, lawsHold: undefined };
    const question: LawQuestion = asked;
    const holds = await verifyLaws(question);
    const lawsHold: LawAnswer = (other) => holds && isSameQuestion(question, other);
    return { refusal: holds ? refusal : refusalOf('LawsAreProven', ['0x']), lawsHold };
  }

  #settled(listNumber: bigint): SettledList | undefined {
    const entry = this.#settledLists().find(({ news }) => news.chain.number === listNumber);
    if (entry === undefined) return undefined;
    const { blockNumber, news } = entry;
    return {
      listNumber,
      listHash: news.chain.listHash,
      epochNumber: Number(news.progress.epochNumber),
      certainty: blockNumber <= this.chain.finalBlock() ? 'final' : 'included',
      transaction: news.chain.listHash,
      blockNumber,
    };
  }

  #settledLists(): SettledNews[] {
    return this.chain.news().flatMap(({ cursor, news }) => {
      if (news.kind !== 'settled' || news.shard !== this.shard) return [];
      return [{ blockNumber: cursor.blockNumber, news }];
    });
  }

  #onlyOpen(): void {
    if (this.#closing.signal.aborted) throw closed();
  }
}

function closed(): SettlementFault {
  return new SettlementFault('SETTLEMENT_CLOSED', 'The base layer was closed; open it again.');
}

function settledOutcome({ transaction, blockNumber }: SettledList): SettleOutcome {
  return { kind: 'settled', transaction, blockNumber, gasUsed: undefined };
}

function refusedOutcome(refusal: SettleRefusal): SettleOutcome {
  return { kind: 'refused', refusal, mayPass: mayPass(refusal.rule) };
}

function isSameQuestion(a: LawQuestion, b: LawQuestion): boolean {
  if (a.circuit !== b.circuit || a.proof !== b.proof) return false;
  return a.publicInputs.every((element, k) => element === b.publicInputs[k]);
}

/** Whether a place in the chain lies behind another. */
export function isAfter(cursor: EventCursor, after: EventCursor): boolean {
  if (cursor.blockNumber !== after.blockNumber) return cursor.blockNumber > after.blockNumber;
  return cursor.logIndex > after.logIndex;
}

/** Deposits of every shard, because they are counted together; exits of the shard alone. */
function eventOf({ cursor, news }: PlacedNews, own: number): BaseLayerEvent | undefined {
  if (news.kind === 'settled') return undefined;
  if (news.kind === 'deposited') return { cursor, ...news };
  const { shard, ...exit } = news;
  return shard === own ? { cursor, ...exit } : undefined;
}
