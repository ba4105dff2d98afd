// Goal: what the venue publishes is well named and scrapes. Method: rules over the whole table,
// then one rendered registry.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMetrics } from './metrics.ts';
import type { MetricRow } from './metricTable.ts';
import { BUCKETS, METRICS } from './metricTable.ts';

const rows: readonly MetricRow[] = Object.values(METRICS);

test('every name starts with the product and ends in its unit', () => {
  for (const { name, kind } of rows) {
    assert.match(
      name,
      /^lawbook_[a-z_]+_(seconds|bytes|gas|lists|proofs|orders|events|subscriptions|total)$/,
    );
    assert.equal(name.endsWith('_total'), kind === 'counter', name);
  }
  assert.equal(new Set(rows.map(({ name }) => name)).size, rows.length);
});

test('histograms have rising bounds, and only they have bounds', () => {
  for (const { name, kind, buckets } of rows) {
    assert.equal(buckets !== undefined, kind === 'histogram', name);
  }
  for (const bounds of Object.values(BUCKETS)) {
    assert.ok(bounds.every((bound, index) => bound > (bounds[index - 1] ?? 0)));
  }
});

test('labels never name a user or an order', () => {
  for (const { name, labels } of rows) {
    for (const label of labels)
      assert.doesNotMatch(label, /account|owner|order|address|id$/i, name);
  }
});

test('a scrape shows every metric, and counts are kept apart by registry', async () => {
  const [venue, other] = [createMetrics(), createMetrics()];
  try {
    venue.ordersAccepted.inc({ market: 'fx' }, 2);
    venue.acknowledgement.observe(0.0007);
    venue.levelAge.set({ level: 'proven' }, 3);
    const text = await venue.render();
    for (const { name } of rows) assert.match(text, new RegExp(`^# TYPE ${name} `, 'm'));
    assert.match(text, /^lawbook_orders_accepted_total\{market="fx"\} 2$/m);
    assert.match(text, /^lawbook_order_acknowledgement_seconds_bucket\{le="0.001"\} 1$/m);
    assert.match(text, /^lawbook_resident_memory_bytes [1-9]/m);
    assert.match(text, /^lawbook_event_loop_delay_seconds \d/m);
    assert.doesNotMatch(await other.render(), /market="fx"/);
    assert.match(venue.contentType, /^text\/plain/);
  } finally {
    venue.close();
    other.close();
  }
});
