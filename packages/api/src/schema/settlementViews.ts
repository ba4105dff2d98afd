import { z } from 'zod';
import type { AsOf } from './primitives.ts';
import {
  addressText,
  asOf,
  countNumber,
  hashText,
  integerTextSigned,
  marketIdText,
  timeText,
} from './primitives.ts';

/** Highest list numbers by level, and how old what waits is. */
export interface LagView {
  readonly sealed: string;
  readonly proven: string;
  readonly settled: string;
  readonly finalized: string;
  readonly unsettled: number;
  readonly oldestUnsettledMs: number;
  readonly oldestUnprovenMs: number;
}

const listNumber = integerTextSigned.describe('List number, from 1; 0 for none');

const lagView: z.ZodType<LagView> = z.object({
  sealed: listNumber,
  proven: listNumber,
  settled: listNumber,
  finalized: listNumber,
  unsettled: countNumber.describe('Sealed lists that are not settled'),
  oldestUnsettledMs: countNumber.describe('Age of the oldest of them; 0 for none'),
  oldestUnprovenMs: countNumber.describe('Age of the oldest list without a proof; 0 for none'),
});

/** What names the base layer. */
export interface BaseLayerView {
  readonly kind: 'evm' | 'memory' | 'delta';
  readonly chainId: string;
  readonly contract: string;
  readonly registry: string;
  readonly shard: number;
  readonly rpcUrl?: string | undefined;
  readonly tokens: readonly string[];
  readonly setup: string;
}

const baseLayerView: z.ZodType<BaseLayerView> = z.object({
  kind: z.enum(['evm', 'memory', 'delta']),
  chainId: integerTextSigned,
  contract: addressText.describe('Holds the tokens and settles; the EIP-712 verifying contract'),
  registry: addressText.describe('Holds agreements, circuits, assets and parameters'),
  shard: countNumber,
  rpcUrl: z.string().optional().describe('Endpoint of the embedded chain, for wallets'),
  tokens: z.array(addressText).describe('Token contracts by asset id'),
  setup: z.string().describe('On what reference string the proofs rest'),
});

/** Where the venue settles and how far behind trading that is. */
export interface SettlementReply {
  readonly phase: 'notConfigured' | 'starting' | 'running' | 'stopped';
  readonly detail: string;
  readonly pausedBecause?: string | undefined;
  readonly lag?: LagView | undefined;
  readonly exposure?:
    | { readonly unsettledListsMax: number; readonly unsettledAgeMsMax: number }
    | undefined;
  readonly layer?: BaseLayerView | undefined;
  readonly asOf: AsOf;
}

export const settlementReply: z.ZodType<SettlementReply> = z.object({
  phase: z.enum(['notConfigured', 'starting', 'running', 'stopped']),
  detail: z.string(),
  pausedBecause: z.string().optional().describe('Why orders are refused at present'),
  lag: lagView.optional(),
  exposure: z
    .object({ unsettledListsMax: countNumber, unsettledAgeMsMax: countNumber })
    .optional()
    .describe('How far the venue may trade ahead before it pauses'),
  layer: baseLayerView.optional(),
  asOf,
});

/** The proof of an epoch, or why there is none yet. */
export interface ProofReply {
  readonly marketId: string;
  readonly epochNumber: number;
  readonly state: 'notConfigured' | 'waiting' | 'done';
  readonly detail: string;
  readonly provenAt?: string | undefined;
  readonly circuit?: string | undefined;
  readonly backend?: string | undefined;
  readonly setup?: string | undefined;
  /** Canonical bytes of proof and place, hex; a bundle carries them as its attachment. */
  readonly attachment?: string | undefined;
}

export const proofReply: z.ZodType<ProofReply> = z.object({
  marketId: marketIdText,
  epochNumber: countNumber,
  state: z.enum(['notConfigured', 'waiting', 'done']),
  detail: z.string(),
  provenAt: timeText.optional(),
  circuit: z.string().optional(),
  backend: z.string().optional(),
  setup: z.string().optional().describe('On what reference string the proof rests'),
  attachment: z
    .string()
    .regex(/^0x([0-9a-f]{2})*$/)
    .optional()
    .describe('Canonical bytes of proof and place, hex'),
});

/** The settlement of an epoch, or why there is none yet. */
export interface EpochSettlementReply {
  readonly marketId: string;
  readonly epochNumber: number;
  readonly state: 'notConfigured' | 'waiting' | 'settled' | 'finalized' | 'refused';
  readonly detail: string;
  readonly listNumber?: string | undefined;
  readonly listHash?: string | undefined;
  readonly previousListHash?: string | undefined;
  readonly transaction?: string | undefined;
  readonly blockNumber?: string | undefined;
  readonly gasUsed?: string | undefined;
  readonly settledAt?: string | undefined;
  readonly finalizedAt?: string | undefined;
}

export const epochSettlementReply: z.ZodType<EpochSettlementReply> = z.object({
  marketId: marketIdText,
  epochNumber: countNumber,
  state: z.enum(['notConfigured', 'waiting', 'settled', 'finalized', 'refused']),
  detail: z.string(),
  listNumber: integerTextSigned.optional(),
  listHash: hashText.optional(),
  previousListHash: hashText.optional(),
  transaction: z.string().optional().describe('Transaction hash'),
  blockNumber: integerTextSigned.optional(),
  gasUsed: integerTextSigned.optional(),
  settledAt: timeText.optional(),
  finalizedAt: timeText.optional(),
});

/** The record that binds operator, shard and the laws' verifying keys. */
export interface AgreementReply {
  readonly state: 'notConfigured' | 'starting' | 'active' | 'waiting' | 'absent';
  readonly detail: string;
  readonly agreementId?: string | undefined;
  readonly operator?: string | undefined;
  readonly verifyingKeyHash?: string | undefined;
  readonly circuits?:
    | readonly {
        readonly verifier: string;
        readonly batches: number;
        readonly orders: number;
        readonly vaults: number;
      }[]
    | undefined;
  readonly activeFrom?: string | undefined;
  readonly baseEpoch?: string | undefined;
  readonly exitBlocks?: string | undefined;
}

export const agreementReply: z.ZodType<AgreementReply> = z.object({
  state: z.enum(['notConfigured', 'starting', 'active', 'waiting', 'absent']),
  detail: z.string(),
  agreementId: integerTextSigned.optional(),
  operator: addressText.optional(),
  verifyingKeyHash: hashText.optional(),
  circuits: z
    .array(
      z.object({
        verifier: z.string(),
        batches: countNumber,
        orders: countNumber,
        vaults: countNumber,
      }),
    )
    .optional(),
  activeFrom: integerTextSigned.optional().describe('First base epoch in which it holds'),
  baseEpoch: integerTextSigned.optional().describe('The present base epoch'),
  exitBlocks: integerTextSigned.optional().describe('Blocks until a requested exit unlocks'),
});
