import type { AccountId } from '@lawbook/exchange/ledger/account';

/** In which block an act takes place, and who does it. */
export interface ActContext {
  readonly sender: AccountId;
  readonly blockNumber: bigint;
  /** Clock of the block, whole seconds in milliseconds since 1970. */
  readonly timestampMs: number;
}
