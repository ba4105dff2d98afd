/**
 * A connection over which a node pushes: a WebSocket, as far as the tracker needs to know.
 *
 * Whatever arrives here only says that it is worth asking. Frames may be lost, repeated and
 * reordered, and nothing arrives while the connection is down.
 */
export interface SubscriptionSource {
  /**
   * Subscribes with the parameters of `eth_subscribe`, and again after every reconnection.
   * `onNotice` gets the `result` member of each notification.
   * @returns what ends it, and leaves no listener behind.
   */
  subscribe(params: readonly unknown[], onNotice: (notice: unknown) => void): () => void;
}
