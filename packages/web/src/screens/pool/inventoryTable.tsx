import type { PoolView } from '@lawbook/api/schema/marketViews';
import type { ReactElement } from 'react';
import { Term } from '../../parts/marks.tsx';
import { TERMS } from '../../words/meanings.ts';
import { amountDigits, grouped, percentOfPpm, shortText } from '../../words/numbers.ts';

/** Every asset: inventory, target and bounds, drawn and in figures. */
export function InventoryTable({
  pool,
  worth,
  chosen,
  choose,
}: {
  readonly pool: PoolView;
  readonly worth: ReadonlyMap<string, number>;
  readonly chosen: string;
  readonly choose: (symbol: string) => void;
}): ReactElement {
  return (
    <div className="scroll">
      <table className="table inventory">
        <thead>
          <tr>
            <th>Asset</th>
            <th className="right">Inventory</th>
            <th>Lower bound, target, upper bound</th>
            <th className="right">
              <Term meaning={TERMS.utilisation}>Used</Term>
            </th>
            <th className="right">Worth, USD</th>
            <th className="right">Fees, in the asset</th>
          </tr>
        </thead>
        <tbody>
          {pool.assets.map((asset) => {
            const { symbol, inventory, utilisationPpm, fees } = asset;
            const digits = amountDigits(symbol, 2);
            return (
              <tr key={symbol}>
                <td>
                  {symbol === 'USD' ? (
                    <b>{symbol}</b>
                  ) : (
                    <button
                      type="button"
                      className="link"
                      aria-pressed={symbol === chosen}
                      onClick={() => choose(symbol)}
                    >
                      <b>{symbol}</b>
                    </button>
                  )}
                </td>
                <td className="num right" title={inventory}>
                  {grouped(inventory, digits)}
                </td>
                <td>
                  <BoundsBar asset={asset} />
                </td>
                <td className="num right">{percentOfPpm(utilisationPpm)} %</td>
                <td className="num right">
                  {shortText(Number(inventory) * (worth.get(symbol) ?? Number.NaN))}
                </td>
                <td className="num right" title={fees}>
                  {grouped(fees, digits)}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

/** Where the inventory stands between its bounds; the target is the mark in the middle. */
function BoundsBar({ asset }: { readonly asset: PoolView['assets'][number] }): ReactElement {
  const low = Number(asset.inventoryMin);
  const high = Number(asset.inventoryMax);
  const share = (text: string): string => {
    const part = (Number(text) - low) / (high - low);
    return `${(Math.max(0, Math.min(1, part)) * 100).toFixed(3)}%`;
  };
  return (
    <div className="bounds">
      <span className="num dim">{shortText(low)}</span>
      <div className="bounds-bar">
        <i className="bounds-target" style={{ left: share(asset.target) }} title="Target" />
        <i className="bounds-now" style={{ left: share(asset.inventory) }} title="Inventory" />
      </div>
      <span className="num dim">{shortText(high)}</span>
    </div>
  );
}
