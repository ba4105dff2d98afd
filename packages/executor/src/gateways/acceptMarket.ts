import type { MarketParameters } from '@lawbook/api/schema/marketViews';
import type { MarketRequest } from '@lawbook/api/schema/operatorViews';
import type { ExchangeState } from '@lawbook/exchange/application/exchangeState';
import type { Refused } from '@lawbook/exchange/failures/rejection';
import { refuse } from '@lawbook/exchange/failures/rejection';
import type { Result } from '@lawbook/exchange/failures/result';
import { accepted } from '@lawbook/exchange/failures/result';
import type { Input } from '@lawbook/exchange/inputs';
import type { Asset } from '@lawbook/exchange/ledger/asset';
import type { BatchParameters } from '@lawbook/exchange/markets/batch/parameters';
import { COVARIANCE_MAX } from '@lawbook/exchange/markets/batch/registration';
import type { Amount } from '@lawbook/exchange/numbers/amount';
import { amount, parseDecimal, ZERO } from '@lawbook/exchange/numbers/amount';
import type { Price } from '@lawbook/exchange/numbers/price';
import { PRICE_DECIMALS, price } from '@lawbook/exchange/numbers/price';

type CreateMarket = Extract<Input, { kind: 'createMarket' }>;

/** Reads a request for a new market. Rejections: assetUnknown, amountOutOfRange. */
export function acceptMarket(
  state: ExchangeState,
  request: MarketRequest,
  observedAtMs: number,
): Result<CreateMarket> {
  const parameters = acceptParameters(state, Number(request.marketId), request.parameters);
  if (!parameters.ok) return parameters;
  const symbols = request.parameters.assets.map(({ symbol }) => symbol);
  const mids: Price[] = [];
  for (const [i, symbol] of symbols.entries()) {
    const mid = request.mids.find((quote) => quote.symbol === symbol)?.mid;
    const scaled = mid === undefined ? undefined : parseDecimal(mid, PRICE_DECIMALS);
    if (scaled === undefined || scaled === 0n) {
      return refuse('amountOutOfRange', { field: `mids[${i}]`, actual: mid ?? symbol });
    }
    mids.push(price(scaled));
  }
  const read = new AmountReader(state);
  const inventory = symbols.map((symbol) => {
    const held = request.inventory.find((holding) => holding.symbol === symbol);
    return read.amount('inventory', symbol, held?.amount ?? '0');
  });
  if (read.refusal !== undefined) return read.refusal;
  const oracle = { mids, observedAtMs, source: 'operator' };
  return accepted({ kind: 'createMarket', parameters: parameters.value, oracle, inventory });
}

/**
 * Reads market parameters in human units. Rejections: assetUnknown, amountOutOfRange,
 * parametersInvalid.
 */
export function acceptParameters(
  state: ExchangeState,
  marketId: number,
  request: MarketParameters,
): Result<BatchParameters> {
  const read = new AmountReader(state);
  const assets = request.assets.map((entry, i) => {
    const field = `assets[${i}]`;
    const asset = read.asset(`${field}.symbol`, entry.symbol);
    return {
      assetId: asset.id,
      decimals: asset.decimals,
      target: read.amount(`${field}.target`, entry.symbol, entry.target),
      inventoryMin: read.amount(`${field}.inventoryMin`, entry.symbol, entry.inventoryMin),
      inventoryMax: read.amount(`${field}.inventoryMax`, entry.symbol, entry.inventoryMax),
      bandPpm: entry.bandPpm,
    };
  });
  const symbols = request.assets.map(({ symbol }) => symbol);
  const products = [...symbols, ...request.baskets.map(({ symbol }) => symbol)];
  const index = (list: readonly string[], field: string, symbol: string): number => {
    const found = list.indexOf(symbol);
    if (found < 0) read.refusal ??= refuse('assetUnknown', { field, actual: symbol });
    return Math.max(0, found);
  };
  const baskets = request.baskets.map(({ symbol, units }, k) => {
    const row = symbols.map(() => 0n);
    for (const part of units) {
      row[index(symbols, `baskets[${k}].units`, part.symbol)] = BigInt(part.units);
    }
    return { symbol, units: row };
  });
  const pairBands = request.pairBands.map(({ pay, receive, bandPpm }, k) => ({
    pay: index(symbols, `pairBands[${k}].pay`, pay),
    receive: index(products, `pairBands[${k}].receive`, receive),
    bandPpm,
  }));
  const scaledCovariance = request.scaledCovariance.map(BigInt);
  const wide = scaledCovariance.findIndex((x) => x > COVARIANCE_MAX || x < -COVARIANCE_MAX);
  if (wide >= 0) {
    // Asked before the exchange asks: an input must encode before it can be refused.
    read.refusal ??= refuse('parametersInvalid', {
      field: `scaledCovariance[${wide}]`,
      limit: COVARIANCE_MAX,
      actual: scaledCovariance[wide] as bigint,
    });
  }
  const bond = symbols[0] === undefined ? ZERO : read.amount('bond', symbols[0], request.bond);
  if (read.refusal !== undefined) return read.refusal;
  return accepted({
    ...request,
    marketId,
    assets,
    baskets,
    pairBands,
    scaledCovariance,
    bond,
    budgetMax: amount(BigInt(request.budgetMaxUnits)),
  });
}

/** Reads decimals of named assets and keeps the first refusal. */
export class AmountReader {
  refusal: Refused | undefined;
  readonly #state: ExchangeState;

  constructor(state: ExchangeState) {
    this.#state = state;
  }

  asset(field: string, symbol: string): Asset {
    const asset = this.#state.assets.find((candidate) => candidate.symbol === symbol);
    if (asset !== undefined) return asset;
    this.refusal ??= refuse('assetUnknown', { field, actual: symbol });
    return UNKNOWN_ASSET;
  }

  amount(field: string, symbol: string, text: string): Amount {
    const { decimals } = this.asset(field, symbol);
    const units = parseDecimal(text, decimals);
    if (units !== undefined) return units;
    const limit = `at most ${decimals} digits after the point, below 2^63 ledger units`;
    this.refusal ??= refuse('amountOutOfRange', { field, limit, actual: text });
    return ZERO;
  }
}

/** Stands in after a refusal, so that reading can go on to the end. */
const UNKNOWN_ASSET: Asset = { id: 0 as Asset['id'], symbol: '', decimals: 0, settles: true };
