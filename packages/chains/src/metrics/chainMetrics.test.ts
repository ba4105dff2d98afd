// Goal: what the engine publishes is what its parts say, under the names of the table.
// Method: readings with distinct figures, rendered and looked for line by line.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChainReadings } from './chainMetrics.ts';
import { createChainMetrics } from './chainMetrics.ts';
import { CHAIN_METRICS } from './chainMetricTable.ts';

const READINGS: ChainReadings = {
  chain: '31337',
  headNumber: 7n,
  endpoints: [
    {
      endpoint: 'node-a',
      requests: 11,
      errors: 12,
      queued: 13,
      running: 14,
      breaker: 'halfOpen',
      ejected: 'headStuck',
      headNumber: 5n,
      headLag: 2,
      score: 0.25,
      latencyMsMedian: 3,
      limiterDebt: 15,
      capabilities: [],
    },
  ],
  tracker: { reorganisations: 16, deepest: 3, ringBlocks: 9, lastPollMs: undefined },
  lanes: [
    {
      lane: '31337/0xaa',
      owner: true,
      halted: undefined,
      depth: 21,
      inFlight: 22,
      oldestAgeMs: 2500,
      attempts: 24,
      attemptsPerIntent: 1.5,
      gaps: 26,
      nextChainNonce: 27,
      ended: { final: 28, expired: 29 },
      denials: { amountMax: 30 },
      reoffers: 31,
      bumps: 32,
      alerts: 33,
      alertsUnheard: 34,
    },
  ],
  cacheHitRate: 0.75,
};

test('every metric of the table is published with the figure of its part', async () => {
  const text = await createChainMetrics(() => [READINGS]).render();
  for (const { name } of Object.values(CHAIN_METRICS)) {
    assert.match(text, new RegExp(`^${name}\\{`, 'm'), name);
  }
  assert.match(text, /^chains_lane_ended_total\{lane="31337\/0xaa",state="expired"\} 29$/m);
  assert.match(text, /^chains_lane_oldest_age_seconds\{lane="31337\/0xaa"\} 2.5$/m);
  assert.match(text, /^chains_endpoint_breaker\{chain="31337",endpoint="node-a"\} 1$/m);
  assert.match(text, /^chains_endpoint_ejected\{chain="31337",endpoint="node-a"\} 1$/m);
});

test('counters are typed as counters and gauges as gauges', async () => {
  const text = await createChainMetrics(() => [READINGS]).render();
  for (const { name, kind } of Object.values(CHAIN_METRICS)) {
    assert.ok(text.includes(`# TYPE ${name} ${kind}\n`), `${name} is a ${kind}`);
  }
});

test('what a part no longer tells of disappears', async () => {
  let readings: readonly ChainReadings[] = [READINGS];
  const metrics = createChainMetrics(() => readings);
  await metrics.render();
  readings = [{ ...READINGS, lanes: [] }];
  assert.doesNotMatch(await metrics.render(), /0xaa/);
});
