declare const assetIdBrand: unique symbol;

/** Dense number of a registered asset, 0..63. Asset 0 is the numeraire, USD. */
export type AssetId = number & { readonly [assetIdBrand]: true };

/** A venue registers at most this many assets. */
export const ASSET_COUNT_MAX = 64;

/** Largest count of ledger decimals: nine billion whole units then still fit an `Amount`. */
export const DECIMALS_MAX = 9;

/** An asset of the ledger. */
export interface Asset {
  readonly id: AssetId;
  /** 2..12 capital letters or digits. */
  readonly symbol: string;
  /** One ledger unit is 10^-decimals of a whole unit. */
  readonly decimals: number;
  /** Whether the venue's base layer, if it has one, holds the asset and settles what trades it. */
  readonly settles: boolean;
}

/** Brands a number that is already known to be in range. */
export function assetId(n: number): AssetId {
  return n as AssetId;
}
