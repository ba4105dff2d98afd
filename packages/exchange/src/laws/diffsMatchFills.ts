import type { AccountId } from '../ledger/account.ts';
import type { BatchTransition } from '../transition.ts';
import type { FillTotals } from './fillTotals.ts';
import type { Law, LawContext } from './law.ts';
import type { Verdict, Violated } from './verdict.ts';
import { HOLDS, violated, violatedField } from './verdict.ts';

/**
 * L10. The diff list is the netted fills and nothing else. Per vault and asset
 *
 *   user:  receipts - payments - forfeited bonds,   pool: z - fees,   fee vault: fees + forfeits,
 *
 * after = before + diff for every vault of the sheet, each vault at most once, nobody else at all.
 * An owner's diff carries the highest order nonce among its rows; system vaults carry zero.
 *
 * @see docs/protocol/diffsMatchFills.md
 */
export const diffsMatchFills: Law = {
  id: 'L10',
  name: 'diffsMatchFills',
  statement:
    'Each vault has one diff, equal to its netted fills, fees and forfeits, which leads from the ' +
    'balance before to the balance after.',
  check,
};

function check(transition: BatchTransition, { rules, totals }: LawContext): Verdict {
  if (rules.flaw !== undefined) return rules.flaw;
  const sums = totals();
  if (sums.overflow !== undefined) return sums.overflow;
  const columns = columnsByAsset(transition);
  if ('kind' in columns) return columns;
  const rows = rowsByVault(transition);
  if ('kind' in rows) return rows;
  return (
    changeFlaw(transition, sums, { columns, rows }) ?? orderNonceFlaw(transition, rows) ?? HOLDS
  );
}

/** Column of the diff list for each market asset, -1 where it has none. */
function columnsByAsset({ diffs, parameters }: BatchTransition): Int32Array | Violated {
  const columns = new Int32Array(parameters.assets.length).fill(-1);
  for (const [column, assetId] of diffs.assets.entries()) {
    const asset = parameters.assets.findIndex((a) => a.assetId === assetId);
    if (asset < 0 || columns[asset] !== -1) {
      return violatedField(`diffs.assets[${column}]`, 'the diff list has one column per asset', {
        expected: 'an asset of the market, once',
        actual: assetId,
      });
    }
    columns[asset] = column;
  }
  return columns;
}

/** Row of the diff list for each vault of the sheet, -1 where it has none. */
function rowsByVault({ diffs, before }: BatchTransition): Int32Array | Violated {
  const vaultOf = new Map(before.accounts.map((account, vault) => [account, vault]));
  const rows = new Int32Array(before.accounts.length).fill(-1);
  for (const [row, account] of diffs.accounts.entries()) {
    const vault = vaultOf.get(account);
    if (vault === undefined || rows[vault] !== -1) {
      return violated({
        locus: { kind: 'account', account },
        rule: 'the diff list names vaults of the batch, each once',
        expected: vault === undefined ? 'no diff' : 'one diff',
        actual: vault === undefined ? 'a diff of a stranger' : 'a second diff',
      });
    }
    rows[vault] = row;
  }
  return rows;
}

interface DiffPlaces {
  readonly columns: Int32Array;
  readonly rows: Int32Array;
}

function changeFlaw(
  transition: BatchTransition,
  sums: FillTotals,
  { columns, rows }: DiffPlaces,
): Violated | undefined {
  const { before, after, diffs, parameters } = transition;
  const width = parameters.assets.length;
  for (let vault = 0; vault < before.accounts.length; vault += 1) {
    const row = rows[vault] as number;
    for (let asset = 0; asset < width; asset += 1) {
      const column = columns[asset] as number;
      const listed = row >= 0 && column >= 0;
      const change = listed ? (diffs.changes[row * diffs.assets.length + column] as bigint) : 0n;
      const slot = vault * width + asset;
      const expected = expectedChange(sums, { vault, asset, vaults: before.accounts.length });
      const moved = (after.balances[slot] as bigint) - (before.balances[slot] as bigint);
      if (change !== expected || moved !== change) {
        return violated({
          locus: { kind: 'account', account: before.accounts[vault] as AccountId, asset },
          rule: 'a change is the netted fills, and leads from the balance before to the one after',
          expected,
          actual: `${change} listed, ${moved} moved`,
        });
      }
    }
  }
  return undefined;
}

function expectedChange(
  sums: FillTotals,
  {
    vault,
    asset,
    vaults,
  }: { readonly vault: number; readonly asset: number; readonly vaults: number },
): bigint {
  if (vault === vaults - 2) return (sums.poolTrade[asset] as bigint) - (sums.fees[asset] as bigint);
  if (vault === vaults - 1) {
    return (sums.fees[asset] as bigint) + (asset === 0 ? sums.forfeited : 0n);
  }
  const slot = vault * sums.poolTrade.length + asset;
  const traded = (sums.credited[slot] as bigint) - (sums.spent[slot] as bigint);
  return asset === 0 ? traded - (sums.forfeits[vault] as bigint) : traded;
}

function orderNonceFlaw(
  { orders, diffs, before }: BatchTransition,
  rows: Int32Array,
): Violated | undefined {
  const highest = new BigUint64Array(before.accounts.length);
  for (let row = 0; row < orders.count; row += 1) {
    const owner = orders.ownerIndex[row] as number;
    const orderNonce = orders.orderNonce[row] as bigint;
    if (orderNonce > (highest[owner] as bigint)) highest[owner] = orderNonce;
  }
  for (let vault = 0; vault < highest.length; vault += 1) {
    const row = rows[vault] as number;
    const actual = row < 0 ? 0n : (diffs.orderNonces[row] as bigint);
    if (actual !== highest[vault]) {
      return violated({
        locus: { kind: 'account', account: before.accounts[vault] as AccountId },
        rule: 'a diff carries the highest order nonce of its vault in this batch',
        expected: highest[vault] as bigint,
        actual,
      });
    }
  }
  return undefined;
}
