import type { ExchangeState } from '@lawbook/exchange/application/exchangeState';
import type { Hash } from '@lawbook/exchange/codec/hash';
import type { Result } from '@lawbook/exchange/failures/result';
import type { Input } from '@lawbook/exchange/inputs';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import type { BatchParameters } from '@lawbook/exchange/markets/batch/parameters';
import type { AuthorisedOrder, BatchOrder } from '@lawbook/exchange/orders/batchOrder';
import type { RecoverSigner } from '@lawbook/exchange/orders/signature';
import type { Signing } from '@lawbook/exchange/orders/signedTypes';
import type { BookDesk } from './books/bookDesk.ts';
import type { DepositRecord, WithdrawalRecord } from './readModel/crossings.ts';
import type { Page } from './readModel/page.ts';
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

export type { Page } from './readModel/page.ts';

/**
 * What gateways may ask of a venue. Every promise resolves only once the answer is durable; reads
 * answer from the executed state.
 */
export interface VenueService {
  readonly signing: Signing;
  readonly recover: RecoverSigner;
  /** Orders, trades and ladders of books. */
  readonly books: BookDesk;
  /** The live state, to be read and never written. */
  readonly state: ExchangeState;
  /** Sequence of the last input applied, and of the last one on disk. */
  cursors(): { readonly executed: number; readonly durable: number };
  health(): readonly ComponentHealth[];
  /** Where it settles, and how far behind trading that is. */
  settlement(): SettlementStatus;
  /**
   * Why no epoch of a market could settle, while prices are about `mids`; undefined when one could,
   * or without a base layer.
   */
  unsettleable(parameters: BatchParameters, mids: readonly bigint[]): string | undefined;
  /**
   * Makes sure that epochs can settle under new parameters; returns at once without a base layer.
   * @throws Fault of the base layer.
   */
  prepareParameters(parameters: BatchParameters): Promise<void>;
  /** The agreement that binds the venue to its base layer. */
  agreement(): Promise<AgreementState>;
  /** What the base layer holds for an account, in its newest block. */
  settledVault(owner: AccountId): Promise<SettledVault>;
  /** Proof and settlement of an epoch; undefined where nobody proves. */
  journey(marketId: number, epochNumber: number): Promise<EpochJourney | undefined>;
  /** Resolves true once `sequence` is durable and readable, false when `timeoutMs` is over. */
  waitFor(sequence: number, timeoutMs: number, signal: AbortSignal): Promise<boolean>;

  /** Sequences an order whose authorisation was checked. Repeating an order repeats its answer. */
  submitOrder(entry: AuthorisedOrder): Promise<SubmitResult>;
  /** `submitOrder` for an order that a commitment hid. */
  revealOrder(entry: AuthorisedOrder, salt: Uint8Array): Promise<SubmitResult>;
  /** Sequences any other input whose authority was checked. */
  execute(input: Input): Promise<Result<Executed>>;
  preview(order: BatchOrder): Result<TradePreview>;

  order(orderId: Hash): Promise<OrderRecord | undefined>;
  /** Orders of an owner, new to old, paged by admission sequence. */
  orders(owner: AccountId, page: Page & { readonly open: boolean }): Promise<OrderRecord[]>;
  withdrawal(withdrawalId: Hash): Promise<WithdrawalRecord | undefined>;
  /** Withdrawals of an owner and deposits into an account, new to old, paged by sequence. */
  withdrawals(owner: AccountId, page: Page): Promise<WithdrawalRecord[]>;
  deposits(account: AccountId, page: Page): Promise<DepositRecord[]>;
  batch(marketId: number, batchNumber: number): Promise<BatchRecord | undefined>;
  batches(marketId: number, page: Page): Promise<BatchRecord[]>;
  epoch(marketId: number, epochNumber: number): Promise<SealedEpoch | undefined>;
  epochs(marketId: number, page: Page): Promise<SealedEpoch[]>;
  /** The bytes of an epoch's bundle: everything a verifier needs. */
  bundle(marketId: number, epochNumber: number): Promise<Uint8Array | undefined>;
  /** Calls back on every event, in order, until the returned function is called. */
  subscribe(listener: (event: VenueEvent) => void): () => void;
}
