import type { RejectionCode } from '@lawbook/exchange/failures/rejectionCodes';
import { z } from 'zod';

/** A refusal on the wire: code and number are stable, the sentences are for people. */
export interface RejectionView {
  readonly code: RejectionCode;
  readonly number: number;
  /** Field of the request, or of the market metadata, to which the rule was applied. */
  readonly field: string;
  readonly rule: string;
  readonly fix: string;
  readonly limit?: string | undefined;
  readonly actual?: string | undefined;
}

/** Every answer that is not a success. */
export interface RejectionBody {
  readonly rejection: RejectionView;
  /** Names the request in the venue's logs. */
  readonly traceId: string;
}

/** Codes grow: a client reads one that it does not know as any other refusal. */
const code = z
  .string()
  .describe('Stable code, listed on the page of errors; new ones may appear')
  .transform((text) => text as RejectionCode);

export const rejectionView: z.ZodType<RejectionView> = z.object({
  code,
  number: z.int(),
  field: z.string(),
  rule: z.string(),
  fix: z.string(),
  limit: z.string().optional(),
  actual: z.string().optional(),
});

export const rejectionBody: z.ZodType<RejectionBody> = z.object({
  rejection: rejectionView,
  traceId: z.string(),
});
