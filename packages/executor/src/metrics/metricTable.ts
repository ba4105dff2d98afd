/** One metric as the venue publishes it. */
export interface MetricRow {
  readonly name: string;
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  /** Names of labels; every label takes few different texts, never an id of a user or an order. */
  readonly labels: readonly string[];
  readonly buckets?: keyof typeof BUCKETS;
}

/** Upper bounds of histograms by what they measure. */
export const BUCKETS = {
  /** Seconds from 50 microseconds to 10 seconds: waits of orders and disks. */
  waits: [
    0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,
    2.5, 10,
  ],
  /** Seconds from 0.1 ms to 10 s: work on a whole batch. */
  work: [0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 10],
  /** Seconds from half a second to ten minutes: proofs. */
  proofs: [0.5, 1, 2, 4, 6, 8, 12, 20, 30, 60, 120, 300, 600],
  /** Gas from 250,000 to 30 million: one list. */
  gas: [
    250_000, 500_000, 1_000_000, 1_500_000, 2_000_000, 3_000_000, 5_000_000, 10_000_000, 30_000_000,
  ],
  /** Bytes from 256 to 16 MiB. */
  sizes: [256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 16_777_216],
} as const;

/**
 * Every metric of the venue. Names end in their unit: `_seconds`, `_bytes`, `_gas`, what is counted
 * at a moment (`_lists`, `_proofs`, `_orders`, `_events`, `_subscriptions`), or `_total` for counts
 * that only grow.
 * The property name is how code refers to the metric.
 */
export const METRICS = {
  ordersAccepted: {
    name: 'lawbook_orders_accepted_total',
    kind: 'counter',
    help: 'Orders acknowledged with a sequence number',
    labels: ['market'],
  },
  ordersRejected: {
    name: 'lawbook_orders_rejected_total',
    kind: 'counter',
    help: 'Orders refused, by rejection code',
    labels: ['code'],
  },
  acknowledgement: {
    name: 'lawbook_order_acknowledgement_seconds',
    kind: 'histogram',
    help: 'From the arrival of an order to its durable acknowledgement',
    labels: [],
    buckets: 'waits',
  },
  inputsApplied: {
    name: 'lawbook_inputs_applied_total',
    kind: 'counter',
    help: 'Inputs applied to the state, by kind',
    labels: ['kind'],
  },
  journalSync: {
    name: 'lawbook_journal_sync_seconds',
    kind: 'histogram',
    help: 'Write and sync of one group of records',
    labels: [],
    buckets: 'waits',
  },
  journalWritten: {
    name: 'lawbook_journal_written_bytes_total',
    kind: 'counter',
    help: 'Bytes written to the journal',
    labels: [],
  },
  journalQueue: {
    name: 'lawbook_journal_queue_bytes',
    kind: 'gauge',
    help: 'Bytes that wait for the disk',
    labels: [],
  },
  snapshotWrite: {
    name: 'lawbook_snapshot_write_seconds',
    kind: 'histogram',
    help: 'Writing one snapshot of the state',
    labels: [],
    buckets: 'work',
  },
  snapshotSize: {
    name: 'lawbook_snapshot_bytes',
    kind: 'gauge',
    help: 'Size of the latest snapshot',
    labels: [],
  },
  replay: {
    name: 'lawbook_replay_seconds',
    kind: 'gauge',
    help: 'Time that the last start spent on the journal',
    labels: [],
  },
  batchStep: {
    name: 'lawbook_batch_step_seconds',
    kind: 'histogram',
    help: 'One step of the pipeline on one batch or epoch, by step',
    labels: ['market', 'step'],
    buckets: 'work',
  },
  batchesCleared: {
    name: 'lawbook_batches_cleared_total',
    kind: 'counter',
    help: 'Batches by outcome: cleared, empty or halted',
    labels: ['market', 'outcome'],
  },
  executions: {
    name: 'lawbook_executions_total',
    kind: 'counter',
    help: 'Orders that traded in a batch',
    labels: ['market'],
  },
  bookTrades: {
    name: 'lawbook_book_trades_total',
    kind: 'counter',
    help: 'Trades of order books',
    labels: ['market'],
  },
  bookClosures: {
    name: 'lawbook_book_closures_total',
    kind: 'counter',
    help: 'Times that a book closed in part or whole, by cause: operator, breaker or law',
    labels: ['market', 'state', 'cause'],
  },
  bookOpen: {
    name: 'lawbook_book_open_orders',
    kind: 'gauge',
    help: 'Orders that rest in a book or wait for their trigger',
    labels: ['market'],
  },
  bookUnsealed: {
    name: 'lawbook_book_unsealed_events',
    kind: 'gauge',
    help: 'Events of a book since its last epoch was sealed',
    labels: ['market'],
  },
  bookLag: {
    name: 'lawbook_book_unsealed_seconds',
    kind: 'gauge',
    help: 'Age of the oldest event of a book that no epoch holds yet; 0 for none',
    labels: ['market'],
  },
  lawsViolated: {
    name: 'lawbook_laws_violated_total',
    kind: 'counter',
    help: 'Verdicts against a transition, by law; any but zero stops a market',
    labels: ['law'],
  },
  levelAge: {
    name: 'lawbook_level_age_seconds',
    kind: 'gauge',
    help: 'Age of the newest epoch at each level, from executed to finalized',
    labels: ['level'],
  },
  epochs: {
    name: 'lawbook_epochs_total',
    kind: 'counter',
    help: 'Epochs that reached a level',
    labels: ['level'],
  },
  levelLists: {
    name: 'lawbook_level_lists',
    kind: 'gauge',
    help: 'Number of the newest list that reached a level: sealed, proven, settled, finalized',
    labels: ['level'],
  },
  unsettledLists: {
    name: 'lawbook_unsettled_lists',
    kind: 'gauge',
    help: 'Lists that are sealed and not settled',
    labels: [],
  },
  oldestList: {
    name: 'lawbook_oldest_list_seconds',
    kind: 'gauge',
    help: 'Age of the oldest list that waits for its proof, or for its settlement; 0 for none',
    labels: ['waits'],
  },
  listsUnwound: {
    name: 'lawbook_lists_unwound_total',
    kind: 'counter',
    help: 'Times that settled lists left the chain; they settle again',
    labels: [],
  },
  settleGas: {
    name: 'lawbook_settle_gas',
    kind: 'histogram',
    help: 'Gas that the settlement of one list used',
    labels: [],
    buckets: 'gas',
  },
  exposurePause: {
    name: 'lawbook_exposure_pause_seconds',
    kind: 'gauge',
    help: 'How long orders have been refused because too much is unsettled; 0 while they are taken',
    labels: [],
  },
  proofs: {
    name: 'lawbook_proofs_total',
    kind: 'counter',
    help: 'Proofs by backend and outcome: proved or failed',
    labels: ['backend', 'outcome'],
  },
  provingNow: {
    name: 'lawbook_proving_proofs',
    kind: 'gauge',
    help: 'Proofs in hand by backend: running or queued',
    labels: ['backend', 'state'],
  },
  prove: {
    name: 'lawbook_prove_seconds',
    kind: 'histogram',
    help: 'One proof from its start to its bytes, by circuit',
    labels: ['circuit'],
    buckets: 'proofs',
  },
  oracleAge: {
    name: 'lawbook_oracle_age_seconds',
    kind: 'gauge',
    help: 'Age of the oldest mid',
    labels: [],
  },
  oracleRefusals: {
    name: 'lawbook_oracle_refusals_total',
    kind: 'counter',
    help: 'Times that mids were asked for and refused, by code',
    labels: ['code'],
  },
  httpRequests: {
    name: 'lawbook_http_requests_total',
    kind: 'counter',
    help: 'Requests answered, by route pattern and status',
    labels: ['method', 'route', 'status'],
  },
  httpRequest: {
    name: 'lawbook_http_request_seconds',
    kind: 'histogram',
    help: 'From the first byte of a request to the last of its answer',
    labels: ['route'],
    buckets: 'waits',
  },
  httpBody: {
    name: 'lawbook_http_body_bytes',
    kind: 'histogram',
    help: 'Size of request bodies',
    labels: [],
    buckets: 'sizes',
  },
  feedOpened: {
    name: 'lawbook_feed_connections_opened_total',
    kind: 'counter',
    help: 'WebSocket connections opened',
    labels: [],
  },
  feedClosed: {
    name: 'lawbook_feed_connections_closed_total',
    kind: 'counter',
    help: 'WebSocket connections closed, by reason; opened less closed are connected',
    labels: ['reason'],
  },
  feedBuffered: {
    name: 'lawbook_feed_buffered_bytes',
    kind: 'gauge',
    help: 'Bytes that wait for slow consumers',
    labels: [],
  },
  feedReaders: {
    name: 'lawbook_feed_subscriptions',
    kind: 'gauge',
    help: 'Subscriptions that stand, by kind of channel',
    labels: ['kind'],
  },
  feedResyncs: {
    name: 'lawbook_feed_resyncs_total',
    kind: 'counter',
    help: 'Subscriptions that asked to go on where they were and got a snapshot instead',
    labels: ['kind'],
  },
  sessionsOpened: {
    name: 'lawbook_sessions_opened_total',
    kind: 'counter',
    help: 'Sessions opened',
    labels: [],
  },
  faults: {
    name: 'lawbook_faults_total',
    kind: 'counter',
    help: 'Faults of disk, network, chain or prover, by code',
    labels: ['code'],
  },
  residentMemory: {
    name: 'lawbook_resident_memory_bytes',
    kind: 'gauge',
    help: 'Resident memory of the program',
    labels: [],
  },
  eventLoopDelay: {
    name: 'lawbook_event_loop_delay_seconds',
    kind: 'gauge',
    help: '99th percentile of the delay of the event loop since the last scrape',
    labels: [],
  },
  startTime: {
    name: 'lawbook_start_time_seconds',
    kind: 'gauge',
    help: 'Start of the program, seconds since 1970',
    labels: [],
  },
} as const;
