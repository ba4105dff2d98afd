import { z } from 'zod';
import type { AsOf } from './primitives.ts';
import {
  addressText,
  asOf,
  countNumber,
  decimalText,
  hashText,
  marketIdText,
  sequenceNumber,
  signatureText,
  symbolText,
  timeMsNumber,
  timeText,
  u64Text,
  unitsText,
} from './primitives.ts';

/** The signed fields of a withdrawal. @see contracts/src/SignedTypes.sol */
export interface WithdrawalTerms {
  readonly owner: string;
  readonly to: string;
  readonly shard: number;
  readonly assetId: number;
  readonly units: string;
  readonly orderNonce: string;
  readonly expiresAtMs: number;
}

const termFields = {
  owner: addressText,
  to: addressText.describe('Who may claim the tokens on the base layer'),
  shard: z.int().min(0).max(0xffffffff).describe('Shard of the base layer, see /v1/settlement'),
  assetId: z.int().min(0).max(63).describe('Place of the asset in /v1/assets'),
  units: unitsText,
  orderNonce: u64Text.describe("Used once, in the owner's lane of withdrawals"),
  expiresAtMs: timeMsNumber,
};

/** A withdrawal as its owner signed it. */
export interface WithdrawalRequest extends WithdrawalTerms {
  /** Of the owner itself: no delegate and no session takes money out. */
  readonly signature: string;
}

export const withdrawalRequest: z.ZodType<WithdrawalRequest> = z.strictObject({
  ...termFields,
  signature: signatureText,
});

export interface WithdrawalReply {
  readonly withdrawalId: string;
  readonly sequence: number;
  /** True when this very withdrawal had been accepted before. */
  readonly repeated: boolean;
}

export const withdrawalReply: z.ZodType<WithdrawalReply> = z.object({
  withdrawalId: hashText.describe('Digest of the withdrawal'),
  sequence: sequenceNumber,
  repeated: z.boolean().describe('True when this very withdrawal had been accepted before'),
});

/** A withdrawal and what became of it. */
export interface WithdrawalView {
  readonly withdrawalId: string;
  readonly terms: WithdrawalTerms;
  readonly symbol: string;
  readonly amount: string;
  readonly sequence: number;
  readonly requestedAt: string;
  readonly status: 'pending' | 'inEpoch' | 'returned';
  /** The epoch that takes it out; its place on the way to the base layer is told there. */
  readonly marketId?: string | undefined;
  readonly epochNumber?: number | undefined;
  readonly returnedBecause?: 'expired' | 'ownerIsExiting' | undefined;
}

const withdrawalView: z.ZodType<WithdrawalView> = z.object({
  withdrawalId: hashText,
  terms: z.object(termFields),
  symbol: symbolText,
  amount: decimalText,
  sequence: sequenceNumber,
  requestedAt: timeText,
  status: z
    .enum(['pending', 'inEpoch', 'returned'])
    .describe('Waits for an epoch, leaves with one, or was given back to its owner'),
  marketId: marketIdText.optional(),
  epochNumber: countNumber.optional(),
  returnedBecause: z.enum(['expired', 'ownerIsExiting']).optional(),
});

export interface WithdrawalList {
  readonly withdrawals: readonly WithdrawalView[];
  /** `before` of the next page; absent on the last. */
  readonly nextBefore?: number | undefined;
  readonly asOf: AsOf;
}

export const withdrawalList: z.ZodType<WithdrawalList> = z.object({
  withdrawals: z.array(withdrawalView),
  nextBefore: countNumber.optional(),
  asOf,
});

/** A deposit that was final on the base layer and is credited. */
export interface DepositView {
  readonly depositNumber: number;
  readonly symbol: string;
  readonly amount: string;
  readonly sequence: number;
  readonly creditedAt: string;
}

const depositView: z.ZodType<DepositView> = z.object({
  depositNumber: countNumber.describe("Place among the deposits into the venue's shard"),
  symbol: symbolText,
  amount: decimalText,
  sequence: sequenceNumber,
  creditedAt: timeText,
});

export interface DepositList {
  readonly deposits: readonly DepositView[];
  readonly nextBefore?: number | undefined;
  readonly asOf: AsOf;
}

export const depositList: z.ZodType<DepositList> = z.object({
  deposits: z.array(depositView),
  nextBefore: countNumber.optional(),
  asOf,
});
