// Goal: how far settling is behind, what proofs take and what lists cost can be scraped, and
// nothing is counted twice.
// Method: a settlement that says what it is told to, and rendered registries.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ListRecord } from '@lawbook/settlement/settler/settlementStore';
import type { ProverFacts } from '../settlement/settlementService.ts';
import { createMetrics } from './metrics.ts';
import { SettlementMeter } from './settlementMeter.ts';

const LAG = {
  sealed: 9n,
  proven: 7n,
  settled: 6n,
  finalized: 4n,
  unsettled: 3,
  oldestUnsettledMs: 12_000,
  oldestUnprovenMs: 4_000,
};

const BACKEND: ProverFacts = {
  id: 'honk-native',
  breaker: 'closed',
  proved: 5,
  failed: 1,
  running: 1,
  queued: 2,
};

test('shows the lag, the backends and the pause as they are at a scrape', async () => {
  const metrics = createMetrics();
  try {
    const meter = new SettlementMeter(metrics);
    let backend = BACKEND;
    meter.watch({
      status: () => ({ lag: LAG }),
      pausedSinceMs: () => undefined,
      provers: () => [backend],
    });
    meter.refresh();
    meter.refresh();
    backend = { ...BACKEND, proved: 7 };
    meter.refresh();
    // The base layer was opened anew, and its backends count from nothing.
    backend = { ...BACKEND, proved: 2, failed: 0 };
    meter.refresh();
    const text = await metrics.render();
    assert.match(text, /^lawbook_level_lists\{level="proven"\} 7$/m);
    assert.match(text, /^lawbook_unsettled_lists 3$/m);
    assert.match(text, /^lawbook_oldest_list_seconds\{waits="settlement"\} 12$/m);
    assert.match(text, /^lawbook_exposure_pause_seconds 0$/m);
    assert.match(text, /^lawbook_proofs_total\{backend="honk-native",outcome="proved"\} 9$/m);
    assert.match(text, /^lawbook_proofs_total\{backend="honk-native",outcome="failed"\} 1$/m);
    assert.match(text, /^lawbook_proving_proofs\{backend="honk-native",state="queued"\} 2$/m);
  } finally {
    metrics.close();
  }
});

test('tells the gas of a list once, and what each proof took', async () => {
  const metrics = createMetrics();
  try {
    const meter = new SettlementMeter(metrics);
    const record = { listNumber: 3n, stage: 'settled', gasUsed: 900_000n } as ListRecord;
    meter.record({ ...record, stage: 'proven', gasUsed: undefined });
    meter.record(record);
    meter.record(record);
    meter.record({ ...record, stage: 'finalized' });
    meter.proved({ circuit: 'batchEpoch16', elapsedMs: 7_000, peakBytes: 1, proofBytes: 1 });
    meter.unwound();
    const text = await metrics.render();
    assert.match(text, /^lawbook_settle_gas_count 1$/m);
    assert.match(text, /^lawbook_settle_gas_sum 900000$/m);
    assert.match(text, /^lawbook_prove_seconds_sum\{circuit="batchEpoch16"\} 7$/m);
    assert.match(text, /^lawbook_lists_unwound_total 1$/m);
  } finally {
    metrics.close();
  }
});
