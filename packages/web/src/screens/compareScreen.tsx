import { previewOrder } from '@lawbook/api/client/previewOrder';
import type { PreviewView } from '@lawbook/api/schema/orderViews';
import type { ReactElement } from 'react';
import { useEffect, useState } from 'react';
import { useLive } from '../live/live.ts';
import { troubleOf } from '../live/trouble.ts';
import type { VenueLink } from '../live/venueLink.ts';
import { Empty, Loading, Panel } from '../parts/marks.tsx';
import { useVenue } from '../parts/venueContext.tsx';
import { BOUNDS } from '../words/meanings.ts';
import { counted, grouped, shortText } from '../words/numbers.ts';
import { constantProductBps, postedSpreadBps } from './compare/costFormulas.ts';

const SIZES = ['1000', '10000', '100000', '1000000', '10000000'];
const EVERY_BATCHES = 10;

interface Measured {
  readonly size: string;
  readonly view: PreviewView | undefined;
}

/** The measured cost of the same trades here and under two other designs, formulas shown. */
export function CompareScreen(): ReactElement {
  const venue = useVenue();
  const market = useLive(venue.market);
  const pool = useLive(venue.pool);
  const [symbol, setSymbol] = useState('EUR');
  const [spread, setSpread] = useState('2.0');
  const { measured, trouble, batch } = useMeasured(venue, symbol);
  if (market === undefined || pool === undefined) return <Loading what="the market" />;
  const assets = market.products.filter((p) => p.kind === 'asset' && p.symbol !== 'USD');
  const reserve = pool.assets.find((asset) => asset.symbol === 'USD');
  const feeBps = market.parameters.feeE7 / 1000;
  return (
    <>
      <div className="screen-head">
        <h1>Compare</h1>
        <p className="dim">
          What it costs to buy {symbol} for dollars, in bps of the mid. Here: the clearing engine’s
          own answer, asked for each size with the orders that wait. Beside it: what the same
          inventory would charge as a constant-product pool, and a posted spread that you set.
        </p>
      </div>
      <Panel
        title={`Buy ${symbol} with USD`}
        aside={
          <span className="compare-tools">
            <select
              aria-label="Currency bought"
              value={symbol}
              onChange={(event) => setSymbol(event.target.value)}
            >
              {assets.map((product) => (
                <option key={product.symbol}>{product.symbol}</option>
              ))}
            </select>
            <label>
              Posted spread, bps{' '}
              <input
                className="compare-spread"
                inputMode="decimal"
                value={spread}
                onChange={(event) => setSpread(event.target.value)}
              />
            </label>
          </span>
        }
      >
        {trouble !== undefined && <Empty title="Could not be measured">{trouble}</Empty>}
        <CompareTable
          measured={measured}
          reserveUsd={Number(reserve?.inventory)}
          feeBps={feeBps}
          spreadBps={Number(spread)}
        />
        <p className="foot">
          {batch === undefined ? 'Measuring' : `Measured after batch ${counted(batch)}`}; again
          every {EVERY_BATCHES} batches. A preview is no promise.
        </p>
      </Panel>
      <Formulas feeBps={feeBps} />
    </>
  );
}

function CompareTable({
  measured,
  reserveUsd,
  feeBps,
  spreadBps,
}: {
  readonly measured: readonly Measured[];
  readonly reserveUsd: number;
  readonly feeBps: number;
  readonly spreadBps: number;
}): ReactElement {
  return (
    <div className="scroll">
      <table className="table">
        <thead>
          <tr>
            <th className="right">Pay, USD</th>
            <th className="right">This venue, bps</th>
            <th>Bound by</th>
            <th className="right">Constant product, bps</th>
            <th className="right">Posted spread, bps</th>
          </tr>
        </thead>
        <tbody>
          {measured.map(({ size, view }) => {
            const { costBps, bound, paid } = view ?? {};
            return (
              <tr key={size}>
                <td className="num right">{grouped(size)}</td>
                <td className="num right">
                  <b>{costBps === undefined ? '–' : grouped(costBps)}</b>
                </td>
                <td>
                  {bound === undefined
                    ? view === undefined
                      ? 'not measured yet'
                      : 'nothing: fills whole'
                    : `${BOUNDS[bound] ?? bound}; ${shortText(Number(paid))} USD would fill`}
                </td>
                <td className="num right">
                  {constantProductBps(Number(size), reserveUsd, feeBps).toFixed(2)}
                </td>
                <td className="num right">
                  {Number.isFinite(spreadBps) ? postedSpreadBps(spreadBps).toFixed(2) : '–'}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function Formulas({ feeBps }: { readonly feeBps: number }): ReactElement {
  return (
    <Panel title="How each is computed">
      <dl className="predicates">
        <div>
          <dt>This venue</dt>
          <dd>
            10<sup>4</sup> (1 − received · mid / paid), fee of {feeBps} bps included, as the preview
            of the venue answers it.
          </dd>
        </div>
        <div>
          <dt>Constant product</dt>
          <dd>
            Reserves x = the pool’s own dollars now, and as much worth of the currency at mid. For a
            payment d: 10<sup>4</sup> (1 − (1 − f) x / (x + d)), with the same fee f.
          </dd>
        </div>
        <div>
          <dt>Posted spread</dt>
          <dd>Half of the spread that you set, at any size. Nobody posts one at any size.</dd>
        </div>
      </dl>
    </Panel>
  );
}

/** Asks the venue for every size, one after the other, and again after some batches. */
function useMeasured(
  venue: VenueLink,
  symbol: string,
): {
  readonly measured: readonly Measured[];
  readonly trouble: string | undefined;
  readonly batch: number | undefined;
} {
  const [last] = useLive(venue.batches);
  const occasion = last === undefined ? -1 : Math.floor(last.batchNumber / EVERY_BATCHES);
  const [measured, setMeasured] = useState<readonly Measured[]>(
    SIZES.map((size) => ({ size, view: undefined })),
  );
  const [trouble, setTrouble] = useState<string>();
  const [batch, setBatch] = useState<number>();
  // biome-ignore lint/correctness/useExhaustiveDependencies: some batches later it is asked again.
  useEffect(() => {
    const stop = new AbortController();
    const { signal } = stop;
    const ask = async (): Promise<readonly Measured[]> => {
      const answers: Measured[] = [];
      for (const size of SIZES) {
        const request = { pay: 'USD', receive: symbol, amount: size };
        const result = await previewOrder(venue.client, request, { signal });
        answers.push({ size, view: result.ok ? result.value : undefined });
      }
      return answers;
    };
    ask().then(
      (answers) => {
        if (signal.aborted) return;
        setMeasured(answers);
        setTrouble(undefined);
        setBatch(venue.batches.get()[0]?.batchNumber);
      },
      (cause: unknown) => {
        if (!signal.aborted) setTrouble(troubleOf(cause));
      },
    );
    return () => stop.abort();
  }, [venue, symbol, occasion]);
  return { measured, trouble, batch };
}
