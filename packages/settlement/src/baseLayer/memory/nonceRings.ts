import type { AccountId } from '@lawbook/exchange/ledger/account';
import { revert } from './refusedAct.ts';
import { type UndoLog, UndoMap } from './undoLog.ts';

/** A word of a ring: which 192 order nonces it covers, and which of them were used. */
interface RingWord {
  readonly word: bigint;
  readonly used: bigint;
}

const PLACES = 3n;
const WORD_BITS = 192n;
const ORDER_NONCE_MAX = (1n << 63n) - 1n;

/**
 * The used order nonces by owner and lane, in rings of three words as contracts/src's OrderNonces
 * keeps them. A later word takes the place of an earlier one, which is then too old.
 */
export class NonceRings {
  readonly #places: UndoMap<string, RingWord>;

  constructor(log: UndoLog) {
    this.#places = new UndoMap(log);
  }

  /** @throws RefusedAct OrderNonceReplayed, OrderNonceTooOld. */
  use(owner: AccountId, lane: string, orderNonce: bigint): void {
    if (orderNonce === 0n || orderNonce > ORDER_NONCE_MAX) {
      revert('OrderNonceTooOld', owner, orderNonce);
    }
    const { key, word, bit } = slotOf(owner, lane, orderNonce);
    const place = this.#places.get(key) ?? { word: 0n, used: 0n };
    if (place.word > word) revert('OrderNonceTooOld', owner, orderNonce);
    const used = place.word < word ? 0n : place.used;
    if ((used & bit) !== 0n) revert('OrderNonceReplayed', owner, orderNonce);
    this.#places.set(key, { word, used: used | bit });
  }
}

/** Lane of the orders of a market. */
export function orderLane(marketId: number): string {
  return `market ${marketId}`;
}

/** Lane of the withdrawals from a shard. */
export function withdrawalLane(shard: number): string {
  return `withdrawals ${shard}`;
}

function slotOf(
  owner: AccountId,
  lane: string,
  orderNonce: bigint,
): { readonly key: string; readonly word: bigint; readonly bit: bigint } {
  const word = orderNonce / WORD_BITS;
  const key = `${owner}/${lane}/${word % PLACES}`;
  return { key, word, bit: 1n << (orderNonce % WORD_BITS) };
}
