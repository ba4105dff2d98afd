import type { ByteReader } from '../codec/byteReader.ts';
import { DecodeError } from '../codec/byteReader.ts';
import { ByteWriter } from '../codec/byteWriter.ts';
import { bytesToHex, hexToBytes } from '../codec/hex.ts';
import { at, invariant } from '../failures/invariant.ts';
import { refuse } from '../failures/rejection.ts';
import type { Result } from '../failures/result.ts';
import { accepted } from '../failures/result.ts';
import type { Amount } from '../numbers/amount.ts';
import { AMOUNT_MAX, amount } from '../numbers/amount.ts';
import type { AccountId } from './account.ts';
import { SystemRole, systemAccount } from './account.ts';
import type { AssetId } from './asset.ts';
import { ASSET_COUNT_MAX, assetId } from './asset.ts';

/** What an account owns of one asset, ledger units. `available + held` is its balance. */
export interface Balance {
  readonly available: bigint;
  readonly held: bigint;
}

/** A movement of one asset between two accounts: one debit and one credit of the same amount. */
export interface Transfer {
  readonly from: AccountId;
  readonly to: AccountId;
  readonly assetId: AssetId;
  readonly amount: Amount;
}

/** A signed change of what one account has available and held. */
export interface LedgerMove {
  readonly account: AccountId;
  readonly available: bigint;
  readonly held: bigint;
}

const EMPTY_BALANCE: Balance = { available: 0n, held: 0n };

/** The one account that may be negative: it mirrors what the base layer keeps for everyone. */
export const CUSTODY: AccountId = systemAccount(SystemRole.custody);

/**
 * The double-entry ledger: every movement debits one account and credits another, so that the
 * balances of each asset over all accounts always sum to zero (`totals`).
 *
 * Accounts get dense numbers in order of first appearance; commitments use them as leaf positions.
 * No account but custody goes below zero, and no balance leaves 63 bits.
 */
export class Ledger {
  readonly #numbers = new Map<AccountId, number>();
  readonly #accounts: AccountId[] = [];
  readonly #balances: Balance[][] = [];
  readonly #touched = new Set<number>();

  /** Accounts in order of first appearance. */
  get accounts(): readonly AccountId[] {
    return this.#accounts;
  }

  /** The number of an account, or undefined before its first movement. */
  accountNumber(account: AccountId): number | undefined {
    return this.#numbers.get(account);
  }

  /** What an account owns of an asset. */
  balance(account: AccountId, asset: AssetId): Balance {
    const number = this.#numbers.get(account);
    if (number === undefined) return EMPTY_BALANCE;
    return at(this.#balances, number)[asset] ?? EMPTY_BALANCE;
  }

  /** Available plus held. */
  total(account: AccountId, asset: AssetId): bigint {
    const { available, held } = this.balance(account, asset);
    return available + held;
  }

  /** Every balance of an account that is not empty, by asset. */
  balances(
    account: AccountId,
  ): readonly { readonly assetId: AssetId; readonly balance: Balance }[] {
    const number = this.#numbers.get(account);
    if (number === undefined) return [];
    const list: { assetId: AssetId; balance: Balance }[] = [];
    at(this.#balances, number).forEach((balance, asset) => {
      if (balance !== undefined && (balance.available !== 0n || balance.held !== 0n)) {
        list.push({ assetId: assetId(asset), balance });
      }
    });
    return list;
  }

  /** Gives an account its number without moving anything. */
  open(account: AccountId): number {
    const known = this.#numbers.get(account);
    if (known !== undefined) return known;
    const number = this.#accounts.length;
    this.#numbers.set(account, number);
    this.#accounts.push(account);
    this.#balances.push([]);
    this.#touched.add(number);
    return number;
  }

  /**
   * Moves available units from one account to another. The debit must be covered, except custody's.
   */
  transfer(movement: Transfer): void {
    this.#add(movement.from, movement.assetId, -movement.amount, 0n);
    this.#add(movement.to, movement.assetId, movement.amount, 0n);
  }

  /**
   * Sets units of an account aside for an obligation.
   * @returns rejection `insufficientAvailable` naming `field`, with nothing changed.
   */
  placeHold(account: AccountId, asset: AssetId, units: Amount, field: string): Result<undefined> {
    const { available } = this.balance(account, asset);
    if (available < units) {
      return refuse('insufficientAvailable', { field, limit: available, actual: units });
    }
    this.#add(account, asset, -units, units);
    return accepted(undefined);
  }

  /** Makes held units available again. */
  releaseHold(account: AccountId, asset: AssetId, units: Amount): void {
    this.#add(account, asset, units, -units);
  }

  /**
   * Applies one signed change per account of one asset. The changes must sum to zero: this is the
   * netted form of many transfers through one clearing.
   */
  applyChanges(asset: AssetId, changes: readonly { account: AccountId; change: bigint }[]): void {
    let sum = 0n;
    for (const { change } of changes) sum += change;
    invariant(sum === 0n, 'netted changes of an asset sum to zero');
    for (const { account, change } of changes) {
      if (change !== 0n) this.#add(account, asset, change, 0n);
    }
  }

  /**
   * Applies signed changes of what accounts have available and held of one asset. Together they sum
   * to zero: this is the netted form of the holds and trades of one command of a book.
   */
  applyMoves(asset: AssetId, moves: readonly LedgerMove[]): void {
    let sum = 0n;
    for (const { available, held } of moves) sum += available + held;
    invariant(sum === 0n, 'netted moves of an asset sum to zero');
    for (const { account, available, held } of moves) {
      if (available !== 0n || held !== 0n) this.#add(account, asset, available, held);
    }
  }

  /** Sum of every balance per asset, custody included: all zero, always. */
  totals(): Map<AssetId, bigint> {
    const sums = new Map<AssetId, bigint>();
    for (const balances of this.#balances) {
      balances.forEach((balance, asset) => {
        const key = assetId(asset);
        sums.set(key, (sums.get(key) ?? 0n) + balance.available + balance.held);
      });
    }
    return sums;
  }

  /** Numbers of the accounts that changed since the last call, ascending. */
  takeTouched(): number[] {
    const numbers = [...this.#touched].sort((a, b) => a - b);
    this.#touched.clear();
    return numbers;
  }

  /** Marks an account as changed although its balances did not move (its nonces did). */
  touch(account: AccountId): void {
    this.#touched.add(this.open(account));
  }

  /** Canonical bytes of one account's balances: assets ascending, empty ones left out. */
  encodeBalances(account: AccountId): Uint8Array {
    const list = this.balances(account);
    const out = new ByteWriter(8 + list.length * 18).u8(list.length);
    for (const { assetId: asset, balance } of list) {
      out.u16(asset).i64(balance.available).i64(balance.held);
    }
    return out.finish();
  }

  /** Canonical bytes of the ledger, accounts in order of number. */
  encode(out: ByteWriter): void {
    out.u32(this.#accounts.length);
    for (const account of this.#accounts) {
      out.fixed(hexToBytes(account), 20).bytes(this.encodeBalances(account));
    }
  }

  /** @throws DecodeError on bytes that are not a canonical, zero-sum ledger. */
  static decode(reader: ByteReader): Ledger {
    const ledger = new Ledger();
    for (let left = reader.count(25); left > 0; left -= 1) {
      const account = bytesToHex(reader.fixed(20)) as AccountId;
      const offset = reader.offset;
      if (ledger.#numbers.has(account)) throw new DecodeError('an account twice', offset);
      const balances = at(ledger.#balances, ledger.open(account));
      const end = reader.u32() + reader.offset;
      for (let assets = reader.u8(); assets > 0; assets -= 1) {
        const asset = reader.u16();
        if (asset >= ASSET_COUNT_MAX) throw new DecodeError('an unknown asset', offset);
        if (asset < balances.length) throw new DecodeError('assets out of order', offset);
        const balance = { available: reader.i64(), held: reader.i64() };
        if (!isBalance(account, balance)) throw new DecodeError('an impossible balance', offset);
        balances[asset] = balance;
      }
      if (reader.offset !== end) throw new DecodeError('balances of another length', offset);
    }
    for (const sum of ledger.totals().values()) {
      if (sum !== 0n) throw new DecodeError('a ledger that does not sum to zero', reader.offset);
    }
    return ledger;
  }

  #add(account: AccountId, asset: AssetId, available: bigint, held: bigint): void {
    const number = this.open(account);
    const balances = at(this.#balances, number);
    const before = balances[asset] ?? EMPTY_BALANCE;
    const after = { available: before.available + available, held: before.held + held };
    invariant(after.held >= 0n, 'a hold is released once');
    if (account === CUSTODY) {
      invariant(after.available >= -AMOUNT_MAX, 'custody fits 63 bits');
    } else {
      invariant(after.available >= 0n, 'an account is never debited beyond what is available');
      amount(after.available + after.held);
    }
    balances[asset] = after;
    this.#touched.add(number);
  }
}

/** Whether the ledger can come to this balance: none that is empty, and none out of bounds. */
function isBalance(account: AccountId, { available, held }: Balance): boolean {
  const least = account === CUSTODY ? -AMOUNT_MAX : 0n;
  if (available < least || held < 0n || available + held > AMOUNT_MAX) return false;
  return available !== 0n || held !== 0n;
}
