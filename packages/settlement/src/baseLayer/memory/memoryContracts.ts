import { ZERO_HASH } from '@lawbook/exchange/codec/hash';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import type { RecoverSigner } from '@lawbook/exchange/orders/signature';
import type { VenueDomain } from '@lawbook/exchange/orders/typedData';
import type { Submission } from '../submission.ts';
import type { ActContext } from './act.ts';
import type { AgreementTerms } from './agreementBook.ts';
import { AgreementBook } from './agreementBook.ts';
import type { WalletAccepts } from './authority.ts';
import { Authority } from './authority.ts';
import { NonceRings } from './nonceRings.ts';
import { revert } from './refusedAct.ts';
import type { LawQuestion, ListChain, MarketProgress } from './settleList.ts';
import { settleList } from './settleList.ts';
import { TokenBook } from './tokenBook.ts';
import { UndoCell, UndoLog, UndoMap } from './undoLog.ts';
import type { VaultNews } from './vaultBook.ts';
import { VaultBook } from './vaultBook.ts';

/** What the contracts tell, as their events do. */
export type ContractNews =
  | VaultNews
  | {
      readonly kind: 'settled';
      readonly shard: number;
      readonly marketId: number;
      readonly chain: ListChain;
      readonly progress: MarketProgress;
    };

/** How the contracts are made. */
export interface MemoryContractsOptions {
  /** Chain, and the address that holds the tokens. */
  readonly domain: VenueDomain;
  readonly guardian: AccountId;
  readonly terms: AgreementTerms;
  readonly genesisBlock: bigint;
  /** Says whether a proof shows the laws: a verifier's answer, or true where nothing is proved. */
  readonly lawsHold: (question: LawQuestion) => boolean;
  readonly walletAccepts?: WalletAccepts;
  /** The curve, `recoverSigner` unless given; another one has to refuse what it refuses. */
  readonly recover?: RecoverSigner;
}

/**
 * The contracts of contracts/src in this process: the same laws in the same order, with the same
 * names of refusals. Acts are synchronous; who runs them takes back what a refused one has written.
 *
 * Three things are left out because they say nothing about settling: allowances of tokens, tokens
 * that misbehave, and gas.
 */
export class MemoryContracts {
  readonly log: UndoLog = new UndoLog();
  readonly domain: VenueDomain;
  readonly tokens: TokenBook;
  readonly registry: AgreementBook;
  readonly vaults: VaultBook;
  readonly rings: NonceRings;
  readonly #guardian: AccountId;
  readonly #authority: Authority;
  readonly #lawsHold: (question: LawQuestion) => boolean;
  readonly #paused: UndoCell<boolean>;
  readonly #chains: UndoMap<number, ListChain>;
  readonly #progress: UndoMap<number, MarketProgress>;
  #news: ContractNews[] = [];

  constructor(options: MemoryContractsOptions) {
    const { domain, terms, genesisBlock, walletAccepts } = options;
    const { log } = this;
    this.domain = domain;
    this.tokens = new TokenBook(log);
    this.registry = new AgreementBook({ ...terms, genesisBlock }, { log, tokens: this.tokens });
    this.vaults = new VaultBook({
      log,
      registry: this.registry,
      tokens: this.tokens,
      self: domain.address,
      tell: (news) => this.#news.push(news),
    });
    this.rings = new NonceRings(log);
    this.#guardian = options.guardian;
    this.#authority = new Authority(domain, walletAccepts, options.recover);
    this.#lawsHold = options.lawsHold;
    this.#paused = new UndoCell(log, false);
    this.#chains = new UndoMap(log);
    this.#progress = new UndoMap(log);
  }

  /** Number zero and the zero hash before the first list. */
  listChain(shard: number): ListChain {
    return this.#chains.get(shard) ?? { number: 0n, listHash: ZERO_HASH };
  }

  /** Undefined before the first list of the market. */
  marketProgress(marketId: number): MarketProgress | undefined {
    return this.#progress.get(marketId);
  }

  /** @throws RefusedAct CallerIsNotGuardian. */
  pauseSettlements({ sender }: ActContext): void {
    if (sender !== this.#guardian) revert('CallerIsNotGuardian', sender);
    this.#paused.set(true);
  }

  /** @throws RefusedAct CallerIsNotGuardian. */
  resumeSettlements({ sender }: ActContext): void {
    if (sender !== this.#guardian) revert('CallerIsNotGuardian', sender);
    this.#paused.set(false);
  }

  /**
   * Applies a list. `lawsHold` stands in for the verifier where the caller asks in advance.
   * @throws RefusedAct for the first rule that the list breaks.
   */
  settle(
    context: ActContext,
    submission: Pick<Submission, 'list' | 'book' | 'proof'>,
    lawsHold: (question: LawQuestion) => boolean = this.#lawsHold,
  ): void {
    if (this.#paused.get()) revert('SettlementsArePaused');
    const { shard, marketId } = submission.list;
    const progress = this.#progress.get(marketId);
    const start = { chain: this.listChain(shard), progress, domain: this.domain, lawsHold };
    const { registry, vaults, rings } = this;
    const books = { registry, vaults, rings, authority: this.#authority };
    const end = settleList(context, submission, { start, books });
    this.#chains.set(shard, end.chain);
    this.#progress.set(marketId, end.progress);
    this.#news.push({ kind: 'settled', shard, marketId, ...end });
  }

  /** What was told since the last call. */
  takeNews(): ContractNews[] {
    const news = this.#news;
    this.#news = [];
    return news;
  }
}
