import type { AccountId } from '@lawbook/exchange/ledger/account';
import { refusalOf } from '../refusalRules.ts';
import { RefusedAct } from './refusedAct.ts';
import { type UndoLog, UndoMap } from './undoLog.ts';

/**
 * Tokens as a plain ERC-20 keeps them. Whoever holds tokens has allowed the base layer to take
 * them: allowances say nothing about settling.
 */
export class TokenBook {
  readonly #decimals: UndoMap<AccountId, number>;
  readonly #balances: UndoMap<string, bigint>;

  constructor(log: UndoLog) {
    this.#decimals = new UndoMap(log);
    this.#balances = new UndoMap(log);
  }

  /** Makes a token. */
  deploy(token: AccountId, decimals: number): void {
    this.#decimals.set(token, decimals);
  }

  /** Undefined where no token stands. */
  decimals(token: AccountId): number | undefined {
    return this.#decimals.get(token);
  }

  /** Token units of an account. */
  balanceOf(token: AccountId, account: AccountId): bigint {
    return this.#balances.get(`${token}/${account}`) ?? 0n;
  }

  /** Makes token units out of nothing, as a faucet does. */
  mint(token: AccountId, account: AccountId, tokenUnits: bigint): void {
    this.#balances.set(`${token}/${account}`, this.balanceOf(token, account) + tokenUnits);
  }

  /** @throws RefusedAct ERC20InsufficientBalance. */
  transfer(
    token: AccountId,
    way: { readonly from: AccountId; readonly to: AccountId; readonly tokenUnits: bigint },
  ): void {
    const { from, to, tokenUnits } = way;
    const balance = this.balanceOf(token, from);
    if (balance < tokenUnits) {
      const details = [from, String(balance), String(tokenUnits)];
      throw new RefusedAct(refusalOf('ERC20InsufficientBalance', details));
    }
    this.#balances.set(`${token}/${from}`, balance - tokenUnits);
    this.mint(token, to, tokenUnits);
  }
}
