import { call } from '@lawbook/api/client/transport';
import { readMetrics as metricsRoute } from '@lawbook/api/schema/accountRoutes';
import type { ReactElement } from 'react';
import { useEffect, useState } from 'react';
import { useLive } from '../../live/live.ts';
import { Panel } from '../../parts/marks.tsx';
import { Sparkline } from '../../parts/sparkline.tsx';
import { useRead } from '../../parts/useRead.ts';
import { useVenue } from '../../parts/venueContext.tsx';
import type { Metrics } from './readMetrics.ts';
import { meanBetween, readMetrics } from './readMetrics.ts';

interface Shown {
  readonly title: string;
  readonly name: string;
  readonly labels?: string;
}

/** Durations that say how the venue does; each is the mean since the reading before. */
const SHOWN: readonly Shown[] = [
  {
    title: 'Solve a batch',
    name: 'lawbook_batch_step_seconds',
    labels: '{market="1",step="solve"}',
  },
  {
    title: 'Judge a batch',
    name: 'lawbook_batch_step_seconds',
    labels: '{market="1",step="judge"}',
  },
  { title: 'Sync the journal', name: 'lawbook_journal_sync_seconds' },
];

const READINGS_MAX = 60;
const EVERY_BATCHES = 3;

/** The venue's own metrics as they come since this screen was opened. */
export function MetricCharts(): ReactElement {
  const readings = useReadings();
  return (
    <Panel
      title="Durations"
      aside={`from /metrics, ${readings.length} readings since you opened this screen`}
    >
      <dl className="figures figures-plain">
        {SHOWN.map((shown) => {
          const means = readings.slice(1).flatMap((after, k) => {
            const before = readings[k];
            const mean = before === undefined ? undefined : meanBetween(before, after, shown);
            return mean === undefined ? [] : [mean * 1000];
          });
          const last = means.at(-1);
          return (
            <div key={shown.title} className="fact metric">
              <dt>{shown.title}, mean</dt>
              <dd>
                <b className="num">{last === undefined ? '–' : last.toFixed(2)}</b> ms
                <Sparkline course={[...means].reverse()} />
              </dd>
            </div>
          );
        })}
      </dl>
    </Panel>
  );
}

function useReadings(): readonly Metrics[] {
  const venue = useVenue();
  const [last] = useLive(venue.batches);
  const occasion = Math.floor((last?.batchNumber ?? 0) / EVERY_BATCHES);
  const { read } = useRead(() => call(venue.client.transport, metricsRoute, {}), occasion);
  const [readings, setReadings] = useState<readonly Metrics[]>([]);
  useEffect(() => {
    if (read === undefined) return;
    setReadings((known) => [...known, readMetrics(read)].slice(-READINGS_MAX));
  }, [read]);
  return readings;
}
