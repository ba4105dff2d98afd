import { PLAY_PREFIX } from '@lawbook/analytics/demoBooks';
import type { Asset } from '@lawbook/exchange/ledger/asset';
import type { OracleSnapshot } from '@lawbook/exchange/markets/batch/oracleSnapshot';
import type { BatchParameters } from '@lawbook/exchange/markets/batch/parameters';
import type { BookMarketParameters } from '@lawbook/exchange/markets/book/bookMarketParameters';
import { mulDivFloor } from '@lawbook/exchange/numbers/mulDiv';
import { PRICE_SCALE, price } from '@lawbook/exchange/numbers/price';
import type { OracleAdapter, OracleHealth } from '../oracles/oracleAdapter.ts';

/** Fits the oracle's quotes, which go by symbol, to the assets of a market. */
export class OracleBoard {
  readonly #adapter: OracleAdapter;
  readonly #assets: readonly Asset[];

  /** `assets` is the live list of the state machine: it grows as assets are registered. */
  constructor(adapter: OracleAdapter, assets: readonly Asset[]) {
    this.#adapter = adapter;
    this.#assets = assets;
  }

  /** Mids for every asset of a market, or undefined while any of them may not be traded on. */
  snapshot(parameters: BatchParameters): OracleSnapshot | undefined {
    const quote = this.#adapter.latest();
    if (quote === undefined) return undefined;
    const mids = parameters.assets.map((asset, i) => {
      return i === 0 ? price(PRICE_SCALE) : quote.mids.get(this.#symbol(asset.assetId));
    });
    const known = mids.filter((mid) => mid !== undefined);
    if (known.length < mids.length) return undefined;
    return { mids: known, observedAtMs: quote.observedAtMs, source: quote.source };
  }

  /** Symbols of a market that the oracle does not quote. */
  missing(parameters: BatchParameters): string[] {
    const quote = this.#adapter.latest();
    return parameters.assets
      .slice(1)
      .map((asset) => this.#symbol(asset.assetId))
      .filter((symbol) => quote?.mids.get(symbol) === undefined);
  }

  /**
   * The oracle's price of a book's base asset in ticks of its quote asset, rounded down; 0 while
   * either may not be traded on. Play assets of the demo world follow those whose names they carry.
   */
  bookTicks({ base, quote, lotSize, tickSize }: BookMarketParameters): number {
    const mids = this.#adapter.latest()?.mids;
    const [baseMid, quoteMid] = [base, quote].map((id) => {
      const symbol = this.#symbol(id).replace(PLAY_PREFIX, '');
      return symbol === 'USD' ? PRICE_SCALE : (mids?.get(symbol) ?? 0n);
    });
    if (mids === undefined || !baseMid || !quoteMid) return 0;
    const decimals = (id: number): bigint => 10n ** BigInt(this.#assets[id]?.decimals ?? 0);
    const above = baseMid * lotSize * decimals(quote);
    return Number(mulDivFloor(above, 1n, quoteMid * tickSize * decimals(base)));
  }

  health(): OracleHealth {
    return this.#adapter.health();
  }

  #symbol(assetId: number): string {
    return this.#assets[assetId]?.symbol ?? '';
  }
}
