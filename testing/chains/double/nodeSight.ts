import type { ChainDouble } from './chainDouble.ts';
import type { MempoolDouble } from './mempoolDouble.ts';
import type { NodeError } from './nodeDialects.ts';
import type { TruthBlock } from './truth.ts';

/** What the methods of a node look at. */
export interface NodeSight {
  readonly chain: ChainDouble;
  readonly pool: MempoolDouble;
  /** Chain that it claims to be on, where that is a lie. */
  readonly chainIdShown: number | undefined;
  /** The head that it answers with this time. */
  view(): TruthBlock;
  /** Whether it has the block at all, canonical for it or not. */
  knows(block: TruthBlock): boolean;
}

/** What a node says to a call. */
export type NodeAnswer = { readonly result: unknown } | { readonly error: NodeError };

/** What a node says at once, or as soon as its machine has run. */
export type NodeReply = NodeAnswer | Promise<NodeAnswer>;
