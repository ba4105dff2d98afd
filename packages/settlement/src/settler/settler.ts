import type { Environment } from '@lawbook/chains/environment';
import type { Hash } from '@lawbook/exchange/codec/hash';
import type { InvariantViolation } from '@lawbook/exchange/failures/invariant';
import type { ListCut } from '@lawbook/proofs/statements/epoch/cutDiffList';
import type { BaseLayer } from '../baseLayer/baseLayer.ts';
import type { LawProof } from '../baseLayer/submission.ts';
import type { EpochSource, SealedList } from './epochSource.ts';
import type { ListRecord, SettlementStore } from './settlementStore.ts';

/** A proof on its way to the base layer. */
export interface ProvedList {
  readonly proof: LawProof;
  /** Bytes to keep and to publish beside the bundle. */
  readonly attachment: Uint8Array;
  readonly circuit: string;
  readonly backend: string;
}

/** Makes the proof of a list; the executor gives the router's. */
export type ProveList = (
  list: SealedList,
  previousListHash: Hash,
  signal: AbortSignal,
) => Promise<ProvedList>;

/**
 * Cuts a list for the chain; the executor knows the circuits' words of assets and how parameters
 * are committed to. @throws ProofFault PROOF_STATEMENT_UNFIT for what no contract can settle.
 */
export type CutSealedList = (list: SealedList, previousListHash: Hash) => Promise<ListCut>;

/** Bounds of a settler. */
export interface SettlerLimits {
  /** Lists that may be proved ahead of settling. */
  readonly provenAheadMax: number;
  /** Failures of one list in a row after which somebody is told. */
  readonly failuresBeforeAlert: number;
  readonly retryMsMin: number;
  readonly retryMsMax: number;
  /** How often the base layer is asked how far it is, without other news. */
  readonly beatMs: number;
}

/** The way of the sealed epochs to the chain: how many wait where, and for how long. */
export interface SettlementLag {
  /** Highest list numbers that reached each level. */
  readonly sealed: bigint;
  readonly proven: bigint;
  readonly settled: bigint;
  readonly finalized: bigint;
  /** Lists that are sealed and not settled. */
  readonly unsettled: number;
  /** Age of the oldest list that is not settled, milliseconds; zero for none. */
  readonly oldestUnsettledMs: number;
  readonly oldestUnprovenMs: number;
}

/** What a settler tells while it works. */
export type SettlerEvent =
  | { readonly kind: 'record'; readonly record: ListRecord }
  /** Settled lists left the chain: the records above `listNumber` are back at `proven`. */
  | { readonly kind: 'unwound'; readonly listNumber: bigint }
  | { readonly kind: 'alert'; readonly listNumber: bigint; readonly sentence: string }
  /** The settled prefix is not ours. The settler stops; trading must halt. */
  | {
      readonly kind: 'diverged';
      readonly listNumber: bigint;
      readonly ours: Hash | undefined;
      readonly theirs: Hash;
    }
  /** A bug: the settler has stopped; trading must halt, and the process end. Told once. */
  | { readonly kind: 'broken'; readonly listNumber: bigint; readonly cause: InvariantViolation };

/** What a settler is asked to do. */
export interface SettlerOptions {
  readonly limits: SettlerLimits;
  /** The last list that is taken as the chain has it, for a venue that was restored from it. */
  readonly base?: { readonly listNumber: bigint; readonly listHash: Hash };
}

/** What a settler stands on. */
export interface SettlerDependencies {
  readonly layer: BaseLayer;
  readonly source: EpochSource;
  readonly store: SettlementStore;
  readonly cut: CutSealedList;
  readonly prove: ProveList;
  /** Reads the proof back out of an attachment; throws on bytes that hold none. */
  readonly readProof: (attachment: Uint8Array) => LawProof;
  readonly environment: Environment;
  readonly onEvent: (event: SettlerEvent) => void;
}

/** Takes every sealed epoch through prove and settle, in order and exactly once. */
export interface Settler {
  lag(): SettlementLag;
  record(listNumber: bigint): Promise<ListRecord | undefined>;
  /**
   * Stops after the step in hand; what is on its way to the chain goes on there.
   * @throws InvariantViolation that ended the settler before.
   */
  close(): Promise<void>;
}
