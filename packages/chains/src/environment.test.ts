// Goal: the real clock sleeps as long as it is asked to, however long that is. Method: a sleep
// beyond the range of one timer beside a short one; the signal ends the long one.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemEnvironment } from './environment.ts';

test('a sleep beyond the range of one timer does not end at once', async () => {
  const { clock } = systemEnvironment();
  for (const durationMs of [2 ** 31, 1e12, Number.POSITIVE_INFINITY]) {
    const ending = new AbortController();
    const long = clock.sleep(durationMs, ending.signal).then(() => 'long');
    const short = clock.sleep(20).then(() => 'short');
    assert.equal(await Promise.race([long, short]), 'short');
    ending.abort(new Error('enough'));
    await assert.rejects(long, /enough/);
  }
});
