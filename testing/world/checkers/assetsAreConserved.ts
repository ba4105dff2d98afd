import { assetId } from '@lawbook/exchange/ledger/asset';
import { CUSTODY } from '@lawbook/exchange/ledger/ledger';
import type { FollowedInput } from '../auditor/journalFollower.ts';
import type { Checker } from '../simulation/worldView.ts';

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
    check: ({ news, follower, live }) => {
      for (const followed of news) count(followed, add);
      const { ledger } = follower.machine.state;
      const ledgers = [ledger, ...(live === undefined ? [] : [live.wired.venue.state.ledger])];
      for (const each of ledgers) {
        for (const [asset, sum] of each.totals()) {
          if (sum !== 0n) return `asset ${asset} sums to ${sum} over all accounts`;
        }
      }
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
