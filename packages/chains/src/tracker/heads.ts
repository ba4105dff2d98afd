import { peekHash } from './chainBlock.ts';
import type { Wake } from './createChainTracker.ts';
import type { SubscriptionNotice, SubscriptionSource } from './subscriptionSource.ts';

/**
 * Makes a tracker poll when a node announces a new head, or is back after a lost connection.
 * Several sources may announce the same head: a repetition of the last announcement is passed over,
 * everything else costs one poll at most.
 */
export function wakeOnHeads(sources: readonly SubscriptionSource[]): Wake {
  return (wakeUp) => {
    let last: unknown;
    const onMessage = (message: SubscriptionNotice): void => {
      if (message.kind === 'refused') return;
      const hash = message.kind === 'message' ? peekHash(message.result) : undefined;
      if (hash !== undefined && hash === last) return;
      last = hash;
      wakeUp();
    };
    const subscriptions = sources.map((source) =>
      source.subscribe({ kind: 'newHeads' }, onMessage),
    );
    return () => {
      for (const subscription of subscriptions) subscription.close();
    };
  };
}
