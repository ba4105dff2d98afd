import type { AccountId } from '@lawbook/exchange/ledger/account';
import type { Hex } from '@lawbook/proofs/statements/epoch/diffList';
import type { OwnerStands } from '@lawbook/settlement/baseLayer/evm/owner';
import { claimTokens, expectDone, pendingTokens } from '@lawbook/settlement/baseLayer/evm/owner';
import type { Steps } from '../terminal/steps.ts';
import { pollUntil } from './pollUntil.ts';

/** What waits at the contract, and for whom. */
export interface PendingClaim {
  readonly token: Hex;
  readonly account: AccountId;
  /** The block that set it aside: what an endpoint says of an earlier one is out of date. */
  readonly settledIn: bigint;
}

/**
 * Pays out all tokens of a kind that wait for an account. Anybody may ask for it, so that nothing
 * waits any more is as good as having paid.
 * @throws SettlementFault SETTLEMENT_REFUSED, SETTLEMENT_UNCERTAIN, SETTLEMENT_UNAVAILABLE;
 *   CommandFault CLI_WAIT_OVER.
 */
export async function claimPending(
  claimed: PendingClaim,
  stands: OwnerStands,
  steps: Steps,
): Promise<void> {
  await pollUntil('the endpoint has seen the settlement', stands.signal, async () => {
    const { number } = await stands.actor.reader.head();
    return number >= claimed.settledIn ? number : undefined;
  });
  const wish = { token: claimed.token, account: claimed.account as AccountId & Hex };
  const tokenUnits = await pendingTokens(wish, stands);
  if (tokenUnits === 0n) {
    steps.done('claimed', 'nothing waits: somebody claimed it for the account');
    return;
  }
  // A claim takes whatever waits, so the moment is name enough: two at once pay once.
  const key = `claim:${wish.token.slice(2, 10)}:${Date.now()}`;
  const { life } = expectDone(await claimTokens({ ...wish, key }, stands));
  const transaction = life.inclusion?.hash ?? '';
  steps.done('claimed', `${tokenUnits} token units to ${claimed.account}, ${transaction}`, {
    tokenUnits,
    transaction,
  });
}
