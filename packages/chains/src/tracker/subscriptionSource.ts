/**
 * A connection over which a node pushes, as far as the tracker needs to know: what
 * `webSocketTransport` gives.
 *
 * Whatever arrives here only says that it is worth asking. Frames may be lost, repeated and
 * reordered, and nothing arrives while the connection is down.
 */
export interface SubscriptionSource {
  /** Subscribes, and again after every reconnection, until it is closed. */
  subscribe(
    topic: { readonly kind: 'newHeads' } | { readonly kind: 'newPendingTransactions' },
    onMessage: (message: SubscriptionNotice) => void,
  ): { close(): void };
}

/** What arrives on a subscription. */
export type SubscriptionNotice =
  | { readonly kind: 'message'; readonly result: unknown }
  /** It runs, for the first time or again: whatever came in between was missed. */
  | { readonly kind: 'started' }
  | { readonly kind: 'refused'; readonly error: unknown };
