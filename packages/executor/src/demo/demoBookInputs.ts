import { demoBooks, PLAY_ASSETS } from '@lawbook/analytics/demoBooks';
import { demoAccounts, developmentAccount } from '@lawbook/analytics/demoWorld';
import type { Input } from '@lawbook/exchange/inputs';
import { assetId } from '@lawbook/exchange/ledger/asset';
import { amount } from '@lawbook/exchange/numbers/amount';

/** How many simulated makers and takers the books have. */
export const BOOK_TRADERS = 6;

/** The simulated trader of a number, with its public development key. */
export function bookTrader(number: number): ReturnType<typeof developmentAccount> {
  return developmentAccount(`book-${number}`);
}

/**
 * Inputs that open the books of the demo world: play assets that settle nowhere, what accounts are
 * given of them, and the books. The same on a venue with a base layer, which knows nothing of them.
 *
 * @param firstAsset the number that the next registered asset gets.
 */
export function demoBookInputs(firstAsset: number): Input[] {
  const ids = PLAY_ASSETS.map((_, k) => assetId(firstAsset + k));
  const assets = PLAY_ASSETS.map(({ symbol, decimals }): Input => {
    return { kind: 'registerAsset', symbol, decimals, settles: false };
  });
  const people = demoAccounts().map(({ account }) => ({ account, factor: 1n }));
  const traders = Array.from({ length: BOOK_TRADERS }, (_, number) => {
    return { account: bookTrader(number).account, factor: 100n };
  });
  const credits = [...people, ...traders].flatMap(({ account, factor }) => {
    return PLAY_ASSETS.map(({ grant, decimals }, k): Input => {
      const units = amount(grant * factor * 10n ** BigInt(decimals));
      return { kind: 'credit', account, assetId: assetId(firstAsset + k), amount: units };
    });
  });
  const books = demoBooks(ids).map(({ parameters }): Input => {
    return { kind: 'createBookMarket', parameters };
  });
  return [...assets, ...credits, ...books];
}
