/** When a backend is left alone, and for how long. */
export interface BreakerLimits {
  /** Failures in a row that open the breaker. */
  readonly failuresMax: number;
  /** How long it stays open the first time; doubled by every failed probe. */
  readonly openMs: number;
  readonly openMsMax: number;
}

/**
 * Whether a backend is asked. Open: not before `probeAtMs`, then by one probe at a time. A probe
 * that succeeds closes it.
 */
export type Breaker =
  | { readonly kind: 'closed'; readonly failures: number }
  | {
      readonly kind: 'open';
      readonly probeAtMs: number;
      readonly openMs: number;
      readonly isProbing: boolean;
    };

/** A backend that has not failed. */
export const CLOSED: Breaker = { kind: 'closed', failures: 0 };

/** What happened to a request; `dropped` says nothing about the backend. */
export type Outcome = 'proved' | 'failed' | 'dropped';

/** Whether the backend may be asked now. */
export function mayAsk(breaker: Breaker, nowMs: number): boolean {
  return breaker.kind === 'closed' || (!breaker.isProbing && nowMs >= breaker.probeAtMs);
}

/** The breaker once a request has started. */
export function afterStart(breaker: Breaker): Breaker {
  return breaker.kind === 'closed' ? breaker : { ...breaker, isProbing: true };
}

/** The breaker once a request has ended. */
export function afterOutcome(
  breaker: Breaker,
  { outcome, nowMs, limits }: { outcome: Outcome; nowMs: number; limits: BreakerLimits },
): Breaker {
  if (outcome === 'proved') return CLOSED;
  if (outcome === 'dropped') {
    return breaker.kind === 'closed' ? breaker : { ...breaker, isProbing: false };
  }
  if (breaker.kind === 'closed' && breaker.failures + 1 < limits.failuresMax) {
    return { kind: 'closed', failures: breaker.failures + 1 };
  }
  const openMs =
    breaker.kind === 'closed' ? limits.openMs : Math.min(breaker.openMs * 2, limits.openMsMax);
  return { kind: 'open', probeAtMs: nowMs + openMs, openMs, isProbing: false };
}
