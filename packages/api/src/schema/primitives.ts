import { z } from 'zod';

/*
 * The atoms of the wire. Amounts and prices that people read are exact decimals of whole units;
 * fields that are signed are decimal integers of ledger units, exactly as they are hashed.
 */

const U63_MAX = (1n << 63n) - 1n;
const U64_MAX = (1n << 64n) - 1n;

const integerText = (most: bigint, meaning: string): z.ZodType<string> =>
  z
    .string()
    .regex(/^(0|[1-9]\d{0,19})$/, 'a decimal integer without sign or leading zeros')
    .refine((text) => !/^\d{1,20}$/.test(text) || BigInt(text) <= most, `at most ${most}`)
    .describe(meaning);

/** A market's id: opaque to clients. */
export const marketIdText: z.ZodType<string> = z
  .string()
  .regex(/^[1-9]\d{0,8}$/, 'a market id as listed at /v1/markets')
  .describe('Market id, opaque');

/** An address in any letter case. */
export const addressText: z.ZodType<string> = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/, '0x and forty hexadecimal digits')
  .describe('Account: a 20-byte address in hex');

/** Thirty-two bytes in hex. */
export const hashText: z.ZodType<string> = z
  .string()
  .regex(/^0x[0-9a-fA-F]{64}$/, '0x and sixty-four hexadecimal digits')
  .describe('32 bytes in hex');

/** A signature of 65 bytes in hex: r, s, v with v 27 or 28. */
export const signatureText: z.ZodType<string> = z
  .string()
  .regex(/^0x[0-9a-fA-F]{130}$/, '0x and one hundred and thirty hexadecimal digits')
  .describe('EIP-712 signature: r, s, v in 65 bytes, low s, v 27 or 28');

/** An asset or basket symbol. */
export const symbolText: z.ZodType<string> = z
  .string()
  .regex(/^[A-Z0-9]{2,12}$/, '2 to 12 capital letters or digits')
  .describe('Symbol of an asset or basket');

/** A non-negative amount of whole units. */
export const decimalText: z.ZodType<string> = z
  .string()
  .regex(/^\d{1,19}(\.\d{1,18})?$/, 'a plain decimal such as 1000.50')
  .describe('Amount in whole units, exact decimal');

/** An amount that may be negative. */
export const signedDecimalText: z.ZodType<string> = z
  .string()
  .regex(/^-?\d{1,24}(\.\d{1,18})?$/, 'a plain decimal such as -1000.50')
  .describe('Signed amount in whole units, exact decimal');

/** A price: numeraire per whole unit, twelve digits after the point. */
export const priceText: z.ZodType<string> = z
  .string()
  .regex(/^\d{1,7}(\.\d{1,12})?$/, 'a decimal with at most twelve digits after the point')
  .describe('Numeraire per whole unit, exact decimal');

/** Ledger units as they are signed. */
export const unitsText: z.ZodType<string> = integerText(U63_MAX, 'Ledger units, as signed');

/** An unsigned 64-bit integer as it is signed. */
export const u64Text: z.ZodType<string> = integerText(
  U64_MAX,
  'Unsigned 64-bit integer, as signed',
);

/** A signed integer of any published size. */
export const integerTextSigned: z.ZodType<string> = z
  .string()
  .regex(/^(0|-?[1-9]\d{0,38})$/, 'a decimal integer')
  .describe('Decimal integer');

/** A moment in UTC. */
export const timeText: z.ZodType<string> = z.iso
  .datetime({ precision: 3 })
  .describe('ISO 8601 in UTC, milliseconds');

/** Milliseconds since 1970 as they are signed; below 2^53. */
export const timeMsNumber: z.ZodType<number> = z
  .int()
  .min(0)
  .max(Number.MAX_SAFE_INTEGER)
  .describe('Milliseconds since 1970, as signed');

/** Place of an input in the journal: 1, 2, 3, ... */
export const sequenceNumber: z.ZodType<number> = z
  .int()
  .min(0)
  .describe('Sequence number of the journal');

/** A count that stays below 2^53. */
export const countNumber: z.ZodType<number> = z.int().min(0);

/** A whole number of parts per million. */
export const ppmNumber: z.ZodType<number> = z.int().describe('Parts per million');

/** A number in a path or query: plain digits only. */
export function pathNumber(least: number, most: number, meaning: string): z.ZodType<number> {
  return z
    .string()
    .regex(/^(0|[1-9]\d{0,15})$/, 'a whole number in plain digits')
    .transform(Number)
    .pipe(z.int().min(least).max(most))
    .describe(meaning);
}

/** A switch in a query: true or false. */
export const queryFlag: z.ZodType<boolean> = z
  .enum(['true', 'false'])
  .transform((text) => text === 'true')
  .pipe(z.boolean());

/** When and at which sequence a read was answered. */
export interface AsOf {
  readonly sequence: number;
  readonly time: string;
}

export const asOf: z.ZodType<AsOf> = z
  .object({ sequence: sequenceNumber, time: timeText })
  .describe('Executed sequence and time at which the answer was true');

/** Something that this venue was not given. */
export interface NotConfigured {
  readonly state: 'notConfigured';
  readonly detail: string;
}

export const notConfigured: z.ZodType<NotConfigured> = z.object({
  state: z.literal('notConfigured'),
  detail: z.string(),
});
