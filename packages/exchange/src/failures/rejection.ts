import type { RejectionCode } from './rejectionCodes.ts';
import { REJECTIONS } from './rejectionCodes.ts';

/**
 * An expected refusal: data, part of the protocol, never an exception.
 *
 * `field` names the input field at fault; `limit` and `actual` are printed as decimal strings.
 */
export interface Rejection {
  readonly code: RejectionCode;
  /** Stable wire number of the code. */
  readonly number: number;
  readonly field: string;
  /** What the rule says. */
  readonly rule: string;
  /** What the sender can do about it. */
  readonly fix: string;
  readonly limit?: string;
  readonly actual?: string;
}

/** The refusing half of a `Result`; assignable to a `Result` of anything. */
export interface Refused {
  readonly ok: false;
  readonly rejection: Rejection;
}

/** What a refusal knows beyond its code. */
export interface RejectionDetail {
  readonly field: string;
  readonly limit?: bigint | number | string;
  readonly actual?: bigint | number | string;
}

/** Builds the refusing half of a `Result`, taking rule and fix from the one table of codes. */
export function refuse(code: RejectionCode, detail: RejectionDetail): Refused {
  const { number, rule, fix } = REJECTIONS[code];
  const rejection: Rejection = {
    code,
    number,
    field: detail.field,
    rule,
    fix,
    ...(detail.limit === undefined ? {} : { limit: String(detail.limit) }),
    ...(detail.actual === undefined ? {} : { actual: String(detail.actual) }),
  };
  return { ok: false, rejection };
}
