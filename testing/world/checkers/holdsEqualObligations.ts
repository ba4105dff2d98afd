import type { ExchangeState } from '@lawbook/exchange/application/exchangeState';
import { at } from '@lawbook/exchange/failures/invariant';
import { assetId } from '@lawbook/exchange/ledger/asset';
import type { BatchMarket } from '@lawbook/exchange/markets/batch/batchMarket';
import type { ImageOrder } from '@lawbook/exchange/markets/book/bookImage';
import type { BookMarket } from '@lawbook/exchange/markets/book/bookMarket';
import type { Checker } from '../simulation/worldView.ts';
import { statesInDoubt } from './statesInDoubt.ts';

/**
 * What is held of an account is exactly what its open orders may cost: the budgets of live rows,
 * the bonds of commitments, and what open orders of books can still spend. Counted from the orders,
 * and compared with the ledger for every account and asset.
 */
export function holdsEqualObligations(): Checker {
  return {
    name: 'holdsEqualObligations',
    check: (view) => {
      for (const state of statesInDoubt(view)) {
        const flaw = flawOf(state);
        if (flaw !== undefined) return flaw;
      }
      return undefined;
    },
  };
}

function flawOf(state: ExchangeState): string | undefined {
  const due = new Map<string, bigint>();
  const add = (owner: string, asset: number, units: bigint): void => {
    const key = `${owner}/${asset}`;
    due.set(key, (due.get(key) ?? 0n) + units);
  };
  for (const market of state.markets.values()) addBatch(market, add);
  for (const market of state.books.values()) addBook(market, add);
  for (const account of state.ledger.accounts) {
    for (const { id } of state.assets) {
      const { held } = state.ledger.balance(account, assetId(id));
      const expected = due.get(`${account}/${id}`) ?? 0n;
      if (held !== expected) {
        return `${account} has ${held} of asset ${id} held, and owes ${expected}`;
      }
    }
  }
  return undefined;
}

type Add = (owner: string, asset: number, units: bigint) => void;

function addBatch({ batch, parameters }: BatchMarket, add: Add): void {
  const { table } = batch;
  const bondAsset = at(parameters.assets, 0).assetId;
  for (let row = 0; row < table.count; row += 1) {
    if (table.canceled[row] !== 0) continue;
    const owner = at(table.owners, table.ownerIndex[row] as number);
    const asset = at(parameters.assets, table.pay[row] as number).assetId;
    add(owner, asset, BigInt(table.budget[row] as bigint));
  }
  for (const { owner, reveal } of batch.commitments) {
    if (reveal === undefined) add(owner, bondAsset, parameters.bond);
  }
}

/** What every open order of a book can still cost; of a pair on one side the larger counts. */
function addBook(market: BookMarket, add: Add): void {
  const { base, quote } = market.parameters;
  const { orders, owners } = market.image();
  const byId = new Map(orders.map((order) => [order.orderId, order]));
  for (const order of orders) {
    const { owner } = at(owners, order.account);
    const asset = order.side === 'sell' ? base : quote;
    const other = byId.get(order.partner);
    const own = costOf(market, order);
    if (other === undefined || other.side !== order.side) add(owner, asset, own);
    else if (order.orderId < other.orderId) {
      let larger = costOf(market, other);
      if (own > larger) larger = own;
      add(owner, asset, larger);
    }
  }
}

/** A sale costs its lots; a purchase its worth with the highest fee, rounded up for each lot. */
function costOf({ parameters }: BookMarket, order: ImageOrder): bigint {
  const { lotSize, tickSize, makerFeePpm, takerFeePpm } = parameters;
  const lots = BigInt(order.leavesLots);
  if (order.side === 'sell') return lots * lotSize;
  const worth = BigInt(order.priceTicks) * tickSize;
  const ppm = BigInt(Math.max(makerFeePpm, takerFeePpm, 0));
  const fee = (worth * ppm + 999_999n) / 1_000_000n;
  return lots * (worth + fee);
}
