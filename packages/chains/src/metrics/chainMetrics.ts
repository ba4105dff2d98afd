import { Gauge, Registry } from 'prom-client';
import type { EndpointStats } from '../endpoints/endpointPool.ts';
import type { LaneStats } from '../lanes/lane.ts';
import type { ChainTracker } from '../tracker/chainTracker.ts';
import type { ChainMetricRow } from './chainMetricTable.ts';
import { CHAIN_METRICS } from './chainMetricTable.ts';

/** What one chain of the engine tells when it is asked. */
export interface ChainReadings {
  readonly chain: string;
  readonly headNumber: bigint | undefined;
  readonly endpoints: readonly EndpointStats[];
  readonly tracker: ReturnType<ChainTracker['stats']>;
  readonly lanes: readonly LaneStats[];
  /** Undefined before the first cached read. */
  readonly cacheHitRate: number | undefined;
}

type Name = keyof typeof CHAIN_METRICS;
type Labels = Readonly<Record<string, string>>;

/** The metrics of the engine in the text format of Prometheus. */
export interface ChainMetrics {
  /** Reads everything anew: the parts count for themselves, and nothing is counted twice. */
  render(): Promise<string>;
  readonly contentType: string;
}

/**
 * Publishes what the parts of the engine know of themselves.
 *
 * Counters of the table are kept by the parts and only copied here, so they are registered as
 * gauges and typed as counters in the text.
 */
export function createChainMetrics(
  read: () => readonly ChainReadings[],
  registry: Registry = new Registry(),
): ChainMetrics {
  const gauges = new Map<Name, Gauge>();
  for (const [name, row] of Object.entries<ChainMetricRow>(CHAIN_METRICS)) {
    const options = { name: row.name, help: row.help, labelNames: [...row.labels] };
    gauges.set(name as Name, new Gauge({ ...options, registers: [registry] }));
  }
  const set = (name: Name, labels: Labels, reading: number): void => {
    gauges.get(name)?.set({ ...labels }, reading);
  };
  return {
    contentType: registry.contentType,
    render: async () => {
      for (const gauge of gauges.values()) gauge.reset();
      for (const readings of read()) publish(readings, set);
      return typed(await registry.metrics());
    },
  };
}

type Set = (name: Name, labels: Labels, reading: number) => void;

function publish(readings: ChainReadings, set: Set): void {
  const { chain, headNumber, tracker, cacheHitRate } = readings;
  if (headNumber !== undefined) set('headNumber', { chain }, Number(headNumber));
  set('reorganisations', { chain }, tracker.reorganisations);
  set('deepestReorganisation', { chain }, tracker.deepest);
  if (cacheHitRate !== undefined) set('cacheHitRate', { chain }, cacheHitRate);
  for (const endpoint of readings.endpoints) publishEndpoint(chain, endpoint, set);
  for (const lane of readings.lanes) publishLane(lane, set);
}

const BREAKER = { closed: 0, halfOpen: 1, open: 2 } as const;

function publishEndpoint(chain: string, stats: EndpointStats, set: Set): void {
  const labels = { chain, endpoint: stats.endpoint };
  set('endpointRequests', labels, stats.requests);
  set('endpointErrors', labels, stats.errors);
  set('endpointQueued', labels, stats.queued);
  set('endpointRunning', labels, stats.running);
  set('endpointBreaker', labels, BREAKER[stats.breaker]);
  set('endpointEjected', labels, stats.ejected === undefined ? 0 : 1);
  if (stats.headLag !== undefined) set('endpointLag', labels, stats.headLag);
  set('endpointScore', labels, stats.score);
  set('endpointDebt', labels, stats.limiterDebt);
}

function publishLane(stats: LaneStats, set: Set): void {
  const labels = { lane: stats.lane };
  set('laneOwner', labels, stats.owner ? 1 : 0);
  set('laneHalted', labels, stats.halted === undefined ? 0 : 1);
  set('laneDepth', labels, stats.depth);
  set('laneInFlight', labels, stats.inFlight);
  set('laneOldestAge', labels, stats.oldestAgeMs / 1000);
  set('laneGaps', labels, stats.gaps);
  set('laneAttemptsPerIntent', labels, stats.attemptsPerIntent);
  set('laneReoffers', labels, stats.reoffers);
  set('laneBumps', labels, stats.bumps);
  set('laneAlerts', labels, stats.alerts);
  set('laneAlertsUnheard', labels, stats.alertsUnheard);
  for (const [state, count] of Object.entries(stats.ended)) {
    set('laneEnded', { ...labels, state }, count);
  }
  for (const [rule, count] of Object.entries(stats.denials)) {
    set('laneDenials', { ...labels, rule }, count);
  }
}

const COUNTERS = new Set<string>(
  Object.values(CHAIN_METRICS).flatMap(({ kind, name }) => (kind === 'counter' ? [name] : [])),
);

/** Counters that are copied as gauges are still counters to whoever scrapes them. */
function typed(text: string): string {
  return text.replace(/^# TYPE (\S+) gauge$/gm, (line, name: string) => {
    return COUNTERS.has(name) ? `# TYPE ${name} counter` : line;
  });
}
