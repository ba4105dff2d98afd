import type { ExchangeState } from '@lawbook/exchange/application/exchangeState';
import type { WorldView } from '../simulation/worldView.ts';

/**
 * The states that may differ from all that was looked at before: the replay's where something new
 * became durable, and the venue's where it stands at another input than the replay. At the same
 * input `replayGivesTheSameRoot`, which is asked first, has found both equal.
 */
export function statesInDoubt({ live, follower, news, isAtRest }: WorldView): ExchangeState[] {
  const replayed = follower.machine.state;
  const states = news.length > 0 || isAtRest ? [replayed] : [];
  const own = live?.wired.venue.state;
  if (own !== undefined && (isAtRest || own.sequence !== replayed.sequence)) states.push(own);
  return states;
}
