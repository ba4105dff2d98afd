import { unwrap } from '@lawbook/api/client/transport';
import type { TradeView } from '@lawbook/api/schema/bookViews';
import type {
  CandlestickData,
  IPriceLine,
  ISeriesApi,
  Time,
  UTCTimestamp,
} from 'lightweight-charts';
import { createSeriesMarkers, LineStyle } from 'lightweight-charts';
import type { BookDesk } from '../../../live/bookDesk.ts';
import { isEnded } from '../../../live/bookDesk.ts';
import type { BookLink } from '../../../live/bookLink.ts';
import { troubleOf } from '../../../live/trouble.ts';
import type { VenueLink } from '../../../live/venueLink.ts';
import { colourOf, makeChart } from '../chartLooks.ts';
import type { ChartHandle } from '../drawChart.ts';

/** What the chart of a book shows. */
export interface BookChartSubject {
  readonly book: BookLink;
  readonly own: BookDesk | undefined;
  readonly intervalMs: number;
  readonly priceDigits: number;
}

/** What it reads and tells. */
export interface BookChartSources {
  readonly venue: VenueLink;
  readonly onTrouble: (sentence: string | undefined) => void;
}

/** A candle; seconds since 1970 at its start. */
interface Candle {
  readonly time: UTCTimestamp;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
}

const CANDLES = 200;
const NO_TRADES = 'Nothing has traded yet. The first candle follows the first trade.';

/** Draws the candles of a book, the reader's own fills, and lines at the reader's open orders. */
export function drawBookChart(
  place: HTMLElement,
  subject: BookChartSubject,
  { venue, onTrouble }: BookChartSources,
): ChartHandle {
  const { book, intervalMs, priceDigits } = subject;
  const { series, remove } = makeChart(place, (price) => price.toFixed(priceDigits));
  let candles: Candle[] = [];
  let newest = 0;
  let isGone = false;
  const read = async (): Promise<void> => {
    const { marketId } = book.rules;
    const list = unwrap(await venue.books.candles(marketId, { intervalMs, limit: CANDLES }));
    if (isGone) return;
    candles = list.candles
      .map(({ openTime, open, high, low, close }) => ({
        time: secondsOf(Date.parse(openTime)),
        ...{ open: Number(open), high: Number(high), low: Number(low), close: Number(close) },
      }))
      .reverse();
    // Trades that came while the candles were read may be in them: drawing them again adds nothing.
    newest = 0;
    series.setData(candles as CandlestickData<Time>[]);
    advance();
  };
  const advance = (): void => {
    const trades = book.trades.get() ?? [];
    for (const trade of trades.filter(({ tradeNumber }) => tradeNumber > newest).reverse()) {
      const next = candleWith(candles, trade, intervalMs);
      if (next === undefined) continue;
      if (candles.at(-1)?.time === next.time) candles[candles.length - 1] = next;
      else candles.push(next);
      series.update(next);
    }
    newest = trades[0]?.tradeNumber ?? newest;
    onTrouble(candles.length === 0 && book.trades.get() !== undefined ? NO_TRADES : undefined);
  };
  const reread = (): void => {
    read().catch((cause: unknown) => {
      if (!isGone) onTrouble(troubleOf(cause));
    });
  };
  reread();
  const endings = [
    book.trades.subscribe(advance),
    venue.connection.subscribe(() => {
      if (venue.connection.get() === 'open') reread();
    }),
    drawFills(series, subject),
    drawOrders(series, subject),
  ];
  return {
    remove: () => {
      isGone = true;
      for (const end of endings) end();
      remove();
    },
  };
}

/** The candle that a trade belongs to, with it; undefined for one older than the last candle. */
function candleWith(
  candles: readonly Candle[],
  { price: text, time: moment }: TradeView,
  intervalMs: number,
): Candle | undefined {
  const price = Number(text);
  const time = secondsOf(Math.floor(Date.parse(moment) / intervalMs) * intervalMs);
  const last = candles.at(-1);
  if (last !== undefined && time < last.time) return undefined;
  if (last === undefined || time > last.time) {
    return { time, open: price, high: price, low: price, close: price };
  }
  const [high, low] = [Math.max(last.high, price), Math.min(last.low, price)];
  return { ...last, high, low, close: price };
}

/** Marks of the reader's own fills. */
function drawFills(
  series: ISeriesApi<'Candlestick'>,
  { own, intervalMs }: BookChartSubject,
): () => void {
  const marks = createSeriesMarkers(series, []);
  const draw = (): void => {
    const color = colourOf('--ink');
    const byCandle = new Map<string, { time: UTCTimestamp; side: 'buy' | 'sell' }>();
    for (const { time: moment, side } of own?.fills.get() ?? []) {
      const time = secondsOf(Math.floor(Date.parse(moment) / intervalMs) * intervalMs);
      byCandle.set(`${time} ${side}`, { time, side });
    }
    const sorted = [...byCandle.values()].sort((a, b) => a.time - b.time);
    marks.setMarkers(
      sorted.map(({ time, side }) => ({
        time,
        position: side === 'buy' ? ('belowBar' as const) : ('aboveBar' as const),
        shape: side === 'buy' ? ('arrowUp' as const) : ('arrowDown' as const),
        color,
        text: 'you',
      })),
    );
  };
  draw();
  return own?.fills.subscribe(draw) ?? (() => {});
}

/** A line at the price of each open order. */
function drawOrders(
  series: ISeriesApi<'Candlestick'>,
  { own, priceDigits }: BookChartSubject,
): () => void {
  let lines: IPriceLine[] = [];
  const draw = (): void => {
    for (const line of lines) series.removePriceLine(line);
    const open = (own?.orders.get() ?? []).filter((order) => !isEnded(order));
    lines = open.map(({ price, terms }) =>
      series.createPriceLine({
        price: Number(Number(price).toFixed(priceDigits)),
        title: terms.side,
        color: colourOf(terms.side === 'buy' ? '--accent' : '--bad'),
        lineStyle: LineStyle.Dotted,
        lineWidth: 1,
        axisLabelVisible: false,
      }),
    );
  };
  draw();
  return own?.orders.subscribe(draw) ?? (() => {});
}

function secondsOf(milliseconds: number): UTCTimestamp {
  return Math.floor(milliseconds / 1000) as UTCTimestamp;
}
