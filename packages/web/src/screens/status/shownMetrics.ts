import { bytesText, counted, shortText } from '../../words/numbers.ts';
import type { Metrics, SampleName } from './readMetrics.ts';
import { meanBetween, rateBetween, sumOf } from './readMetrics.ts';

/** A figure of the venue that is drawn over time. */
export interface ShownMetric {
  readonly title: string;
  readonly meaning: string;
  /** The figure of a reading, with the reading before it; undefined where nothing was counted. */
  readonly figure: (after: Metrics, before: Metrics) => number | undefined;
  readonly words: (figure: number) => string;
}

/** Figures that belong together. */
export interface MetricGroup {
  readonly title: string;
  readonly shown: readonly ShownMetric[];
}

const rate =
  (counter: SampleName) =>
  (after: Metrics, before: Metrics): number | undefined =>
    rateBetween(before, after, counter);
const mean =
  (histogram: SampleName, factor = 1) =>
  (after: Metrics, before: Metrics): number | undefined => {
    const figure = meanBetween(before, after, histogram);
    return figure === undefined ? undefined : figure * factor;
  };
const gauge =
  (sample: SampleName, factor = 1) =>
  (after: Metrics): number | undefined => {
    const figure = sumOf(after, sample);
    return figure === undefined ? undefined : figure * factor;
  };

const perSecond = (figure: number): string => `${figure.toFixed(figure < 10 ? 1 : 0)} /s`;
const inMs = (figure: number): string => `${figure.toFixed(figure < 10 ? 2 : 0)} ms`;
const inSeconds = (figure: number): string => `${figure.toFixed(figure < 10 ? 1 : 0)} s`;
const whole = (figure: number): string => counted(Math.round(figure));

/** What an operator watches, from the venue's own metrics. */
export const METRIC_GROUPS: readonly MetricGroup[] = [
  {
    title: 'Trading',
    shown: [
      {
        title: 'Orders accepted',
        meaning: 'Batch orders that were made durable and answered.',
        figure: rate({ name: 'lawbook_orders_accepted_total' }),
        words: perSecond,
      },
      {
        title: 'Executions',
        meaning: 'Orders that a batch filled, whole or in part.',
        figure: rate({ name: 'lawbook_executions_total' }),
        words: perSecond,
      },
      {
        title: 'Solve a batch',
        meaning: 'Mean of the search for prices, since the reading before.',
        figure: mean({ name: 'lawbook_batch_step_seconds', labels: ['step="solve"'] }, 1000),
        words: inMs,
      },
      {
        title: 'Judge a batch',
        meaning: 'Mean of re-running every law before a batch takes effect.',
        figure: mean({ name: 'lawbook_batch_step_seconds', labels: ['step="judge"'] }, 1000),
        words: inMs,
      },
    ],
  },
  {
    title: 'Journal',
    shown: [
      {
        title: 'Sync to disk',
        meaning: 'Mean of one sync; a group of inputs shares one.',
        figure: mean({ name: 'lawbook_journal_sync_seconds' }, 1000),
        words: inMs,
      },
      {
        title: 'Written',
        meaning: 'Bytes that went to the journal.',
        figure: rate({ name: 'lawbook_journal_written_bytes_total' }),
        words: (figure) => `${bytesText(Math.round(figure))}/s`,
      },
      {
        title: 'Waits to be synced',
        meaning: 'Bytes of inputs that are not durable yet. Nobody was answered for them.',
        figure: gauge({ name: 'lawbook_journal_queue_bytes' }),
        words: (figure) => bytesText(Math.round(figure)),
      },
      {
        title: 'Event loop delay',
        meaning: 'How late the venue’s one thread comes to what is due.',
        figure: gauge({ name: 'lawbook_event_loop_delay_seconds' }, 1000),
        words: inMs,
      },
    ],
  },
  {
    title: 'Prover',
    shown: [
      {
        title: 'Proofs queued',
        meaning: 'Epochs that wait for a prover.',
        figure: gauge({ name: 'lawbook_proving_proofs', labels: ['state="queued"'] }),
        words: whole,
      },
      {
        title: 'Proofs running',
        meaning: 'Proofs that are being made now.',
        figure: gauge({ name: 'lawbook_proving_proofs', labels: ['state="running"'] }),
        words: whole,
      },
      {
        title: 'Make a proof',
        meaning: 'Mean over all circuits, since the reading before.',
        figure: mean({ name: 'lawbook_prove_seconds' }),
        words: inSeconds,
      },
      {
        title: 'Oldest without a proof',
        meaning: 'Age of the oldest epoch that no proof shows yet.',
        figure: gauge({ name: 'lawbook_oldest_list_seconds', labels: ['waits="proof"'] }),
        words: inSeconds,
      },
    ],
  },
  {
    title: 'Base layer',
    shown: [
      {
        title: 'Epochs not settled',
        meaning: 'Sealed and not settled; at the bound, new orders pause.',
        figure: gauge({ name: 'lawbook_unsettled_lists' }),
        words: whole,
      },
      {
        title: 'Oldest not settled',
        meaning: 'Age of the oldest epoch that the base layer has not taken.',
        figure: gauge({ name: 'lawbook_oldest_list_seconds', labels: ['waits="settlement"'] }),
        words: inSeconds,
      },
      {
        title: 'Gas of a settlement',
        meaning: 'Mean gas of settling one epoch, since the reading before.',
        figure: mean({ name: 'lawbook_settle_gas' }),
        words: (figure) => shortText(Math.round(figure)),
      },
      {
        title: 'Memory',
        meaning: 'Resident memory of the venue, provers and chain apart.',
        figure: gauge({ name: 'lawbook_resident_memory_bytes' }),
        words: (figure) => bytesText(figure),
      },
    ],
  },
];
