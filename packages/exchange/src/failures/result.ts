import type { Refused } from './rejection.ts';

/** Either what was asked for, or the documented reason why not. */
export type Result<T> = { readonly ok: true; readonly value: T } | Refused;

/** Wraps what was asked for. */
export function accepted<T>(outcome: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value: outcome };
}
