import { LAW_IDS } from '@lawbook/exchange/laws/verdict';
import { z } from 'zod';
import type { AsOf } from './primitives.ts';
import {
  addressText,
  asOf,
  countNumber,
  hashText,
  integerTextSigned,
  marketIdText,
  priceText,
  sequenceNumber,
  signedDecimalText,
  symbolText,
  timeText,
} from './primitives.ts';

/** What one law said about a batch. */
export interface VerdictView {
  readonly law: string;
  readonly name: string;
  readonly holds: boolean;
  /** Present on laws about signatures: recovered here, or taken from admission. */
  readonly basis?: 'recovered' | 'admitted' | undefined;
  readonly violation?: ViolationView | undefined;
}

/** Where a law is broken. */
export interface ViolationView {
  readonly rule: string;
  readonly expected: string;
  readonly actual: string;
  readonly locus: {
    readonly kind: string;
    readonly row?: number | undefined;
    readonly orderId?: string | undefined;
    readonly asset?: number | undefined;
    readonly account?: string | undefined;
    readonly index?: number | undefined;
    readonly field?: string | undefined;
  };
}

const violationView: z.ZodType<ViolationView> = z.object({
  rule: z.string(),
  expected: z.string(),
  actual: z.string(),
  locus: z.object({
    kind: z.string(),
    row: countNumber.optional(),
    orderId: hashText.optional(),
    asset: countNumber.optional(),
    account: addressText.optional(),
    index: countNumber.optional(),
    field: z.string().optional(),
  }),
});

const verdictView: z.ZodType<VerdictView> = z.object({
  law: z.enum(LAW_IDS),
  name: z.string(),
  holds: z.boolean(),
  basis: z.enum(['recovered', 'admitted']).optional(),
  violation: violationView.optional(),
});

/** The report of a cleared batch in human units, with the hash that chains it. */
export interface BatchView {
  readonly marketId: string;
  readonly batchNumber: number;
  readonly epochNumber: number;
  readonly sequence: number;
  readonly closedAt: string;
  readonly reportHash: string;
  readonly parentReportHash: string;
  readonly outcome: { readonly kind: 'cleared' | 'halted'; readonly reason?: string | undefined };
  readonly orderCount: number;
  readonly ordersFilled: number;
  readonly ordersPartial: number;
  readonly ordersBlocked: number;
  readonly assets: readonly {
    readonly symbol: string;
    readonly price: string;
    readonly payFactorE12: string;
    readonly receiveFactorE12: string;
    readonly poolBefore: string;
    readonly poolAfter: string;
    readonly poolTrade: string;
    readonly fees: string;
  }[];
  readonly measures: {
    readonly submittedUsd: string;
    readonly filledUsd: string;
    readonly inventoryRiskUsd: string;
    readonly poolGainUsd: string;
    readonly thetaE12: string;
    readonly residualE12: string;
    readonly priceTrackingE12: string;
    readonly stepNormE12: string;
    readonly iterations: number;
  };
  readonly roots: {
    readonly oracleHash: string;
    readonly parameterHash: string;
    readonly orderSetRoot: string;
    readonly commitSetRoot: string;
    readonly fillRoot: string;
    readonly diffRoot: string;
  };
  readonly verdicts: readonly VerdictView[];
}

const integer = integerTextSigned;

export const batchView: z.ZodType<BatchView> = z.object({
  marketId: marketIdText,
  batchNumber: countNumber,
  epochNumber: countNumber,
  sequence: sequenceNumber.describe('Sequence of the clearing'),
  closedAt: timeText,
  reportHash: hashText,
  parentReportHash: hashText,
  outcome: z.object({ kind: z.enum(['cleared', 'halted']), reason: z.string().optional() }),
  orderCount: countNumber,
  ordersFilled: countNumber,
  ordersPartial: countNumber,
  ordersBlocked: countNumber,
  assets: z.array(
    z.object({
      symbol: symbolText,
      price: priceText,
      payFactorE12: integer.describe('Rationing of orders that pay this asset; 10^12 is none'),
      receiveFactorE12: integer.describe('Rationing of orders that receive it; 10^12 is none'),
      poolBefore: signedDecimalText,
      poolAfter: signedDecimalText,
      poolTrade: signedDecimalText.describe('Change of the pool before fees leave it'),
      fees: signedDecimalText,
    }),
  ),
  measures: z.object({
    submittedUsd: signedDecimalText,
    filledUsd: signedDecimalText,
    inventoryRiskUsd: signedDecimalText,
    poolGainUsd: signedDecimalText,
    thetaE12: integer,
    residualE12: integer,
    priceTrackingE12: integer,
    stepNormE12: integer,
    iterations: countNumber,
  }),
  roots: z.object({
    oracleHash: hashText,
    parameterHash: hashText,
    orderSetRoot: hashText,
    commitSetRoot: hashText,
    fillRoot: hashText,
    diffRoot: hashText,
  }),
  verdicts: z.array(verdictView),
});

export interface BatchReply {
  readonly batch: BatchView;
  readonly asOf: AsOf;
}

export const batchReply: z.ZodType<BatchReply> = z.object({ batch: batchView, asOf });

export interface BatchList {
  readonly batches: readonly BatchView[];
  readonly nextBefore?: number | undefined;
  readonly asOf: AsOf;
}

export const batchList: z.ZodType<BatchList> = z.object({
  batches: z.array(batchView),
  nextBefore: countNumber.optional(),
  asOf,
});

/** A step beyond checking. */
export interface StepView {
  readonly state: 'notConfigured' | 'waiting' | 'done' | 'refused';
  readonly at?: string | undefined;
  readonly detail?: string | undefined;
}

const stepView: z.ZodType<StepView> = z.object({
  state: z.enum(['notConfigured', 'waiting', 'done', 'refused']),
  at: timeText.optional().describe('When it was done'),
  detail: z.string().optional().describe('What it waits for, or why it was refused'),
});

export interface EpochView {
  readonly marketId: string;
  readonly epochNumber: number;
  readonly firstBatch: number;
  readonly lastBatch: number;
  readonly sealedAt: string;
  readonly vaultCount: number;
  readonly diffRoot: string;
  readonly epochHash: string;
  readonly parentEpochHash: string;
  readonly stateRoot: string;
  readonly level: 'executed' | 'checked' | 'proven' | 'available' | 'settled' | 'finalized';
  readonly steps: {
    readonly prove: StepView;
    readonly publish: StepView;
    readonly settle: StepView;
  };
}

export const epochView: z.ZodType<EpochView> = z.object({
  marketId: marketIdText,
  epochNumber: countNumber,
  firstBatch: countNumber,
  lastBatch: countNumber,
  sealedAt: timeText,
  vaultCount: countNumber.describe('Vaults with a diff in this epoch'),
  diffRoot: hashText,
  epochHash: hashText,
  parentEpochHash: hashText,
  stateRoot: hashText,
  level: z.enum(['executed', 'checked', 'proven', 'available', 'settled', 'finalized']),
  steps: z.object({ prove: stepView, publish: stepView, settle: stepView }),
});

export interface EpochReply {
  readonly epoch: EpochView;
  readonly asOf: AsOf;
}

export const epochReply: z.ZodType<EpochReply> = z.object({ epoch: epochView, asOf });

export interface EpochList {
  readonly epochs: readonly EpochView[];
  readonly nextBefore?: number | undefined;
  readonly asOf: AsOf;
}

export const epochList: z.ZodType<EpochList> = z.object({
  epochs: z.array(epochView),
  nextBefore: countNumber.optional(),
  asOf,
});

/** A predicate's answer, with the laws it rests on. */
export interface PredicateView {
  readonly name: string;
  readonly laws: readonly string[];
  readonly holds: boolean;
}

export interface EpochVerdicts {
  readonly marketId: string;
  readonly epochNumber: number;
  /** Verified here by re-running the laws: `checked`, never `proven`. */
  readonly level: 'checked';
  readonly holds: boolean;
  readonly batches: readonly {
    readonly batchNumber: number;
    readonly verdicts: readonly VerdictView[];
  }[];
  readonly predicates: readonly PredicateView[];
  readonly asOf: AsOf;
}

export const epochVerdicts: z.ZodType<EpochVerdicts> = z.object({
  marketId: marketIdText,
  epochNumber: countNumber,
  level: z.literal('checked'),
  holds: z.boolean(),
  batches: z.array(z.object({ batchNumber: countNumber, verdicts: z.array(verdictView) })),
  predicates: z.array(
    z.object({ name: z.string(), laws: z.array(z.enum(LAW_IDS)), holds: z.boolean() }),
  ),
  asOf,
});

/** The published laws. */
export interface LawList {
  readonly laws: readonly {
    readonly id: string;
    readonly name: string;
    readonly statement: string;
    readonly page: string;
  }[];
  readonly predicates: readonly {
    readonly name: string;
    readonly laws: readonly string[];
    readonly meaning: string;
  }[];
  /** The laws of epochs of order books. */
  readonly bookLaws?:
    | readonly {
        readonly id: string;
        readonly name: string;
        readonly statement: string;
        readonly page: string;
      }[]
    | undefined;
}

export const lawList: z.ZodType<LawList> = z.object({
  laws: z.array(
    z.object({
      id: z.enum(LAW_IDS),
      name: z.string(),
      statement: z.string(),
      page: z.string().describe('Path of its page in the repository'),
    }),
  ),
  predicates: z.array(
    z.object({ name: z.string(), laws: z.array(z.enum(LAW_IDS)), meaning: z.string() }),
  ),
  bookLaws: z
    .array(z.object({ id: z.string(), name: z.string(), statement: z.string(), page: z.string() }))
    .optional()
    .describe('The laws of epochs of order books'),
});
