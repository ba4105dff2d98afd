import type { LawbookClient } from '@lawbook/api/client/lawbookClient';
import type { AssetView } from '@lawbook/api/schema/marketViews';
import { refuse } from '@lawbook/exchange/failures/rejection';
import type { AssetId } from '@lawbook/exchange/ledger/asset';
import { assetId } from '@lawbook/exchange/ledger/asset';
import type { Amount } from '@lawbook/exchange/numbers/amount';
import { parseDecimal } from '@lawbook/exchange/numbers/amount';
import { RefusedFault } from '../terminal/cliFault.ts';
import { granted } from '../trading/granted.ts';
import { readAmount } from '../trading/tradeWords.ts';

/** An amount of one asset, as the ledger counts it. */
export interface AssetAmount {
  readonly asset: AssetView;
  readonly assetId: AssetId;
  readonly units: Amount;
}

/**
 * Reads `1000 USD` with the assets that the venue lists. Nothing is rounded.
 * @throws UsageFault, RefusedFault assetUnknown, amountOutOfRange.
 */
export async function amountOf(
  words: readonly string[],
  client: LawbookClient,
): Promise<AssetAmount> {
  const { amountText, symbol } = readAmount(words);
  const { assets } = await granted(client.listAssets());
  const asset = assets.find((known) => known.symbol === symbol);
  if (asset === undefined) {
    throw new RefusedFault(refuse('assetUnknown', { field: 'asset', actual: symbol }).rejection);
  }
  const units = parseDecimal(amountText, asset.decimals);
  if (units === undefined || units === 0n) {
    const limit = `a positive decimal with at most ${asset.decimals} digits after the point`;
    const detail = { field: 'amount', limit, actual: amountText };
    throw new RefusedFault(refuse('amountOutOfRange', detail).rejection);
  }
  return { asset, assetId: assetId(Number(asset.assetId)), units };
}
