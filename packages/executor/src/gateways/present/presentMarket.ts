import type {
  AssetView,
  DepthView,
  MarketParameters,
  MarketView,
  MidView,
  PhaseView,
  PoolView,
  ProductView,
} from '@lawbook/api/schema/marketViews';
import type { ExchangeState } from '@lawbook/exchange/application/exchangeState';
import { at } from '@lawbook/exchange/failures/invariant';
import { SystemRole, systemAccount } from '@lawbook/exchange/ledger/account';
import type { Asset } from '@lawbook/exchange/ledger/asset';
import type { BatchMarket } from '@lawbook/exchange/markets/batch/batchMarket';
import type { BatchParameters } from '@lawbook/exchange/markets/batch/parameters';
import { COVARIANCE_BITS } from '@lawbook/exchange/markets/batch/parameters';
import { formatDecimal } from '@lawbook/exchange/numbers/amount';
import { mulDivFloor } from '@lawbook/exchange/numbers/mulDiv';
import { PPM, PRICE_DECIMALS, PRICE_SCALE } from '@lawbook/exchange/numbers/price';
import type { GatewayOptions } from '../gatewayOptions.ts';
import { asOfState, isoTime } from './moments.ts';

/** How far a limit may be off the mid; the admission rule of the exchange. */
const LIMIT_FACTOR_MAX = 1000;

/** An asset of the ledger. */
export function presentAsset({ id, symbol, decimals, settles }: Asset): AssetView {
  return { assetId: String(id), symbol, decimals, settles };
}

/** What an order of a market may pay or receive, by index. */
export function presentProducts(
  state: ExchangeState,
  { assets, baskets }: BatchParameters,
): ProductView[] {
  const plain = assets.map(({ assetId, decimals }, index): ProductView => {
    return { index, symbol: symbolOf(state, assetId), kind: 'asset', decimals };
  });
  const composed = baskets.map(({ symbol }, k): ProductView => {
    return { index: assets.length + k, symbol, kind: 'basket', decimals: 0 };
  });
  return [...plain, ...composed];
}

/** A market with everything that its orders are checked against. */
export function presentMarket(
  state: ExchangeState,
  market: BatchMarket,
  { options, nowMs }: { readonly options: GatewayOptions; readonly nowMs: number },
): MarketView {
  const { parameters, nextParameters, batch, epoch, haltReason } = market;
  return {
    marketId: String(market.marketId),
    kind: 'batch',
    products: presentProducts(state, parameters),
    parameters: presentParameters(state, parameters),
    ...(nextParameters && { nextParameters: presentParameters(state, nextParameters) }),
    phase: presentPhase(market, nowMs),
    ...(haltReason !== undefined && { haltReason }),
    ordersInBatch: batch.table.count,
    epoch: { number: epoch.number, batches: epoch.batchCount },
    limits: {
      orderCountMax: parameters.orderCountMax,
      budgetMaxUnits: String(parameters.budgetMax),
      ordersPerRequestMax: options.ordersPerRequestMax,
      limitFactorMax: LIMIT_FACTOR_MAX,
      minFillPpmMax: Number(PPM),
    },
  };
}

/**
 * Where the open batch stands, and when that is due to end. A batch collects on a fixed beat from
 * its opening and closes at the first beat at which it holds an order.
 */
export function presentPhase(market: BatchMarket, nowMs: number): PhaseView {
  const { parameters, batch, haltReason } = market;
  const { number: batchNumber, phase, phaseSinceMs } = batch;
  const since = isoTime(phaseSinceMs);
  if (haltReason !== undefined) return { name: 'halted', batchNumber, since };
  if (phase === 'closed') return { name: 'closed', batchNumber, since };
  const { batchIntervalMs, revealWindowMs } = parameters;
  const elapsedMs = Math.max(0, nowMs - phaseSinceMs);
  const widthMs =
    phase === 'revealing'
      ? revealWindowMs
      : (Math.floor(elapsedMs / batchIntervalMs) + 1) * batchIntervalMs;
  return { name: phase, batchNumber, since, due: isoTime(phaseSinceMs + widthMs) };
}

/** Market parameters in human units. */
export function presentParameters(
  state: ExchangeState,
  parameters: BatchParameters,
): MarketParameters {
  const products = presentProducts(state, parameters);
  const symbols = parameters.assets.map(({ assetId }) => symbolOf(state, assetId));
  const numeraire = at(parameters.assets, 0);
  return {
    assets: parameters.assets.map((asset, i) => ({
      symbol: at(symbols, i),
      target: formatDecimal(asset.target, asset.decimals),
      inventoryMin: formatDecimal(asset.inventoryMin, asset.decimals),
      inventoryMax: formatDecimal(asset.inventoryMax, asset.decimals),
      bandPpm: asset.bandPpm,
    })),
    baskets: parameters.baskets.map(({ symbol, units }) => ({
      symbol,
      units: units.flatMap((count, i) =>
        count === 0n ? [] : [{ symbol: at(symbols, i), units: String(count) }],
      ),
    })),
    pairBands: parameters.pairBands.map(({ pay, receive, bandPpm }) => ({
      pay: at(products, pay).symbol,
      receive: at(products, receive).symbol,
      bandPpm,
    })),
    scaledCovariance: parameters.scaledCovariance.map(String),
    feeE7: parameters.feeE7,
    haltBandPpm: parameters.haltBandPpm,
    scarcity: parameters.scarcity,
    admission: parameters.admission,
    batchIntervalMs: parameters.batchIntervalMs,
    revealWindowMs: parameters.revealWindowMs,
    bond: formatDecimal(parameters.bond, numeraire.decimals),
    oracleAgeMsMax: parameters.oracleAgeMsMax,
    orderCountMax: parameters.orderCountMax,
    budgetMaxUnits: String(parameters.budgetMax),
  };
}

/** Mids by symbol. */
export function presentMids(
  state: ExchangeState,
  { assets }: BatchParameters,
  mids: readonly bigint[],
): MidView[] {
  return assets.map(({ assetId }, i) => ({
    symbol: symbolOf(state, assetId),
    mid: presentPrice(at(mids, i)),
  }));
}

/** A price with its twelve digits. */
export function presentPrice(scaled: bigint): string {
  return formatDecimal(scaled, PRICE_DECIMALS);
}

/** The pool's inventory within its bounds. */
export function presentPool(state: ExchangeState, market: BatchMarket): PoolView {
  const pool = systemAccount(SystemRole.pool, market.marketId);
  const fees = systemAccount(SystemRole.fees, market.marketId);
  return {
    marketId: String(market.marketId),
    assets: market.parameters.assets.map((asset) => {
      const { decimals, target, inventoryMin, inventoryMax } = asset;
      const inventory = state.ledger.total(pool, asset.assetId);
      return {
        symbol: symbolOf(state, asset.assetId),
        inventory: formatDecimal(inventory, decimals),
        target: formatDecimal(target, decimals),
        inventoryMin: formatDecimal(inventoryMin, decimals),
        inventoryMax: formatDecimal(inventoryMax, decimals),
        utilisationPpm: utilisationPpm(inventory, asset),
        fees: formatDecimal(state.ledger.total(fees, asset.assetId), decimals),
      };
    }),
    asOf: asOfState(state),
  };
}

/** Net trades whose quotes are shown, in thousands of the numeraire. */
const DEPTH_THOUSANDS = [10n, 100n, 1_000n, 10_000n, 50_000n] as const;

/**
 * The pool's quote after a net trade of one asset alone: p = mid (1 - gamma [Sigma (w + v)]_i).
 * `v` is minus the notional where traders buy. Rounded down to the price grid.
 */
export function presentDepth(state: ExchangeState, market: BatchMarket, index: number): DepthView {
  const { parameters, reference } = market;
  const asset = at(parameters.assets, index);
  const mid = at(reference.mids, index);
  const exposures = exposuresUsdE6(state, market);
  const pool = systemAccount(SystemRole.pool, market.marketId);
  const inventory = state.ledger.total(pool, asset.assetId);
  const levels = (['buy', 'sell'] as const).flatMap((side) =>
    DEPTH_THOUSANDS.map((thousands) => {
      const notionalUsdE6 = thousands * 1_000_000_000n;
      const change = side === 'buy' ? -notionalUsdE6 : notionalUsdE6;
      const shifted = exposures.map((exposure, i) =>
        i === index - 1 ? exposure + change : exposure,
      );
      const units = unitsOf(notionalUsdE6, mid, asset.decimals);
      const room = side === 'buy' ? inventory - asset.inventoryMin : asset.inventoryMax - inventory;
      return {
        side,
        notional: formatDecimal(notionalUsdE6, 6),
        quote: presentPrice(quoteOf(parameters, shifted, index, mid)),
        withinBounds: units <= room,
      };
    }),
  );
  const marketId = String(market.marketId);
  const symbol = symbolOf(state, asset.assetId);
  return { marketId, symbol, mid: presentPrice(mid), levels, asOf: asOfState(state) };
}

/** The symbol of an asset. */
export function symbolOf(state: ExchangeState, assetId: number): string {
  return at(state.assets, assetId).symbol;
}

function utilisationPpm(
  inventory: bigint,
  asset: { readonly target: bigint; readonly inventoryMin: bigint; readonly inventoryMax: bigint },
): number {
  const above = inventory >= asset.target;
  const distance = above ? inventory - asset.target : asset.target - inventory;
  const room = above ? asset.inventoryMax - asset.target : asset.target - asset.inventoryMin;
  if (distance === 0n) return 0;
  if (room <= 0n) return Number(PPM);
  return Math.min(Number(PPM), Number(mulDivFloor(distance, PPM, room)));
}

/** w_i of the assets after the numeraire, millionths of the numeraire at the reference mids. */
function exposuresUsdE6(
  state: ExchangeState,
  { marketId, parameters, reference }: BatchMarket,
): bigint[] {
  const pool = systemAccount(SystemRole.pool, marketId);
  return parameters.assets.slice(1).map((asset, k) => {
    const units = state.ledger.total(pool, asset.assetId) - asset.target;
    const worth = usdE6(units < 0n ? -units : units, at(reference.mids, k + 1), asset.decimals);
    return units < 0n ? -worth : worth;
  });
}

function usdE6(units: bigint, mid: bigint, decimals: number): bigint {
  return mulDivFloor(units * 1_000_000n, mid, PRICE_SCALE * 10n ** BigInt(decimals));
}

function unitsOf(notionalUsdE6: bigint, mid: bigint, decimals: number): bigint {
  return mulDivFloor(notionalUsdE6 * PRICE_SCALE, 10n ** BigInt(decimals), mid * 1_000_000n);
}

function quoteOf(
  { assets, scaledCovariance }: BatchParameters,
  exposures: readonly bigint[],
  index: number,
  mid: bigint,
): bigint {
  const row = (index - 1) * (assets.length - 1);
  const risk = exposures.reduce((sum, exposure, k) => {
    return sum + exposure * at(scaledCovariance, row + k);
  }, 0n);
  const scale = 1_000_000n << COVARIANCE_BITS;
  const quote = scale - risk;
  return quote <= 0n ? 1n : mulDivFloor(mid, quote, scale);
}
