import { ChainFault } from '../chainFault.ts';
import type { EndpointPool } from '../endpoints/endpointPool.ts';
import { parseBlock } from './chainBlock.ts';
import type { BlockReference } from './chainTracker.ts';
import type { HeaderRing } from './headerRing.ts';

/** Latest blocks of the two tags; undefined while no endpoint tells. */
export interface Finality {
  readonly safe: BlockReference | undefined;
  readonly finalized: BlockReference | undefined;
}

/**
 * Follows the `safe` and `finalized` tags. They only move up, so that an endpoint that lags does
 * not take finality back; only a reorganisation below them does.
 */
export class FinalityTags {
  readonly #pool: EndpointPool;
  readonly #signal: AbortSignal;
  readonly #pauses = { safe: 0, finalized: 0 };
  #finality: Finality = { safe: undefined, finalized: undefined };

  constructor(pool: EndpointPool, signal: AbortSignal) {
    this.#pool = pool;
    this.#signal = signal;
  }

  current(): Finality {
    return this.#finality;
  }

  /** Gives up what a reorganisation undid. @returns whether that changed anything. */
  forgetAbove(number: bigint): boolean {
    const { safe, finalized } = this.#finality;
    return this.#replace({
      safe: safe !== undefined && safe.number > number ? undefined : safe,
      finalized: finalized !== undefined && finalized.number > number ? undefined : finalized,
    });
  }

  /**
   * Asks for both tags. A failure leaves them as they are: finality that is told late is no harm.
   * @returns whether one of them moved.
   */
  async refresh(ring: HeaderRing): Promise<boolean> {
    const [safe, finalized] = await Promise.all([this.#read('safe'), this.#read('finalized')]);
    const before = this.#finality;
    return this.#replace({
      safe: later(before.safe, safe, ring),
      finalized: later(before.finalized, finalized, ring),
    });
  }

  async #read(tag: 'safe' | 'finalized'): Promise<BlockReference | undefined> {
    if (this.#pauses[tag] > 0) {
      this.#pauses[tag] -= 1;
      return undefined;
    }
    try {
      const call = { method: 'eth_getBlockByNumber', params: [tag, false] };
      const block = parseBlock(
        await this.#pool.read(call, { priority: 'high', signal: this.#signal }),
      );
      if (block !== undefined) return { number: block.number, hash: block.hash };
      this.#pauses[tag] = PAUSE_HEADS;
    } catch (error) {
      if (!(error instanceof ChainFault)) throw error;
      if (NOT_OFFERED.has(error.code)) this.#pauses[tag] = PAUSE_HEADS;
    }
    return undefined;
  }

  #replace(finality: Finality): boolean {
    const before = this.#finality;
    if (
      before.safe?.hash === finality.safe?.hash &&
      before.finalized?.hash === finality.finalized?.hash
    ) {
      return false;
    }
    this.#finality = finality;
    return true;
  }
}

/**
 * Heads for which a tag is not asked for again after endpoints refused it. Not for ever: a young
 * chain has no finalized block yet and says so with the same errors.
 */
const PAUSE_HEADS = 64;
const NOT_OFFERED: ReadonlySet<string> = new Set(['CHAIN_RPC_ERROR', 'CHAIN_METHOD_UNSUPPORTED']);

function later(
  before: BlockReference | undefined,
  told: BlockReference | undefined,
  ring: HeaderRing,
): BlockReference | undefined {
  if (told === undefined || (before !== undefined && told.number <= before.number)) return before;
  // Told by an endpoint on another branch, or ahead of what was read of the chain.
  const head = ring.head();
  if (head === undefined || told.number > head.number) return before;
  return ring.isCanonical(told) === false ? before : told;
}
