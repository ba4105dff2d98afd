import type { ByteReader } from '../../codec/byteReader.ts';
import { DecodeError } from '../../codec/byteReader.ts';
import { ByteWriter } from '../../codec/byteWriter.ts';
import type { Hash } from '../../codec/hash.ts';
import { taggedHash } from '../../codec/hash.ts';
import { at } from '../../failures/invariant.ts';
import type { AssetId } from '../../ledger/asset.ts';
import { assetId } from '../../ledger/asset.ts';
import type { Amount } from '../../numbers/amount.ts';

/** What happens at an inventory bound: ration at the quote, or let the price rise to the band. */
export const Scarcity = {
  proRata: 'proRata',
  scarcityPricing: 'scarcityPricing',
} as const;
export type Scarcity = (typeof Scarcity)[keyof typeof Scarcity];

/** How orders enter a batch: in the open, or as commitments that are revealed after collection. */
export const AdmissionMode = { open: 'open', commitReveal: 'commitReveal' } as const;
export type AdmissionMode = (typeof AdmissionMode)[keyof typeof AdmissionMode];

/** One asset of a batch market. Index 0 of the list is the numeraire. */
export interface BatchAsset {
  readonly assetId: AssetId;
  /** Ledger decimals, 0..9, copied from the asset so that a bundle stands alone. */
  readonly decimals: number;
  /** Inventory at which the pool has no exposure, ledger units. */
  readonly target: Amount;
  /** Inventory bounds, ledger units, inclusive. The numeraire's lower bound is the USD reserve. */
  readonly inventoryMin: Amount;
  readonly inventoryMax: Amount;
  /** Half-width of the protective band around the mid, parts per million. */
  readonly bandPpm: number;
}

/**
 * A fixed composition that orders may receive as one product: `units[i]` ledger units of asset i.
 */
export interface Basket {
  readonly symbol: string;
  /** By market asset index; zero where the asset is not part of the basket. */
  readonly units: readonly bigint[];
}

/** The band of one ordered pair where it differs from the wider of the two asset bands. */
export interface PairBand {
  readonly pay: number;
  readonly receive: number;
  readonly bandPpm: number;
}

/**
 * Everything that fixes how a batch market clears. Hashed; a change takes effect between batches.
 */
export interface BatchParameters {
  readonly marketId: number;
  readonly assets: readonly BatchAsset[];
  readonly baskets: readonly Basket[];
  readonly pairBands: readonly PairBand[];
  /**
   * round(gamma * Sigma_ij * 2^80) over the non-numeraire assets, row-major, (A-1)^2 entries.
   * gamma is risk aversion per USD, Sigma the covariance of daily returns.
   */
  readonly scaledCovariance: readonly bigint[];
  /** Fee on the receive leg in units of 10^-7 (3 bps = 3000). */
  readonly feeE7: number;
  /** Largest deviation of a clearing price from its mid before the batch halts, ppm. */
  readonly haltBandPpm: number;
  readonly scarcity: Scarcity;
  readonly admission: AdmissionMode;
  readonly batchIntervalMs: number;
  /** Length of the reveal window; unused while admission is open. */
  readonly revealWindowMs: number;
  /** Bond per commitment in numeraire units, forfeited on silence; zero for none. */
  readonly bond: Amount;
  readonly oracleAgeMsMax: number;
  readonly orderCountMax: number;
  /** Largest budget of one order, ledger units. */
  readonly budgetMax: Amount;
}

/** Fee denominator F. */
export const FEE_SCALE: bigint = 10n ** 7n;
/** M = 1/mu: an order fills fully once the price is better than its limit by 0.1 bp. */
export const RAMP: bigint = 100_000n;
/** Scale of rationing factors: this value means "not rationed". */
export const RATION_SCALE: bigint = 10n ** 12n;
/** Binary digits of the scaled covariance. */
export const COVARIANCE_BITS = 80n;
/** Quote tolerance eps = 10^-6 as a denominator. */
export const QUOTE_TOLERANCE: bigint = 1_000_000n;
/** A bound is tight when the inventory is within this fraction (1/x) of the bound's width of it. */
export const TIGHT_TOLERANCE: bigint = 1_000_000n;

/** Number of products of a market: its assets, then its baskets. */
export function productCount(parameters: BatchParameters): number {
  return parameters.assets.length + parameters.baskets.length;
}

/**
 * Composition of a product by market asset index: an asset is one ledger unit of itself,
 * a basket is its composition. This makes a pair order a basket order with one leg.
 */
export function productUnits(parameters: BatchParameters, product: number): readonly bigint[] {
  const count = parameters.assets.length;
  if (product >= count) return at(parameters.baskets, product - count).units;
  return parameters.assets.map((_, i) => (i === product ? 1n : 0n));
}

/**
 * 10^(D - decimals) per asset, D the most decimals in the market: brings ledger units to one scale.
 */
export function unitWeights(parameters: BatchParameters): bigint[] {
  const most = decimalsMax(parameters);
  return parameters.assets.map((asset) => 10n ** BigInt(most - asset.decimals));
}

/** The most ledger decimals of any asset in the market. */
export function decimalsMax(parameters: BatchParameters): number {
  return parameters.assets.reduce((most, asset) => Math.max(most, asset.decimals), 0);
}

/**
 * Band of an order from `pay` to the product `receive`: an override, or the widest band involved.
 */
export function orderBandPpm(parameters: BatchParameters, pay: number, receive: number): number {
  const override = parameters.pairBands.find((b) => b.pay === pay && b.receive === receive);
  if (override !== undefined) return override.bandPpm;
  const { assets } = parameters;
  // A plain asset is most of the calls, and every pair of a batch asks.
  if (receive < assets.length) {
    return Math.max(at(assets, pay).bandPpm, at(assets, receive).bandPpm);
  }
  const units = productUnits(parameters, receive);
  return parameters.assets.reduce(
    (widest, asset, i) => (i === pay || units[i] !== 0n ? Math.max(widest, asset.bandPpm) : widest),
    0,
  );
}

/** Canonical bytes of the parameters. */
export function encodeParameters(parameters: BatchParameters): Uint8Array {
  const out = new ByteWriter(1024).u32(parameters.marketId).u32(parameters.assets.length);
  for (const asset of parameters.assets) {
    out.u16(asset.assetId).u8(asset.decimals).u64(asset.target);
    out.u64(asset.inventoryMin).u64(asset.inventoryMax).u32(asset.bandPpm);
  }
  out.u32(parameters.baskets.length);
  for (const basket of parameters.baskets) {
    out.text(basket.symbol);
    for (const units of basket.units) out.u64(units);
  }
  out.u32(parameters.pairBands.length);
  for (const band of parameters.pairBands) out.u16(band.pay).u16(band.receive).u32(band.bandPpm);
  for (const entry of parameters.scaledCovariance) out.i128(entry);
  out.u32(parameters.feeE7).u32(parameters.haltBandPpm);
  out.u8(parameters.scarcity === Scarcity.proRata ? 0 : 1);
  out.u8(parameters.admission === AdmissionMode.open ? 0 : 1);
  out.u32(parameters.batchIntervalMs).u32(parameters.revealWindowMs).u64(parameters.bond);
  out.u32(parameters.oracleAgeMsMax).u32(parameters.orderCountMax).u64(parameters.budgetMax);
  return out.finish();
}

/** @throws DecodeError on bytes that are not canonical parameters. */
export function decodeParameters(reader: ByteReader): BatchParameters {
  const marketId = reader.u32();
  const assets: BatchAsset[] = [];
  for (let left = reader.count(31); left > 0; left -= 1) {
    assets.push({
      assetId: assetId(reader.u16()),
      decimals: reader.u8(),
      target: reader.amount(),
      inventoryMin: reader.amount(),
      inventoryMax: reader.amount(),
      bandPpm: reader.u32(),
    });
  }
  const baskets: Basket[] = [];
  for (let left = reader.count(4); left > 0; left -= 1) {
    baskets.push({ symbol: reader.text(), units: assets.map(() => reader.u64()) });
  }
  const pairBands: PairBand[] = [];
  for (let left = reader.count(8); left > 0; left -= 1) {
    pairBands.push({ pay: reader.u16(), receive: reader.u16(), bandPpm: reader.u32() });
  }
  const entries = Math.max(0, assets.length - 1) ** 2;
  if (entries * 16 > reader.remaining) {
    throw new DecodeError('a covariance that is cut short', reader.offset);
  }
  return {
    marketId,
    assets,
    baskets,
    pairBands,
    scaledCovariance: Array.from({ length: entries }, () => reader.i128()),
    feeE7: reader.u32(),
    haltBandPpm: reader.u32(),
    scarcity: reader.flag() ? Scarcity.scarcityPricing : Scarcity.proRata,
    admission: reader.flag() ? AdmissionMode.commitReveal : AdmissionMode.open,
    batchIntervalMs: reader.u32(),
    revealWindowMs: reader.u32(),
    bond: reader.amount(),
    oracleAgeMsMax: reader.u32(),
    orderCountMax: reader.u32(),
    budgetMax: reader.amount(),
  };
}

/** The parameter hash of reports and proofs. */
export function parameterHash(parameters: BatchParameters): Hash {
  return taggedHash('lawbook.batchParameters.v1', encodeParameters(parameters));
}
