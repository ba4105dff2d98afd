import { ByteReader, DecodeError } from '../codec/byteReader.ts';
import { ByteWriter } from '../codec/byteWriter.ts';
import type { Hash } from '../codec/hash.ts';
import { taggedHash } from '../codec/hash.ts';
import { bytesToHex, hexToBytes } from '../codec/hex.ts';
import { at, invariant } from '../failures/invariant.ts';
import type { AccountId } from '../ledger/account.ts';
import type { AssetId } from '../ledger/asset.ts';
import { ASSET_COUNT_MAX, assetId } from '../ledger/asset.ts';

/**
 * The state diff list in columns: one row per vault, one column per asset.
 * `changes[row * assets.length + column]` is the signed change in ledger units.
 */
export interface StateDiffList {
  readonly accounts: readonly AccountId[];
  readonly assets: readonly AssetId[];
  readonly changes: BigInt64Array;
  /** Highest order nonce of each vault that was debited by an order; zero for none. */
  readonly orderNonces: BigUint64Array;
}

/** One vault's diff as an object, for edges: zero changes are left out. */
export interface StateDiff {
  readonly account: AccountId;
  readonly changes: readonly { readonly assetId: AssetId; readonly change: bigint }[];
  readonly orderNonce: bigint;
}

/** The change of one vault in one asset. */
export function changeAt(list: StateDiffList, row: number, column: number): bigint {
  const change = list.changes[row * list.assets.length + column];
  invariant(change !== undefined, 'a diff that is read lies inside its list');
  return change;
}

/** One row of the list as an object. */
export function stateDiff(list: StateDiffList, row: number): StateDiff {
  const changes = list.assets
    .map((assetId, column) => ({ assetId, change: changeAt(list, row, column) }))
    .filter(({ change }) => change !== 0n);
  return {
    account: at(list.accounts, row),
    changes,
    orderNonce: list.orderNonces[row] as bigint,
  };
}

/** Whether a row changes nothing at all; such rows are not part of the canonical list. */
export function isEmptyDiff(list: StateDiffList, row: number): boolean {
  if (list.orderNonces[row] !== 0n) return false;
  const width = list.assets.length;
  for (let k = row * width; k < (row + 1) * width; k += 1) {
    if (list.changes[k] !== 0n) return false;
  }
  return true;
}

/**
 * Nets several lists of one epoch into one: changes add up, the highest nonce stays.
 * Vaults appear in order of first appearance; the canonical order is applied when encoding.
 */
export function netDiffs(lists: readonly StateDiffList[]): StateDiffList {
  const assets = [...new Set(lists.flatMap((list) => list.assets))].sort((a, b) => a - b);
  const accounts = [...new Set(lists.flatMap((list) => list.accounts))];
  const rowOf = new Map(accounts.map((account, row) => [account, row]));
  const changes = new BigInt64Array(accounts.length * assets.length);
  const orderNonces = new BigUint64Array(accounts.length);
  for (const list of lists) {
    const columns = list.assets.map((asset) => assets.indexOf(asset));
    list.accounts.forEach((account, from) => {
      const to = rowOf.get(account) as number;
      columns.forEach((column, k) => {
        const slot = to * assets.length + column;
        changes[slot] = (changes[slot] as bigint) + changeAt(list, from, k);
      });
      const orderNonce = list.orderNonces[from] as bigint;
      if (orderNonce > (orderNonces[to] as bigint)) orderNonces[to] = orderNonce;
    });
  }
  return { accounts, assets, changes, orderNonces };
}

/** The list with every change negated: applying a list and its inverse changes no balance. */
export function invertDiffs(list: StateDiffList): StateDiffList {
  return { ...list, changes: list.changes.map((change) => -change) };
}

/** Canonical bytes: vaults ascending by address, assets ascending, zero changes left out. */
export function encodeDiffs(list: StateDiffList): Uint8Array {
  const rows = list.accounts.map((_, row) => row).filter((row) => !isEmptyDiff(list, row));
  rows.sort((a, b) => compareText(at(list.accounts, a), at(list.accounts, b)));
  const out = new ByteWriter(64 + rows.length * 64).u32(rows.length);
  const columns = list.assets.map((_, column) => column);
  columns.sort((a, b) => at(list.assets, a) - at(list.assets, b));
  for (const row of rows) {
    out.fixed(hexToBytes(at(list.accounts, row)), 20).u64(list.orderNonces[row] as bigint);
    const moved = columns.filter((column) => changeAt(list, row, column) !== 0n);
    out.u8(moved.length);
    for (const column of moved) out.u16(at(list.assets, column)).i64(changeAt(list, row, column));
  }
  return out.finish();
}

/**
 * The list as its canonical bytes give it back: without rows that change nothing and columns of
 * zeros, vaults and assets ascending. Whoever netted or restored it otherwise gets the same.
 */
export function canonicalDiffs(list: StateDiffList): StateDiffList {
  return decodeDiffs(new ByteReader(encodeDiffs(list)));
}

/** @throws DecodeError on bytes that are not a canonical diff list. */
export function decodeDiffs(reader: ByteReader): StateDiffList {
  const rows: StateDiff[] = [];
  const seen = new Set<AssetId>();
  for (let left = reader.count(29); left > 0; left -= 1) {
    const { offset } = reader;
    const row = decodeDiff(reader);
    const before = rows[rows.length - 1]?.account ?? '';
    if (compareText(before, row.account) >= 0) throw new DecodeError('vaults out of order', offset);
    for (const change of row.changes) seen.add(change.assetId);
    rows.push(row);
  }
  const assets = [...seen].sort((a, b) => a - b);
  const columns = new Map(assets.map((asset, column) => [asset, column]));
  const changes = new BigInt64Array(rows.length * assets.length);
  rows.forEach((row, k) => {
    for (const { assetId: asset, change } of row.changes) {
      changes[k * assets.length + (columns.get(asset) as number)] = change;
    }
  });
  const orderNonces = BigUint64Array.from(rows, (row) => row.orderNonce);
  return { accounts: rows.map((row) => row.account), assets, changes, orderNonces };
}

function decodeDiff(reader: ByteReader): StateDiff {
  const { offset } = reader;
  const account = bytesToHex(reader.fixed(20)) as AccountId;
  const orderNonce = reader.u64();
  let last = -1;
  const changes = Array.from({ length: reader.u8() }, () => {
    const id = assetId(reader.u16());
    // The columns are rows times assets: unbounded ids would turn megabytes into gigabytes.
    if (id >= ASSET_COUNT_MAX) throw new DecodeError('an unknown asset', offset);
    if (id <= last) throw new DecodeError('assets out of order', offset);
    last = id;
    const change = reader.i64();
    if (change === 0n) throw new DecodeError('a change of nothing', offset);
    return { assetId: id, change };
  });
  if (changes.length === 0 && orderNonce === 0n) throw new DecodeError('an empty diff', offset);
  return { account, orderNonce, changes };
}

/** The state-diff root: the commitment to a diff list. */
export function diffRoot(list: StateDiffList): Hash {
  return taggedHash('lawbook.stateDiffs.v1', encodeDiffs(list));
}

/** Code-unit order: for lower-case hex this is the order of the bytes, whatever the locale. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
