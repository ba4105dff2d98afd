import type { BookOrderView } from '@lawbook/api/schema/bookActions';
import { plainSize } from '../../../words/numbers.ts';
import { clockText } from '../../../words/times.ts';

/** The terms of an order in few words: kind, life, and what is special about it. */
export function orderWords({ terms, size }: Pick<BookOrderView, 'terms' | 'size'>): string {
  const { type, timeInForce, postOnly, displayLots, sizeLots, trigger, goodUntilMs } = terms;
  const until = goodUntilMs === 0 ? '' : ` until ${clockText(new Date(goodUntilMs).toISOString())}`;
  const shows = (Number(size) * displayLots) / Math.max(1, sizeLots);
  const special = [
    trigger === 'stop' && 'stop',
    trigger === 'takeProfit' && 'take profit',
    postOnly && 'post only',
    displayLots > 0 && `shows ${plainSize(shows)}`,
  ].filter((word) => word !== false);
  return [`${type} ${timeInForce}${until}`, ...special].join(', ');
}

/** Why an order ended, where that was not simply a trade. */
export const END_WORDS: Readonly<Record<BookOrderView['status'], string>> = {
  new: 'open',
  partiallyFilled: 'partly filled',
  filled: 'filled',
  canceled: 'cancelled',
  expired: 'expired',
};

/** Why an order ended without trading whole, as the book reports it. */
export const END_REASONS: Readonly<Record<string, string>> = {
  owner: 'by you',
  cancelAll: 'by you, with all others',
  deadMan: 'no heartbeat came',
  selfTrade: 'it met an order of your own',
  unfilled: 'nothing more to trade with at its price',
  fokUnfilled: 'not all of it was there',
  postOnly: 'it would have traded at once',
  oco: 'the other order of its pair came first',
  breaker: 'the circuit breaker',
  operator: 'by the operator',
};
