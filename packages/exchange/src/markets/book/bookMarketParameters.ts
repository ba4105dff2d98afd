import type { ByteReader } from '../../codec/byteReader.ts';
import { ByteWriter } from '../../codec/byteWriter.ts';
import type { Hash } from '../../codec/hash.ts';
import { taggedHash } from '../../codec/hash.ts';
import type { Refused } from '../../failures/rejection.ts';
import { refuse } from '../../failures/rejection.ts';
import type { AssetId } from '../../ledger/asset.ts';
import { assetId } from '../../ledger/asset.ts';
import type { Amount } from '../../numbers/amount.ts';
import { LOTS_MAX, TICKS_MAX } from './bookTerms.ts';

/**
 * The rules of one book market. A price is a count of ticks, a size a count of lots, and what a
 * trade moves is exact: `lots * lotSize` ledger units of the base asset for `lots * ticks *
 * tickSize` ledger units of the quote asset.
 */
export interface BookMarketParameters {
  readonly marketId: number;
  readonly base: AssetId;
  readonly quote: AssetId;
  /** Ledger units of the base asset in one lot. */
  readonly lotSize: Amount;
  /** Ledger units of the quote asset by which one tick changes the price of one lot. */
  readonly tickSize: Amount;
  /** The least value of a limit order at its price, ledger units of the quote asset. */
  readonly notionalMin: Amount;
  readonly priceTicksMax: number;
  readonly sizeLotsMax: number;
  /** Orders that rest or wait at once. */
  readonly ordersMax: number;
  /** Owners that may ever place an order here: each gets a number for good. */
  readonly accountsMax: number;
  /** Fee on the quote amount of a trade, parts per million; negative pays the maker a rebate. */
  readonly makerFeePpm: number;
  readonly takerFeePpm: number;
  /** The breaker halts before a trade this far from the window's first price; 0 switches it off. */
  readonly breakerBandPpm: number;
  readonly breakerWindowMs: number;
}

/** Most that a fee or a rebate may be: a tenth. */
export const FEE_PPM_MAX = 100_000;

/** Bounds of a book's size: what it keeps ready in memory. */
export const BOOK_ORDERS_MAX: number = 1 << 20;
export const BOOK_ACCOUNTS_MAX: number = 1 << 20;

/** Largest lot, tick and least notional: 2^40 ledger units. */
export const UNIT_SIZE_MAX: bigint = 1n << 40n;

/** Width of canonical parameters. */
export const BOOK_PARAMETERS_BYTES = 64;

/** Canonical bytes of the parameters. Fees stand 2^31 higher, so that they are natural numbers. */
export function encodeBookParameters(parameters: BookMarketParameters): Uint8Array {
  return new ByteWriter(BOOK_PARAMETERS_BYTES)
    .u32(parameters.marketId)
    .u16(parameters.base)
    .u16(parameters.quote)
    .u64(parameters.lotSize)
    .u64(parameters.tickSize)
    .u64(parameters.notionalMin)
    .u32(parameters.priceTicksMax)
    .u32(parameters.sizeLotsMax)
    .u32(parameters.ordersMax)
    .u32(parameters.accountsMax)
    .u32(parameters.makerFeePpm + FEE_OFFSET)
    .u32(parameters.takerFeePpm + FEE_OFFSET)
    .u32(parameters.breakerBandPpm)
    .u32(parameters.breakerWindowMs)
    .finish();
}

/** @throws DecodeError on bytes that are not canonical parameters. */
export function decodeBookParameters(reader: ByteReader): BookMarketParameters {
  return {
    marketId: reader.u32(),
    base: assetId(reader.u16()),
    quote: assetId(reader.u16()),
    lotSize: reader.amount(),
    tickSize: reader.amount(),
    notionalMin: reader.amount(),
    priceTicksMax: reader.u32(),
    sizeLotsMax: reader.u32(),
    ordersMax: reader.u32(),
    accountsMax: reader.u32(),
    makerFeePpm: reader.u32() - FEE_OFFSET,
    takerFeePpm: reader.u32() - FEE_OFFSET,
    breakerBandPpm: reader.u32(),
    breakerWindowMs: reader.u32(),
  };
}

/** The hash of the rules under which a book epoch was run. */
export function bookParameterHash(parameters: BookMarketParameters): Hash {
  return taggedHash('lawbook.bookParameters.v1', encodeBookParameters(parameters));
}

/** The refusal of rules that do not fit together: parametersInvalid, sameAsset. */
export function refuseBookParameters(parameters: BookMarketParameters): Refused | undefined {
  if (parameters.base === parameters.quote) {
    return refuse('sameAsset', { field: 'parameters.quote', actual: parameters.quote });
  }
  for (const [field, low, high] of RANGES) {
    const actual = parameters[field];
    if (Number.isInteger(actual) && actual >= low && actual <= high) continue;
    const limit = `${low}..${high}`;
    return refuse('parametersInvalid', { field: `parameters.${field}`, limit, actual });
  }
  for (const field of ['lotSize', 'tickSize', 'notionalMin'] as const) {
    const actual = parameters[field];
    if (actual >= 1n && actual <= UNIT_SIZE_MAX) continue;
    const limit = `1..${UNIT_SIZE_MAX}`;
    return refuse('parametersInvalid', { field: `parameters.${field}`, limit, actual });
  }
  const { makerFeePpm, takerFeePpm } = parameters;
  if (makerFeePpm + takerFeePpm >= 0) return undefined;
  // A rebate is paid out of the taker's fee of the same trade, so the fee account never runs dry.
  const limit = -takerFeePpm;
  return refuse('parametersInvalid', {
    field: 'parameters.makerFeePpm',
    limit,
    actual: makerFeePpm,
  });
}

const FEE_OFFSET = 2 ** 31;

const RANGES = [
  ['marketId', 1, 2 ** 32 - 1],
  ['priceTicksMax', 1, TICKS_MAX],
  ['sizeLotsMax', 1, LOTS_MAX],
  ['ordersMax', 1, BOOK_ORDERS_MAX],
  ['accountsMax', 1, BOOK_ACCOUNTS_MAX],
  ['makerFeePpm', -FEE_PPM_MAX, FEE_PPM_MAX],
  ['takerFeePpm', 0, FEE_PPM_MAX],
  ['breakerBandPpm', 0, 1_000_000],
  ['breakerWindowMs', 0, 2 ** 32 - 1],
] as const;
