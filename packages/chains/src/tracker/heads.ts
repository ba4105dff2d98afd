import { peekHash } from './chainBlock.ts';
import type { Wake } from './createChainTracker.ts';
import type { SubscriptionSource } from './subscriptionSource.ts';

/**
 * Makes a tracker poll when a node announces a new head. Several sources may announce the same one:
 * a repetition of the last announcement is passed over, everything else costs one poll at most.
 */
export function wakeOnHeads(sources: readonly SubscriptionSource[]): Wake {
  return (wakeUp) => {
    let last: unknown;
    const onNotice = (notice: unknown): void => {
      const hash = peekHash(notice);
      if (hash !== undefined && hash === last) return;
      last = hash;
      wakeUp();
    };
    const stops = sources.map((source) => source.subscribe(['newHeads'], onNotice));
    return () => {
      for (const stop of stops) stop();
    };
  };
}
