import type { InvariantViolation } from '@lawbook/exchange/failures/invariant';
import type { Result } from '@lawbook/exchange/failures/result';
import type { Input } from '@lawbook/exchange/inputs';
import type { BatchParameters } from '@lawbook/exchange/markets/batch/parameters';
import type { VenueDomain } from '@lawbook/exchange/orders/typedData';
import type { StateMachine } from '@lawbook/exchange/stateMachine';
import type { BatchTransition } from '@lawbook/exchange/transition';
import type { ProofCost } from '@lawbook/proofs/provers/honk/honkProver';
import type { BridgePlaceStore } from '@lawbook/settlement/bridge/bridge';
import type { EpochSource } from '@lawbook/settlement/settler/epochSource';
import type { SettlementStore } from '@lawbook/settlement/settler/settlementStore';
import type { SettlerEvent } from '@lawbook/settlement/settler/settler';
import type { Logger } from 'pino';
import type { SettledState } from '../recovery/settledState.ts';
import type { Executed } from '../venueTypes.ts';
import type { OpenedSettlement } from './settlementService.ts';

/** What settling needs of the venue. */
export interface VenueSide {
  readonly machine: StateMachine;
  readonly source: EpochSource;
  readonly store: SettlementStore;
  readonly places: BridgePlaceStore;
  /** Sequences what was observed on the base layer. */
  readonly execute: (input: Input) => Promise<Result<Executed>>;
  /** Called when the ledger cannot follow the base layer; trading halts. */
  readonly onIncident: (sentence: string) => void;
  /** Called when a bug has ended a part of settling; the process ends. */
  readonly onBroken: (cause: InvariantViolation) => void;
  readonly onEvent: (event: SettlerEvent) => void;
  /** Told what each proof cost. */
  readonly onProved: (cost: ProofCost) => void;
  readonly log: Logger;
}

/** How a venue settles, known before anything is opened: orders are signed for its domain. */
export interface SettlementPlan {
  readonly domain: VenueDomain;
  /** Why no circuit of the plan can prove an epoch of these batches. */
  readonly unprovable: (batches: readonly BatchTransition[]) => string | undefined;
  /** Why no epoch under these parameters can be proved, while prices are about `mids`. */
  readonly unprovableParameters: (
    parameters: BatchParameters,
    mids: readonly bigint[],
  ) => string | undefined;
  /** Orders with a minimum fill that a batch may hold so that it can be proved. */
  readonly minimumFillsMax: number;
  /** Inputs that bring up the demo market; its money comes from the base layer. */
  readonly demoInputs: (timeMs: number) => Input[] | undefined;
  /**
   * Asked once before the venue opens: whether what lies in its directory can be gone on with.
   * @throws SettlementFault SETTLEMENT_CONFIG_INVALID.
   */
  readonly prepare?: () => void;
  /** Opens chain, contracts, provers and settler. Called again after it has failed. */
  readonly open: (venue: VenueSide) => Promise<OpenedSettlement>;
  /**
   * Opens chain and engine alone and reads what is settled, once nothing can change it any more.
   * @throws RecoveryFault, SettlementFault.
   */
  readonly readSettled: (log: Logger, signal: AbortSignal) => Promise<SettledState>;
}
