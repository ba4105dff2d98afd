import type { EpochBundle } from '@lawbook/exchange/bundle';
import { at } from '@lawbook/exchange/failures/invariant';
import type { Input } from '@lawbook/exchange/inputs';
import { amount } from '@lawbook/exchange/numbers/amount';
import { RecoveryFault } from './recoveryFault.ts';
import type { SettledAsset } from './settledState.ts';

/**
 * Inputs that register the assets of a shard and open its market by the rules and at the mids of
 * the last settled batch. For markets that no configuration describes.
 *
 * @throws RecoveryFault RECOVERY_NOT_POSSIBLE without the bundle of the last settled epoch: the
 *   base layer holds a commitment to the rules of the market, not the rules.
 */
export function marketInputs(
  assets: readonly SettledAsset[],
  last: EpochBundle | undefined,
): Input[] {
  if (last === undefined) {
    throw new RecoveryFault(
      'RECOVERY_NOT_POSSIBLE',
      'The rules of the market are not on the base layer. Name the bundle of the last settled ' +
        'epoch, which holds them; anybody who verified that epoch has it.',
    );
  }
  const { parameters, oracle } = at(last.batches, last.batches.length - 1);
  const inventory = parameters.assets.map(() => amount(0n));
  return [
    ...assets.map(({ symbol, decimals }, assetId): Input => {
      const isTaken = assets.findIndex((other) => other.symbol === symbol) < assetId;
      const isPlain = /^[A-Z0-9]{2,12}$/.test(symbol) && !isTaken;
      // A token may call itself anything, and two tokens the same.
      return { kind: 'registerAsset', symbol: isPlain ? symbol : `ASSET${assetId}`, decimals };
    }),
    { kind: 'createMarket', parameters, oracle, inventory },
  ];
}
