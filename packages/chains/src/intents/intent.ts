import type { Address, Hash, Hex } from 'viem';
import type { BlockReference, FinalityTarget } from '../tracker/chainTracker.ts';

/** A balance that an intent must move, as the simulation gate has to see it move. */
export interface ExpectedDelta {
  /** `native`, or the address of an ERC-20 contract. */
  readonly asset: 'native' | Address;
  readonly account: Address;
  /** Smallest units, inclusive, signed; fees of the transaction itself are left out. */
  readonly least: bigint;
  readonly most: bigint;
}

/** How much somebody minds waiting: decides the tip, the headroom and the pace of bumps. */
export type Urgency = 'patient' | 'urgent';

/** Something that shall happen on the chain exactly once. */
export interface IntentRequest {
  /** The caller's name for it: 1..128 of A-Z a-z 0-9 . _ : -, unique per lane for ever. */
  readonly key: string;
  /** Undefined creates a contract. */
  readonly to: Address | undefined;
  /** Wei sent along. */
  readonly amount: bigint;
  readonly callData: Hex;
  /** Gas limit; estimated with a tenth on top when undefined. */
  readonly gasLimit: bigint | undefined;
  readonly urgency: Urgency;
  /** Milliseconds since 1970. After it the intent is not started, and taken back if it can be. */
  readonly deadlineMs: number;
  readonly finality: FinalityTarget;
  /** Wei that the fee of the transaction may cost at most, whatever happens. */
  readonly feeCap: bigint;
  /** `private` goes to the private relay only, and to the pool once `privateForMs` have passed. */
  readonly route: 'public' | 'private';
  /** Undefined keeps a private intent private until its deadline. */
  readonly privateForMs: number | undefined;
  readonly expects: readonly ExpectedDelta[];
  /** Started only once this other intent of the lane is there; stopped when it fails. */
  readonly after: { readonly key: string; readonly level: 'included' | 'final' } | undefined;
  /** Who asks; policies count budgets by it. */
  readonly principal: string;
}

/**
 * created -> (awaitingApproval) -> offered -> accepted -> included -> and then the end.
 *
 * Policy, simulation, reservation and signing are passed on the way to `offered` and stand in the
 * history. They need no state of their own: the signed bytes and the word `offered` are one commit,
 * made before the first broadcast, so a crash before it has left nothing behind, and after it the
 * same bytes are offered again.
 */
export type OpenState = 'created' | 'awaitingApproval' | 'offered' | 'accepted' | 'included';

/**
 * - `final`: executed with success and buried as deep as asked.
 * - `reverted`: executed, reverted, and buried as deep as asked; the fee was paid.
 * - `cancelled`, `expired`, `refused`: did not execute and never can.
 */
export type EndState = 'final' | 'reverted' | 'cancelled' | 'expired' | 'refused';

/** Where an intent stands. */
export type IntentState = OpenState | EndState;

/** Whether nothing about an intent can change any more. */
export function isEnd(state: IntentState): state is EndState {
  return END_STATES.has(state);
}

const END_STATES: ReadonlySet<string> = new Set<EndState>([
  'final',
  'reverted',
  'cancelled',
  'expired',
  'refused',
]);

/** Wei per gas of one attempt. */
export interface AttemptFees {
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
}

/** One signed transaction. Several attempts of an intent share a chain nonce, so one can land. */
export interface Attempt extends AttemptFees {
  readonly chainNonce: number;
  /** `cancel` pays nothing to oneself at the nonce of an intent, to take the intent back. */
  readonly purpose: 'execute' | 'cancel';
  readonly gasLimit: bigint;
  /** Signed bytes of the newest attempt; `0x` once another one took its place. */
  readonly raw: Hex;
  readonly hash: Hash;
  /** When it was committed, just before the first broadcast: from here on it may be anywhere. */
  readonly offeredAtMs: number;
  /** Endpoints that took it, in the order of their answers. */
  readonly acceptedBy: readonly string[];
  /** First time that an endpoint took it. */
  readonly acceptedAtMs: number | undefined;
  /**
   * - `open`: may still land.
   * - `included`: landed in `inclusion`.
   * - `replaced`: another attempt at the same nonce landed and is final.
   * - `dead`: a foreign transaction took the nonce and is final.
   */
  readonly status: 'open' | 'included' | 'replaced' | 'dead';
}

/** Where an attempt landed. */
export interface Inclusion {
  readonly hash: Hash;
  readonly block: BlockReference;
  readonly success: boolean;
  readonly gasUsed: bigint;
  /** Wei per gas. */
  readonly effectiveGasPrice: bigint;
  /** Wei paid in all: gas, and the data fee of chains that take one. */
  readonly feePaid: bigint;
  readonly revertReason: string | undefined;
}

/** Why an intent is waiting or has ended, as data for programs and a sentence for people. */
export interface Reason {
  readonly code: ReasonCode;
  readonly sentence: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** Stable codes of reasons. */
export type ReasonCode =
  | 'policyDenied'
  | 'approvalNeeded'
  | 'approvalExpired'
  | 'approvalVoid'
  | 'simulationFailed'
  | 'simulationUnavailable'
  | 'insufficientFunds'
  | 'feeAboveCap'
  | 'cancelRequested'
  | 'deadlinePassed'
  | 'dependencyFailed'
  | 'dependencyOpen'
  | 'foreignTransaction'
  | 'nodeRefused'
  | 'laneFull'
  | 'laneHalted'
  | 'signerFailed'
  | 'endpointsUnavailable';

/** One step in the life of an intent. */
export interface Milestone {
  readonly atMs: number;
  readonly step: string;
  readonly note: string | undefined;
}

/** Everything durable about one intent besides its request. Written by the lane's owner only. */
export interface IntentLife {
  readonly key: string;
  readonly state: IntentState;
  readonly attempts: readonly Attempt[];
  readonly inclusion: Inclusion | undefined;
  /** Set when the end is decided but the slot is not yet consumed: cancel, expiry, refusal. */
  readonly withdrawing: Reason | undefined;
  /** Why it waits, or why it ended so. */
  readonly reason: Reason | undefined;
  /** The deadline passed with bytes out and no verdict of the chain; an alert was raised. */
  readonly unknown: boolean;
  /** Wei spent in fees by attempts that landed, cancels included. */
  readonly feeSpent: bigint;
  readonly approval: ApprovalRecord | undefined;
  /** At most 64, the latest ones. */
  readonly history: readonly Milestone[];
}

/** An approval that was asked for or given: bound to one request, usable once, and it expires. */
export interface ApprovalRecord {
  /** SHA-256 of the canonical request, hex: what was approved. */
  readonly requestHash: string;
  readonly askedAtMs: number;
  readonly expiresAtMs: number;
  readonly approvedBy: string | undefined;
  /** What the simulation showed when approval was asked; a drift beyond tolerance voids it. */
  readonly simulatedDeltas: readonly ObservedDelta[];
}

/** A balance as a simulation moved it. */
export interface ObservedDelta {
  readonly asset: 'native' | Address;
  readonly account: Address;
  readonly change: bigint;
}
