import { assetId } from '@lawbook/exchange/ledger/asset';
import { CUSTODY } from '@lawbook/exchange/ledger/ledger';
import type { FollowedInput } from '../auditor/journalFollower.ts';
import type { Checker } from '../simulation/worldView.ts';
import { statesInDoubt } from './statesInDoubt.ts';

/**
 * Units come and go only where they are said to: every asset sums to zero over all accounts, in the
 * venue's memory and in the replay, and custody owes what was credited and deposited less what was
 * paid out, counted here from the inputs themselves.
 */
export function assetsAreConserved(): Checker {
  const owed = new Map<number, bigint>();
  const add = (asset: number, units: bigint): void => {
    owed.set(asset, (owed.get(asset) ?? 0n) + units);
  };
  return {
    name: 'assetsAreConserved',
    check: (view) => {
      for (const followed of view.news) count(followed, add);
      for (const { ledger } of statesInDoubt(view)) {
        for (const [asset, sum] of ledger.totals()) {
          if (sum !== 0n) return `asset ${asset} sums to ${sum} over all accounts`;
        }
      }
      const { ledger } = view.follower.machine.state;
      for (const [asset, units] of owed) {
        const held = -ledger.total(CUSTODY, assetId(asset));
        if (held !== units) return `custody owes ${held} of asset ${asset}, and ${units} came in`;
      }
      return undefined;
    },
  };
}

function count(
  { input, applied }: FollowedInput,
  add: (asset: number, units: bigint) => void,
): void {
  if (input.kind === 'credit' || input.kind === 'deposit') add(input.assetId, input.amount);
  if (input.kind === 'payExit') add(input.assetId, -input.units);
  if (input.kind === 'createMarket') {
    input.parameters.assets.forEach((asset, k) => {
      add(asset.assetId, input.inventory[k] ?? 0n);
    });
  }
  if (applied.kind !== 'epochSealed') return;
  for (const { withdrawal } of applied.epoch.withdrawals) {
    add(withdrawal.assetId, -withdrawal.units);
  }
}
