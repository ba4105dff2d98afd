import type { IntentLife } from '../intents/intent.ts';
import { isEnd } from '../intents/intent.ts';
import { attemptOf } from '../intents/lifeSteps.ts';
import type { Outcome, WaitLevel } from './lane.ts';

/**
 * What a life says to somebody who waits for a level; undefined while it says nothing yet.
 *
 * An inclusion that reverted, or that took the intent back, is not `notDone` before it is final: a
 * reorganisation may still turn it round.
 */
export function outcomeAt(life: IntentLife, level: WaitLevel): Outcome | undefined {
  if (life.state === 'final') return { verdict: 'done', life };
  if (isEnd(life.state)) return { verdict: 'notDone', life };
  const { inclusion } = life;
  if (inclusion !== undefined) {
    const landed = inclusion.success && attemptOf(life, inclusion.hash).purpose === 'execute';
    return landed && level !== 'final' ? { verdict: 'done', life } : undefined;
  }
  const isOut = life.state === 'accepted' && life.withdrawing === undefined;
  return isOut && level === 'accepted' ? { verdict: 'done', life } : undefined;
}
