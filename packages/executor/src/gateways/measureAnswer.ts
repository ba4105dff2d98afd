import type { RejectionView } from '@lawbook/api/schema/rejectionView';
import type { Metrics } from '../metrics/metrics.ts';

/** An answer to an order of either kind of market. */
type Answer =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'rejected' | 'notReceived'; readonly rejection: RejectionView };

/** Counts what an order came to, and how long its sender waited; `beganMs` as `performance.now`. */
export function measureAnswer(
  { acknowledgement, ordersRejected }: Metrics,
  answer: Answer,
  beganMs: number,
): void {
  if (answer.kind === 'accepted') acknowledgement.observe((performance.now() - beganMs) / 1000);
  else ordersRejected.inc({ code: answer.rejection.code });
}
