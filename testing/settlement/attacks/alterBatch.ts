/** Batches with something altered, and everything else worked out again to match. */
import { diffRoot } from '@lawbook/exchange/diffs/stateDiff';
import { at, invariant } from '@lawbook/exchange/failures/invariant';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import { orderSetRoot } from '@lawbook/exchange/markets/batch/orderSet';
import { OrderTable } from '@lawbook/exchange/markets/batch/orderTable';
import type { AuthorisedOrder, BatchOrder } from '@lawbook/exchange/orders/batchOrder';
import type { OrderNonceWindow } from '@lawbook/exchange/orders/orderNonces';
import { signDigest } from '@lawbook/exchange/orders/signature';
import { Signing } from '@lawbook/exchange/orders/signedTypes';
import type { BatchTransition, Cancellation } from '@lawbook/exchange/transition';
import type { Person } from '../../exchange/exchangeBench.ts';
import { reassemble } from '../../world/assembleBatch.ts';
import { editAt } from '../../world/corruptions.ts';

/** The batch with units added to what an order pays or receives. */
export function withFill(
  batch: BatchTransition,
  row: number,
  { paid = 0n, received = 0n }: { readonly paid?: bigint; readonly received?: bigint },
): BatchTransition {
  const fills = {
    paid: editAt(batch.fills.paid, row, (old) => old + paid),
    received: editAt(batch.fills.received, row, (old) => old + received),
  };
  return reassemble(batch, { fills });
}

/** One change of a vault. */
export interface Move {
  /** An owner of the batch, or one of the venue's vaults. */
  readonly vault: AccountId | 'pool' | 'fees';
  readonly column: number;
  readonly units: bigint;
}

/** The batch with units moved in its diffs, and in what vaults hold after it. */
export function withMoves(batch: BatchTransition, moves: readonly Move[]): BatchTransition {
  const { accounts } = batch.before;
  const width = batch.parameters.assets.length;
  let { changes } = batch.diffs;
  let { balances } = batch.after;
  for (const { vault, column, units } of moves) {
    const fromEnd = vault === 'pool' ? 2 : 1;
    const isOwner = vault !== 'pool' && vault !== 'fees';
    const row = isOwner ? accounts.indexOf(vault) : accounts.length - fromEnd;
    invariant(row >= 0, 'a move is of a vault of the batch');
    changes = editAt(changes, row * width + column, (old) => old + units);
    balances = editAt(balances, row * width + column, (old) => old + units);
  }
  const diffs = { ...batch.diffs, changes };
  const pool = (accounts.length - 2) * width;
  const poolAfter = [...balances.subarray(pool, pool + width)];
  const fees = [...changes.subarray(pool + width, pool + 2 * width)];
  const poolTrade = poolAfter.map((units, k) => {
    return units - at(batch.report.poolBefore, k) + at(fees, k);
  });
  const roots = { diffRoot: diffRoot(diffs), poolAfter, fees, poolTrade };
  const after = { ...batch.after, balances };
  return { ...batch, diffs, after, report: { ...batch.report, ...roots } };
}

/** A row of a batch with all that belongs to it. */
export interface Row {
  readonly entry: AuthorisedOrder;
  readonly isCanceled: boolean;
  readonly cancel: Uint8Array | undefined;
  readonly paid: bigint;
  readonly received: bigint;
}

/**
 * The batch with other rows. Who had no order in it has nothing and is new; who has none any more
 * is left out. The root of the admitted orders is worked out again unless it is to stay.
 */
export function withRows(
  batch: BatchTransition,
  edit: (rows: readonly Row[]) => readonly Row[],
  { keepsRoot = false }: { readonly keepsRoot?: boolean } = {},
): BatchTransition {
  const rows = edit(rowsOf(batch));
  const orders = new OrderTable(batch.orders.marketId, Math.max(1, rows.length));
  const cancellations: Cancellation[] = [];
  for (const [row, { entry, isCanceled, cancel }] of rows.entries()) {
    orders.append(entry);
    if (isCanceled) orders.cancel(row);
    if (cancel !== undefined) cancellations.push({ row, authorisation: cancel });
  }
  const fills = {
    paid: BigUint64Array.from(rows, ({ paid }) => paid),
    received: BigUint64Array.from(rows, ({ received }) => received),
  };
  const accounts = [...orders.owners, ...batch.before.accounts.slice(-2)];
  const width = batch.parameters.assets.length;
  const before = new BigInt64Array(accounts.length * width);
  for (const [place, account] of accounts.entries()) {
    const old = batch.before.accounts.indexOf(account);
    if (old < 0) continue;
    before.set(batch.before.balances.subarray(old * width, (old + 1) * width), place * width);
  }
  const nonceWindows = orders.owners.map((owner): OrderNonceWindow => {
    return batch.nonceWindows[batch.orders.owners.indexOf(owner)] ?? { highest: 0n, used: 0n };
  });
  const changes = { orders, fills, cancellations, nonceWindows };
  const admittedRoot = keepsRoot ? batch.admittedRoot : orderSetRoot(orders);
  const sheet = { accounts, balances: before };
  return reassemble(batch, { ...changes, before: sheet, admittedRoot });
}

function rowsOf({ orders, fills, cancellations }: BatchTransition): Row[] {
  return Array.from({ length: orders.count }, (_, row) => ({
    entry: orders.entry(row),
    isCanceled: orders.canceled[row] === 1,
    cancel: cancellations.find((cancel) => cancel.row === row)?.authorisation,
    paid: fills.paid[row] as bigint,
    received: fills.received[row] as bigint,
  }));
}

/** The batch with other terms of an order: its id follows, its signature does not. */
export function withTerms(
  batch: BatchTransition,
  row: number,
  terms: Partial<BatchOrder>,
): BatchTransition {
  return withRows(batch, (rows) =>
    rows.map((old, k) => {
      if (k !== row) return old;
      const order = { ...old.entry.order, ...terms };
      const orderId = new Signing(batch.domain).orderId(order);
      return { ...old, entry: { ...old.entry, order, orderId } };
    }),
  );
}

/** The batch with another signature under an order. */
export function withSignature(
  batch: BatchTransition,
  row: number,
  edit: (old: Uint8Array) => Uint8Array,
): BatchTransition {
  return withRows(batch, (rows) =>
    rows.map((old, k) => {
      if (k !== row) return old;
      return { ...old, entry: { ...old.entry, authorisation: edit(old.entry.authorisation) } };
    }),
  );
}

/** The bytes with a bit turned. */
export function flipped(bytes: Uint8Array, place: number): Uint8Array {
  return bytes.map((byte, k) => (k === place ? byte ^ 1 : byte));
}

/** Order of secp256k1. @see SEC 2, section 2.4.1 */
const CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

/** The other signature that the same key could have made of the same message: minus s. */
export function twinSignature(signature: Uint8Array): Uint8Array {
  const s = BigInt(`0x${Buffer.from(signature.subarray(32, 64)).toString('hex')}`);
  const other = (CURVE_ORDER - s).toString(16).padStart(64, '0');
  const twin = signature.slice();
  twin.set(Buffer.from(other, 'hex'), 32);
  twin[64] = 27 + 28 - (signature[64] as number);
  return twin;
}

/** A signature of a digest by a person. */
export function signedBy({ secretKey }: Pick<Person, 'secretKey'>, digest: Uint8Array): Uint8Array {
  return signDigest(digest, secretKey);
}
