import { at } from '../../failures/invariant.ts';
import type { AssetBounds } from './bounds.ts';
import type { MarketModel } from './marketModel.ts';

const TICKS = [1, -1, 2, -2, 3, -3, 5, -5, 8, -8, 13, -13, 21, -21];
const ROUNDS_MAX = 30;
/** Half the quote tolerance: what prices may be off their quotes to please a bound. */
const QUOTE_SLACK = 5e-7;

/** Integer prices being fitted to the grid, with the mids that turn them into deviations. */
export interface GridFit {
  readonly model: MarketModel;
  readonly bounds: readonly AssetBounds[];
  readonly mids: readonly bigint[];
  /** Prices times 10^12; becomes the answer. */
  readonly prices: bigint[];
}

/**
 * Shifts prices by single ticks until scarcity-priced inventories stand inside their tight bands
 * again: where many orders share one limit, half a tick can move more units than the band is wide.
 *
 * One price at a time, keeping what helps. It may end without success: a grid too coarse for the
 * band has no answer, and the integer quote test then says so.
 */
export function fitToGrid(fit: GridFit): void {
  const { model, prices } = fit;
  const eta = new Float64Array(model.assets);
  const held = priced(fit);
  let best = misfit(fit, eta, held);
  for (let round = 0; round < ROUNDS_MAX && best > 0; round += 1) {
    let chosen: { readonly asset: number; readonly ticks: bigint } | undefined;
    for (const asset of misplaced(fit, held)) {
      const start = at(prices, asset);
      for (const ticks of TICKS) {
        prices[asset] = start + BigInt(ticks);
        const candidate = misfit(fit, eta, held);
        if (candidate >= best) continue;
        best = candidate;
        chosen = { asset, ticks: BigInt(ticks) };
      }
      prices[asset] = start;
    }
    if (chosen === undefined) return;
    prices[chosen.asset] = at(prices, chosen.asset) + chosen.ticks;
  }
}

/** Which walls hold a price off its quote: 1 at the lower bound, -1 at the upper, 0 for none. */
function priced({ model }: GridFit): Int8Array {
  return Int8Array.from({ length: model.assets }, (_, asset) => {
    const beyond = model.beyondWall(asset);
    return beyond > 0 ? 1 : beyond < 0 ? -1 : 0;
  });
}

/** Non-numeraire assets whose bound is missed at the present prices. */
function misplaced(fit: GridFit, held: Int8Array): number[] {
  misfit(fit, new Float64Array(fit.prices.length), held);
  const found: number[] = [];
  for (let i = 1; i < fit.prices.length; i += 1) if (boundMisfit(fit, i, held) > 0) found.push(i);
  return found;
}

/** How far the change of an asset is outside its bounds, or outside the band it is held in. */
function boundMisfit({ model, bounds }: GridFit, i: number, held: Int8Array): number {
  const { low, high, zone } = at(bounds, i);
  const change = model.change(i);
  const least = held[i] === -1 ? high - 0.97 * zone : low + 0.03 * zone;
  const most = held[i] === 1 ? low + 0.97 * zone : high - 0.03 * zone;
  return Math.max(0, least - change, change - most) / zone;
}

/** Zero where bounds and quotes hold with some room; else how much they miss, in bands. */
function misfit(fit: GridFit, eta: Float64Array, held: Int8Array): number {
  const { model, mids, prices } = fit;
  for (let i = 1; i < prices.length; i += 1) {
    eta[i] = Number(at(prices, i) - at(mids, i)) / Number(at(mids, i));
  }
  model.evaluate(eta, false);
  const e = new Float64Array(model.assets - 1);
  model.residual(eta, e);
  let sum = 0;
  for (let i = 0; i < prices.length; i += 1) {
    sum += boundMisfit(fit, i, held);
    if (i === 0 || held[i] !== 0) continue;
    sum += Math.max(0, Math.abs(e[i - 1] as number) - QUOTE_SLACK) / QUOTE_SLACK;
  }
  return sum;
}
