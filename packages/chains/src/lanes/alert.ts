/** Something that a person should know. */
export interface Alert {
  readonly kind: AlertKind;
  readonly severity: 'warning' | 'critical';
  readonly lane: string;
  readonly key: string | undefined;
  readonly sentence: string;
  readonly fields: Readonly<Record<string, string>>;
}

/**
 * Tells a listener. Its own bug is its own: a lane that pays people does not stop for a broken log.
 *
 * @returns whether it was heard.
 */
export function tell(onAlert: (alert: Alert) => void, alert: Alert): boolean {
  try {
    onAlert(alert);
    return true;
  } catch {
    return false;
  }
}

/** What alerts are about. */
export type AlertKind =
  | 'foreignTransaction'
  | 'outcomeUnknown'
  | 'feeAboveCap'
  | 'laneStalled'
  | 'laneHalted'
  | 'laneLost'
  | 'insufficientFunds'
  | 'attemptsExhausted'
  | 'storeUnavailable'
  | 'signerFailed'
  | 'nodeRefused';
