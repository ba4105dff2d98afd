import type { Hash, Hex } from 'viem';

/** Names a block: its number, and the hash that makes it this one and no other. */
export interface BlockReference {
  readonly number: bigint;
  readonly hash: Hash;
}

/** A block as the tracker keeps it. */
export interface ChainBlock extends BlockReference {
  readonly parentHash: Hash;
  /** Seconds since 1970. */
  readonly timestamp: bigint;
  /** Wei per gas; undefined on chains without EIP-1559. */
  readonly baseFeePerGas: bigint | undefined;
  /** Hashes of the block's transactions in their order. */
  readonly transactions: readonly Hash[];
  /** 256 bytes that rule out logs which are not there; absent where an endpoint tells none. */
  readonly logsBloom?: Hex;
}

/** How far a block has to be buried before it counts as settled on its chain. */
export type FinalityTarget =
  | { readonly kind: 'confirmations'; readonly blocks: number }
  | { readonly kind: 'safe' }
  | { readonly kind: 'finalized' };

/** What lies between a cursor and the present head. */
export type Passage =
  | {
      readonly kind: 'known';
      /** Blocks that are no longer canonical, highest first; empty when nothing was undone. */
      readonly dropped: readonly ChainBlock[];
      /** Blocks that became canonical since, lowest first. */
      readonly adopted: readonly ChainBlock[];
    }
  /** The cursor is older than the ring, or was never seen: look things up instead. */
  | { readonly kind: 'unknown' };

/**
 * Follows one chain by parent hashes. Polling is the truth; a WebSocket only makes it poll sooner.
 *
 * Consumers hold a cursor (the last block they acted on) and ask what happened since: nothing is
 * pushed, so nothing can be lost, duplicated or reordered on the way.
 */
export interface ChainTracker {
  /** The canonical head, undefined until the first poll succeeded. */
  head(): ChainBlock | undefined;
  /** Latest known blocks of the chain's own finality tags, as far as endpoints tell them. */
  finality(): {
    readonly safe: BlockReference | undefined;
    readonly finalized: BlockReference | undefined;
  };
  /** The canonical block of this number, while the ring holds it. */
  blockAt(number: bigint): ChainBlock | undefined;
  /** Whether a block is canonical now; undefined when the ring cannot tell. */
  isCanonical(block: BlockReference): boolean | undefined;
  /**
   * Whether a canonical block is buried deep enough for the target; the head has one
   * confirmation. False for a block that the ring knows to be dropped. For one that is older than
   * the ring this says how deep it is, and the caller knows whether it is canonical: from its
   * cursor, or from a look-up after an unknown passage. Of a chain that a crash takes back, only
   * blocks that would come back are final.
   */
  isFinal(block: BlockReference, target: FinalityTarget): boolean;
  /**
   * From a cursor to the head. `undefined` starts at the head: nothing dropped or adopted. Without
   * a head every cursor is unknown.
   */
  passageFrom(cursor: BlockReference | undefined): Passage;
  /**
   * Resolves at the next change of head or finality after this call; rejects when aborted, and
   * with CHAIN_CLOSED. Call it before looking at the rest, then await it: no change falls between.
   */
  changed(signal?: AbortSignal): Promise<void>;
  /**
   * Polls now; coalesces with a poll that is already running. While polls fail, it waits until half
   * a second has passed since the last one.
   * @throws ChainFault what the poll failed with.
   */
  poll(): Promise<void>;
  /**
   * Reorganisations seen, and the deepest of them in blocks; blocks of all branches in the ring;
   * the time (`Clock.nowMs`) of the last poll that succeeded.
   */
  stats(): {
    readonly reorganisations: number;
    readonly deepest: number;
    readonly ringBlocks: number;
    readonly lastPollMs: number | undefined;
  };
  close(): Promise<void>;
}
