// Goal: every group that the journal syncs is measured, however rarely somebody scrapes.
// Method: groups told to a meter, then one rendered registry.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMetrics } from './metrics.ts';
import { VenueMeter } from './venueMeter.ts';

test('counts each synced group once, with its bytes and its time', async () => {
  const metrics = createMetrics();
  try {
    const meter = new VenueMeter(metrics);
    meter.synced({ records: 3, bytes: 700, ms: 0.2 });
    meter.synced({ records: 1, bytes: 280, ms: 3 });
    meter.refresh();
    meter.refresh();
    const text = await metrics.render();
    assert.match(text, /^lawbook_journal_written_bytes_total 980$/m);
    assert.match(text, /^lawbook_journal_sync_seconds_count 2$/m);
    assert.match(text, /^lawbook_journal_sync_seconds_bucket\{le="0.00025"\} 1$/m);
    assert.match(text, /^lawbook_journal_sync_seconds_bucket\{le="0.005"\} 2$/m);
  } finally {
    metrics.close();
  }
});
