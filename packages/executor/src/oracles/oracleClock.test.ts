// Goal: a wait on the machine's clock ends when the venue stops. Method: waits far longer than the
// test, aborted before and during.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemEnvironment } from '@lawbook/chains/environment';
import { oracleClock } from './oracleClock.ts';

const systemClock = oracleClock(systemEnvironment().clock);

test('an abort ends a wait, before it starts or while it lasts', async () => {
  await systemClock.wait(3_600_000, AbortSignal.abort());
  const stop = new AbortController();
  const waiting = systemClock.wait(3_600_000, stop.signal);
  stop.abort();
  await waiting;
});

test('a wait without abort ends by itself', async () => {
  const startedAtMs = systemClock.nowMs();
  await systemClock.wait(2, new AbortController().signal);
  assert.ok(systemClock.nowMs() >= startedAtMs);
});
