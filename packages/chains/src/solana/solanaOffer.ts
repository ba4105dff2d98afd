import pLimit from 'p-limit';
import type { SolanaAttempt } from './solanaIntent.ts';
import { accepted, openAttempt } from './solanaLife.ts';
import type { StoredSolanaIntent } from './solanaLog.ts';
import type { SolanaTenure } from './solanaTenure.ts';

/**
 * Sends the same bytes again, at an interval, until they land or expire. Nothing is retried by the
 * endpoints themselves (maxRetries 0), so what is out there is what this lane sent.
 */
export async function resendSolana(tenure: SolanaTenure): Promise<void> {
  const { resendMs, concurrency } = tenure.options.settings;
  const limit = pLimit(concurrency);
  const due = [...tenure.intents.values()].flatMap((stored) => {
    const attempt = openAttempt(stored.life);
    if (attempt === undefined || stored.life.state === 'included') return [];
    // An intent that shall be taken back is not helped to land.
    if (stored.life.withdrawing !== undefined) return [];
    const sentAt = tenure.sentAt.get(stored.request.key) ?? Number.NEGATIVE_INFINITY;
    return tenure.elapsedMs() - sentAt < resendMs ? [] : [{ stored, attempt }];
  });
  const sends = due.map(({ stored, attempt }) => {
    return limit(() => {
      tenure.tally.resends += 1;
      return sendBytes(tenure, stored, attempt);
    });
  });
  const outcomes = await Promise.allSettled(sends);
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}

/**
 * Sends the bytes of a stored attempt once. A refusal proves nothing, an answer that was lost
 * neither: only the chain says whether it landed.
 */
export async function sendBytes(
  tenure: SolanaTenure,
  stored: StoredSolanaIntent,
  attempt: SolanaAttempt,
): Promise<void> {
  const { skipPreflight, broadcastTo: endpoints } = tenure.options.settings;
  const { key } = stored.request;
  await tenure.keepLease();
  tenure.sentAt.set(key, tenure.elapsedMs());
  const { taken, refused } = await tenure.rpc.send(attempt.wire, { skipPreflight, endpoints });
  if (taken.length === 0) {
    if (refused.length === 0) return;
    const sentence = `Every endpoint refused a transaction; it is sent again: ${refused[0]}`;
    tenure.alert('nodeRefused', { severity: 'warning', sentence, key });
    return;
  }
  if (attempt.acceptedAtMs !== undefined) return;
  const known = tenure.intents.get(key);
  // Another step of this beat may have seen it land in the meantime.
  if (known?.life.state !== 'offered') return;
  await tenure.advance(known, accepted(known.life, tenure.nowMs(), taken.join(' ')));
}
