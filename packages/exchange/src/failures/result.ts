import type { Rejection } from './rejection.ts';

/** Either what was asked for, or the documented reason why not. */
export type Result<T> = { readonly ok: true; readonly value: T } | Refused;

/** The refusing half of a `Result`; assignable to a `Result` of anything. */
export interface Refused {
  readonly ok: false;
  readonly rejection: Rejection;
}

/** Wraps what was asked for. */
export function accepted<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}
