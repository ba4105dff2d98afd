import type { IntentState, Milestone, Reason, Urgency } from '../intents/intent.ts';
import type { Finality } from './finality.ts';

/** An account that an instruction touches, and what it may do with it. */
export interface InstructionAccount {
  readonly address: string;
  readonly role: 'readonly' | 'writable' | 'readonlySigner' | 'writableSigner';
}

/** One call of a program. */
export interface SolanaInstruction {
  readonly programAddress: string;
  readonly accounts: readonly InstructionAccount[];
  /** What the program is told, base64. */
  readonly bytes: string;
}

/** Something that shall happen on the cluster exactly once. */
export interface SolanaIntentRequest {
  /** The caller's name for it: 1..128 of A-Z a-z 0-9 . _ : -, unique per lane for ever. */
  readonly key: string;
  /** All or nothing, in this order. Compute-budget instructions are the lane's own business. */
  readonly instructions: readonly SolanaInstruction[];
  /** Lamports that the instructions take out of the signer's account at most, fees aside. */
  readonly spend: bigint;
  /**
   * Compute units; from a simulation with a margin when undefined. The lane adds up to 4,095, so
   * that no two of its transactions are the same.
   */
  readonly unitLimit: number | undefined;
  readonly urgency: Urgency;
  /** Milliseconds since 1970. After it nothing is signed any more. */
  readonly deadlineMs: number;
  /** How settled it has to be for the intent to end. Less than `finalized` trusts in no fork. */
  readonly finality: Finality;
  /** Lamports that the transaction may cost in fees at most, whatever happens. */
  readonly feeCap: bigint;
}

/**
 * One signed transaction. It is alive until its blockhash is too old for every block to come; an
 * intent has at most one attempt that is alive.
 */
export interface SolanaAttempt {
  /** Base58: the transaction's name on the cluster. */
  readonly signature: string;
  /** The signed bytes, base64; empty once the attempt can never land. */
  readonly wire: string;
  readonly blockhash: string;
  /** It cannot land in a block above this height, as the endpoint said that gave the blockhash. */
  readonly lastValidBlockHeight: bigint;
  /** The slot of that answer: where a look-up must be able to look back to. */
  readonly signedAtSlot: bigint;
  readonly unitLimit: number;
  /** Micro-lamports per compute unit. */
  readonly unitPrice: bigint;
  /** Lamports that it costs once it lands, failed or not. */
  readonly fee: bigint;
  /** When it was stored, just before it was first sent: from here on it may be anywhere. */
  readonly offeredAtMs: number;
  readonly acceptedAtMs: number | undefined;
  /**
   * - `open`: may still land.
   * - `included`: landed.
   * - `expired`: proven never to have landed, and too old ever to land.
   */
  readonly status: 'open' | 'included' | 'expired';
}

/** Where an attempt landed. */
export interface SolanaInclusion {
  readonly signature: string;
  readonly slot: bigint;
  readonly finality: Finality;
  readonly success: boolean;
  /** The cluster's words for the failure, as JSON. */
  readonly error: string | undefined;
  /** Lamports. */
  readonly feePaid: bigint;
}

/** Everything durable about one intent besides its request. Written by the lane's owner only. */
export interface SolanaLife {
  readonly key: string;
  /** The states of the house; `awaitingApproval` does not occur here. */
  readonly state: IntentState;
  readonly attempts: readonly SolanaAttempt[];
  readonly inclusion: SolanaInclusion | undefined;
  /** Set when the end is decided, but an attempt may still land: cancel, or the deadline. */
  readonly withdrawing: Reason | undefined;
  /** Why it waits, or why it ended so. */
  readonly reason: Reason | undefined;
  /** The deadline passed with bytes out and no verdict of the chain; an alert was raised. */
  readonly unknown: boolean;
  /** Lamports spent in fees by what landed. */
  readonly feeSpent: bigint;
  /** At most 64, the latest ones. */
  readonly history: readonly Milestone[];
}
