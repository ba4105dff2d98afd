import { z } from 'zod';
import { addressText, decimalText, signatureText, symbolText } from './primitives.ts';

/*
 * The batch-FX executor API that earlier clients speak. Its field names are snake_case; they are
 * the only ones here that are.
 */

/** A swap in the older form, with what our signature adds: nonce, expires_at_ms, market_id. */
export interface Swap {
  readonly owner: string;
  readonly pay_asset: string;
  readonly receive_asset: string;
  readonly budget: string | number;
  readonly limit_ratio?: string | number | null | undefined;
  readonly min_fill_fraction?: string | number | undefined;
  readonly signature: string;
  readonly nonce: string | number;
  readonly expires_at_ms: number;
  readonly market_id?: string | undefined;
}

/** A JSON number is taken by its shortest decimal form, so 1.1005 means exactly that. */
const decimalOrNumber = z.union([decimalText, z.number().min(0).max(1e15)]);

const swap: z.ZodType<Swap> = z.strictObject({
  owner: addressText,
  pay_asset: symbolText,
  receive_asset: symbolText,
  budget: decimalOrNumber.describe('Whole units of the asset paid'),
  limit_ratio: decimalOrNumber
    .nullable()
    .optional()
    .describe('Most units paid per unit received; absent or null for a market order'),
  min_fill_fraction: decimalOrNumber.optional().describe('0 to 1, at most six decimals'),
  signature: signatureText.describe('Over the BatchOrder that these fields translate to'),
  nonce: z
    .union([
      z.string().regex(/^(0|[1-9]\d{0,18})$/, 'a whole number in plain digits'),
      z.int().min(0),
    ])
    .describe('The orderNonce that was signed'),
  expires_at_ms: z.int().min(0).describe('The expiresAtMs that was signed'),
  market_id: z.string().optional().describe('Market; "1" unless stated'),
});

export interface Verifiable {
  readonly Swap: Swap;
}

export const verifiables: z.ZodType<readonly Verifiable[]> = z
  .array(z.strictObject({ Swap: swap }))
  .min(1)
  .max(10_000);

/** The vault of an owner in the older form. */
export interface LegacyVault {
  readonly owner_id: string;
  readonly assets: Readonly<
    Record<string, { readonly available: string; readonly held: string; readonly total: string }>
  >;
}

export const legacyVault: z.ZodType<LegacyVault> = z.object({
  owner_id: addressText,
  assets: z.record(
    symbolText as z.ZodType<string, string>,
    z.object({ available: decimalText, held: decimalText, total: decimalText }),
  ),
});
