import type { Address } from 'viem';
import type { IntentRequest, ObservedDelta, Reason } from '../intents/intent.ts';
import type { BlockReference } from '../tracker/chainTracker.ts';

/** What a simulation said. */
export type SimulationVerdict =
  | {
      readonly kind: 'passed';
      readonly gasUsed: bigint;
      readonly deltas: readonly ObservedDelta[];
    }
  /** It would revert, or move balances otherwise than expected. */
  | { readonly kind: 'failed'; readonly reason: Reason }
  /** Nobody could tell. Fails closed: the intent waits. */
  | { readonly kind: 'unavailable'; readonly reason: Reason };

/** Runs an intent at a pinned block before anything is signed. */
export interface SimulationGate {
  /** Never throws for endpoints: not knowing is a verdict. */
  simulate(
    request: IntentRequest,
    at: { readonly signer: Address; readonly block: BlockReference; readonly signal?: AbortSignal },
  ): Promise<SimulationVerdict>;
}
