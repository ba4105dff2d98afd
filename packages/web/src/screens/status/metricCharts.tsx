import { call } from '@lawbook/api/client/transport';
import { readMetrics as metricsRoute } from '@lawbook/api/schema/accountRoutes';
import type { ReactElement } from 'react';
import { useEffect, useState } from 'react';
import { troubleOf } from '../../live/trouble.ts';
import type { ChartPoint } from '../../parts/lineChart.tsx';
import { LineChart } from '../../parts/lineChart.tsx';
import { Empty, Panel, Term } from '../../parts/marks.tsx';
import { useVenue } from '../../parts/venueContext.tsx';
import { counted } from '../../words/numbers.ts';
import type { Metrics } from './readMetrics.ts';
import { readMetrics } from './readMetrics.ts';
import type { ShownMetric } from './shownMetrics.ts';
import { METRIC_GROUPS } from './shownMetrics.ts';

const EVERY_MS = 2000;
const READINGS_MAX = 151;
const SPAN_MS_MOST = EVERY_MS * (READINGS_MAX - 1);
/** A screen that was just opened is not drawn into a corner. */
const SPAN_MS_LEAST = 60_000;

/** The venue's own metrics as they come since this screen was opened. */
export function MetricCharts(): ReactElement {
  const { readings, trouble } = useReadings();
  const count = readings.length;
  return (
    <Panel
      title="Metrics"
      aside={`from /metrics every ${EVERY_MS / 1000} s, ${counted(count)} ${
        count === 1 ? 'reading' : 'readings'
      } since you opened this screen; up to five minutes are drawn`}
    >
      {trouble !== undefined && <Empty title="The metrics could not be read">{trouble}</Empty>}
      {METRIC_GROUPS.map(({ title, shown }) => (
        <section key={title} className="metric-group">
          <h3>{title}</h3>
          <dl className="metrics">
            {shown.map((metric) => (
              <Metric key={metric.title} metric={metric} readings={readings} />
            ))}
          </dl>
        </section>
      ))}
    </Panel>
  );
}

function Metric({
  metric,
  readings,
}: {
  readonly metric: ShownMetric;
  readonly readings: readonly Metrics[];
}): ReactElement {
  const points = readings.slice(1).flatMap((after, k): ChartPoint[] => {
    const before = readings[k];
    const figure = before === undefined ? undefined : metric.figure(after, before);
    return figure === undefined ? [] : [{ atMs: after.atMs, figure }];
  });
  const last = points.at(-1);
  const [first] = readings;
  const openMs = (last?.atMs ?? 0) - (first?.atMs ?? 0);
  const spanMs = Math.min(SPAN_MS_MOST, Math.max(SPAN_MS_LEAST, openMs));
  return (
    <div className="metric" data-testid="metric">
      <dt>
        <Term meaning={metric.meaning}>{metric.title}</Term>
      </dt>
      <dd>
        <b className="num">{last === undefined ? '–' : metric.words(last.figure)}</b>
        <LineChart points={points} spanMs={spanMs} top={metric.words} />
      </dd>
    </div>
  );
}

/** Reads the metrics again and again while the screen stands, one read at a time. */
function useReadings(): {
  readonly readings: readonly Metrics[];
  readonly trouble: string | undefined;
} {
  const { client } = useVenue();
  const [readings, setReadings] = useState<readonly Metrics[]>([]);
  const [trouble, setTrouble] = useState<string>();
  useEffect(() => {
    const stop = new AbortController();
    const { signal } = stop;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const read = async (): Promise<void> => {
      const result = await call(client.transport, metricsRoute, {}, { signal });
      if (signal.aborted) return;
      if (!result.ok) {
        setTrouble(result.rejection.rule);
        return;
      }
      const reading = readMetrics(result.value, Date.now());
      setTrouble(undefined);
      setReadings((known) => [...known, reading].slice(-READINGS_MAX));
    };
    const again = (): void => {
      read()
        .catch((cause: unknown) => {
          if (!signal.aborted) setTrouble(troubleOf(cause));
        })
        .finally(() => {
          if (!signal.aborted) timer = setTimeout(again, EVERY_MS);
        });
    };
    again();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [client]);
  return { readings, trouble };
}
