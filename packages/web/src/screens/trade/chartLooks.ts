import type { IChartApi, ISeriesApi } from 'lightweight-charts';
import { CandlestickSeries, ColorType, createChart } from 'lightweight-charts';
import { theme } from '../../live/settings.ts';

/** A chart with its candles, in the colours of the page. */
export interface LookedAfterChart {
  readonly chart: IChartApi;
  readonly series: ISeriesApi<'Candlestick'>;
  readonly remove: () => void;
}

/** Makes a chart of candles that follows the colours of the page. */
export function makeChart(
  place: HTMLElement,
  priceText: (price: number) => string,
): LookedAfterChart {
  const chart = createChart(place, { autoSize: true });
  const series = chart.addSeries(CandlestickSeries, { priceLineVisible: false });
  const unfollow = followLooks(chart, series, priceText);
  return {
    chart,
    series,
    remove: () => {
      unfollow();
      chart.remove();
    },
  };
}

/** Colours from the page's own style, again whenever the theme changes. */
function followLooks(
  chart: IChartApi,
  series: ISeriesApi<'Candlestick'>,
  priceText: (price: number) => string,
): () => void {
  const apply = (): void => {
    const [ink, dim, line, accent] = ['--ink', '--dim', '--line', '--accent'].map(colourOf);
    chart.applyOptions({
      layout: {
        background: { type: ColorType.Solid, color: 'transparent' },
        textColor: dim ?? '',
        fontFamily: getComputedStyle(document.body).fontFamily,
        fontSize: 11,
        attributionLogo: false,
      },
      grid: { vertLines: { visible: false }, horzLines: { color: line ?? '' } },
      rightPriceScale: { borderVisible: false },
      timeScale: { borderVisible: false, timeVisible: true, secondsVisible: true, rightOffset: 3 },
      localization: { priceFormatter: priceText },
      handleScale: { axisPressedMouseMove: false },
    });
    series.applyOptions({
      upColor: accent ?? '',
      wickUpColor: accent ?? '',
      borderUpColor: accent ?? '',
      downColor: 'transparent',
      wickDownColor: ink ?? '',
      borderDownColor: ink ?? '',
      priceFormat: { type: 'custom', formatter: priceText, minMove: 1e-9 },
    });
  };
  apply();
  const system = matchMedia('(prefers-color-scheme: dark)');
  system.addEventListener('change', apply);
  const unfollow = theme.subscribe(apply);
  return () => {
    unfollow();
    system.removeEventListener('change', apply);
  };
}

/**
 * A colour of the palette as it is now. The palette names two colours in one word, so the browser
 * is asked what it makes of it.
 */
export function colourOf(name: string): string {
  const probe = document.createElement('i');
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
