import { at } from '../../failures/invariant.ts';
import type { BatchProblem, MarketModel } from './marketModel.ts';
import { tightDistance } from './quoteTest.ts';

/** The inventory bounds of one asset as the search sees them: changes from the inventory, USD. */
export interface AssetBounds {
  readonly low: number;
  readonly high: number;
  /** Width of the band at a bound in which it counts as tight; never wider than the bounds. */
  readonly zone: number;
  /** Where the search aims inside that band. */
  readonly lowTarget: number;
  readonly highTarget: number;
  /** How far from the target the search may stop. */
  readonly slack: number;
  /** USD of one ledger unit. */
  readonly unit: number;
}

/** Bounds of every asset, from exact differences in ledger units. */
export function searchBounds(problem: BatchProblem, model: MarketModel): AssetBounds[] {
  return problem.parameters.assets.map((asset, i) => {
    const unit = model.usd(i);
    const inventory = at(problem.inventory, i);
    const low = Number(asset.inventoryMin - inventory) * unit;
    const high = Number(asset.inventoryMax - inventory) * unit;
    const width = Number(asset.inventoryMax - asset.inventoryMin) * unit;
    const zone = Math.min(width, Number(tightDistance(asset)) * unit);
    return {
      low,
      high,
      zone,
      lowTarget: low + zone / 2,
      highTarget: high - zone / 2,
      slack: Math.max(zone / 4, unit / 4),
      unit,
    };
  });
}
