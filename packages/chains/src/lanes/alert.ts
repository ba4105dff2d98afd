/** Something that a person should know. */
export interface Alert {
  readonly kind: AlertKind;
  readonly severity: 'warning' | 'critical';
  readonly lane: string;
  readonly key: string | undefined;
  readonly sentence: string;
  readonly fields: Readonly<Record<string, string>>;
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
