import { at } from '@lawbook/exchange/failures/invariant';
import type { AssetId } from '@lawbook/exchange/ledger/asset';
import type { BookMarketParameters } from '@lawbook/exchange/markets/book/bookMarketParameters';
import { amount } from '@lawbook/exchange/numbers/amount';

/** Names of play assets begin with this: nobody takes them for what a base layer holds. */
export const PLAY_PREFIX = 'PLAY';

/** An asset that exists for the books of the demo world only, and settles nowhere. */
export interface PlayAsset {
  readonly symbol: string;
  readonly decimals: number;
  /** Whole units that a person of the demo world is given. */
  readonly grant: bigint;
}

/** The first one is what the others are traded for. */
export const PLAY_ASSETS: readonly PlayAsset[] = [
  { symbol: 'PLAYUSD', decimals: 6, grant: 1_000_000n },
  { symbol: 'PLAYEUR', decimals: 6, grant: 1_000_000n },
  { symbol: 'PLAYGBP', decimals: 6, grant: 1_000_000n },
];

/** Number of the first demo book; the batch market has 1. */
export const DEMO_BOOK_ID = 101;

/** One book of the demo world. */
export interface DemoBook {
  readonly parameters: BookMarketParameters;
  /** Where its makers begin, ticks. */
  readonly startTicks: number;
}

/**
 * The books of the demo world: every play asset against the first. A lot is one whole unit and a
 * tick a hundredth of a cent, so EUR at 1.10 trades at 11,000 ticks. Makers pay nothing, takers two
 * basis points.
 *
 * @param assets the ids of `PLAY_ASSETS`, in that order.
 */
export function demoBooks(assets: readonly AssetId[]): DemoBook[] {
  const starts = [11_000, 12_500];
  return starts.map((startTicks, k): DemoBook => {
    const parameters = {
      marketId: DEMO_BOOK_ID + k,
      base: at(assets, k + 1),
      quote: at(assets, 0),
      lotSize: amount(1_000_000n),
      tickSize: amount(100n),
      notionalMin: amount(1_000_000n),
      priceTicksMax: 1_000_000,
      sizeLotsMax: 1_000_000,
      ordersMax: 20_000,
      accountsMax: 10_000,
      makerFeePpm: 0,
      takerFeePpm: 200,
      breakerBandPpm: 100_000,
      breakerWindowMs: 60_000,
    };
    return { parameters, startTicks };
  });
}
