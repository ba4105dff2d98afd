import type { Applied, EpochRecord } from '@lawbook/exchange/application/applied';
import type { Hash } from '@lawbook/exchange/codec/hash';
import type { Result } from '@lawbook/exchange/failures/result';
import type { LawVerdict } from '@lawbook/exchange/laws/judge';
import type { BatchReport } from '@lawbook/exchange/markets/batch/report';
import type { BatchOrder } from '@lawbook/exchange/orders/batchOrder';
import type { DomainAgreement } from '@lawbook/settlement/baseLayer/domainAgreement';
import type { ExposureLimits } from '@lawbook/settlement/settler/exposure';
import type { ListRecord } from '@lawbook/settlement/settler/settlementStore';
import type { SettlementLag } from '@lawbook/settlement/settler/settler';
import type { BookNews, SealedBookEpoch } from './books/bookRecords.ts';

/** Why a batch order was not filled, or not whole. */
export type ResidualReason =
  | 'limit'
  | 'minimumFill'
  | 'blocked'
  | 'rationed'
  | 'halted'
  | 'expired'
  | 'canceled';

/** FIX OrdStatus of a batch order. What a batch leaves unfilled is canceled with its reason. */
export type OrderStatus = 'new' | 'partiallyFilled' | 'filled' | 'canceled' | 'expired';

/** What the venue knows of one admitted order; rebuilt from the journal. */
export interface OrderRecord {
  readonly orderId: Hash;
  readonly order: BatchOrder;
  /** Sequence of its admission. */
  readonly sequence: number;
  readonly admittedAtMs: number;
  readonly batchNumber: number;
  readonly status: OrderStatus;
  /** Ledger units of the asset paid; zero while new. */
  readonly paid: bigint;
  /** Units of the product received, net of the fee. */
  readonly received: bigint;
  readonly fee: bigint;
  readonly residual: ResidualReason | undefined;
  /** Sequence of the clearing or cancel that ended it; undefined while new. */
  readonly endedBy: number | undefined;
}

/** A cleared batch as the venue keeps it. */
export interface BatchRecord {
  readonly report: BatchReport;
  readonly reportHash: Hash;
  readonly epochNumber: number;
  /** Sequence of the clearing. */
  readonly sequence: number;
  readonly verdicts: readonly LawVerdict[];
}

/** How far an epoch has come. `checked` is what this venue can say alone. */
export type EpochLevel = 'executed' | 'checked' | 'proven' | 'available' | 'settled' | 'finalized';

/** A sealed epoch with its place on the way to finality. */
export interface SealedEpoch {
  readonly epoch: EpochRecord;
  readonly level: EpochLevel;
  /** State of the steps beyond checking, each in words. */
  readonly prove: StepState;
  readonly publish: StepState;
  readonly settle: StepState;
}

/** A pipeline step beyond judging. Times are milliseconds since 1970. */
export type StepState =
  | { readonly kind: 'notConfigured' }
  | { readonly kind: 'waiting'; readonly detail?: string }
  | { readonly kind: 'done'; readonly atMs: number; readonly detail?: string }
  /** Waits for a person, who finds in the detail what was said. */
  | { readonly kind: 'refused'; readonly detail: string };

/** Where a venue settles and how far behind trading that is. */
export interface SettlementStatus {
  /** `starting` until the base layer is ready; `stopped` after a divergence. */
  readonly phase: 'notConfigured' | 'starting' | 'running' | 'stopped';
  /** A sentence for people. */
  readonly detail: string;
  /** Why orders are refused at present; undefined while they are not. */
  readonly pausedBecause: string | undefined;
  readonly lag: SettlementLag | undefined;
  readonly exposure: ExposureLimits | undefined;
  readonly layer: BaseLayerFacts | undefined;
}

/** What names the base layer, for people and for wallets. */
export interface BaseLayerFacts {
  readonly kind: 'evm' | 'memory' | 'delta';
  readonly chainId: bigint;
  readonly contract: string;
  readonly registry: string;
  readonly shard: number;
  /** Endpoint that a wallet can use; the embedded chain's own, undefined for others. */
  readonly rpcUrl: string | undefined;
  /** Token contracts by asset id. */
  readonly tokens: readonly string[];
  /** Words to show beside everything that rests on the development string. */
  readonly setup: string;
}

/** The agreement as far as it can be read now. */
export interface AgreementState {
  readonly phase: SettlementStatus['phase'];
  readonly agreement: DomainAgreement | undefined;
}

/** What the base layer holds for an account. */
export type SettledVault =
  | { readonly kind: 'notConfigured' }
  /** It is starting, away or too slow to be waited for. */
  | { readonly kind: 'unavailable' }
  /** Ledger units by asset id; nothing is held there. */
  | { readonly kind: 'reached'; readonly balances: ReadonlyMap<number, bigint> };

/** What became of a sealed epoch's proof and settlement. */
export interface EpochJourney {
  readonly level: EpochLevel;
  readonly prove: StepState;
  readonly settle: StepState;
  readonly record: ListRecord | undefined;
}

/** The answer to an input: what it did and where, once it is durable. */
export interface Executed {
  readonly sequence: number;
  readonly timeMs: number;
  readonly applied: Applied;
}

/** The answer to a submitted order: a first or a repeated acceptance, or the rejection. */
export type SubmitResult = Result<{
  readonly orderId: Hash;
  readonly sequence: number;
  readonly batchNumber: number;
  /** True when this very order had been accepted before. */
  readonly repeated: boolean;
}>;

/** What happened, in order, for feeds. */
export type VenueEvent =
  | { readonly kind: 'order'; readonly record: OrderRecord }
  | { readonly kind: 'batch'; readonly record: BatchRecord }
  | { readonly kind: 'epoch'; readonly record: SealedEpoch }
  | { readonly kind: 'book'; readonly news: BookNews }
  | { readonly kind: 'bookEpoch'; readonly epoch: SealedBookEpoch }
  | {
      readonly kind: 'phase';
      readonly marketId: number;
      readonly batchNumber: number;
      readonly phase: 'collecting' | 'revealing' | 'closed' | 'halted';
      readonly sinceMs: number;
      /** When the phase is due to end; undefined while halted. */
      readonly dueMs: number | undefined;
    }
  | { readonly kind: 'oracle'; readonly marketId: number; readonly mids: readonly bigint[] };

/** One part of the venue and whether it can do its work. */
export interface ComponentHealth {
  readonly name: 'journal' | 'storage' | 'oracle' | 'market' | 'prover' | 'baseLayer';
  readonly state: 'ready' | 'unready' | 'notConfigured';
  /** A sentence for a person. */
  readonly detail: string;
}

/** What a trade would get now, by the clearing engine itself. */
export interface TradePreview {
  readonly paid: bigint;
  readonly received: bigint;
  readonly fee: bigint;
  readonly prices: readonly bigint[];
  readonly mids: readonly bigint[];
  /** 10^4 (1 - net rate / mid rate), times 100: hundredths of a basis point, rounded up. */
  readonly costBpsE2: bigint | undefined;
  /** What keeps it from filling whole, if anything. */
  readonly bound: ResidualReason | undefined;
  /** Orders in the open batch that the preview took into account. */
  readonly ordersBeside: number;
}
