/** One metric as the engine publishes it. */
export interface ChainMetricRow {
  readonly name: string;
  readonly kind: 'counter' | 'gauge';
  readonly help: string;
  /** Every label takes few different texts, never a URL, a key or anything secret. */
  readonly labels: readonly string[];
}

/**
 * Every metric of the chain engine. Names end in their unit: `_seconds`, `_blocks`, or `_total` for
 * counts. Budgets and fees are no metrics: they are amounts, and amounts are exact.
 */
export const CHAIN_METRICS = {
  laneOwner: {
    name: 'chains_lane_owner',
    kind: 'gauge',
    help: '1 while this process owns the lane',
    labels: ['lane'],
  },
  laneHalted: {
    name: 'chains_lane_halted',
    kind: 'gauge',
    help: '1 while the lane waits for an operator',
    labels: ['lane'],
  },
  laneDepth: {
    name: 'chains_lane_depth',
    kind: 'gauge',
    help: 'Intents that have not ended',
    labels: ['lane'],
  },
  laneInFlight: {
    name: 'chains_lane_in_flight',
    kind: 'gauge',
    help: 'Intents whose bytes are out and in no block',
    labels: ['lane'],
  },
  laneOldestAge: {
    name: 'chains_lane_oldest_age_seconds',
    kind: 'gauge',
    help: 'Age of the oldest intent that has not ended',
    labels: ['lane'],
  },
  laneGaps: {
    name: 'chains_lane_chain_nonce_gaps',
    kind: 'gauge',
    help: 'Unused chain nonces below the highest one in use',
    labels: ['lane'],
  },
  laneAttemptsPerIntent: {
    name: 'chains_lane_attempts_per_intent',
    kind: 'gauge',
    help: 'Signed attempts over intents started, in this process',
    labels: ['lane'],
  },
  laneReoffers: {
    name: 'chains_lane_reoffers_total',
    kind: 'counter',
    help: 'Broadcasts of bytes that had been sent before',
    labels: ['lane'],
  },
  laneBumps: {
    name: 'chains_lane_bumps_total',
    kind: 'counter',
    help: 'Attempts that outbid an earlier one at the same chain nonce',
    labels: ['lane'],
  },
  laneAlerts: {
    name: 'chains_lane_alerts_total',
    kind: 'counter',
    help: 'Alerts raised',
    labels: ['lane'],
  },
  laneAlertsUnheard: {
    name: 'chains_lane_alerts_unheard_total',
    kind: 'counter',
    help: 'Alerts whose listener failed',
    labels: ['lane'],
  },
  laneEnded: {
    name: 'chains_lane_ended_total',
    kind: 'counter',
    help: 'Intents that ended, by how',
    labels: ['lane', 'state'],
  },
  laneDenials: {
    name: 'chains_lane_policy_denials_total',
    kind: 'counter',
    help: 'Intents that a policy denied or sent to a person, by rule',
    labels: ['lane', 'rule'],
  },
  headNumber: {
    name: 'chains_head_number',
    kind: 'gauge',
    help: 'Number of the canonical head',
    labels: ['chain'],
  },
  reorganisations: {
    name: 'chains_reorganisations_total',
    kind: 'counter',
    help: 'Reorganisations seen',
    labels: ['chain'],
  },
  deepestReorganisation: {
    name: 'chains_deepest_reorganisation_blocks',
    kind: 'gauge',
    help: 'Blocks that the deepest reorganisation dropped',
    labels: ['chain'],
  },
  endpointRequests: {
    name: 'chains_endpoint_requests_total',
    kind: 'counter',
    help: 'Tries at an endpoint',
    labels: ['chain', 'endpoint'],
  },
  endpointErrors: {
    name: 'chains_endpoint_errors_total',
    kind: 'counter',
    help: 'Tries without an answer that counts',
    labels: ['chain', 'endpoint'],
  },
  endpointQueued: {
    name: 'chains_endpoint_queued',
    kind: 'gauge',
    help: 'Calls that wait for the limits of an endpoint',
    labels: ['chain', 'endpoint'],
  },
  endpointRunning: {
    name: 'chains_endpoint_running',
    kind: 'gauge',
    help: 'Calls that an endpoint is working on',
    labels: ['chain', 'endpoint'],
  },
  endpointBreaker: {
    name: 'chains_endpoint_breaker',
    kind: 'gauge',
    help: '0 closed, 1 half open, 2 open',
    labels: ['chain', 'endpoint'],
  },
  endpointEjected: {
    name: 'chains_endpoint_ejected',
    kind: 'gauge',
    help: '1 while the pool does not use the endpoint at all',
    labels: ['chain', 'endpoint'],
  },
  endpointLag: {
    name: 'chains_endpoint_head_lag_blocks',
    kind: 'gauge',
    help: 'Blocks behind the best head',
    labels: ['chain', 'endpoint'],
  },
  endpointScore: {
    name: 'chains_endpoint_score',
    kind: 'gauge',
    help: 'From 0, the worst, to 1',
    labels: ['chain', 'endpoint'],
  },
  endpointDebt: {
    name: 'chains_endpoint_limiter_debt',
    kind: 'gauge',
    help: 'Units of the provider by which the bucket is overdrawn',
    labels: ['chain', 'endpoint'],
  },
  cacheHitRate: {
    name: 'chains_cache_hit_rate',
    kind: 'gauge',
    help: 'Reads answered from the cache, from 0 to 1',
    labels: ['chain'],
  },
} as const;
