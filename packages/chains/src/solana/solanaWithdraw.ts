import type { Reason } from '../intents/intent.ts';
import { becameUnknown, ended, openAttempt, withdrawing } from './solanaLife.ts';
import type { StoredSolanaIntent } from './solanaLog.ts';
import type { SolanaTenure } from './solanaTenure.ts';

/** Turns wishes to cancel into decisions; what has landed or ended is past taking back. */
export async function grantCancels(tenure: SolanaTenure): Promise<void> {
  const keys = await tenure.log.cancels();
  if (keys.length === 0) return;
  const lives = keys.flatMap((key) => {
    const stored = tenure.intents.get(key);
    if (stored === undefined || stored.life.withdrawing !== undefined) return [];
    const reason: Reason = {
      code: 'cancelRequested',
      sentence: 'Somebody asked to take it back.',
      fields: {},
    };
    return [{ ...stored, life: withdrawing(stored.life, reason, tenure.nowMs()) }];
  });
  await tenure.commit({ lives, cancelsDone: keys });
}

/**
 * Ends what is not wanted any more. Without bytes out it ends at once. With bytes out nothing can
 * take it back: it is no longer sent, and it either lands or its blockhash expires. Past the
 * deadline that is told as `unknown` until the chain has spoken.
 */
export async function withdrawSolana(tenure: SolanaTenure): Promise<void> {
  const atMs = tenure.nowMs();
  const lives: StoredSolanaIntent[] = [];
  for (const stored of tenure.intents.values()) {
    const next = withdraw(stored, atMs);
    if (next.life.unknown && !stored.life.unknown) {
      const sentence = 'The deadline passed with a transaction out whose fate is not known yet.';
      tenure.alert('outcomeUnknown', { severity: 'critical', sentence, key: stored.request.key });
    }
    if (next.life !== stored.life) lives.push(next);
  }
  if (lives.length > 0) await tenure.commit({ lives });
}

function withdraw(stored: StoredSolanaIntent, atMs: number): StoredSolanaIntent {
  const { request } = stored;
  let { life } = stored;
  const isLate = atMs >= request.deadlineMs;
  const isOut = openAttempt(life) !== undefined;
  if (life.state === 'included') return stored;
  if (isLate && life.withdrawing === undefined) {
    const reason: Reason = {
      code: 'deadlinePassed',
      sentence: 'The deadline passed.',
      fields: { deadlineMs: String(request.deadlineMs) },
    };
    life = withdrawing(life, reason, atMs);
  }
  if (life.withdrawing === undefined) return stored;
  if (isOut) {
    return isLate && !life.unknown
      ? { ...stored, life: becameUnknown(life, atMs) }
      : { ...stored, life };
  }
  const reason = life.withdrawing;
  const state = reason.code === 'cancelRequested' ? 'cancelled' : 'expired';
  return { ...stored, life: ended(life, { state, reason, atMs }) };
}
