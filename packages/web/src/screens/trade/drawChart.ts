import { unwrap } from '@lawbook/api/client/transport';
import type { MarketView } from '@lawbook/api/schema/marketViews';
import type { OrderView } from '@lawbook/api/schema/orderViews';
import type { BatchView } from '@lawbook/api/schema/recordViews';
import type { CandlestickData, ISeriesApi, Time, UTCTimestamp } from 'lightweight-charts';
import { createSeriesMarkers, LineStyle } from 'lightweight-charts';
import type { Desk } from '../../live/desk.ts';
import type { Live } from '../../live/live.ts';
import { troubleOf } from '../../live/trouble.ts';
import type { VenueLink } from '../../live/venueLink.ts';
import { rateText } from '../../words/numbers.ts';
import { colourOf, makeChart } from './chartLooks.ts';
import type { Quoting } from './pair.ts';
import { dollarPrices, rateOf } from './pair.ts';

/** What a chart shows. */
export interface ChartSubject {
  readonly market: MarketView;
  readonly quoting: Quoting;
  readonly intervalMs: number;
}

/** What a chart reads and tells. */
export interface ChartSources {
  readonly venue: VenueLink;
  readonly desk: Live<Desk | undefined>;
  readonly onTrouble: (sentence: string | undefined) => void;
}

/** A chart on the page. */
export interface ChartHandle {
  readonly remove: () => void;
}

/** A candle of a pair; seconds since 1970 at its start. */
interface Candle {
  readonly time: UTCTimestamp;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
}

const CANDLES = 200;
const NO_CANDLES = 'No batch has cleared yet. The first candle follows the first batch.';

/**
 * Draws the candles of a pair and keeps them current from the batches that the feed tells.
 *
 * Candles come from the venue, in dollars. For a pair without the dollar the two are divided: open
 * and close are of the same batches and exact, the wicks only bound what lay between.
 */
export function drawChart(
  place: HTMLElement,
  subject: ChartSubject,
  sources: ChartSources,
): ChartHandle {
  const { venue, onTrouble } = sources;
  const { series, remove } = makeChart(place, rateText);
  const endings = [drawFills(series, subject, sources)];
  let candles: Candle[] = [];
  let isGone = false;
  const read = (): void => {
    readCandles(subject, venue).then(
      (read) => {
        if (isGone) return;
        candles = read;
        series.setData(candles as CandlestickData<Time>[]);
        onTrouble(candles.length === 0 ? NO_CANDLES : undefined);
      },
      (cause: unknown) => onTrouble(troubleOf(cause)),
    );
  };
  const advance = (): void => {
    const [batch] = venue.batches.get();
    const next = batch === undefined ? undefined : candleWith(candles, batch, subject);
    if (next === undefined) return;
    if (candles.length === 0) onTrouble(undefined);
    if (candles.at(-1)?.time === next.time) candles[candles.length - 1] = next;
    else candles.push(next);
    series.update(next);
  };
  read();
  endings.push(
    venue.batches.subscribe(advance),
    venue.connection.subscribe(() => {
      if (venue.connection.get() === 'open') read();
    }),
    drawMid(series, subject, venue),
  );
  return {
    remove: () => {
      isGone = true;
      for (const end of endings) end();
      remove();
    },
  };
}

async function readCandles(
  { market, quoting, intervalMs }: ChartSubject,
  { client, marketId }: VenueLink,
): Promise<Candle[]> {
  const basket = market.parameters.baskets.find(({ symbol }) => symbol === quoting.base);
  const symbols = basket?.units.map(({ symbol }) => symbol) ?? [quoting.base];
  const needed = [...symbols, quoting.quote].filter((symbol) => symbol !== 'USD');
  const lists = await Promise.all(
    needed.map(async (symbol) => {
      const query = { symbol, intervalMs, limit: CANDLES };
      return [symbol, unwrap(await client.listCandles(marketId, query)).candles] as const;
    }),
  );
  const [first] = lists;
  const times = (first?.[1] ?? []).map(({ openTime }) => openTime).reverse();
  return times.flatMap((openTime) => {
    const at = (pick: 'open' | 'high' | 'low' | 'close'): number => {
      const prices = lists.flatMap(([symbol, candles]) => {
        const candle = candles.find((known) => known.openTime === openTime);
        return candle === undefined ? [] : [[symbol, candle[pick]] as const];
      });
      return rateOf(quoting, dollarPrices(market, new Map(prices)));
    };
    const [open, close] = [at('open'), at('close')];
    if (!Number.isFinite(open) || !Number.isFinite(close)) return [];
    const ends = needed.length === 1 ? [at('high'), at('low')] : [];
    const time = Math.floor(Date.parse(openTime) / 1000) as UTCTimestamp;
    const all = [open, close, ...ends];
    return [{ time, open, close, high: Math.max(...all), low: Math.min(...all) }];
  });
}

/** The candle that a new batch belongs to, with it. */
function candleWith(
  candles: readonly Candle[],
  batch: BatchView,
  { market, quoting, intervalMs }: ChartSubject,
): Candle | undefined {
  const prices = new Map(batch.assets.map(({ symbol, price }) => [symbol, price]));
  const rate = rateOf(quoting, dollarPrices(market, prices));
  const startMs = Math.floor(Date.parse(batch.closedAt) / intervalMs) * intervalMs;
  const time = Math.floor(startMs / 1000) as UTCTimestamp;
  const last = candles.at(-1);
  if (!Number.isFinite(rate) || (last !== undefined && time < last.time)) return undefined;
  if (last === undefined || time > last.time)
    return { time, open: rate, high: rate, low: rate, close: rate };
  const [high, low] = [Math.max(last.high, rate), Math.min(last.low, rate)];
  return { ...last, high, low, close: rate };
}

/** The mid, and the band around it in which the market trades. */
function drawMid(
  series: ISeriesApi<'Candlestick'>,
  { market, quoting }: ChartSubject,
  venue: VenueLink,
): () => void {
  const line = (title: string, lineStyle: LineStyle) =>
    series.createPriceLine({ price: 0, title, lineStyle, lineWidth: 1, axisLabelVisible: false });
  const mid = line('mid', LineStyle.Dashed);
  const edges = [line('band', LineStyle.Dotted), line('band', LineStyle.Dotted)];
  const asset = market.parameters.assets.find(({ symbol }) => symbol === quoting.base);
  const isDollar = quoting.quote === 'USD' && asset !== undefined;
  const draw = (): void => {
    const price = rateOf(quoting, dollarPrices(market, venue.mids.get()));
    if (!Number.isFinite(price)) return;
    const color = colourOf('--dim');
    mid.applyOptions({ price, color });
    const half = isDollar ? asset.bandPpm / 1e6 : undefined;
    for (const [k, edge] of edges.entries()) {
      const sign = k === 0 ? 1 : -1;
      edge.applyOptions({
        price: half === undefined ? price : price * (1 + sign * half),
        color,
        lineVisible: half !== undefined,
        title: half === undefined ? '' : 'band',
      });
    }
  };
  draw();
  return venue.mids.subscribe(draw);
}

/** Marks of the reader's own fills in the currency that is priced. */
function drawFills(
  series: ISeriesApi<'Candlestick'>,
  { quoting, intervalMs }: ChartSubject,
  { desk }: ChartSources,
): () => void {
  const marks = createSeriesMarkers(series, []);
  let stop = (): void => {};
  const draw = (): void => {
    const orders = desk.get()?.orders.get() ?? [];
    const own = orders.filter((order) => Number(order.paid) > 0 && trades(order, quoting));
    const color = colourOf('--ink');
    marks.setMarkers(
      own
        .map((order) => {
          const isBuy = order.receive === quoting.base;
          const startMs = Math.floor(Date.parse(order.admittedAt) / intervalMs) * intervalMs;
          return {
            time: Math.floor(startMs / 1000) as UTCTimestamp,
            position: isBuy ? ('belowBar' as const) : ('aboveBar' as const),
            shape: isBuy ? ('arrowUp' as const) : ('arrowDown' as const),
            color,
            text: 'you',
          };
        })
        .sort((a, b) => a.time - b.time),
    );
  };
  const attend = (): void => {
    stop();
    stop = desk.get()?.orders.subscribe(draw) ?? stop;
    draw();
  };
  attend();
  const leave = desk.subscribe(attend);
  return () => {
    leave();
    stop();
  };
}

function trades({ pay, receive }: OrderView, { base, quote }: Quoting): boolean {
  return (pay === base && receive === quote) || (pay === quote && receive === base);
}
