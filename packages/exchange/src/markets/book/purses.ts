import { invariant } from '../../failures/invariant.ts';

/** The two assets of a market, by column. */
export const PURSE = { base: 0, quote: 1 } as const;

/**
 * Most units of one asset that all orders of a market hold together. With what an account is lent
 * below the same bound, no sum of a command leaves 2^53.
 */
export const HELD_MAX: number = 2 ** 52 - 1;

// Compiled in, where an imported or exported constant would be loaded and checked at each use.
const HELD_LIMIT: number = HELD_MAX;
const UNITS_MAX: number = Number.MAX_SAFE_INTEGER;

/**
 * What the accounts of one market have available and held, in whole ledger units as exact doubles:
 * the slot of an account and an asset is account times two, plus the asset's column.
 *
 * Every sum is checked against 2^53 as it is made. Accounts that moved are listed once each, for
 * whoever carries the changes on to a ledger of wider numbers.
 */
export class Purses {
  readonly available: Float64Array;
  readonly held: Float64Array;
  /** Sum of `held` over all accounts, by asset. */
  readonly heldTotal: Float64Array = new Float64Array(2);
  /** Accounts that moved since the list was last emptied; the first `movedCount` of them count. */
  readonly moved: Int32Array;
  movedCount = 0;
  readonly #isMoved: Uint8Array;

  constructor(accounts: number) {
    this.available = new Float64Array(accounts * 2);
    this.held = new Float64Array(accounts * 2);
    this.moved = new Int32Array(accounts);
    this.#isMoved = new Uint8Array(accounts);
  }

  /** Adds to what is available in a slot; negative takes away, never more than is there. */
  add(slot: number, units: number): void {
    const after = (this.available[slot] as number) + units;
    if (after < 0 || after > UNITS_MAX) refuseSum();
    this.available[slot] = after;
    this.#mark(slot >> 1);
  }

  /** Adds to what is held in a slot; negative takes away, never more than is there. */
  hold(slot: number, units: number): void {
    this.pay(slot, -units, 0);
  }

  /** Holds units that were available; negative makes held ones available. */
  reserve(slot: number, units: number): void {
    this.pay(slot, -units, -units);
  }

  /** Takes units off what is held in a slot and adds others to what is available there. */
  pay(slot: number, held: number, available: number): void {
    const left = (this.held[slot] as number) - held;
    const total = (this.heldTotal[slot & 1] as number) - held;
    const after = (this.available[slot] as number) + available;
    if (left < 0 || total > HELD_LIMIT || after < 0 || after > UNITS_MAX) refuseSum();
    this.held[slot] = left;
    this.heldTotal[slot & 1] = total;
    this.available[slot] = after;
    this.#mark(slot >> 1);
  }

  /** Empties the list of accounts that moved. */
  settleMoves(): void {
    for (let k = 0; k < this.movedCount; k += 1) this.#isMoved[this.moved[k] as number] = 0;
    this.movedCount = 0;
  }

  #mark(account: number): void {
    if (this.#isMoved[account] === 1) return;
    this.#isMoved[account] = 1;
    this.moved[this.movedCount] = account;
    this.movedCount += 1;
  }
}

/** Out of line, so that the sums stay small enough to be compiled into their callers. */
function refuseSum(): never {
  invariant(false, 'amounts of a book stay natural numbers below 2^53');
}
