import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { MetricRow } from './metricTable.ts';
import { BUCKETS, METRICS } from './metricTable.ts';

type LabelOf<Row extends MetricRow> = Row['labels'][number];
type Instrument<Row extends MetricRow> = Row['kind'] extends 'counter'
  ? Counter<LabelOf<Row>>
  : Row['kind'] extends 'gauge'
    ? Gauge<LabelOf<Row>>
    : Histogram<LabelOf<Row>>;

/** Every metric of the table as an instrument, typed by its kind and labels. */
export type Instruments = {
  readonly [Name in keyof typeof METRICS]: Instrument<(typeof METRICS)[Name]>;
};

/** The metrics of one venue. */
export interface Metrics extends Instruments {
  /** What `/metrics` answers with, in the text format of Prometheus. */
  render(): Promise<string>;
  /** Media type of that answer. */
  readonly contentType: string;
  /** Ends the sampling of the event loop, so that the program can end. */
  close(): void;
}

/** Builds a registry of its own, so that two venues in one program do not share counts. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const entries = Object.entries(METRICS).map(([name, row]) => [name, instrument(row, registry)]);
  const instruments = Object.fromEntries(entries) as Instruments;
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  instruments.startTime.set(Math.floor(Date.now() / 1000 - process.uptime()));
  return {
    ...instruments,
    contentType: registry.contentType,
    close: () => delay.disable(),
    render: () => {
      instruments.residentMemory.set(process.memoryUsage.rss());
      const p99 = delay.percentile(99) / 1e9;
      instruments.eventLoopDelay.set(Number.isFinite(p99) ? p99 : 0);
      delay.reset();
      return registry.metrics();
    },
  };
}

function instrument(row: MetricRow, registry: Registry): Counter | Gauge | Histogram {
  const { name, help } = row;
  const options = { name, help, labelNames: [...row.labels], registers: [registry] };
  if (row.kind === 'counter') return new Counter(options);
  if (row.kind === 'gauge') return new Gauge(options);
  return new Histogram({ ...options, buckets: [...BUCKETS[row.buckets ?? 'waits']] });
}
