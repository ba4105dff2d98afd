// Goal: a listener's bug stays with the listener. Method: listeners that hear, and that throw.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Alert } from './alert.ts';
import { LaneTally } from './laneTally.ts';

const ALERT: Alert = {
  kind: 'laneStalled',
  severity: 'critical',
  lane: '1/0xaa',
  key: undefined,
  sentence: 'Nothing moves.',
  fields: {},
};

test('an alert reaches its listener', () => {
  const heard: Alert[] = [];
  const tally = new LaneTally();
  tally.tell((alert) => void heard.push(alert), ALERT);
  assert.deepEqual(heard, [ALERT]);
  assert.deepEqual([tally.alerts, tally.alertsUnheard], [1, 0]);
});

test('a listener that throws is counted, and nothing else happens', () => {
  const tally = new LaneTally();
  tally.tell(() => assert.fail('the log is full'), ALERT);
  assert.deepEqual([tally.alerts, tally.alertsUnheard], [1, 1]);
});
