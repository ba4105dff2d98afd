import type { IntentLife } from '../intents/intent.ts';
import type { Alert } from './alert.ts';
import { tell } from './alert.ts';

/** Counts of one lane in this process since it was opened; under 2^53. */
export class LaneTally {
  readonly ended: Record<string, number> = {};
  readonly denials: Record<string, number> = {};
  attempts = 0;
  started = 0;
  reoffers = 0;
  bumps = 0;
  alerts = 0;
  /** Alerts whose listener threw. */
  alertsUnheard = 0;

  tell(onAlert: (alert: Alert) => void, alert: Alert): void {
    this.alerts += 1;
    if (!tell(onAlert, alert)) this.alertsUnheard += 1;
  }

  end(life: IntentLife): void {
    this.ended[life.state] = (this.ended[life.state] ?? 0) + 1;
  }

  denial(rule: string): void {
    this.denials[rule] = (this.denials[rule] ?? 0) + 1;
  }
}
