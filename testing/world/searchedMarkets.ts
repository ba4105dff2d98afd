import { at } from '../../packages/exchange/src/failures/invariant.ts';
import { MarketModel } from '../../packages/exchange/src/markets/batch/marketModel.ts';
import type { OrderTable } from '../../packages/exchange/src/markets/batch/orderTable.ts';
import { PairBooks } from '../../packages/exchange/src/markets/batch/pairBooks.ts';
import { productCount } from '../../packages/exchange/src/markets/batch/parameters.ts';
import type { PriceSearch } from '../../packages/exchange/src/markets/batch/search.ts';
import type { BatchProblem } from '../../packages/exchange/src/markets/batch/solver.ts';
import { startSearch } from '../../packages/exchange/src/markets/batch/solver.ts';
import { amount } from '../../packages/exchange/src/numbers/amount.ts';
import type { OrderSketch } from './batchMarkets.ts';
import { tableOf } from './batchMarkets.ts';

/** A market as the search for prices sees it, before the first step. */
export interface SearchedMarket {
  readonly problem: BatchProblem;
  readonly table: OrderTable;
  readonly model: MarketModel;
  readonly search: PriceSearch;
}

/** Sums the books of sketched orders and starts a search from the mids. */
export function searchedMarket(
  problem: BatchProblem,
  orders: readonly OrderSketch[],
): SearchedMarket {
  const table = tableOf(orders);
  const books = PairBooks.of(table, productCount(problem.parameters));
  const model = new MarketModel(problem, books, table);
  return { problem, table, model, search: startSearch(problem, model) };
}

/** Room of an asset below and above its inventory, ledger units. */
export interface Room {
  readonly below: bigint;
  readonly above: bigint;
}

/** A problem with other bounds where `roomOf` names them, by asset. */
export function withRoom(
  problem: BatchProblem,
  roomOf: (asset: number) => Room | undefined,
): BatchProblem {
  const assets = problem.parameters.assets.map((asset, i) => {
    const room = roomOf(i);
    if (room === undefined) return asset;
    const inventory = at(problem.inventory, i);
    const inventoryMin = amount(inventory - room.below);
    const inventoryMax = amount(inventory + room.above);
    return { ...asset, inventoryMin, inventoryMax };
  });
  return { ...problem, parameters: { ...problem.parameters, assets } };
}
