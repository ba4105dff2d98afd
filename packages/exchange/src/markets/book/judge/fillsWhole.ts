import type { LoggedOrder } from './bookLog.ts';
import { reaches } from './bookLog.ts';

/** What the circuit breaker allows. */
export interface Band {
  /** 0 while no trade has set it. */
  readonly reference: number;
  /** 0: no breaker. */
  readonly bandPpm: number;
}

/**
 * Whether an all-or-nothing order can trade all its lots against a queue, best first: within its
 * limit and the band, and before it meets an order of its own account that stays in its way.
 */
export function fillsWhole(
  taker: LoggedOrder,
  queue: readonly LoggedOrder[],
  { reference, bandPpm }: Band,
): boolean {
  const { account, side, selfTradePolicy } = taker.placed;
  let from = reference;
  let wanted = taker.leaves;
  for (let start = 0; start < queue.length; ) {
    const { price } = queue[start] as LoggedOrder;
    let end = start;
    while (queue[end]?.price === price) end += 1;
    if (!reaches(side, taker.price, price)) return false;
    if (bandPpm > 0 && from > 0 && Math.abs(price - from) * 1_000_000 > from * bandPpm)
      return false;
    // At one price every order shows its tranche before any shows its next one.
    let hidden = 0;
    for (const maker of queue.slice(start, end)) {
      if (maker.placed.account === account) {
        if (selfTradePolicy === 'cancelResting') continue;
        return false;
      }
      wanted -= maker.shown;
      hidden += maker.leaves - maker.shown;
      if (from === 0) from = price;
      if (wanted <= 0) return true;
    }
    wanted -= hidden;
    if (wanted <= 0) return true;
    start = end;
  }
  return false;
}
