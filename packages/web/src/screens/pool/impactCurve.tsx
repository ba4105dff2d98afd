import type { DepthView, MarketView } from '@lawbook/api/schema/marketViews';
import type { ReactElement } from 'react';
import { useLive } from '../../live/live.ts';
import { Loading, Panel } from '../../parts/marks.tsx';
import { useRead } from '../../parts/useRead.ts';
import { useVenue } from '../../parts/venueContext.tsx';
import { bpsText, rateText, shortText } from '../../words/numbers.ts';

/** What a trade of growing size does to the pool’s quote, as the venue computes it. */
export function ImpactCurve({
  symbol,
  choose,
  market,
}: {
  readonly symbol: string;
  readonly choose: (symbol: string) => void;
  readonly market: MarketView;
}): ReactElement {
  const venue = useVenue();
  const [last] = useLive(venue.batches);
  const occasion = `${symbol} ${last?.batchNumber}`;
  const { read } = useRead(() => venue.client.readDepth(venue.marketId, symbol), occasion);
  const assets = market.products.filter((p) => p.kind === 'asset' && p.symbol !== 'USD');
  return (
    <Panel
      title={`Price impact, ${symbol} against USD`}
      aside={
        <select
          aria-label="Asset of the impact curve"
          value={symbol}
          onChange={(event) => choose(event.target.value)}
        >
          {assets.map((product) => (
            <option key={product.symbol}>{product.symbol}</option>
          ))}
        </select>
      }
    >
      {read === undefined || read.symbol !== symbol ? (
        <Loading what="the depth" />
      ) : (
        <>
          <Curve depth={read} />
          <div className="scroll">
            <DepthTable depth={read} />
          </div>
        </>
      )}
    </Panel>
  );
}

const WIDTH = 520;
const HEIGHT = 170;
const EDGE = 26;

/** Impact in bps of the mid over the size of the trade, on a scale of powers of ten. */
function Curve({ depth }: { readonly depth: DepthView }): ReactElement {
  const mid = Number(depth.mid);
  const points = depth.levels.map(({ side, notional, quote, withinBounds }) => {
    const size = Math.log10(Number(notional));
    return { side, size, withinBounds, bps: ((Number(quote) - mid) / mid) * 1e4 };
  });
  const sizes = points.map(({ size }) => size);
  const [least, most] = [Math.min(...sizes), Math.max(...sizes)];
  const peak = Math.max(0.01, ...points.map(({ bps }) => Math.abs(bps)));
  const x = (size: number): number =>
    EDGE + ((size - least) / (most - least || 1)) * (WIDTH - 2 * EDGE);
  const y = (bps: number): number => HEIGHT / 2 - (bps / peak) * (HEIGHT / 2 - 16);
  const line = (side: string): string =>
    points
      .filter((point) => point.side === side)
      .sort((a, b) => a.size - b.size)
      .map(({ size, bps }) => `${x(size).toFixed(1)},${y(bps).toFixed(1)}`)
      .join(' ');
  return (
    <svg className="curve" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true">
      <line x1={EDGE} x2={WIDTH - EDGE} y1={HEIGHT / 2} y2={HEIGHT / 2} className="curve-zero" />
      <polyline points={line('buy')} />
      <polyline points={line('sell')} />
      {points.map(({ side, size, bps, withinBounds }) => (
        <circle
          key={`${side}${size}`}
          cx={x(size)}
          cy={y(bps)}
          r="3.500"
          className={withinBounds ? undefined : 'is-outside'}
        />
      ))}
      <text x={EDGE} y={12}>
        +{peak.toFixed(2)} bps
      </text>
      <text x={EDGE} y={HEIGHT - 4}>
        {'\u2212'}
        {peak.toFixed(2)} bps
      </text>
      <text x={WIDTH - EDGE} y={HEIGHT / 2 - 6} textAnchor="end">
        {shortText(10 ** most)} USD
      </text>
    </svg>
  );
}

function DepthTable({ depth }: { readonly depth: DepthView }): ReactElement {
  const mid = Number(depth.mid);
  const sides = { buy: 'Buy', sell: 'Sell' } as const;
  return (
    <table className="table">
      <thead>
        <tr>
          <th>Traders</th>
          <th className="right">Net size, USD</th>
          <th className="right">Quote, USD</th>
          <th className="right">From mid, bps</th>
          <th>Room</th>
        </tr>
      </thead>
      <tbody>
        {depth.levels.map(({ side, notional, quote, withinBounds }) => (
          <tr key={`${side}${notional}`}>
            <td>
              {sides[side]} {depth.symbol}
            </td>
            <td className="num right">{shortText(Number(notional))}</td>
            <td className="num right" title={quote}>
              {rateText(Number(quote))}
            </td>
            <td className="num right">{bpsText((Number(quote) - mid) / mid)}</td>
            <td>{withinBounds ? 'within bounds' : <span className="warn">beyond a bound</span>}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
